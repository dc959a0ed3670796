import { expect, it } from "vitest";
import { judgeClaims } from "./claims.ts";
import type { ColdSamples, Sample, Samples } from "./measure.ts";
import { toBoardResult } from "./result.ts";

it("is reached at its target and missed below it", () => {
  expect(find(judgeClaims([board(500, { page: [200], kv: [100] })]), "KV snapshot, 500")).toMatchObject({
    reached: true,
    measured: { median: 2 },
  });
  expect(find(judgeClaims([board(500, { page: [199], kv: [100] })]), "KV snapshot, 500")?.reached).toBe(false);
});

it("compares round by round", () => {
  const claims = judgeClaims([board(1_005, { page: [100, 10, 200], redis: [50, 5, 100] })]);
  expect(find(claims, "Redis")?.measured).toEqual({ median: 2, min: 2, max: 2, samples: 3 });
});

it("says nothing of boards and designs that were not measured", () => {
  expect(judgeClaims([board(1_005, { page: [100] })])).toEqual([]);
  expect(judgeClaims([])).toEqual([]);
});

it("judges the page without memory by its own rounds", () => {
  const claims = judgeClaims([board(500, { page: [1_000] }, { page: [90], kv: [100] })]);
  expect(find(claims, "without memory")).toMatchObject({ reached: false, measured: { median: 0.9 } });
});

it("lets the median grow by 15 % from 500 to 50,000 agents and not more", () => {
  const at = (p50Ms: number) => judgeClaims([board(500, { page: [1] }), board(50_000, { page: [1] }, {}, p50Ms)]);
  expect(find(at(11.4), "50,000 agents to 500")?.reached).toBe(true);
  expect(find(at(11.6), "50,000 agents to 500")?.reached).toBe(false);
});

function find(claims: ReturnType<typeof judgeClaims>, part: string) {
  return claims.find(({ claim }) => claim.includes(part));
}

function board(
  agents: number,
  rates: Record<string, number[]>,
  cold: { page?: number[]; kv?: number[] } = {},
  p50Ms = 10,
) {
  const warm: Samples = Object.fromEntries(
    Object.entries(rates).map(([id, all]) => [id, all.map((perSecond) => sample(perSecond, p50Ms))]),
  );
  const coldSamples: ColdSamples = {
    page: (cold.page ?? [1]).map((perSecond) => sample(perSecond, p50Ms)),
    kv: (cold.kv ?? []).map((perSecond) => sample(perSecond, p50Ms)),
    firstMs: { page: [], kv: [], hello: [] },
  };
  return toBoardResult({ agents, pageBytes: 1, snapshotBytes: 1, d1: [] }, warm, coldSamples);
}

function sample(perSecond: number, p50Ms: number): Sample {
  return {
    ...{ requests: perSecond, seconds: 1, perSecond, p50Ms, p99Ms: p50Ms, maxMs: p50Ms },
    ...{ bytesPerAnswer: 1, errors: 0, generatorCpuMs: 0, cpuMsPerRequest: 1 },
  };
}
