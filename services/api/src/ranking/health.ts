import { z } from "@hono/zod-openapi";
import {
  FRESHNESS_STATUSES,
  type FreshnessFacts,
  type Lane,
  REASON_CODES,
  type Reason,
  type ReasonCode,
} from "@standings/rebuilder/contract";
import { toCommand, toUnreachable } from "@standings/rebuilder/freshness";
import { formatAge } from "./age.ts";
import type { Board } from "./board.ts";

const checkSchema = z
  .object({
    ok: z.boolean(),
    ageSeconds: z.int().min(0).nullable().openapi({ description: "null: not known, or there is none." }),
    share: z.number().min(0).max(1).nullable().openapi({ description: "null: not known, or there is none." }),
    detail: z.string().openapi({ description: "One sentence." }),
  })
  .openapi("HealthCheck");

const reasonSchema = z
  .object({
    code: z.enum(REASON_CODES).openapi({ description: "A stable name." }),
    subject: z.string().nullable().openapi({ description: "The lane, the hold's id, the token." }),
    since: z.iso.datetime().nullable().openapi({ description: "null: unknown." }),
    why: z.string(),
    action: z
      .object({ command: z.string(), when: z.string() })
      .nullable()
      .openapi({ description: "What the operator can do. null: it ends by itself." }),
  })
  .openapi("HealthReason");

export const healthSchema = z
  .object({
    status: z.enum(FRESHNESS_STATUSES).openapi({
      description:
        "degraded: readable, and something is wrong. stale: the data is older than it should be. starting: nothing has been published yet. unreachable: the database does not answer.",
    }),
    ageSeconds: z.int().min(0).nullable().openapi({ description: "Of the newest ranking. null: unknown." }),
    version: z.int().min(0).nullable().openapi({ description: "Of the newest ranking. null: unknown." }),
    agents: z.int().min(0).nullable().openapi({ description: "Ranked agents. null: unknown." }),
    checks: z.object({
      publication: checkSchema.openapi({ description: "Its age; share: ranked of the registered agents." }),
      stacks: checkSchema.openapi({ description: "The age of the last complete answer; share: agents that failed." }),
      bitcoin: checkSchema.openapi({ description: "The age of the last complete answer; share: agents that failed." }),
      prices: checkSchema.openapi({ description: "The age of the oldest price of a coin." }),
      holds: checkSchema.openapi({ description: "The age of the oldest claim that is held back." }),
      rebuilder: checkSchema.openapi({ description: "The age of the last committed tick." }),
    }),
    reasons: z.array(reasonSchema).openapi({ description: "Why the status is not ok; empty when it is." }),
  })
  .openapi("Health");

export type Health = z.infer<typeof healthSchema>;
type Checks = Health["checks"];
type Check = Checks["holds"];

/** @param url of this service, for the commands that the reasons name */
export function toHealth({ publication, row, freshness }: Board, url: string, nowMs: number): Health {
  const { reasons } = freshness;
  const facts = row?.facts ?? null;
  const find = (...codes: ReasonCode[]) => reasons.filter(({ code }) => codes.includes(code));
  return {
    status: freshness.status,
    ageSeconds: publication ? toAgeSeconds(publication.published_at, nowMs) : null,
    version: publication?.version ?? 0,
    agents: publication?.agents ?? 0,
    checks: {
      publication: checkPublication(publication, facts === null ? reasons : find("not-published"), nowMs),
      stacks: checkLane("stacks", row, reasons, nowMs),
      bitcoin: checkLane("bitcoin", row, reasons, nowMs),
      prices: checkPrices(facts, find("price-old"), nowMs),
      holds: checkHolds(facts, find("hold"), nowMs),
      rebuilder: checkRebuilder(facts, find("no-tick", "paused"), nowMs),
    },
    reasons: reasons.map((reason) => toServedReason(reason, url)),
  };
}

/** What a reader is told whom the database does not answer. */
export function toUnreachableHealth(url: string, nowMs: number): Health {
  const { status, reasons } = toUnreachable(nowMs);
  const unknown: Check = { ok: false, ageSeconds: null, share: null, detail: "Unknown: the database does not answer." };
  return {
    status,
    ageSeconds: null,
    version: null,
    agents: null,
    checks: {
      publication: unknown,
      stacks: unknown,
      bitcoin: unknown,
      prices: unknown,
      holds: unknown,
      rebuilder: unknown,
    },
    reasons: reasons.map((reason) => toServedReason(reason, url)),
  };
}

