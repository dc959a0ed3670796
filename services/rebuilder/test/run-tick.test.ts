import { env } from "cloudflare:workers";
import { findStandingsPage } from "@standings/db";
import { beforeEach, describe, expect, it } from "vitest";
import { runTick } from "../src/tick/run-tick.ts";
import { makeAgent, makeAgents, type TestAgent, toRosterText } from "./agents.ts";
import { createRig, db, type Rig, readBalances, readRanking, wipeDatabase } from "./rig.ts";

const SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token";
const WELSH = "SP3NE50GEXFG9SZGTT51P40X2CKYSZ5CC4ZTZ7A2G.welshcorgicoin-token";
const tooManyRequests = () => new Response("slow down", { status: 429 });

beforeEach(wipeDatabase);

describe("what is stored", () => {
  it("covers the whole roster after one rotation, every source of every agent", async () => {
    const rig = createRig(makeAgents(23));
    rig.config.chunkSize = 10;
    await rig.ticks(3);
    const balances = await readBalances();
    expect(Object.keys(balances).length).toBe(23);
    for (const tokens of Object.values(balances)) expect(Object.keys(tokens).sort()).toEqual(["btc-l1", "sbtc", "stx"]);
  });

  it("shows a ranked holding that was sold as zero, and drops a token that is gone", async () => {
    const [agent] = makeAgents(1) as [TestAgent];
    const rig = createRig([agent]);
    rig.upstreams.tokens.set(agent.stxAddress, { [SBTC]: "700", [`${WELSH}::welsh`]: "9" });
    await rig.tick();
    expect(await readBalances()).toMatchObject({ [agent.stxAddress]: { sbtc: "700", [WELSH]: "9" } });
    rig.upstreams.tokens.set(agent.stxAddress, { [SBTC]: "0" });
    await rig.tick();
    expect(await readBalances()).toEqual({ [agent.stxAddress]: { stx: "0", sbtc: "0", "btc-l1": "0" } });
  });

  it("does not change through failures of any kind", async () => {
    const agents = makeAgents(4);
    const rig = createRig(agents);
    hold(rig, agents);
    await rig.tick();
    const before = await readBalances();
    const faults: (() => Response)[] = [
      () => new Response("{}", { status: 500 }),
      tooManyRequests,
      () => new Response("<html>maintenance</html>", { headers: { "content-type": "text/html" } }),
      () => Response.json({ stx: { balance: 12 }, fungible_tokens: {} }),
      () => Response.json({ stx: { balance: "-5" }, fungible_tokens: {} }),
      () => Response.json(null),
      () => new Response('{"stx":{"bal', { headers: { "content-type": "application/json" } }),
      () => new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } }),
      () => Response.json({ ...{ stx: { balance: "3000000000000000" } }, fungible_tokens: {} }),
    ];
    for (const fault of faults) {
      rig.upstreams.intercept = ({ host }) => (host === "hiro" || host === "mempool" ? fault() : undefined);
      await rig.ticks(2);
      expect(await readBalances()).toEqual(before);
    }
    rig.upstreams.intercept = () => undefined;
    await rig.ticks(2);
    expect(await readBalances()).toEqual(before);
  });

  it("keeps an absurd amount from harming anyone but its own agent", async () => {
    const agents = makeAgents(3);
    const [first, second, third] = agents as [TestAgent, TestAgent, TestAgent];
    const rig = createRig(agents);
    hold(rig, agents);
    rig.upstreams.stx.set(second.stxAddress, "340282366920938463463374607431768211455");
    const report = await rig.tick();
    expect(report).toMatchObject({ outcome: "committed", failed: 1, version: 1 });
    const ranked = (await readRanking()).map(([address]) => address);
    expect(ranked.sort()).toEqual([first.stxAddress, third.stxAddress].sort());
  });
});

