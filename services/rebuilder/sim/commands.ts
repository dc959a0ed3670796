import fc from "fast-check";
import { DATABASE_MODES, DATABASE_SCOPES, type DatabaseMode, type DatabaseScope } from "./database-modes.ts";
import type { Feed } from "./model-upstreams.ts";
import { ROSTER_EDITS, type RosterEdit } from "./roster-edits.ts";
import { ROSTER_MODES, type RosterMode } from "./roster-source.ts";
import { MODES, type Mode, SERVICES, type Service } from "./upstream-modes.ts";
import { SPAM_KINDS, type SpamKind } from "./wallets.ts";
import type { StorageMode } from "./world.ts";

/** What can happen to a rebuild, as data: a history is a list of these. `at` picks somebody, modulo how many there are. */
export type Command =
  | { kind: "wait"; seconds: number }
  | { kind: "alarm-twice" }
  | { kind: "alarm-lost" }
  | { kind: "alarm-stuck" }
  | { kind: "cron" }
  | { kind: "forced-ticks"; count: number }
  | { kind: "pause"; seconds: number | null }
  | { kind: "resume" }
  | { kind: "reset" }
  | { kind: "accept"; at: number }
  | { kind: "status" }
  | { kind: "crash"; inSteps: number; isApplied: boolean }
  | { kind: "crasher"; at: number }
  | { kind: "evict" }
  | { kind: "wipe" }
  | { kind: "split" }
  | { kind: "stale-tick" }
  | { kind: "clock-jump"; seconds: number }
  | { kind: "upstream"; service: Service; mode: Mode }
  | { kind: "outage"; mode: Mode }
  | { kind: "slow-network"; ms: number }
  | { kind: "bad-neighbours"; lane: "stacks" | "bitcoin"; at: number; count: number }
  | { kind: "feed"; feed: Feed; factor: number }
  | { kind: "market"; btc: number; stx: number }
  | { kind: "database"; mode: DatabaseMode; on: DatabaseScope }
  | { kind: "refuse"; what: "rows" | "roster" | "publication-data" | "publication-sql"; at: number; count: number }
  | { kind: "time-travel"; commands: number }
  | { kind: "storage"; mode: StorageMode }
  | { kind: "lock"; seconds: number }
  | { kind: "roster-source"; mode: RosterMode }
  | { kind: "roster-edit"; edit: RosterEdit; at: number }
  | { kind: "sabbatical"; at: number }
  | { kind: "trade"; at: number; amount: number }
  | { kind: "sell"; what: "stx" | "sbtc" | "btc"; at: number; count: number }
  | { kind: "spam"; spam: SpamKind; at: number; count: number }
  | { kind: "heal" };

type Named<K extends Command["kind"]> = Extract<Command, { kind: K }>;

const at = fc.nat(1_000);
const of = <K extends Command["kind"]>(
  kind: K,
  fields: { [F in Exclude<keyof Named<K>, "kind">]: fc.Arbitrary<Named<K>[F]> },
) => fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Command>;
const often = (weight: number, arbitrary: fc.Arbitrary<Command>) => ({ weight, arbitrary });

const count = fc.constantFrom(1, 3, 6, 12);
const mode = fc.constantFrom(...MODES);
const factor = fc.constantFrom(1, 1.02, 1.3, 1.7, 0.5, 100, 0.00001);

export const command: fc.Arbitrary<Command> = fc.oneof(
  often(28, of("wait", { seconds: fc.constantFrom(1, 60, 130, 130, 300, 700, 700, 2_000) })),
  often(1, of("wait", { seconds: fc.constantFrom(4_000, 8_000) })),
  often(8, of("crash", { inSteps: fc.integer({ min: 1, max: 60 }), isApplied: fc.boolean() })),
  often(8, of("upstream", { service: fc.constantFrom(...SERVICES), mode })),
  often(
    4,
    of("upstream", {
      service: fc.constantFrom("hiro", "mempool"),
      mode: fc.constantFrom("zeros", "half-zeros", "no-tokens"),
    }),
  ),
  often(
    3,
    of("upstream", {
      service: fc.constantFrom("node", "blockstream"),
      mode: fc.constantFrom("5xx", "zeros", "more", "hangs"),
    }),
  ),
  often(2, of("outage", { mode })),
  often(1, of("slow-network", { ms: fc.constantFrom(2_000, 7_000) })),
  often(2, of("bad-neighbours", { lane: fc.constantFrom("stacks", "bitcoin"), at, count })),
  often(3, of("feed", { feed: fc.constantFrom("coingecko", "coinbase", "mempool-prices"), factor })),
  often(2, of("market", { btc: factor, stx: factor })),
  often(6, of("database", { mode: fc.constantFrom(...DATABASE_MODES), on: fc.constantFrom(...DATABASE_SCOPES) })),
  often(
    3,
    of("refuse", { what: fc.constantFrom("rows", "rows", "roster", "publication-data", "publication-sql"), at, count }),
  ),
  often(1, of("time-travel", { commands: fc.integer({ min: 1, max: 8 }) })),
  often(2, of("storage", { mode: fc.constantFrom("throws", "flaky") })),
  often(1, of("lock", { seconds: fc.constantFrom(5, 60, 200) })),
  often(1, of("crasher", { at })),
  often(2, of("split", {})),
  often(2, of("stale-tick", {})),
  often(8, of("roster-edit", { edit: fc.constantFrom(...ROSTER_EDITS), at })),
  often(2, of("roster-source", { mode: fc.constantFrom(...ROSTER_MODES) })),
  often(1, of("sabbatical", { at })),
  often(5, of("forced-ticks", { count: fc.integer({ min: 1, max: 3 }) })),
  often(3, of("trade", { at, amount: fc.constantFrom(0, 1, 500_000) })),
  often(4, of("sell", { what: fc.constantFrom("stx", "sbtc", "btc"), at, count })),
  often(3, of("spam", { spam: fc.constantFrom(...SPAM_KINDS), at, count })),
  often(2, of("pause", { seconds: fc.option(fc.constantFrom(1, 300, 3_000)) })),
  often(2, of("clock-jump", { seconds: fc.constantFrom(-3_600, -60, 60, 86_400) })),
  often(2, of("alarm-twice", {})),
  often(2, of("alarm-lost", {})),
  often(2, of("alarm-stuck", {})),
  often(5, of("cron", {})),
  often(1, of("resume", {})),
  often(2, of("reset", {})),
  often(3, of("accept", { at })),
  often(2, of("status", {})),
  often(2, of("evict", {})),
  often(2, of("wipe", {})),
  often(4, of("heal", {})),
);
