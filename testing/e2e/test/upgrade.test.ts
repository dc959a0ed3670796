import { SBTC_ASSET_ID } from "@standings/upstream-sim";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFlaws, readBoard, toHoldings } from "../src/board.ts";
import { fillByFirstRelease, readFirstRelease } from "../src/first-release.ts";
import { call } from "../src/http.ts";
import { runOps } from "../src/ops.ts";
import { readStoredBoard, type StoredBoard } from "../src/stored-state.ts";
import { ADMIN_TOKEN, createTestFolder, startTestStack, type TestStack, writeRoster } from "../src/test-stack.ts";
import { type TickWatch, watchTicks } from "../src/ticks.ts";

// The first release was stopped in trouble: a quarantine of STX, a held roster, a dead Bitcoin host, paused by an
// operator. The release of this checkout goes on from there, first with every upstream down; the tests follow one another.

const WAIT_MS = 60_000;
const release = readFirstRelease("troubled", Date.now());
const version = Math.max(...release.rows.publications.map((row) => Number(row.version)));
const folder = createTestFolder();
const stateDir = `${folder.path}/state`;
let stored: StoredBoard;
let stack: TestStack;
let watch: TickWatch;
beforeAll(async () => {
  const rosterFile = writeRoster(folder.path, release.roster);
  await fillByFirstRelease(stateDir, release, rosterFile);
  stored = readStoredBoard(stateDir);
  stack = await startTestStack(stateDir, {
    ROSTER_FILE: rosterFile,
    ALARM_INTERVAL_ACTIVE_MS: "5000", // ticks are forced
    ALARM_INTERVAL_IDLE_MS: "1",
    UPSTREAM_FAULTS: JSON.stringify([{ kind: "reset" }]),
  });
  pinStored();
  watch = await watchTicks(stack.operator, { force: true });
});
afterAll(async () => {
  await stack?.close();
  folder.remove();
});

describe("with every upstream down", () => {
  it("the ranking is the one that the first release published", async () => {
    expect(stack.versionAtStart).toBe(version);
    const board = await readBoard(stack.origin);
    const published = release.rows.standings.filter((row) => row.version === version);
    expect(board.agents.map(({ rank, stxAddress, totalUsd }) => [rank, stxAddress, totalUsd])).toEqual(
      published.map((row) => [row.rank, row.stx_address, Number(row.total_usd) / 1e6]),
    );
    expect(findFlaws(board)).toEqual([]);
  });

  it("its pause stands, its quarantine and its held roster are to be judged anew", async () => {
    const status = await stack.operator.getStatus();
    expect(status).toMatchObject({ state: "paused", paused: { reason: "waiting for the host" }, holds: [] });
    expect(status).toMatchObject({ stateProblem: null, configProblem: null, epoch: stored.commits.length });
    expect(status.ticks.length).toBeGreaterThan(0);
  });

  it("every action of operators works, and ticks commit above the epochs and rotations of before", async () => {
    const before = toHoldings(await readBoard(stack.origin));
    expect(await stack.operator.change("resume", { reason: "upgraded" })).toMatchObject({ paused: null });
    const status = await watch.waitForTicks(2, WAIT_MS);
    expect(status.epoch).toBeGreaterThan(stored.commits.length);
    for (const lane of Object.values(status.lanes)) {
      expect(lane).toMatchObject({ health: "resting", why: "network" });
      expect(lane.rotation).toBeGreaterThan(3);
    }
    const reset = await stack.operator.change("reset", { reason: "upgraded" });
    expect(reset.next.what).toBe("a new rotation begins");
    expect(await stack.operator.change("pause", { reason: "looking" })).toMatchObject({
      paused: { reason: "looking" },
    });
    await stack.operator.change("resume");
    expect(await stack.operator.tick()).toMatchObject({ outcome: "committed" });
    expect((await accept("quarantine-e4921b9a")).status).toBe(404);
    const actions = await runOps(["actions"], stack.origin, ADMIN_TOKEN);
    for (const action of ["tick", "pause", "resume", "reset"]) expect(actions.stdout).toContain(action);
    expect(toHoldings(await readBoard(stack.origin))).toEqual(before);
  });
});

describe("once they answer", () => {
  it("no balance changes, and versions go on", async () => {
    stack.upstream.setFaults([]);
    await watch.waitFor("fresh answers of everybody", WAIT_MS, ({ publication, freshness }) => {
      return publication?.partial === 0 && freshness.status === "ok";
    });
    const board = await readBoard(stack.origin);
    expect(board.version).toBeGreaterThan(version);
    expect(board.agents).toHaveLength(release.roster.length);
    expect(readStoredBoard(stateDir).balances).toEqual(stored.balances);
    expect(stack.listErrors()).toEqual([]);
  });

  it("what is too strange to believe is held, and released by an operator", async () => {
    stack.upstream.setFaults([{ kind: "5xx", pathPrefix: "/v2/" }]);
    for (const { stxAddress } of release.roster) stack.upstream.pinHoldings(stxAddress, { stx: "0", tokens: {} });
    const { holds } = await watch.waitFor("holds", WAIT_MS, (status) => status.holds.length > 0);
    for (const { id } of holds) expect((await accept(id)).status).toBe(200);
    await watch.waitFor("the release", WAIT_MS, (status) => status.holds.length === 0);
    const { agents } = await readBoard(stack.origin);
    expect(agents.flatMap(({ tokens }) => tokens).filter(({ symbol }) => symbol === "STX")).toEqual([]);
  });
});

function accept(id: string): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
  const body = JSON.stringify({ id, reason: "upgraded" });
  return call(`${stack.origin}/api/admin/rebuilder/accept`, { method: "POST", headers, body });
}

/** The upstreams say what the first release had stored. */
function pinStored(): void {
  stack.upstream.pinPrices({ BTC: 100_000, STX: 0.8 });
  for (const { stxAddress, btcAddress } of release.roster) {
    const own = release.rows.balances.filter((row) => row.agent_address === stxAddress);
    const amounts = new Map(own.map((row) => [String(row.token_id), String(row.raw_amount)]));
    const tokens = [...amounts].flatMap(([token, amount]) => {
      if (token === "sbtc") return [[SBTC_ASSET_ID, amount]];
      return token.includes(".") ? [[`${token}::${token.split(".")[1]}`, amount]] : [];
    });
    stack.upstream.pinHoldings(stxAddress, { stx: amounts.get("stx") ?? "0", tokens: Object.fromEntries(tokens) });
    stack.upstream.pinHoldings(btcAddress, { sats: amounts.get("btc-l1") ?? "0" });
  }
}