describe("who is ranked", () => {
  it.each(["hiro", "mempool"] as const)(
    "leaves an agent pending until %s has answered once too, and never takes it back",
    async (source) => {
      const agents = makeAgents(2);
      const [first, second] = agents as [TestAgent, TestAgent];
      const rig = createRig(agents);
      const fail = () => {
        rig.upstreams.intercept = ({ host, address }) =>
          host === source && [second.stxAddress, second.btcAddress].includes(address ?? "")
            ? new Response("{}", { status: 500 })
            : undefined;
      };
      fail();
      await rig.tick();
      expect((await readRanking()).map(([address]) => address)).toEqual([first.stxAddress]);
      rig.upstreams.intercept = () => undefined;
      await rig.tick();
      expect((await readRanking()).length).toBe(2);
      fail();
      await rig.tick();
      const rows = await findStandingsPage(env.DB, db, 3, { offset: 0, limit: 10 });
      expect(rows?.map((row) => [row.stx_address, row.partial]).sort()).toEqual([
        [first.stxAddress, false],
        [second.stxAddress, true],
      ]);
    },
  );

  it("keeps everybody when agents swap or correct their Bitcoin addresses", async () => {
    const agents = makeAgents(2);
    const [first, second] = agents as [TestAgent, TestAgent];
    const rig = createRig(agents);
    rig.upstreams.btc.set(first.btcAddress, 111).set(second.btcAddress, 222);
    await rig.tick();
    const swapped = [
      { ...first, btcAddress: second.btcAddress },
      { ...second, btcAddress: first.btcAddress },
    ];
    rig.roster = toRosterText(swapped);
    rig.upstreams.intercept = ({ host }) => (host === "mempool" ? new Response("", { status: 500 }) : undefined);
    await rig.tick();
    const between = await findStandingsPage(env.DB, db, 2, { offset: 0, limit: 10 });
    expect(between?.map((row) => row.partial)).toEqual([true, true]);
    rig.upstreams.intercept = () => undefined;
    await rig.tick();
    expect(await readBalances()).toMatchObject({
      [first.stxAddress]: { "btc-l1": "222" },
      [second.stxAddress]: { "btc-l1": "111" },
    });
  });
});

