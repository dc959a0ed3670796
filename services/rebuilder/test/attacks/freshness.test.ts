import { describe, expect, it } from "vitest";
import { giveCoins, makeBoard } from "./agents.ts";
import { type AttackRig, createAttackRig, isAbout } from "./rig.ts";

const MINUTE_MS = 60_000;
const agents = makeBoard(12);

describe("an outage", () => {
  it("of both balance hosts for three days stops the heartbeat, is logged, and makes the board degraded, then stale", async () => {
    const rig = await start();
    rig.vars.ALARM_INTERVAL_IDLE_MS = "3600000"; // fewer ticks in the same days
    rig.upstreams.intercept = (call) =>
      isAbout("stacks", call) || isAbout("bitcoin", call) || call.kind === "witness"
        ? new Response("", { status: 503 })
        : undefined;
    const since = rig.now;
    await rig.run(25);
    const soon = await rig.status();
    await rig.run(72 * 60 - 25);
    expect(rig.heartbeats.filter((at) => at > since)).toEqual([]);
    expect(listWarnings(rig, since)).toMatch(/degraded|stale/i);
    expect(soon.freshness?.status).toBe("degraded");
    const { freshness, lanes } = await rig.status();
    expect(freshness?.status).toBe("stale");
    expect(freshness?.reasons.length).toBeGreaterThan(0);
    expect([lanes?.stacks.health, lanes?.bitcoin.health]).not.toContain("well");
  });

  it("of every price feed for a day is logged and makes the board degraded, with the age, but not stale", async () => {
    const rig = await start();
    const since = rig.now;
    rig.upstreams.intercept = ({ kind }) => (kind === "price" ? new Response("", { status: 500 }) : undefined);
    await rig.run(10);
    const early = await rig.status();
    await rig.run(24 * 60);
    expect(listWarnings(rig, since)).toMatch(/price/i);
    expect(early.freshness?.status).toBe("ok");
    const { freshness } = await rig.status();
    expect(freshness?.status).toBe("degraded");
    const reason = freshness?.reasons.find(({ code, why }) => /price/i.test(`${code} ${why}`));
    expect(reason?.why).toMatch(/\d/); // how old
    expect(reason?.since).toBeLessThanOrEqual(since + 30 * MINUTE_MS);
  });
});

async function start(): Promise<AttackRig> {
  const rig = await createAttackRig({ agents, vars: { ALARM_INTERVAL_ACTIVE_MS: "600000" } });
  giveCoins(rig.upstreams, agents);
  await rig.alarms(2);
  return rig;
}

/** What the log said above the ordinary since then. */
function listWarnings({ logs }: AttackRig, sinceMs: number): string {
  const lines = logs.filter(({ level, at }) => level !== "info" && at >= sinceMs - MINUTE_MS);
  return lines.map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`).join("\n");
}
