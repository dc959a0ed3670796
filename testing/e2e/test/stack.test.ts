import { readFileSync } from "node:fs";
import { tickAnswerSchema } from "@standings/api/src/routes/admin/schema.ts";
import type { Call } from "@standings/upstream-sim/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFlaws, readBoard, readVersion, toBalances } from "../src/board.ts";
import { call } from "../src/http.ts";
import { toRotation } from "../src/operator.ts";
import { runOps } from "../src/ops.ts";
import { ADMIN_TOKEN, createTestFolder, startTestStack, type TestStack } from "../src/test-stack.ts";
import { listCallsByTick, type TickWatch, watchTicks } from "../src/ticks.ts";
import { waitUntil } from "../src/wait-until.ts";

// One stack at full size, from an empty folder to its second start: the tests follow one another.

const KEYS = { HIRO_API_KEY: "e2e-hiro-8c4410d2", COINGECKO_API_KEY: "e2e-gecko-77b1f0ce" };
const ENV = { ...KEYS, ALARM_INTERVAL_ACTIVE_MS: "1000", ALARM_INTERVAL_IDLE_MS: "1000", UPSTREAM_LATENCY_MS: "2-20" };
const AGENTS = 430;
const CHUNK = 86; // five even chunks of at most a hundred

const folder = createTestFolder();
let stack: TestStack;
let watch: TickWatch;
const calls: Call[] = [];
const printed: string[] = [];
beforeAll(async () => {
  stack = await startTestStack(folder.path, ENV);
  watch = await watchTicks(stack.operator);
});
afterAll(async () => {
  await stack?.close();
  folder.remove();
});

describe("a stack on an empty state", () => {
  it("has an empty board until the first tick has committed", async () => {
    expect(stack.versionAtStart).toBe(0);
    expect(await readBoard(stack.origin)).toMatchObject({ version: 0, agents: [], stats: { total: 0 } });
  });

  it("runs a forced tick and answers with its report, and who comes meanwhile joins it", async () => {
    const answers = await Promise.all([stack.operator.tick(), stack.operator.tick()]);
    expect(answers[0]).toMatchObject({ outcome: "committed", trigger: "forced", agents: CHUNK, failed: 0, version: 1 });
    expect(answers.map((answer) => answer.joined).sort()).toEqual([false, true]);
    expect(answers[1]?.tickId).toBe(answers[0]?.tickId);
  });

  it("covers and ranks 430 agents with its first rotation, in five ticks", async () => {
    await watch.waitFor("the second rotation", 120_000, (status) => toRotation(status) > 1);
    const first = watch.ticks.filter(({ lanes }) => lanes.stacks.rotation === 1);
    expect(first.map(({ lanes }) => [lanes.stacks.asked, lanes.bitcoin.asked])).toEqual(
      Array.from({ length: 5 }, () => [CHUNK, CHUNK]),
    );
    const status = await stack.operator.getStatus();
    expect(status.rowCounts).toMatchObject({ agents: AGENTS, agentsCovered: AGENTS, agentsRanked: AGENTS });
    const board = await readBoard(stack.origin);
    expect(board.agents).toHaveLength(AGENTS);
    expect(findFlaws(board)).toEqual([]);
  });
});

