import type { Summary } from "../stats.ts";
import type { BoardResult, Claim, Series } from "./result.ts";
import type { SubjectId } from "./subjects.ts";

interface Target {
  claim: string;
  agents: number;
  than: SubjectId;
  atLeast: number;
}

/** What docs/performance.md claims of the page of 100, with isolates that stay. Ratios of requests a second. */
const TARGETS: readonly Target[] = [
  { claim: "page to the KV snapshot, 500 agents", agents: 500, than: "kv", atLeast: 2 },
  { claim: "page to the KV snapshot, 5,000 agents", agents: 5_000, than: "kv", atLeast: 12 },
  { claim: "page to Redis and Fastify, 1,005 agents", agents: 1_005, than: "redis", atLeast: 1.3 },
  { claim: "page to hello in the same workerd, 500 agents", agents: 500, than: "hello", atLeast: 0.7 },
  { claim: "page to the same bytes kept, 500 agents", agents: 500, than: "constantPage", atLeast: 0.7 },
  { claim: "page to its own 304, 500 agents", agents: 500, than: "unchanged", atLeast: 0.55 },
];

const COLD_TARGET = { claim: "page without memory to the KV snapshot, 500 agents", agents: 500, atLeast: 1 };

/** The median latency of a large board's page against a small one's. */
const GROWTH_TARGET = { from: 500, to: 50_000, atMost: 1.15 };

/** Every claim whose boards were measured, each with what came out. */
export function judgeClaims(boards: readonly BoardResult[]): Claim[] {
  const find = (agents: number) => boards.find((board) => board.agents === agents);
  const claims = TARGETS.flatMap(({ claim, agents, than, atLeast }) => {
    const board = find(agents);
    const ratio = board?.ratios[than];
    return ratio ? [toClaim(claim, invert(ratio), atLeast, toCpuRatio(board.warm[than], board.warm.page))] : [];
  });
  const cold = find(COLD_TARGET.agents)?.cold;
  if (cold?.ratio && cold.kv) {
    claims.push(toClaim(COLD_TARGET.claim, cold.ratio, COLD_TARGET.atLeast, toCpuRatio(cold.kv, cold.page)));
  }
  const small = find(GROWTH_TARGET.from)?.warm.page?.p50Ms;
  const large = find(GROWTH_TARGET.to)?.warm.page?.p50Ms;
  if (small && large) {
    const measured = {
      median: large.median / small.median,
      min: large.min / small.max,
      max: large.max / small.min,
      samples: large.samples,
    };
    claims.push({
      claim: "median latency of the page, 50,000 agents to 500",
      target: `at most ${GROWTH_TARGET.atMost}`,
      measured,
      byCpu: null,
      reached: measured.median <= GROWTH_TARGET.atMost,
    });
  }
  return claims;
}

function toClaim(claim: string, measured: Summary, atLeast: number, byCpu: number | null): Claim {
  return { claim, target: `at least ${atLeast}`, measured, byCpu, reached: measured.median >= atLeast };
}

/** How much more CPU the other takes for a request than the page. */
function toCpuRatio(other: Series | undefined, page: Series | undefined): number | null {
  return other?.cpuMs && page?.cpuMs ? other.cpuMs.median / page.cpuMs.median : null;
}

/** Of the ratio the other way round. */
function invert({ median, min, max, samples }: Summary): Summary {
  return { median: 1 / median, min: 1 / max, max: 1 / min, samples };
}
