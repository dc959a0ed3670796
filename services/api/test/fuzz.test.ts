import fc from "fast-check";
import { beforeAll, expect, inject, it, vi } from "vitest";
import { createApp } from "../src/app.ts";
import { buildOpenApiDocument } from "../src/discovery/openapi.ts";
import { PROBLEM_JSON, problemSchema } from "../src/http/problem.ts";
import { BTC, clearDatabase, crowd, publish, rebuilder, request, STX, status, TOKEN, tickReport } from "./builders.ts";
import { type Operation, type Parameter, readDocument } from "./declared.ts";

// Replay: FUZZ_SEED and FUZZ_PATH as printed by a failure; FUZZ_RUNS for a longer run.
const { seed, path: replayed, runs } = inject("fuzz");
const TIMEOUT_MS = 600_000;

const declared = readDocument(buildOpenApiDocument());
const log = vi.spyOn(console, "error");

beforeAll(async () => {
  log.mockImplementation(() => {});
  await clearDatabase();
  await publish([{ stx: STX[0], btc: BTC[0], name: "Tiny Marten", bns: "marten.btc" }, ...crowd(30)], { version: 3 });
  await publish([{ stx: STX[0], name: "=1+1|`x`" }, ...crowd(30)], { version: 4, staleAfter: Date.now() + TIMEOUT_MS });
});

it(
  "answers every request as the document declares, with a cache policy, and gives nothing away",
  async () => {
    console.log(`fuzz: FUZZ_SEED=${seed} FUZZ_RUNS=${runs}`);
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(anyRequest, async ({ target, init }) => {
        log.mockClear();
        const response = await request(target, init, { REBUILDER, AUTH_FAILURES: unlimited, SEARCHES: unlimited });
        const body = await response.text();
        seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
        expect(findFault(target, init, response, body)).toBeUndefined();
        expect(log).not.toHaveBeenCalled();
      }),
      { seed, numRuns: runs, ...(replayed && { path: replayed }) },
    );
    console.log(`fuzz: ${[...seen].map(([code, count]) => `${count} × ${code}`).join(", ")}`);
  },
  TIMEOUT_MS,
);

const unlimited: RateLimit = { limit: async () => ({ success: true }) };

const REBUILDER = rebuilder({
  status: async () => status(),
  tick: async () => ({ ok: true, report: tickReport(), joined: false }),
  pause: async () => status(),
  resume: async () => status(),
  reset: async () => status(),
  accept: async () => ({ ok: false, reason: "unknown-id" }),
});

const LEAKS = [
  TOKEN,
  "D1_ERROR",
  "SQLITE",
  "agent_words",
  "FROM standings",
  "node_modules",
  ".ts:",
  "file:///",
  "SECRET",
];
const UNDECLARED = [200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 410, 413, 415, 429];

function findFault(target: string, init: RequestInit, response: Response, body: string): string | undefined {
  const { headers } = response;
  const type = headers.get("Content-Type")?.split(";")[0] ?? "";
  const method = init.method === "HEAD" ? "GET" : (init.method ?? "GET");
  const leak = LEAKS.find((text) => `${body}${[...headers].join()}`.includes(text));
  if (leak) return `${leak} is given away`;
  for (const name of ["Cache-Control", "Cloudflare-CDN-Cache-Control", "X-Content-Type-Options", "X-Request-Id"]) {
    if (!headers.get(name)) return `without ${name}`;
  }
  if (response.status >= 400) {
    if (headers.get("Cache-Control") !== "no-store") return "an error that may be stored";
    if (type !== "text/html" && type !== "application/json" && type !== PROBLEM_JSON) return `an error of type ${type}`;
    if (init.method !== "HEAD" && type === PROBLEM_JSON) {
      const problem = problemSchema.strict().safeParse(JSON.parse(body));
      if (!problem.success) return "an error that is no problem";
      if (problem.data.status !== response.status) return "a problem of another status";
    }
  }
  const { pathname } = new URL(target, "http://localhost");
  const operation = declared.find(method, pathname);
  if (operation && init.method !== "HEAD") return declared.judge(operation, response.status, type, body);
  if (operation) return operation.responses[response.status] ? undefined : `status ${response.status} is not declared`;
  return UNDECLARED.includes(response.status) ? undefined : `status ${response.status} where nothing is declared`;
}

const HOSTILE = [
  "",
  " ",
  "0",
  "-1",
  "1e3",
  "٣",
  "NaN",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "' OR '1'='1",
  '"; DROP TABLE agents; --',
  "%",
  "%zz",
  "%00",
  "%c3%28",
  "%2e%2e%2f",
  "../../etc/passwd",
  "<script>alert(1)</script>",
  "{{7*7}}",
  "#{7*7}",
  "\r\nSet-Cookie: a=b",
  "\u202e\u200d",
  "🦦👩‍🚀",
  "a".repeat(16_384),
  "%41".repeat(5_000),
  ...STX,
  ...BTC,
];
const hostile = fc.constantFrom(...HOSTILE);
const anyText = fc.oneof(hostile, fc.string(), fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }));