describe("the board", () => {
  it("pages completely for the version it began with while newer ones are published", async () => {
    const begun = await readVersion(stack.origin);
    const board = await readBoard(stack.origin, {
      limit: 130,
      between: async () => {
        const last = await readVersion(stack.origin);
        await waitUntil("a newer version", 60_000, async () => {
          await stack.operator.tick();
          return (await readVersion(stack.origin)) > last ? true : undefined;
        });
      },
    });
    expect([board.pages, board.agents.length]).toEqual([4, AGENTS]);
    expect(findFlaws(board)).toEqual([]);
    expect(await readVersion(stack.origin)).toBeGreaterThan(begun + 2);
  });

  it("shows exactly what the upstreams say: sold is gone, bought is there", async () => {
    const [agent] = (await readBoard(stack.origin)).agents.slice(200);
    if (!agent) throw new Error("the board is short");
    const { stxAddress, btcAddress } = agent;
    const showing = (balances: Record<string, string>) =>
      waitUntil(`the board to show ${JSON.stringify(balances)}`, 120_000, async () => {
        await stack.operator.tick();
        await watch.look();
        const { agents } = await readBoard(stack.origin);
        const shown = agents.find((one) => one.stxAddress === stxAddress);
        return shown && JSON.stringify(sort(toBalances(shown))) === JSON.stringify(sort(balances)) ? shown : undefined;
      });

    stack.upstream.pinHoldings(stxAddress, { stx: "7000001", tokens: { [SBTC]: "21", [OLD_TOKEN]: "5" } });
    stack.upstream.pinHoldings(btcAddress, { sats: "123456789", turnoverSats: "9000000000000000" });
    await showing({ STX: "7000001", BTC: "123456789", [toContract(SBTC)]: "21", [toContract(OLD_TOKEN)]: "5" });

    const most = (2n ** 128n - 1n).toString();
    stack.upstream.pinHoldings(stxAddress, { stx: "0", tokens: { [SBTC]: "0", [NEW_TOKEN]: most } });
    stack.upstream.pinHoldings(btcAddress, { sats: "0" });
    const sold = await showing({ [toContract(NEW_TOKEN)]: most });
    expect(sold).toMatchObject({ totalUsd: 0, tokens: [{ priced: false, usdValue: 0 }] });
  });

  it("renders as a page with a row for each agent", async () => {
    const response = await call(`${stack.origin}/dashboard?limit=50`);
    const html = await response.text();
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      expect.stringContaining("text/html"),
    ]);
    const { agents } = await readBoard(stack.origin);
    expect(agents.filter((agent) => html.includes(agent.stxAddress)).length).toBeGreaterThanOrEqual(50);
    expect(html).not.toMatch(/<script>alert/i); // some agents are called that
  });
});

describe("the ticks so far", () => {
  it("made at most 250 subrequests, in the status and at the upstreams' own count", async () => {
    const seen = watch.ticks.length;
    await watch.waitForTicks(seen + 1, 120_000);
    calls.push(...stack.upstream.listCalls());
    const byTick = listCallsByTick(watch.ticks, calls);
    expect(seen).toBeGreaterThan(12);
    for (const [index, tick] of watch.ticks.slice(0, seen).entries()) {
      expect(tick.subrequests).toBeLessThanOrEqual(250);
      expect(byTick[index]?.length).toBe(tick.calls);
    }
    const attributed = watch.ticks.reduce((sum, tick) => sum + tick.calls, 0);
    expect(attributed).toBeGreaterThan(watch.ticks.length * 60);
  });

  it("never had more than six calls in flight", () => {
    expect(stack.upstream.stats().maxInFlight).toBeLessThanOrEqual(6);
  });

  it("all committed, each with the next epoch", () => {
    expect(watch.ticks.map((tick) => tick.outcome)).toEqual(watch.ticks.map(() => "committed"));
    const epochs = watch.ticks.map((tick) => tick.epoch ?? 0);
    expect(epochs).toEqual(epochs.map((_, index) => index + 1));
  });
});

describe("operators", () => {
  const routes = ["GET ", "POST /tick", "POST /pause", "POST /resume", "POST /reset", "POST /accept"];

  it.each(routes)("are not let in at %s without the token", async (route) => {
    const [method = "", path = ""] = route.split(" ");
    for (const authorization of [undefined, "Bearer wrong", `Basic ${ADMIN_TOKEN}`]) {
      const init = { method, headers: authorization === undefined ? {} : { authorization } };
      const response = await call(`${stack.origin}/api/admin/rebuilder${path}`, init);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ status: 401, type: "/problems/unauthorized" });
    }
  });

  it("pause the ticks and let them go on", async () => {
    const paused = await stack.operator.change("pause", { reason: "a test" });
    expect(paused.paused).toMatchObject({ reason: "a test", until: null });
    const refused = await call(`${stack.origin}/api/admin/rebuilder/tick`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    expect(refused.status).toBe(409);
    await watch.waitFor("the running tick to end", 60_000, (status) => status.state === "paused");
    const ended = watch.ticks.length;
    await stack.operator.change("resume");
    await watch.waitForTicks(ended + 1, 60_000);
  });

  it("see and do the same from the command line", async () => {
    const status = await runOps(["status"], stack.origin, ADMIN_TOKEN);
    expect(status).toMatchObject({ code: 0, stderr: "" });
    expect(status.stdout).toMatch(/^Freshness +ok$/m);
    for (const lane of ["Stacks", "Bitcoin"]) {
      expect(status.stdout).toMatch(new RegExp(`^${lane} +\\d+ \\[[#-]+\\] \\d+ of 430 agents.*; well, `, "m"));
    }
    const raw = await runOps(["tick", "--json"], stack.origin, ADMIN_TOKEN);
    expect(tickAnswerSchema.parse(JSON.parse(raw.stdout))).toMatchObject({ outcome: "committed" });
    const watched = await runOps(["status", "--watch"], stack.origin, ADMIN_TOKEN);
    expect(watched).toMatchObject({ code: 0, stdout: expect.stringContaining("430 of 430 agents, 100 %, done") });
    const refused = await runOps(["pause"], stack.origin, "wrong");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("(401)") });
    printed.push(...[status, raw, watched, refused].flatMap(({ stdout, stderr }) => [stdout, stderr]));
  });

  it("begin a new rotation with reset, and lose nothing stored", async () => {
    const before = await stack.operator.getStatus();
    await stack.operator.change("reset");
    const after = await watch.waitFor("the rotation after", 60_000, (status) => {
      return toRotation(status) > toRotation(before) && status.lanes.stacks.processed > 0;
    });
    expect(after.rowCounts).toMatchObject({ agentsCovered: AGENTS, agentsRanked: AGENTS });
  });
});

