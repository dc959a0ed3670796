import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FIRST_RELEASE_KEYS } from "../src/rebuild/first-release.ts";
import { KEYS } from "../src/rebuild/memory.ts";
import { makeAgents, toRosterText } from "./agents.ts";
import { wipeDatabase } from "./database.ts";
import troubled from "./fixtures/first-release/troubled.json";
import { createRig, giveCoins, isAbout, isWitness, type Rig, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const agents = makeAgents(6);
const RUNS = 30;

/** What an object remembers that has seen holds of every kind, a resting lane, crashes and operators. */
let stored: Record<string, unknown>;
let nowMs: number;

beforeAll(async () => {
  await wipeDatabase();
  const rig = createRig(agents, { vars: { ROSTER_MAX_AGE_MS: "1" } });
  giveCoins(rig, agents);
  await rig.alarms(2);
  rig.upstream.intercept = (call) => {
    if (isAbout("bitcoin", call) || isWitness(call) || call.host === "coingecko") return respond(500);
    return undefined;
  };
  for (const { stxAddress } of agents) rig.holdings.stx.set(stxAddress, 0);
  rig.world.prices.pin({ BTC: 100_000, STX: 9 });
  rig.roster = toRosterText(agents.slice(0, 3));
  await rig.alarms(3);
  await rig.accept((await rig.status()).holds[0]?.id ?? "");
  await rig.tick();
  rig.upstream.intercept = () => rig.crash();
  for (let crash = 0; crash < 4; crash++) await rig.fire();
  stored = rig.storage.dump();
  nowMs = rig.nowMs;
  expect(stored).toHaveProperty([KEYS.state, "holds", "0"]);
  expect(stored).toHaveProperty([KEYS.crashes, "spans"]);
  expect(Object.keys(stored).sort()).toEqual(Object.values(KEYS).sort());
});

describe("a stored state that is damaged", () => {
  it("ticks on wherever a value of it is replaced by anything, with an alarm ahead, and the status answers", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(damage(Object.values(KEYS)), { minLength: 1, maxLength: 4 }), async (damages) => {
        await expectGoesOn(applyAll(stored, damages));
      }),
      { numRuns: RUNS },
    );
  });

  it("ticks on whatever stands under any of its keys", async () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: false });
    const keys = fc.dictionary(fc.constantFrom(...Object.values(KEYS), ...Object.values(FIRST_RELEASE_KEYS)), anything);
    await fc.assert(
      fc.asyncProperty(keys, async (values) => {
        await expectGoesOn({ ...stored, ...values });
        await expectGoesOn(values);
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it("of the first release is taken up as far as it can be read", async () => {
    const first = troubled.stored as Record<string, unknown>;
    await fc.assert(
      fc.asyncProperty(
        fc.array(damage(Object.values(FIRST_RELEASE_KEYS)), { minLength: 1, maxLength: 4 }),
        async (damages) => {
          await expectGoesOn(applyAll(first, damages));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it.each([
    ["lanes", "bitcoin", "until"],
    ["upstreams", "hosts", "hiro", "notBefore"],
    ["upstreams", "hosts", "mempool", "notBefore"],
  ])("waits for no time that lies far ahead, as a clock that was set back leaves it (%s %s %s)", async (...path) => {
    for (const at of [nowMs + 48 * HOUR_MS, 1e15, 1e308]) {
      await expectGoesOn(replace(stored, [KEYS.state, ...path], at) as Record<string, unknown>);
    }
  });

  it("is named, field by field, by the log and by the status", async () => {
    const damaged = structuredClone(stored) as Record<string, Record<string, unknown>>;
    Object.assign(damaged[KEYS.state] ?? {}, { version: "seven", lanes: { stacks: { health: "fine" } } });
    Object.assign(damaged[KEYS.control] ?? {}, { resets: null });
    const rig = start(damaged);
    expect((await rig.status()).stateProblem).toBe(
      "not readable and begun anew: rebuild.version, rebuild.lanes.stacks.health, operator.resets",
    );
    await rig.alarm();
    expect(rig.logged("memory.unreadable")).toEqual([
      { fields: ["rebuild.version", "rebuild.lanes.stacks.health", "operator.resets"] },
    ]);
    expect((await rig.status()).stateProblem).toBeNull(); // written whole since
  });
});

function start(values: Record<string, unknown>): Rig {
  const rig = createRig(agents, { stored: values, startMs: nowMs });
  giveCoins(rig, agents);
  nowMs += HOUR_MS; // D1 goes on from case to case
  return rig;
}

/** Within a few ticks everybody is asked again on both lanes, unless the stored state can be read as a pause. */
async function expectGoesOn(values: Record<string, unknown>): Promise<void> {
  const rig = start(values);
  await rig.status();
  await rig.resume();
  await rig.fire();
  expect(rig.storage.alarmAt).toBeGreaterThanOrEqual(rig.nowMs + 1_000);
  expect(rig.storage.alarmAt).toBeLessThanOrEqual(rig.nowMs + 11 * MINUTE_MS);
  expect(rig.logged("tick.failed")).toEqual([]);
  const asked = { stacks: 0, bitcoin: 0 };
  for (let tick = 0; tick < 12 && Math.min(asked.stacks, asked.bitcoin) < agents.length; tick++) {
    const { outcome, lanes } = await rig.alarm();
    expect(outcome).toBe("committed");
    asked.stacks += lanes.stacks.asked - lanes.stacks.failed;
    asked.bitcoin += lanes.bitcoin.asked - lanes.bitcoin.failed;
  }
  expect(Math.min(asked.stacks, asked.bitcoin)).toBeGreaterThanOrEqual(agents.length);
  expect(Object.keys((await rig.status()).lanes)).toEqual(["stacks", "bitcoin"]);
}

interface Damage {
  key: string;
  seed: number; // which of the values below the key
  value: unknown; // undefined = the value is missing
}

function damage(keys: readonly string[]): fc.Arbitrary<Damage> {
  const value = fc.oneof(
    fc.constantFrom(undefined, null, "", "x", true, -1, 0, 1e15, 2 ** 53, 1e308, Number.NaN, Number.POSITIVE_INFINITY),
    fc.constantFrom<unknown>([], {}, [null], [[]], { a: 1 }, { kind: "fall" }),
    fc.anything(),
  );
  return fc.record({ key: fc.constantFrom(...keys), seed: fc.nat(), value });
}

function applyAll(values: Record<string, unknown>, damages: readonly Damage[]): Record<string, unknown> {
  return damages.reduce((damaged, { key, seed, value }) => {
    const paths = listPaths(damaged[key], [key]);
    return replace(damaged, paths[seed % paths.length] ?? [key], value) as Record<string, unknown>;
  }, values);
}

function listPaths(value: unknown, path: string[]): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => listPaths(inner, [...path, name]))];
}

function replace(target: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const copy = (Array.isArray(target) ? [...target] : { ...(target as object) }) as Record<string, unknown>;
  const next = replace(copy[name], rest, value);
  if (next === undefined) delete copy[name];
  else copy[name] = next;
  return copy;
}
