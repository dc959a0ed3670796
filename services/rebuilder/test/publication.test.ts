import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../src/tick/store.ts";
import { makeAgents, toRosterText } from "./agents.ts";
import {
  readBalances,
  readCommits,
  readGoodAt,
  readRanking,
  readStandings,
  readVersion,
  readVersions,
  wipeDatabase,
} from "./database.ts";
import { createRig, giveCoins, isAbout, type Rig, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const agents = makeAgents(20);
const [first] = agents;
const SPAM = "SP000000000000000000002Q6VF78.spam::spam";
const IN_HALVES = { vars: { CHUNK_SIZE: "10", ROSTER_MAX_AGE_MS: "1" } };
let rig: Rig;

/** A board of two ticks a rotation, published and at the beginning of its second rotation. */
beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(agents, IN_HALVES);
  giveCoins(rig, agents);
  await rig.alarms(2);
});

describe("a ranking is published", () => {
  it("once a rotation that brought good answers, when no value changes", async () => {
    const reports = await rig.alarms(6);
    expect(reports.map(({ version }) => version !== null)).toEqual([false, true, false, true, false, true]);
  });

  it("not at the end of a rotation that brought none: times alone are no news", async () => {
    rig.upstream.intercept = (call) => (isAbout("stacks", call) || isAbout("bitcoin", call) ? respond(500) : undefined);
    await rig.alarms(2); // agents are marked as failed, which is a change
    for (const { version } of await rig.alarms(6)) expect(version).toBeNull();
  });

  const changes: [string, () => unknown][] = [
    ["an amount", () => rig.holdings.stx.set(first?.stxAddress ?? "", 5)],
    ["an uncounted token", () => rig.holdings.tokens.set(first?.stxAddress ?? "", { [SPAM]: 1 })],
    ["a price", () => rig.world.prices.pin({ BTC: 100_001, STX: 0.8 })],
    [
      "a name",
      () => {
        rig.roster = toRosterText([{ ...first, displayName: "New" }, ...agents.slice(1)]);
      },
    ],
    [
      "a mark",
      () => {
        rig.upstream.intercept = ({ address }) => (address === first?.stxAddress ? respond(500) : undefined);
      },
    ],
  ];

  it.each(changes)("at once when %s changes, and not again until the rotation ends", async (_, change) => {
    change();
    const before = await readStandings();
    expect((await rig.alarm()).version).not.toBeNull();
    expect(await readStandings()).not.toEqual(before);
    const [second, third] = await rig.alarms(2);
    expect([second?.version === null, third?.version === null]).toEqual([false, true]);
  });

  it("when one that was owed can be published again, though nothing changes any more", async () => {
    rig.vars.CHUNK_SIZE = "5"; // so that no rotation ends meanwhile
    rig.holdings.stx.set(first?.stxAddress ?? "", 5);
    onPublication(rig, () => Promise.reject(new Error("D1_ERROR: integer overflow: SQLITE_ERROR")));
    const refused = await rig.alarm();
    expect(refused).toMatchObject({ outcome: "committed", version: null });
    expect(refused.notes).toEqual(["the ranking was not published: D1_ERROR: integer overflow: SQLITE_ERROR"]);
    expect((await rig.status()).publishing.problem).toContain("integer overflow");
    expect((await readBalances())[first?.stxAddress ?? ""]?.stx).toBe("5");
    rig.wrapStore = (store) => store;
    expect((await rig.alarm()).version).not.toBeNull();
    expect((await rig.status()).publishing.problem).toBeNull();
  });
});

it("is published once a rotation above a thousand agents, whatever changes", async () => {
  await wipeDatabase();
  const many = makeAgents(1_005);
  rig = createRig(many);
  const published: number[] = [];
  for (let tick = 1; tick <= 13; tick++) {
    rig.holdings.stx.set(many[(tick * 92) % 1_005]?.stxAddress ?? "", 1_000 + tick);
    if ((await rig.alarm()).version !== null) published.push(tick);
  }
  expect(published).toEqual([1, 11]); // the first of all, and the end of the rotation
});