function toServedReason({ since, action, ...reason }: Reason, url: string): Health["reasons"][number] {
  return {
    ...reason,
    since: since === null ? null : new Date(since).toISOString(),
    action: action && { command: toCommand(action.command, url), when: action.when },
  };
}

function checkPublication(publication: Board["publication"], reasons: readonly Reason[], nowMs: number): Check {
  if (!publication) return toCheck(reasons, null, null, "Nothing has been published yet.");
  const { version, published_at, agents, partial, pending } = publication;
  const listed = agents + pending;
  const counts = `${agents} ranked, ${partial} of them by last good values, ${pending} pending`;
  const share = listed === 0 ? null : agents / listed;
  return toCheck(reasons, toAgeSeconds(published_at, nowMs), share, `Version ${version}: ${counts}.`);
}

function checkLane(lane: Lane, row: Board["row"], reasons: readonly Reason[], nowMs: number): Check {
  const own = reasons.filter(({ code, subject }) => code.startsWith("lane-") && subject === lane);
  if (!row?.facts) return toCheck(own, null, null, UNKNOWN);
  const { health, until, goodAt } = row.facts.lanes[lane];
  const { halfAt, failed } = row.ages[lane];
  const share = row.ranked === 0 ? null : Math.min(1, failed / row.ranked);
  const sentence = [
    health === "resting" && until !== null ? `Resting until ${new Date(until).toISOString()}` : toCapital(health),
    goodAt === null ? "no complete answer yet" : `last complete answer ${formatAge(nowMs - goodAt)} ago`,
    ...(halfAt === null ? [] : [`half of its agents are younger than ${formatAge(nowMs - halfAt)}`]),
  ].join(", ");
  return toCheck(own, goodAt === null ? null : toAgeSeconds(goodAt, nowMs), share, `${sentence}.`);
}

function checkPrices(facts: FreshnessFacts | null, reasons: readonly Reason[], nowMs: number): Check {
  if (!facts) return toCheck(reasons, null, null, UNKNOWN);
  const times = Object.entries(facts.prices);
  if (times.length === 0) return { ...toCheck(reasons, null, null, "No price has been accepted yet."), ok: false };
  const oldestAt = Math.min(...times.map(([, at]) => at));
  const names = times.map(([tokenId]) => tokenId).join(", ");
  const sentence = `The oldest of ${names} is ${formatAge(nowMs - oldestAt)} old.`;
  return toCheck(reasons, toAgeSeconds(oldestAt, nowMs), null, sentence);
}

function checkHolds(facts: FreshnessFacts | null, reasons: readonly Reason[], nowMs: number): Check {
  const since = facts?.holds.map((hold) => hold.since) ?? [];
  const ageSeconds = since.length === 0 ? null : toAgeSeconds(Math.min(...since), nowMs);
  return toCheck(reasons, ageSeconds, null, facts ? "Nothing is held back." : UNKNOWN);
}

function checkRebuilder(facts: FreshnessFacts | null, reasons: readonly Reason[], nowMs: number): Check {
  if (!facts) return toCheck(reasons, null, null, UNKNOWN);
  const { tickAt, nextTickAt } = facts;
  const last =
    tickAt === null ? "No tick has committed yet" : `The last tick committed ${formatAge(nowMs - tickAt)} ago`;
  const next = nextTickAt === null ? "" : `, the next one is due at ${new Date(nextTickAt).toISOString()}`;
  return toCheck(reasons, tickAt === null ? null : toAgeSeconds(tickAt, nowMs), null, `${last}${next}.`);
}

const UNKNOWN = "Not known: the rebuilder that is running does not say.";

/** The reasons are what is wrong in so many words; the sentence is for when nothing is. */
function toCheck(reasons: readonly Reason[], ageSeconds: number | null, share: number | null, sentence: string): Check {
  const detail = reasons.length === 0 ? sentence : `${toCapital(reasons.map(({ why }) => why).join("; "))}.`;
  return { ok: reasons.length === 0, ageSeconds, share, detail };
}

function toCapital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function toAgeSeconds(thenMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - thenMs) / 1000));
}
