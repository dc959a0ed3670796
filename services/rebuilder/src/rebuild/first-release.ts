import { z } from "zod";
import type { LaneReport, TickReport } from "../contract/status.ts";
import { rpcSchemas } from "../contract/status.ts";
import type { Memory } from "../tick/memory.ts";

// The keys and shapes of the first release. They are read once and left as they are, so that a rollback finds them.

export const FIRST_RELEASE_KEYS = { state: "state", control: "control", unfinished: "unfinished" } as const;

/** Unreadable is as good as absent: a field that is not what it was has no meaning here. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** The reason of a closed host that the host itself gave. */
const RATE_LIMITED = "rate-limited";

const hostState = z.object({
  notBefore: optional(z.number().nullable()),
  lastError: optional(z.string().nullable()),
  quota: optional(z.record(z.string(), z.string())),
  deprecationSeen: optional(z.string().nullable()),
  use: optional(z.object({ month: z.string(), calls: z.number() })),
});
const tickReport = rpcSchemas.tickReport
  .omit({ lanes: true })
  .extend({ rotation: z.number(), cursorBefore: z.string(), cursorAfter: z.string() });
const firstState = z.object({
  epoch: optional(z.number()),
  rotation: optional(z.object({ number: z.number(), processed: z.number(), total: z.number() })),
  hosts: optional(z.record(z.string(), z.unknown())),
  hiro: optional(z.object({ version: z.enum(["v1", "v3"]), since: z.number().nullable() })),
  roster: optional(z.record(z.string(), z.unknown())),
  counters: optional(z.record(z.string(), z.unknown())),
  ticks: optional(z.array(z.unknown())),
});

/**
 * The state of the first release as far as it still has a meaning. Its place is not taken over: D1 has it, without
 * lanes, and both begin a new rotation above it. A quarantine is dropped, to be judged anew; so is the roster it held.
 */
export function fromFirstState(stored: unknown): unknown {
  const parsed = firstState.safeParse(stored);
  if (!parsed.success) return stored; // no state at all: to be said by whoever completes it
  const { epoch, rotation, hosts, hiro, roster, counters, ticks } = parsed.data;
  const number = rotation?.number ?? 0;
  const lane = {
    rotation: number,
    isOpen: false,
    cursor: "",
    processed: 0,
    total: rotation?.total ?? 0,
    startedAt: null,
  };
  const { held: _held, ...kept } = roster ?? {};
  return {
    ...(epoch !== undefined && { epoch }),
    place: { agents: rotation?.total ?? 0, resets: 0, stacks: lane, bitcoin: lane },
    upstreams: { hosts: toHosts(hosts ?? {}), ...(hiro && { hiro }) },
    ...(roster && { roster: { ...kept, readAt: null } }),
    journal: {
      ...(counters && { counters }),
      ticks: (ticks ?? []).flatMap((tick) => toTickReport(tick) ?? []),
    },
  } satisfies Partial<Record<keyof Memory["state"], unknown>>;
}

function toHosts(hosts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(hosts).flatMap(([host, stored]) => {
      const parsed = hostState.safeParse(stored);
      if (!parsed.success) return [];
      const { notBefore = null, quota = {}, deprecationSeen = null, use = null } = parsed.data;
      // Breakers, quarantines and spent budgets closed hosts in the same way; a gate knows what its host says.
      const isSaid = parsed.data.lastError === RATE_LIMITED;
      return [[host, { notBefore: isSaid ? notBefore : null, lastError: null, quota, deprecationSeen, use }]];
    }),
  );
}

function toTickReport(stored: unknown): TickReport | undefined {
  const parsed = tickReport.safeParse(stored);
  if (!parsed.success) return undefined;
  const { rotation, cursorBefore, cursorAfter, ...report } = parsed.data;
  const lane: LaneReport = { rotation, asked: report.agents, failed: report.failed, cursorBefore, cursorAfter };
  return { ...report, lanes: { stacks: lane, bitcoin: lane } };
}