describe("a publication that is too slow for the commit", () => {
  it("stalls nothing: from the next tick on commits go without it, and say why", async () => {
    onPublication(rig, () => new Promise(() => {}));
    rig.holdings.stx.set(first?.stxAddress ?? "", 5);
    const version = await readVersion();
    expect(await rig.alarm()).toMatchObject({ outcome: "commit-failed", version: null });
    const since = rig.nowMs;
    for (const report of await rig.run(20)) expect(report).toMatchObject({ outcome: "committed", version: null });
    for (const lane of ["stacks", "bitcoin"] as const) {
      expect(Math.min(...(await readGoodAt(lane)).values())).toBeGreaterThan(since);
    }
    expect(await readVersion()).toBe(version);
    const { publishing } = await rig.status();
    expect(publishing).toMatchObject({ mode: "apart", problem: expect.stringContaining("took longer than 25000 ms") });
    expect(rig.logged("publication.ended").at(-1)).toMatchObject({ problem: publishing.problem });
  });

  it("is made apart, in a batch with a fence of its own and the place as it is", async () => {
    onPublication(rig, () => new Promise(() => {}));
    rig.holdings.stx.set(first?.stxAddress ?? "", 5);
    await rig.alarm();
    rig.wrapStore = slowPublish(5_000);
    const report = await rig.alarm();
    expect(report).toMatchObject({ outcome: "committed", version: null });
    const [before, apart] = (await readCommits()).slice(-2);
    expect([before?.epoch, apart?.epoch]).toEqual([report.epoch, (report.epoch ?? 0) + 1]);
    expect(apart).toMatchObject({ trigger: "publication", agents: 0, place: before?.place });
    expect((await readStandings()).length).toBe(20);
    expect(rig.lockMs).toBeLessThanOrEqual(20_000);
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", epoch: (report.epoch ?? 0) + 2 });
  });

  it("goes with the commit again once it was fast", async () => {
    onPublication(rig, () => new Promise(() => {}));
    rig.holdings.stx.set(first?.stxAddress ?? "", 5);
    await rig.alarm();
    rig.wrapStore = slowPublish(5_000);
    await rig.alarm();
    expect((await rig.status()).publishing.mode).toBe("apart");
    rig.wrapStore = slowPublish(3_000);
    rig.holdings.stx.set(first?.stxAddress ?? "", 6);
    await rig.alarms(2);
    expect((await rig.status()).publishing).toMatchObject({ mode: "with-commit", problem: null });
    rig.wrapStore = (store) => store;
    rig.holdings.stx.set(first?.stxAddress ?? "", 7);
    const published = (await rig.alarms(2)).map(({ version }) => version);
    expect(published.some((version) => version !== null)).toBe(true);
  });

  it("is not sent again when it was committed after all", async () => {
    onPublication(rig, async (run) => {
      await run();
      await rig.sleep(9_000);
    });
    rig.holdings.stx.set(first?.stxAddress ?? "", 5);
    const epochs = (await readCommits()).length;
    const report = await rig.alarm();
    expect(report).toMatchObject({ outcome: "committed", version: await readVersion() });
    expect((await readCommits()).length).toBe(epochs + 1);
  });
});

describe("versions", () => {
  it("go on past stray rows of the next one", async () => {
    const next = ((await readVersion()) ?? 0) + 1;
    await env.DB.prepare("INSERT INTO standings VALUES (?, 1, 'x', 'x', NULL, NULL, 1, 'x', 0, '[]', 0, 1)")
      .bind(next)
      .run();
    rig.holdings.stx.set(first?.stxAddress ?? "", 5);
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", version: next, notes: [] });
    expect((await readRanking()).map(([address]) => address)).not.toContain("x");
  });

  it("are never used twice, though the database went back in time", async () => {
    const early = (await readVersion()) ?? 0;
    rig.holdings.stx.set(first?.stxAddress ?? "", 5);
    await rig.alarms(4);
    const seen = (await readVersion()) ?? 0;
    expect(seen).toBeGreaterThan(early);
    await env.DB.batch([
      env.DB.prepare("DELETE FROM publications WHERE version > ?").bind(early),
      env.DB.prepare("DELETE FROM standings WHERE version > ?").bind(early),
      env.DB.prepare("DELETE FROM tick_commits WHERE epoch > 2"),
    ]);
    rig.holdings.stx.set(first?.stxAddress ?? "", 6);
    await rig.alarms(2);
    const versions = (await readVersions()).filter((version) => version > early);
    expect(Math.min(...versions)).toBeGreaterThan(seen);
  });

  it("and rotations go on where either side is ahead", async () => {
    const newest = await readVersion();
    await env.DB.prepare("UPDATE publications SET version = 500, rotation = 90 WHERE version = ?").bind(newest).run();
    await rig.reset();
    const report = await rig.alarm();
    expect(report.lanes.stacks.rotation).toBe(91);
    rig.holdings.stx.set(agents[15]?.stxAddress ?? "", 5);
    expect((await rig.alarm()).version).toBe(501);
  });
});

it("is called stale by its own promise three rotations after it was made, and never before half an hour", async () => {
  const row = await env.DB.prepare("SELECT stale_after - published_at AS ms FROM publications").first<{ ms: number }>();
  expect(row?.ms).toBe(30 * MINUTE_MS);
});

/** Stands in the way of commits that carry a publication, and of publications apart. */
function onPublication(target: Rig, end: (run: () => Promise<unknown>) => Promise<unknown>): void {
  target.wrapStore = (store) => ({
    ...store,
    commit: async (writes, publication) => {
      if (!publication) return store.commit(writes, publication);
      const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Store["commit"]>>>();
      await end(async () => resolve(await store.commit(writes, publication)));
      return promise;
    },
    publish: async (...args) => {
      await end(() => store.publish(...args));
      return { rowsRead: 0, rowsWritten: 0 };
    },
  });
}

function slowPublish(ms: number): (store: Store) => Store {
  return (store) => ({
    ...store,
    publish: async (...args) => {
      await rig.sleep(ms);
      return store.publish(...args);
    },
  });
}