describe("every public page and the metrics", () => {
  it.each(["/", "/status", "/docs", "/llms.txt", "/openapi.json", "/api/health", "/api/metrics"])(
    "answer at %s",
    async (path) => {
      const response = await call(stack.origin + path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
      expect(response.status).toBe(200);
      printed.push(await response.text(), JSON.stringify([...response.headers]));
    },
  );
});

describe("a second start on the same state", () => {
  it("continues by itself, without a kick", async () => {
    const before = await stack.operator.getStatus();
    expect(stack.upstream.stats().maxInFlight).toBeLessThanOrEqual(6);
    calls.push(...stack.upstream.listCalls(calls.at(-1)?.seq));
    await stack.close();
    printed.push(...stack.lines, readFileSync(stack.logPath, "utf8"));
    const first = stack;
    stack = await startTestStack(folder.path, ENV);
    expect(stack.versionAtStart).toBeGreaterThanOrEqual(before.publication?.version ?? Number.NaN);
    await waitUntil("a newer version", 30_000, async () => {
      return (await readVersion(stack.origin)) > stack.versionAtStart ? true : undefined;
    });
    const after = await stack.operator.getStatus();
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(toRotation(after)).toBeGreaterThanOrEqual(toRotation(before));
    expect(after.rowCounts).toMatchObject({ agentsCovered: AGENTS, agentsRanked: AGENTS });
    calls.push(...stack.upstream.listCalls());
    await stack.close();
    printed.push(...stack.lines, readFileSync(stack.logPath, "utf8"));
    expect([...first.listErrors(), ...stack.listErrors()]).toEqual([]);
  });
});

describe("secrets", () => {
  const secrets = [ADMIN_TOKEN, ...Object.values(KEYS)];

  it("are in nothing that was printed, logged or answered", () => {
    const text = printed.join("\n");
    expect(text.split('"event":"tick.ended"').length).toBeGreaterThan(20);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  it("are in no URL, and each key goes to its own host alone", () => {
    expect(calls.length).toBeGreaterThan(1_000);
    for (const { path, query } of calls) {
      for (const secret of secrets) expect(`${path}?${query}`).not.toContain(secret);
      expect(query).not.toMatch(/key|token|secret|auth/i);
    }
    const hostsOf = (header: string) => {
      return [...new Set(calls.filter((one) => one.headerNames.includes(header)).map((one) => one.host))];
    };
    expect(hostsOf("x-api-key")).toEqual(["hiro"]);
    expect(hostsOf("x-cg-demo-api-key")).toEqual(["coingecko"]);
    expect(hostsOf("authorization")).toEqual([]);
    expect(hostsOf("cookie")).toEqual([]);
  });
});

const SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token";
const OLD_TOKEN = "SP102V8P0F7JX67ARQ77WEA3D3CFB5XW39REDT0AM.token-alex::alex";
const NEW_TOKEN = "SP1Y5YSTAHZ88XYK1VPDH24GY0HPX5J4JECTMY4A1.velar-token::velar";

function toContract(assetId: string): string {
  return assetId.split("::", 1)[0] ?? "";
}

function sort(balances: Record<string, string>): [string, string][] {
  return Object.entries(balances).sort(([a], [b]) => (a < b ? -1 : 1));
}