/** Some as a client would encode it, some as it is. */
const encoded = anyText.chain((text) => fc.constantFrom(encode(text), text.replaceAll(/[#?&/\s]/g, "%20")));

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function anyValueOf({ schema, example }: Parameter): fc.Arbitrary<string> {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
  const edges = [minimum, maximum].flatMap((edge) => [edge - 1, edge, edge + 1]).map(String);
  const good = [String(example ?? ""), ...(schema.enum ?? []), ...STX, ...BTC.map((address) => address.toUpperCase())];
  const numbers = fc.oneof(fc.constantFrom(...edges), fc.nat(60).map(String), fc.double().map(String));
  return fc.oneof(
    { weight: 4, arbitrary: schema.type === "integer" ? numbers : fc.constantFrom(...good.map(encode)) },
    { weight: 2, arbitrary: fc.constantFrom("3", "4", "marten", "SP") },
    { weight: 2, arbitrary: encoded },
  );
}

/** Parameters of the operation, mostly few; sometimes repeated, unknown or without a name. */
function anyQueryOf(operation: Operation): fc.Arbitrary<string> {
  const known = operation.parameters
    .filter((parameter) => parameter.in === "query")
    .map((parameter) => anyValueOf(parameter).map((value) => `${parameter.name}=${value}`));
  const unknown = fc.tuple(encoded, encoded).map(([name, value]) => `${name}=${value}`);
  const one = known.length > 0 ? fc.oneof({ weight: 9, arbitrary: fc.oneof(...known) }, unknown) : unknown;
  const raw = encoded.map((text) => `?${text}`);
  const list = fc.array(one, { maxLength: 3 }).map((parts) => (parts.length > 0 ? `?${parts.join("&")}` : ""));
  return fc.oneof({ weight: 12, arbitrary: list }, raw);
}

function anyPathOf(operation: Operation): fc.Arbitrary<string> {
  const parameters = operation.parameters.filter((parameter) => parameter.in === "path");
  if (parameters.length === 0) return fc.constant(operation.path);
  return fc
    .tuple(...parameters.map(anyValueOf))
    .map((values) => values.reduce((path, value) => path.replace(/\{\w+\}/, () => value || "x"), operation.path));
}

const served = [...new Set(createApp().routes.map((route) => route.path))].filter((path) => !/[*:]/.test(path));
const otherPath = fc.oneof(
  fc.constantFrom(...served),
  fc.constantFrom(
    "/api",
    "//",
    "/api//dashboard",
    "/api/dashboard/",
    "/API/dashboard",
    "/api/%64ashboard",
    "/dashboard/",
  ),
  fc.constantFrom("/api/admin", "/api/%61dmin/rebuilder", "/api/admin/nothing", "/api/admin/rebuilder/../rebuilder"),
  fc.constantFrom("/problems/internal", "/problems/x", `/dashboard/${STX[0]}`, "/dashboard/x", "/assets/x.css"),
  fc.array(encoded, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join("/")}`),
);

const header = fc.oneof(
  hostile.filter((text) => !/[^\x20-\x7e]/.test(text)),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
);
const headers = fc.record(
  {
    Accept: fc.oneof(
      header,
      fc.constantFrom("*/*", "text/csv", "text/markdown", "text/html", "application/json;q=0", "text/*;q=0.2"),
    ),
    Authorization: fc.oneof(
      { weight: 3, arbitrary: fc.constant(`Bearer ${TOKEN}`) },
      fc.constantFrom("Bearer", "Bearer x", `bearer ${TOKEN}x`, `Basic ${btoa(TOKEN)}`),
      header,
    ),
    "If-None-Match": fc.oneof(header, fc.constantFrom("*", 'W/"4-json-100-0"', 'W/"4-csv"', '"', ",,,")),
    "Content-Type": fc.oneof(
      header,
      fc.constantFrom("application/json", "text/plain", "application/x-www-form-urlencoded"),
    ),
    "X-HTTP-Method-Override": fc.constantFrom("DELETE", "POST"),
    "X-Forwarded-Host": header,
    "X-Original-URL": fc.constant("/api/admin/rebuilder"),
    "X-Request-Id": header,
    "CF-Connecting-IP": header,
    Origin: header,
    "Access-Control-Request-Method": fc.constantFrom("GET", "POST", "x"),
    Range: fc.constantFrom("bytes=0-1", "bytes=-", "x"),
    Cookie: header,
    "Content-Length": fc.constantFrom("0", "5000", "-1", "x"),
  },
  { requiredKeys: [] },
);
const anyBody = fc.oneof(
  fc.constantFrom("", "{}", "[]", "null", "{", '{"until":"2027-01-31T12:00:00Z"}', '{"id":"x"}', "x".repeat(5_000)),
  fc.json(),
  fc
    .record({ until: anyText, reason: anyText, id: anyText }, { requiredKeys: [] })
    .map((value) => JSON.stringify(value)),
  fc.string({ unit: "binary" }),
);
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];

const anyRequest = fc
  .oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(...declared.operations).chain((operation) =>
        fc.record({
          path: anyPathOf(operation),
          query: anyQueryOf(operation),
          method: fc.oneof({ weight: 6, arbitrary: fc.constant(operation.method) }, fc.constantFrom(...methods)),
          // Operations without their token are all alike.
          token: operation.needsToken ? fc.constantFrom(true, true, false) : fc.constant(false),
          headers,
          body: anyBody,
        }),
      ),
    },
    fc.record({
      path: otherPath,
      query: fc.constantFrom(...declared.operations).chain(anyQueryOf),
      method: fc.oneof({ weight: 3, arbitrary: fc.constant("GET") }, fc.constantFrom(...methods)),
      token: fc.boolean(),
      headers,
      body: anyBody,
    }),
  )
  .map(({ path, query, method, token, headers, body }) => ({
    target: path + query,
    init: {
      method,
      headers: { ...headers, ...(token && { Authorization: `Bearer ${TOKEN}` }) } as Record<string, string>,
      ...(method !== "GET" && method !== "HEAD" && { body }),
    },
  }))
  .filter(({ target, init }) => isRequest(target, init));

/** Whether the platform itself would let it through to a Worker. */
function isRequest(target: string, init: RequestInit): boolean {
  try {
    const { origin } = new URL(new Request(new URL(target, "http://localhost"), init).url);
    return origin === "http://localhost";
  } catch {
    return false;
  }
}