describe("the rotation", () => {
  it("covers 430 agents in five ticks of 100, within the budget, and starts again", async () => {
    const rig = createRig(makeAgents(430));
    const reports = await rig.ticks(6);
    expect(reports.map((report) => report.agents)).toEqual([100, 100, 100, 100, 30, 100]);
    expect(reports.map((report) => report.rotation)).toEqual([1, 1, 1, 1, 1, 2]);
    for (const report of reports) expect(report.subrequests).toBeLessThanOrEqual(250);
    expect(rig.upstreams.maxInFlight).toBeLessThanOrEqual(6);
    expect(reports[4]?.cursorAfter).toBe("");
    expect((await readRanking()).length).toBe(430);
  });

  it("makes no call to an upstream or to KV while the lock is held", async () => {
    const rig = createRig(makeAgents(30));
    await rig.ticks(3);
    expect(rig.upstreams.calls.length).toBeGreaterThan(0);
    expect(rig.callsInLock).toBe(0);
  });

  it("skips nobody whose listing lasts while others come, go and change places", async () => {
    const all = makeAgents(60);
    const staying = all.filter((_, index) => index % 3 === 0);
    const rig = createRig(all.filter((_, index) => index % 2 === 0 || index % 3 === 0));
    rig.config.chunkSize = 7;
    const lists = [all, [...all].reverse(), all.filter((_, index) => index % 5 !== 4 || index % 3 === 0)];
    for (let round = 0; round < 12; round++) {
      const rotation = rig.state.rotation.number + (rig.state.rotation.open ? 0 : 1);
      const attempted = new Set<string>();
      do {
        rig.roster = toRosterText(lists[round % lists.length] ?? all);
        await applyNow(rig);
        await rig.tick();
        for (const call of rig.upstreams.calls) if (call.host === "hiro" && call.address) attempted.add(call.address);
      } while (rig.state.rotation.open && rig.state.rotation.number === rotation);
      for (const agent of staying) expect(attempted.has(agent.stxAddress)).toBe(true);
    }
  });

  it("starts the next rotation at once when the roster loses everybody after the cursor", async () => {
    const agents = makeAgents(20);
    const rig = createRig(agents);
    rig.config.chunkSize = 16;
    await rig.tick();
    rig.roster = toRosterText(agents.slice(0, 16));
    await applyNow(rig);
    expect(await rig.tick()).toMatchObject({ outcome: "committed", rotation: 2, agents: 16 });
  });

  it("takes those whom a 429 left out first, and starves nobody at 50 calls a tick", async () => {
    const agents = makeAgents(120);
    const rig = createRig(agents);
    const lastAttempt = new Map(agents.map((agent) => [agent.stxAddress, 0]));
    let longestWait = 0;
    for (let tick = 1; tick <= 50; tick++) {
      let calls = 0;
      rig.upstreams.intercept = ({ host }) => {
        if (host !== "hiro" && host !== "mempool") return undefined;
        return ++calls > 50 ? tooManyRequests() : undefined;
      };
      const cursor = rig.state.cursor;
      const report = await rig.tick();
      expect(report.outcome).toBe("committed");
      expect(report.agents).toBeGreaterThan(0);
      const first = rig.upstreams.calls.find((call) => call.host === "hiro")?.address;
      expect(first).toBe(agents.find((agent) => agent.stxAddress > cursor)?.stxAddress);
      for (const agent of agents) {
        if (agent.stxAddress > cursor && (rig.state.cursor === "" || agent.stxAddress <= rig.state.cursor)) {
          longestWait = Math.max(longestWait, tick - (lastAttempt.get(agent.stxAddress) ?? 0));
          lastAttempt.set(agent.stxAddress, tick);
        }
      }
    }
    // 25 agents a tick at 50 calls: 120 agents take at most 6 ticks, and 7 with the one that hits the limit.
    expect(longestWait).toBeLessThanOrEqual(7);
  });

  it("starts no further agent after a host's first 429, and leaves that host alone until it may be called", async () => {
    const rig = createRig(makeAgents(100));
    let calls = 0;
    rig.upstreams.intercept = ({ host }) => {
      if (host !== "hiro" || ++calls < 37) return undefined;
      return new Response("", { status: 429, headers: { "retry-after": "1800" } });
    };
    const report = await rig.tick();
    expect(calls).toBeLessThanOrEqual(37 + 6);
    expect(report.agents).toBeLessThan(37);
    expect(report.nextIntervalMs).toBe(rig.config.idleMs);
    await rig.tick();
    expect(rig.upstreams.calls.filter((call) => call.host === "hiro")).toEqual([]);
  });

  it("passes by a host that blocks three ticks running, with one probe, so that the other source goes on", async () => {
    const agents = makeAgents(20);
    const rig = createRig(agents);
    rig.config.chunkSize = 10;
    hold(rig, agents);
    await rig.ticks(2);
    const before = await readBalances();
    rig.upstreams.intercept = ({ host }) => (host === "hiro" ? tooManyRequests() : undefined);
    for (const report of await rig.ticks(3)) expect(report).toMatchObject({ agents: 0, cursorAfter: "" });
    for (const agent of agents) rig.upstreams.btc.set(agent.btcAddress, 5);
    for (const report of await rig.ticks(2)) expect(report).toMatchObject({ agents: 10, failed: 10 });
    expect(rig.upstreams.calls.filter((call) => call.host === "hiro").length).toBe(1);
    const after = await readBalances();
    for (const agent of agents) {
      expect(after[agent.stxAddress]).toEqual({ ...before[agent.stxAddress], "btc-l1": "5" });
    }
    rig.upstreams.intercept = () => undefined;
    expect(await rig.tick()).toMatchObject({ agents: 10, failed: 0, nextIntervalMs: rig.config.activeMs });
  });

  it("blames a host that breaks down, not the agents it broke down on", async () => {
    const rig = createRig(makeAgents(60));
    let calls = 0;
    rig.upstreams.intercept = ({ host }) =>
      host === "mempool" && ++calls > 20 ? new Response("", { status: 502 }) : undefined;
    const report = await rig.tick();
    expect(report).toMatchObject({ agents: 20, failed: 0 });
    expect(rig.state.hosts.mempool?.breaker).toBe("open");
    rig.upstreams.intercept = () => undefined;
    expect(await rig.tick()).toMatchObject({ agents: 40, failed: 0 });
  });

  it("switches to v3 when v1 is gone, shrinks the chunk to the budget and tries v1 again after a day", async () => {
    const agents = makeAgents(200);
    const rig = createRig(agents);
    hold(rig, agents);
    rig.upstreams.tokens.set(agents[0]?.stxAddress ?? "", { [SBTC]: "5" });
    let isGone = true;
    rig.upstreams.intercept = ({ path }) =>
      isGone && path.includes("/v1/address/")
        ? Response.json({ error: "Gone", message: "disabled" }, { status: 410 })
        : undefined;
    const reports = await rig.ticks(3);
    expect(rig.state.hiro.version).toBe("v3");
    for (const report of reports) {
      expect(report.subrequests).toBeLessThanOrEqual(250);
      expect(report.failed).toBe(0);
    }
    expect(reports[1]?.agents).toBe(69);
    expect((await readBalances())[agents[0]?.stxAddress ?? ""]).toMatchObject({ sbtc: "5" });
    expect(rig.upstreams.calls.filter((call) => call.path.includes("/v1/address/"))).toEqual([]);
    isGone = false;
    rig.nowMs += 86_400_000;
    await rig.tick();
    expect(rig.state.hiro.version).toBe("v1");
  });

  it("gives up calls that hang at the fetch deadline and starts the next tick with who was left", async () => {
    const agents = makeAgents(20);
    const rig = createRig(agents);
    rig.upstreams.intercept = ({ address }) => {
      if (address !== agents[9]?.stxAddress) return undefined;
      rig.givenUp.abort(); // the same path as the fetch deadline: every call under way is dropped
      return new Promise<Response>(() => {});
    };
    await expect(runTick("alarm", rig.deps())).rejects.toThrow("given up");
    expect(rig.state.epoch).toBe(0);
    rig.givenUp = new AbortController();
    rig.upstreams.intercept = () => undefined;
    expect(await rig.tick()).toMatchObject({ outcome: "committed", agents: 20 });
  });
});

