import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FULL_CONTROL, FULL_CRASHES, FULL_STATE, toPaths, withAt } from "../../test/stored-state.ts";
import { NEW_CRASHES } from "../safeguards/poison.ts";
import { NEW_CONTROL, NEW_STATE, toControl, toCrashes, toState } from "./state.ts";

const KEYS = [
  ["the state", toState, FULL_STATE, NEW_STATE],
  ["what operators set", toControl, FULL_CONTROL, NEW_CONTROL],
  ["the crashes", toCrashes, FULL_CRASHES, NEW_CRASHES],
] as const;

describe.each(KEYS)("%s", (_name, toValue, full, initial) => {
  it("is read as it was written, field by field", () => {
    expect(toValue(structuredClone(full))).toEqual({ value: full, problems: [] });
    expect(toValue(structuredClone(initial))).toEqual({ value: initial, problems: [] });
    expect(toValue(undefined)).toEqual({ value: initial, problems: [] });
    expect(toValue({})).toEqual({ value: initial, problems: [] });
  });

  it("loses only the field, or the entry of a list or record, of which anything is missing or spoiled", () => {
    const lost: string[] = [];
    for (const path of toPaths(full)) {
      for (const spoiled of [undefined, null, "spoiled", -1.5, [], {}, [{ spoiled: true }]]) {
        const { value, problems } = toValue(withAt(full, path, spoiled));
        const others = Object.keys(full).filter((name) => name !== path[0]) as (keyof typeof full)[];
        const hasLost = others.some((name) => !isDeepStrictEqual(value[name], full[name]));
        const blames = problems.some((problem) => problem.split(".")[1] !== path[0]);
        if (hasLost || blames || toValue(value).problems.length > 0) lost.push(`${path.join(".")}: ${problems.join()}`);
      }
    }
    expect(lost).toEqual([]);
  });

  it("throws nothing on any JSON, and always gives a value that is read again without a problem", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.jsonValue(), (whole, at, part) => {
        const paths = toPaths(full);
        const path = paths[at % paths.length] ?? [];
        for (const stored of [whole, withAt(full, path, part)]) {
          const { value } = toValue(stored);
          expect(toValue(value)).toEqual({ value, problems: [] });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("the state", () => {
  it.each([
    ["lanes.stacks.health", ["lanes", "stacks", "health"], "ill"],
    ["journal.counters.agents", ["journal", "counters", "agents"], null],
    ["upstreams.hiro.version", ["upstreams", "hiro", "version"], "v2"],
    ["roster.sizes", ["roster", "sizes"], {}],
  ])("loses %s alone, beside which all stays", (name, path, spoiled) => {
    const { value, problems } = toState(withAt(FULL_STATE, path, spoiled));
    expect(problems).toEqual([`rebuild.${name}`]);
    const [first = "", ...rest] = path;
    expect(withAt(value, path, null)).toEqual(withAt(FULL_STATE, path, null));
    expect(value).toHaveProperty(
      [first, ...rest],
      rest.reduce<unknown>((one, key) => (one as never)[key], NEW_STATE[first as "lanes"]),
    );
  });

  it("goes back to what the database knows when its place cannot be read", () => {
    expect(toState(withAt(FULL_STATE, ["place", "stacks", "cursor"], 5)).value).toEqual({ ...FULL_STATE, place: null });
  });

  it("keeps what was called in the month when a newer release knew another host", () => {
    const { upstreams } = FULL_STATE;
    const hosts = { ...upstreams.hosts, bitflow: upstreams.hosts.hiro };
    const { value, problems } = toState({ ...FULL_STATE, upstreams: { ...upstreams, hosts } });
    expect(value).toEqual(FULL_STATE);
    expect(problems).toEqual(["rebuild.upstreams.hosts.bitflow"]);
  });
});
