import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { RedisPeer } from "../peers/redis.ts";
import { type Board, PEERS, PRODUCT, readPage, toRoute } from "./board.ts";

export const SUBJECTS = {
  page: "page of 100",
  middle: "page of 100 in the middle",
  agent: "one agent",
  search: "search for a name",
  unchanged: "304 of the page",
  html: "/dashboard",
  direct: "page of 100, on workerd's own socket",
  hello: "hello",
  honoHello: "hello behind a router and middleware",
  constantPage: "the page's bytes, kept",
  directHello: "hello, on workerd's own socket",
  kv: "KV snapshot",
  directKv: "KV snapshot, on workerd's own socket",
  sql: "SQL window at read time",
  redis: "Redis and Fastify",
} as const;
export type SubjectId = keyof typeof SUBJECTS;

/** One thing that is measured: an address, and who works to answer it. */
export interface Subject {
  id: SubjectId;
  origin: string;
  path: string;
  headers: Record<string, string>;
  status: number;
  pids: readonly number[];
}

const PAGE_PATH = "/api/dashboard?limit=100&offset=0";

/** What is measured of a board, with isolates that stay. */
export async function listSubjects(board: Board, redis: RedisPeer | undefined): Promise<Subject[]> {
  const { stack, agents } = board;
  const front = (id: SubjectId, worker: string, path = PAGE_PATH): Subject => {
    return { id, origin: stack.origin(), path, headers: toRoute(worker), status: 200, pids: stack.pids() };
  };
  const direct = async (id: SubjectId, worker: string): Promise<Subject> => {
    return { ...front(id, worker), origin: await stack.directOrigin(worker), headers: {} };
  };
  const middle = Math.floor(agents / 200) * 100;
  const page = front("page", PRODUCT);
  const etag = await readEtag(page);
  return [
    page,
    front("middle", PRODUCT, `/api/dashboard?limit=100&offset=${middle}`),
    front("agent", PRODUCT, `/api/dashboard/${board.served.agents[middle]?.stxAddress}`),
    front("search", PRODUCT, `/api/dashboard?q=${toSearchWord(board)}`),
    { ...front("unchanged", PRODUCT), headers: { ...page.headers, "if-none-match": etag }, status: 304 },
    front("html", PRODUCT, "/dashboard"),
    await direct("direct", PRODUCT),
    front("hello", PEERS.hello),
    front("honoHello", PEERS.hono),
    front("constantPage", PEERS.constant),
    await direct("directHello", PEERS.hello),
    ...(board.hasSnapshot ? [front("kv", PEERS.kv), await direct("directKv", PEERS.kv)] : []),
    front("sql", PEERS.sql),
    ...(redis ? [{ ...page, id: "redis" as const, origin: redis.origin, headers: {}, pids: redis.pids }] : []),
  ];
}

async function readEtag({ origin, path, headers }: Subject): Promise<string> {
  const response = await fetch(origin + path, { headers });
  await response.arrayBuffer();
  const etag = response.headers.get("etag");
  if (!etag) throw new Error("the page has no ETag");
  return etag;
}

/** The first word of a name in the ranking, long enough to be one that people search for. */
function toSearchWord({ served }: Board): string {
  for (const { displayName } of served.agents) {
    const word = typeof displayName === "string" ? /[a-z]{5,}/i.exec(displayName)?.[0] : undefined;
    if (word) return word.toLowerCase();
  }
  throw new Error("nobody on the board has a name to search for");
}

/**
 * Asks every design for the first and the middle page, and throws unless all give the same rows in as many bytes: what
 * is compared must be the same answer.
 */
export async function assertSameAnswers(board: Board, redis: RedisPeer | undefined): Promise<void> {
  const { stack, agents } = board;
  const others = [PEERS.sql, ...(board.hasSnapshot ? [PEERS.kv] : [])];
  for (const offset of [0, Math.floor(agents / 200) * 100]) {
    const path = `/api/dashboard?limit=100&offset=${offset}`;
    const expected = await readPage(stack.origin(), path);
    for (const worker of others) assertSame(worker, expected, await readPage(stack.origin(), path, worker));
    if (redis) assertSame("redis", expected, await (await fetch(redis.origin + path)).text());
  }
}

function assertSame(design: string, expected: string, got: string): void {
  const sameBytes = Buffer.byteLength(expected) === Buffer.byteLength(got);
  if (sameBytes && isDeepStrictEqual(JSON.parse(expected), JSON.parse(got))) return;
  const digest = (text: string) =>
    `${Buffer.byteLength(text)} bytes, ${createHash("sha256").update(text).digest("hex")}`;
  throw new Error(`${design} gives another page than the product: ${digest(got)} instead of ${digest(expected)}`);
}
