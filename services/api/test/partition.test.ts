import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { dashboardSchema } from "../src/ranking/schema.ts";
import { clearDatabase, expectProblem, prune, publish, readBody, request, type StandingSeed } from "./builders.ts";

const RUNS = 200;

beforeEach(clearDatabase);

it("partitions a version's ranking into its pages, whatever is published meanwhile, for every limit", async () => {
  await fc.assert(
    fc.asyncProperty(rankings, fc.integer({ min: 1, max: 12 }), fc.boolean(), async (versions, limit, backwards) => {
      await clearDatabase();
      const [first = [], ...later] = versions;
      await publish(first, { version: 1 });
      const start = await request(`/api/dashboard?limit=${limit}`);
      let link: string | undefined = toPath(start, backwards ? "last" : "first");
      const seen: string[][] = [];
      for (let version = 2; link !== undefined; version++) {
        const next = later.shift();
        if (next) await publish(next, { version });
        const response: Response = await request(link);
        expect(response.status).toBe(200);
        const page = await readBody(response, dashboardSchema);
        expect(page.version).toBe(1);
        seen.push(page.agents.map((agent) => agent.stxAddress));
        link = toPath(response, backwards ? "prev" : "next");
      }
      const pages = backwards ? seen.reverse() : seen;
      expect(pages.flat()).toEqual(first.map((agent) => agent.stx));
      expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    }),
    { numRuns: RUNS },
  );
}, 60_000);

it("answers 410 at the first page after the version is pruned, and never a page of another version", async () => {
  await fc.assert(
    fc.asyncProperty(rankings, fc.nat({ max: 5 }), async ([first = [], ...later], pagesBefore) => {
      await clearDatabase();
      await publish(first, { version: 1 });
      let link = toPath(await request("/api/dashboard?limit=1"), "first");
      for (let read = 0; read < pagesBefore && link !== undefined; read++) link = toPath(await request(link), "next");
      await publish(later[0] ?? [], { version: 2 });
      await prune(1);
      if (link !== undefined) await expectProblem(await request(link), 410, "version-gone");
    }),
    { numRuns: 40 },
  );
});

// Few totals, so that many agents tie; agents move, join and leave from one ranking to the next.
const rankings = fc.array(
  fc
    .uniqueArray(fc.record({ place: fc.nat({ max: 40 }), total: fc.nat({ max: 5 }) }), {
      selector: ({ place }) => place,
      maxLength: 25,
    })
    .map((agents) =>
      agents.map(({ place, total }) => ({ stx: toAddress(place), total: total * 1_000_000 })).sort(byRank),
    ),
  { minLength: 1, maxLength: 6 },
);

function byRank(
  a: Required<Pick<StandingSeed, "stx" | "total">>,
  b: Required<Pick<StandingSeed, "stx" | "total">>,
): number {
  return b.total - a.total || (a.stx < b.stx ? -1 : 1);
}

function toAddress(place: number): string {
  return `SP${String(place).padStart(39, "0")}`;
}

function toPath(response: Response, relation: string): string | undefined {
  const links = response.headers.get("Link") ?? "";
  return links
    .split(", ")
    .find((link) => link.endsWith(`rel="${relation}"`))
    ?.match(/^<(.*)>/)?.[1];
}
