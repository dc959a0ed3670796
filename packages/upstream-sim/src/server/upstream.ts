import type { FaultRuleInput } from "../fault-rules.ts";
import type { RuleState } from "../faults.ts";
import type { UrlVar } from "../hosts.ts";
import type { PinnedPrices } from "../prices.ts";
import type { PinnedHoldings } from "../set-holdings.ts";
import type { LatencyRange } from "./latency.ts";
import type { Call, UpstreamStats } from "./stats.ts";

/** The simulated upstreams while they run, and what can be made of them. */
export interface Upstream {
  port: number;
  origin: string;
  controlUrl: string;
  baseUrls: Record<UrlVar, string>;
  stats(): UpstreamStats;
  resetStats(): UpstreamStats;
  /** The newest calls after this sequence number, oldest first. */
  listCalls(afterSeq?: number): Call[];
  /** Replaces all rules. */
  setFaults(rules: readonly FaultRuleInput[]): void;
  listFaults(): RuleState[];
  latency(): LatencyRange;
  setLatency(latency: LatencyRange): void;
  /** Fixes what one Stacks or Bitcoin address holds. */
  pinHoldings(address: string, holdings: PinnedHoldings): void;
  unpinHoldings(address?: string): void;
  pinPrices(prices: PinnedPrices): void;
  unpinPrices(): void;
  step(): number;
  advance(steps: number): void;
  /** Ends every connection, also those that a fault keeps waiting. */
  close(): Promise<void>;
}