describe("the commit", () => {
  it("keeps the cursor when the database is out of reach, and catches up after", async () => {
    const rig = createRig(makeAgents(20));
    rig.config.chunkSize = 10;
    await rig.tick();
    const cursor = rig.state.cursor;
    rig.wrapStore = (store) => ({
      ...store,
      commit: () => new Promise(() => {}),
      findTickId: () => new Promise(() => {}),
    });
    expect(await rig.tick()).toMatchObject({ outcome: "commit-failed", epoch: null });
    expect(rig.state.cursor).toBe(cursor);
    expect(rig.alarmAt).toBeGreaterThan(rig.nowMs - rig.config.idleMs);
    rig.wrapStore = (store) => store;
    expect(await rig.tick()).toMatchObject({ outcome: "committed", agents: 10, cursorBefore: cursor });
  });

  it("recognises its own commit when the answer was lost", async () => {
    const rig = createRig(makeAgents(10));
    rig.wrapStore = (store) => ({
      ...store,
      commit: async (writes, publication) => {
        await store.commit(writes, publication);
        throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    expect(await rig.tick()).toMatchObject({ outcome: "committed", epoch: 1 });
    const commits = await db.selectFrom("tick_commits").selectAll().execute();
    expect(commits.length).toBe(1);
  });

  it.each([
    ["D1_ERROR: Network connection lost.", 3],
    ["D1_ERROR: D1 DB is overloaded. Too many requests queued.", 1],
    ["D1_ERROR: D1 DB exceeded its CPU time limit and was reset.", 1],
  ])("after %j tries %i times, and keeps the cursor", async (message, tries) => {
    const rig = createRig(makeAgents(5));
    let commits = 0;
    rig.wrapStore = (store) => ({
      ...store,
      commit: async () => {
        commits++;
        throw new Error(message);
      },
    });
    rig.after = (_ms, run) => {
      const timer = setTimeout(run, 300); // what waits for a retry does not wait long here
      return () => clearTimeout(timer);
    };
    expect(await rig.tick()).toMatchObject({ outcome: "commit-failed", cursorAfter: "" });
    expect(commits).toBe(tries);
  });

  it("discards everything of a tick that lost the race to another", async () => {
    const agents = makeAgents(5);
    const rig = createRig(agents);
    hold(rig, agents);
    await rig.tick();
    const before = await readBalances();
    rig.wrapStore = (store) => ({
      ...store,
      commit: async (writes, publication) => {
        const rival = { ...writes, commit: { ...writes.commit, tick_id: "rival" }, sources: [], prices: [] };
        await store.commit(rival, undefined);
        return store.commit(writes, publication);
      },
    });
    for (const agent of agents) rig.upstreams.stx.set(agent.stxAddress, "1");
    expect(await rig.tick()).toMatchObject({ outcome: "fenced", epoch: null });
    expect(await readBalances()).toEqual(before);
  });

  it("equals one commit when the same tick is applied twice", async () => {
    const agents = makeAgents(5);
    const rig = createRig(agents);
    hold(rig, agents);
    rig.wrapStore = (store) => ({
      ...store,
      commit: async (writes, publication) => {
        const use = await store.commit(writes, publication);
        await expect(store.commit(writes, publication)).rejects.toThrow(/UNIQUE/);
        return use;
      },
    });
    await rig.tick();
    expect((await db.selectFrom("tick_commits").selectAll().execute()).length).toBe(1);
    expect((await db.selectFrom("publications").selectAll().execute()).length).toBe(1);
    expect((await readRanking()).length).toBe(5);
  });

  it("goes on where D1 is after a crash between the commit and the cursor", async () => {
    const rig = createRig(makeAgents(30));
    rig.config.chunkSize = 10;
    await rig.tick();
    rig.save = async () => {
      throw new Error("the object was evicted");
    };
    await expect(rig.tick()).rejects.toThrow("evicted");
    rig.save = undefined;
    const report = await rig.tick();
    expect(report).toMatchObject({ outcome: "committed", epoch: 3, agents: 10, rotation: 1, cursorAfter: "" });
    expect((await readRanking()).length).toBe(30);
  });

  it("goes on where D1 is after the object's storage was wiped: epochs and versions only grow", async () => {
    const rig = createRig(makeAgents(30));
    rig.config.chunkSize = 10;
    await rig.ticks(2);
    const fresh = createRig(makeAgents(30));
    fresh.config.chunkSize = 10;
    fresh.nowMs = rig.nowMs;
    expect(await fresh.tick()).toMatchObject({ epoch: 3, version: 3, rotation: 1, agents: 10, cursorAfter: "" });
    expect(await fresh.tick()).toMatchObject({ epoch: 4, version: 4, rotation: 2 });
  });

  it("commits without the ranking when only the ranking cannot be published, and says so", async () => {
    const rig = createRig(makeAgents(5));
    await env.DB.prepare("INSERT INTO standings VALUES (1, 1, 'x', 'x', NULL, NULL, 1, 'x', 0, '[]', 0, 1)").run();
    const report = await rig.tick();
    expect(report).toMatchObject({ outcome: "committed", version: null, agents: 5 });
    expect(report.notes.join()).toMatch(/not published/);
    expect(Object.keys(await readBalances()).length).toBe(5);
  });

  it("finds the one agent whose data the database refuses, marks it and keeps the others", async () => {
    const agents = makeAgents(13);
    const poison = agents[7] as TestAgent;
    const rig = createRig(agents);
    hold(rig, agents);
    rig.wrapStore = (store) => ({
      ...store,
      commit: (writes, publication) => {
        const sources = writes.sources.map((write) =>
          write.agentAddress === poison.stxAddress && "balances" in write.answer
            ? { ...write, answer: { ...write.answer, balances: [{ tokenId: "stx", symbol: "STX", rawAmount: "1.5" }] } }
            : write,
        );
        return store.commit({ ...writes, sources }, publication);
      },
    });
    const report = await rig.tick();
    expect(report).toMatchObject({ outcome: "committed", agents: 13, cursorAfter: "" });
    expect(report.notes.join()).toContain(poison.stxAddress);
    const balances = await readBalances();
    expect(Object.keys(balances).length).toBe(12);
    expect(balances[poison.stxAddress]).toBeUndefined();
    expect((await readRanking()).length).toBe(12);
    expect(report.subrequests).toBeLessThanOrEqual(250);
  });

  it("ends every tick with an alarm ahead, whichever step threw", async () => {
    const rig = createRig(makeAgents(10));
    const steps = ["getProgress", "applyRoster", "listAgentsAfter", "getLastGoodPrices", "commit"] as const;
    for (const step of steps) {
      rig.alarmAt = null;
      rig.wrapStore = (store) => ({
        ...store,
        [step]: async () => {
          throw new Error(`D1_ERROR: ${step} failed: SQLITE_BUSY`);
        },
        ...(step === "commit" ? { findTickId: async () => Promise.reject(new Error("unreachable")) } : {}),
      });
      const at = rig.nowMs;
      expect(await rig.tick()).toMatchObject({ outcome: "commit-failed" });
      expect(rig.alarmAt).toBeGreaterThanOrEqual(at + 1_000);
    }
    rig.wrapStore = (store) => store;
    rig.readRoster = () => Promise.reject(new Error("KV is down"));
    expect(await rig.tick()).toMatchObject({ outcome: "committed" });
    expect(rig.state.roster.problem).toContain("KV is down");
  });
});

describe("the roster", () => {
  it("is kept when the key is absent, corrupt, empty or much smaller", async () => {
    const agents = makeAgents(10);
    const rig = createRig(agents);
    await rig.tick();
    for (const roster of [null, "{oops", "[]", toRosterText([]), toRosterText(agents.slice(0, 7))]) {
      rig.roster = roster;
      expect(await rig.tick()).toMatchObject({ agents: 10 });
      expect(rig.state.roster).toMatchObject({ source: "kept" });
      expect(rig.state.roster.problem).not.toBeNull();
    }
    expect(rig.state.roster.held).toMatchObject({ accepted: 7, previous: 10 });
  });

  it("shrinks when an operator accepts what is held", async () => {
    const agents = makeAgents(10);
    const rig = createRig(agents);
    await rig.tick();
    rig.roster = toRosterText(agents.slice(0, 5));
    await rig.tick();
    rig.control.acceptedIds = [rig.state.roster.held?.id ?? ""];
    expect(await rig.tick()).toMatchObject({ agents: 5 });
    expect((await readRanking()).length).toBe(5);
  });

  it("takes the valid entries and counts why the others are not", async () => {
    const good = makeAgent(1);
    const entries = [
      good,
      good,
      { ...makeAgent(2), stxAddress: makeAgent(2).stxAddress.toLowerCase() },
      { ...makeAgent(3), stxAddress: "ST2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKQVX8X0G" },
      { ...makeAgent(4), stxAddress: `${makeAgent(4).stxAddress.slice(0, -1)}0` },
      { ...makeAgent(5), btcAddress: "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx" },
      { displayName: "nobody" },
      "not even an object",
    ];
    const rig = createRig();
    rig.roster = toRosterText(entries);
    expect(await rig.tick()).toMatchObject({ agents: 1 });
    expect(rig.state.roster.rejected).toEqual({
      "duplicate-stx-address": 1,
      "stx-address-lowercase": 1,
      "stx-address-testnet": 1,
      "stx-address-invalid": 1,
      "btc-address-testnet": 1,
      "missing-field": 1,
      "no-object": 1,
    });
  });

  it("leaves nothing to do, but an alarm, while there has never been one", async () => {
    const rig = createRig();
    rig.roster = null;
    expect(await rig.tick()).toMatchObject({ outcome: "no-roster", agents: 0 });
    expect(rig.alarmAt).not.toBeNull();
    expect(await db.selectFrom("publications").selectAll().execute()).toEqual([]);
  });
});

describe("prices", () => {
  it("stay at the last good one, with its time, while no feed answers", async () => {
    const agents = makeAgents(1);
    const rig = createRig(agents);
    hold(rig, agents);
    await rig.tick();
    const [before] = await readRanking();
    const pricedAt = (await db.selectFrom("publications").selectAll().executeTakeFirstOrThrow()).priced_at;
    rig.upstreams.intercept = ({ host, path }) =>
      host === "coingecko" || host === "coinbase" || path.endsWith("/prices")
        ? new Response("", { status: 500 })
        : undefined;
    await rig.tick();
    expect(await readRanking()).toEqual([before]);
    const newest = await db.selectFrom("publications").selectAll().orderBy("version", "desc").executeTakeFirstOrThrow();
    expect(newest.priced_at).toBe(pricedAt);
    expect(rig.state.heldPrices).toMatchObject({ stx: "no answer", "btc-l1": "no answer" });
  });

  it("leave tokens unpriced when none was ever seen: the total is zero of priced, not a value from a zero price", async () => {
    const agents = makeAgents(1);
    const rig = createRig(agents);
    hold(rig, agents);
    rig.upstreams.prices = { btc: null, stx: 0 };
    await rig.tick();
    const rows = await findStandingsPage(env.DB, db, 1, { offset: 0, limit: 1 });
    expect(rows?.[0]).toMatchObject({ total_usd: 0, tokens: [{ usd: null }, { usd: null }] });
  });

  it("do not jump on one source's word", async () => {
    const agents = makeAgents(1);
    const rig = createRig(agents);
    hold(rig, agents);
    await rig.tick();
    const [before] = await readRanking();
    rig.upstreams.intercept = ({ host }) =>
      host === "coingecko" ? Response.json({ bitcoin: { usd: 10_000_000 }, blockstack: { usd: 80 } }) : undefined;
    await rig.tick();
    expect(await readRanking()).toEqual([before]);
    rig.upstreams.prices = { btc: 10_000_000, stx: 80 };
    rig.upstreams.intercept = () => undefined;
    await rig.tick();
    expect((await readRanking())[0]?.[1]).toBe((before?.[1] ?? 0) * 100);
  });

  it("send each key to its own host only", async () => {
    const rig = createRig();
    rig.config.headers = { hiro: { "x-api-key": "H" }, coingecko: { "x-cg-demo-api-key": "C" } };
    await rig.tick();
    for (const call of rig.upstreams.calls) {
      expect(call.headers.get("x-api-key")).toBe(call.host === "hiro" ? "H" : null);
      expect(call.headers.get("x-cg-demo-api-key")).toBe(call.host === "coingecko" ? "C" : null);
      expect(call.path).not.toMatch(/key|token=/);
    }
  });
});

describe("the mass-change guard", () => {
  it("stores nothing of a source whose holdings vanish for many at once, probes it, and ends by itself", async () => {
    const agents = makeAgents(40);
    const rig = createRig(agents);
    hold(rig, agents);
    await rig.tick();
    const before = await readBalances();
    const ranking = await readRanking();
    const stx = new Map(rig.upstreams.stx);
    rig.upstreams.stx.clear();
    for (const report of await rig.ticks(20)) {
      expect(report.outcome).toBe("committed");
      expect(await readBalances()).toEqual(before);
      expect(await readRanking()).toEqual(ranking);
    }
    expect(rig.state.quarantines).toMatchObject([{ source: "stacks", tokenId: "stx", fell: 40, of: 40 }]);
    expect(rig.upstreams.calls.filter((call) => call.host === "hiro").length).toBe(1);
    for (const [address, amount] of stx) rig.upstreams.stx.set(address, amount);
    await rig.ticks(2);
    expect(rig.state.quarantines).toEqual([]);
    expect(rig.state.hosts.hiro?.breaker).toBe("closed");
    expect(await readBalances()).toEqual(before);
  });

  it("is not fooled by probes of agents that held nothing before", async () => {
    const agents = makeAgents(40);
    const rig = createRig(agents);
    hold(rig, agents.slice(15));
    await rig.tick();
    const before = await readBalances();
    rig.upstreams.stx.clear();
    await rig.ticks(8);
    expect(await readBalances()).toEqual(before);
  });

  it("lets an operator release what really happened", async () => {
    const agents = makeAgents(40);
    const rig = createRig(agents);
    rig.config.chunkSize = 20;
    hold(rig, agents);
    await rig.ticks(2);
    rig.upstreams.stx.clear();
    await rig.tick();
    rig.control.acceptedIds = [rig.state.quarantines[0]?.id ?? ""];
    await rig.ticks(2);
    expect(rig.state.quarantines).toEqual([]);
    for (const tokens of Object.values(await readBalances())) expect(tokens.stx).toBe("0");
  });

  it("lets a few sell everything", async () => {
    const agents = makeAgents(40);
    const rig = createRig(agents);
    hold(rig, agents);
    await rig.tick();
    for (const agent of agents.slice(0, 9)) rig.upstreams.stx.delete(agent.stxAddress);
    await rig.tick();
    expect(rig.state.quarantines).toEqual([]);
    expect(Object.values(await readBalances()).filter((tokens) => tokens.stx === "0").length).toBe(9);
  });
});

describe("a monthly budget", () => {
  it("stretches the interval and is never exceeded", async () => {
    const rig = createRig(makeAgents(40));
    rig.config.monthlyBudgets = { ...rig.config.monthlyBudgets, hiro: 100 };
    rig.nowMs = Date.parse("2026-11-29T00:00:00Z");
    const used: number[] = [];
    while (rig.nowMs < Date.parse("2026-11-30T23:00:00Z") && used.length < 20) {
      const report = await rig.tick();
      used.push(rig.state.hosts.hiro?.use?.calls ?? 0);
      expect(report.nextIntervalMs).toBeGreaterThan(rig.config.activeMs);
    }
    expect(Math.max(...used)).toBeLessThanOrEqual(100);
    rig.nowMs = Date.parse("2026-12-01T00:00:01Z");
    expect(await rig.tick()).toMatchObject({ agents: 40, failed: 0 });
  });
});

describe("ticks that never end", () => {
  it("shrink to the agent they die of, and pass over it", async () => {
    const agents = makeAgents(12);
    const poison = agents[5]?.stxAddress;
    const rig = createRig(agents);
    const crash = new Error("exceeded its memory limit");
    rig.readRoster = async () => rig.roster;
    rig.upstreams.intercept = ({ address }) => {
      if (address === poison) throw crash;
      return undefined;
    };
    // What the platform does to a tick that takes its object down: nothing of it is saved but that it began.
    const tickOrCrash = async () => {
      const isDying = () => rig.upstreams.calls.some((call) => call.address === poison);
      rig.upstreams.calls.length = 0;
      const { count, cursor } = rig.unfinished;
      rig.unfinished = { cursor: rig.state.cursor, count: cursor === rig.state.cursor ? count + 1 : 1 };
      rig.save = async (state, alarmAt) => {
        if (isDying()) throw crash;
        rig.state = structuredClone(state);
        rig.alarmAt = alarmAt;
        rig.unfinished = { cursor: "", count: 0 };
      };
      rig.wrapStore = (store) => ({
        ...store,
        commit: (...args) => (isDying() ? Promise.reject(crash) : store.commit(...args)),
        findTickId: (epoch) => (isDying() ? Promise.reject(crash) : store.findTickId(epoch)),
      });
      await runTick("alarm", rig.deps()).catch(() => undefined);
      rig.nowMs += rig.config.activeMs;
    };
    for (let tick = 0; tick < 40 && !(rig.state.cursor === "" && rig.state.epoch > 0); tick++) await tickOrCrash();
    const fetched = Object.keys(await readBalances());
    expect(fetched.sort()).toEqual(agents.map((agent) => agent.stxAddress).filter((address) => address !== poison));
  });
});

/** Gives every agent some STX and BTC, more for those further down the list. */
function hold(rig: Rig, agents: readonly TestAgent[]) {
  agents.forEach((agent, index) => {
    rig.upstreams.stx.set(agent.stxAddress, String((index + 1) * 1_000_000));
    rig.upstreams.btc.set(agent.btcAddress, 1_000);
  });
}

/** Applies the rig's roster now instead of at the start of the next rotation. */
async function applyNow(rig: Rig) {
  const { agents } = JSON.parse(rig.roster ?? "{}") as { agents: TestAgent[] };
  await rig.deps().store.applyRoster(agents, rig.nowMs);
}
