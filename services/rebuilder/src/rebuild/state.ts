import type { HiroVersion, HostCounts, HostName, HostState, Source } from "@standings/balances";
import type { Progress } from "@standings/db";
import type { RosterStatus, TickOutcome, TickReport } from "../contract/status.ts";
import type { Quarantine } from "../safeguards/falls.ts";
import { SOURCE_HOSTS } from "../tick/fetch.ts";

/** What the Durable Object remembers from tick to tick. D1 is the authority on the place, this is where it was left. */
export interface RebuildState {
  epoch: number; // newest commit known here
  rotation: { number: number; startedAt: number | null; processed: number; total: number; open: boolean };
  cursor: string; // last agent attempted; "" = at the start of a rotation
  resetsSeen: number; // of those that operators asked for
  hosts: Partial<Record<HostName, HostState>>;
  hostCounts: Partial<Record<HostName, HostCounts>>; // of the last tick that called the host
  hiro: { version: HiroVersion; since: number | null };
  heldPrices: Record<string, string>; // token id -> why the newest quotes were not taken
  roster: Omit<RosterStatus, "ageSeconds">;
  quarantines: Quarantine[];
  trustedUntil: Partial<Record<Source, number>>; // rotation up to which balances may fall together: an operator said so
  failedCommits: number; // ticks in a row that did not commit
  counters: Counters;
  interval: { ms: number; reason: string };
  ticks: TickReport[]; // newest first
}

/** Running totals since the object was made, for metrics. */
export interface Counters {
  ticks: Partial<Record<TickOutcome, number>>; // by outcome
  calls: Partial<Record<HostName, { ok: number; failed: number; rateLimited: number }>>;
  agents: number; // attempted
  agentsFailed: number;
  tickMs: number;
}

/** What operators set. Kept apart from the state: a running tick saves that, and must not undo what they said meanwhile. */
export interface Control {
  paused: { since: number; until: number | null; reason: string | null } | null;
  resets: number; // how often operators asked for a new rotation
  acceptedIds: string[]; // what operators let through, newest first
  forced: { day: string; count: number; lastAt: number }; // forced ticks of a day (UTC)
  watchdogRearms: number;
}

/** Ticks that began at a place and never ended: the memory of a crash that the tick itself cannot report. */
export interface Unfinished {
  cursor: string;
  count: number;
}

export const KEPT_TICK_REPORTS = 20;

export const NEW_UNFINISHED: Unfinished = { cursor: "", count: 0 };

/** More than can be held at once: one roster and a quarantine a source. */
export const KEPT_ACCEPTED_IDS = 10;

export const NEW_CONTROL: Control = {
  resets: 0,
  paused: null,
  acceptedIds: [],
  forced: { day: "", count: 0, lastAt: 0 },
  watchdogRearms: 0,
};

/** A pause with an end ends by itself. */
export function isPaused({ paused }: Control, nowMs: number): boolean {
  return paused !== null && (paused.until === null || paused.until > nowMs);
}

export const NEW_STATE: RebuildState = {
  epoch: 0,
  rotation: { number: 0, startedAt: null, processed: 0, total: 0, open: false },
  cursor: "",
  resetsSeen: 0,
  hosts: {},
  hostCounts: {},
  hiro: { version: "v1", since: null },
  heldPrices: {},
  roster: {
    source: "none",
    readAt: null,
    acceptedAt: null,
    accepted: 0,
    rejected: {},
    rejectedExamples: [],
    sharedBtcAddresses: 0,
    problem: null,
    held: null,
  },
  quarantines: [],
  trustedUntil: {},
  failedCommits: 0,
  counters: { ticks: {}, calls: {}, agents: 0, agentsFailed: 0, tickMs: 0 },
  interval: { ms: 0, reason: "no tick yet" },
  ticks: [],
};

/**
 * The state made to agree with D1. When D1 is ahead (a crash between commit and save, a wiped object), the place is read
 * from what was attempted last: the commit that was not remembered is not repeated, and nobody is passed over.
 */
export function reconcile(state: RebuildState, progress: Progress): RebuildState {
  if (progress.epoch === state.epoch) return state;
  if (progress.epoch < state.epoch) return { ...state, epoch: progress.epoch };
  return {
    ...state,
    epoch: progress.epoch,
    rotation: {
      number: progress.rotation,
      startedAt: state.rotation.number === progress.rotation ? state.rotation.startedAt : null,
      processed: progress.processed,
      total: progress.agents,
      open: progress.rotation > 0,
    },
    cursor: progress.lastAttempted,
  };
}

/** Quarantines that an operator accepted are over: for the rest of this rotation and the next one, balances may fall. */
export function releaseAccepted(state: RebuildState, { acceptedIds }: Control): RebuildState {
  const released = state.quarantines.filter((quarantine) => acceptedIds.includes(quarantine.id));
  if (released.length === 0) return state;
  const hosts = { ...state.hosts };
  const trustedUntil = { ...state.trustedUntil };
  for (const { source } of released) {
    const host = hosts[SOURCE_HOSTS[source]];
    if (host) hosts[SOURCE_HOSTS[source]] = reopen(host);
    trustedUntil[source] = state.rotation.number + 1;
  }
  return { ...state, hosts, trustedUntil, quarantines: state.quarantines.filter((one) => !released.includes(one)) };
}

function reopen(host: HostState): HostState {
  return { ...host, breaker: "closed", openSince: null, notBefore: null, blockedTicks: 0, lastError: null };
}

/** The rotation that operators asked to leave is over, wherever it stands. */
export function endIfReset(state: RebuildState, { resets }: Control): RebuildState {
  if (resets === state.resetsSeen) return state;
  return { ...state, cursor: "", resetsSeen: resets, rotation: { ...state.rotation, open: false } };
}

/** A new rotation, numbered above every one that D1 or this object knows. */
export function beginRotation(state: RebuildState, progress: Progress, nowMs: number): RebuildState {
  const number = Math.max(state.rotation.number, progress.rotation) + 1;
  return {
    ...state,
    cursor: "",
    rotation: { number, startedAt: nowMs, processed: 0, total: progress.agents, open: true },
  };
}

/** The place after a commit. */
export function advance(
  state: RebuildState,
  done: { epoch: number; attempted: number; lastAttempted: string | undefined; endsRotation: boolean },
): RebuildState {
  const processed = state.rotation.processed + done.attempted;
  return {
    ...state,
    epoch: done.epoch,
    cursor: done.endsRotation ? "" : (done.lastAttempted ?? state.cursor),
    rotation: { ...state.rotation, processed, open: !done.endsRotation },
  };
}
