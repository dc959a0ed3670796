import { describe, expect, it } from "vitest";
import { toRosterText } from "../agents.ts";
import { giveCoins, makeBoard } from "./agents.ts";
import { type AttackRig, createAttackRig, readTables } from "./rig.ts";

const agents = makeBoard(10);

describe("resume", () => {
  it("is no way round the spacing of forced ticks", async () => {
    const rig = await start({ FORCED_TICK_SPACING_MS: "30000" });
    await rig.tick();
    const since = rig.now;
    let ticks = 0;
    while (rig.now < since + 60_000) {
      await rig.pause({});
      await rig.resume();
      rig.advance(1_500);
      if ((rig.alarmAt ?? Number.POSITIVE_INFINITY) > rig.now) continue;
      ticks += (await rig.alarm()).asked.stacks.length > 0 ? 1 : 0;
    }
    expect(ticks).toBeLessThanOrEqual(2); // one every thirty seconds
  });
});

describe("what operators do", () => {
  it("is logged and kept, with its reason", async () => {
    const rig = await start();
    rig.readRoster = async () => toRosterText(agents.slice(0, 5));
    await rig.run(15);
    const held = await rig.findHeld("roster");
    const since = rig.logs.length;
    await rig.pause({ reason: "a planned upgrade" });
    await rig.resume();
    await rig.reset();
    await rig.accept(held ?? "");
    const lines = rig.logs.slice(since).map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`);
    for (const action of ["pause", "resume", "reset", "accept"]) {
      expect(
        lines.filter((line) => new RegExp(action, "i").test(line)),
        action,
      ).not.toEqual([]);
    }
    expect(lines.join("\n")).toContain("a planned upgrade");
    const kept = Object.entries(await readTables()).filter(([, rows]) =>
      JSON.stringify(rows).includes("a planned upgrade"),
    );
    expect(kept.length).toBeGreaterThanOrEqual(1);
  });
});

describe("a failed call", () => {
  it("leaves its cause in the status, though the host answers well after it", async () => {
    const rig = await start();
    let failed = false;
    rig.upstreams.intercept = ({ host, kind }) => {
      if (failed || host !== "hiro" || kind !== "balance") return undefined;
      failed = true;
      return new Response("", { status: 502 });
    };
    await rig.alarm();
    expect(failed).toBe(true);
    expect(JSON.stringify((await rig.status()).upstreams.hiro)).toContain("502");
  });
});

async function start(vars: Record<string, string> = {}): Promise<AttackRig> {
  const rig = await createAttackRig({ agents, vars });
  giveCoins(rig.upstreams, agents);
  await rig.alarms(2);
  return rig;
}
