import {
  type Freshness,
  type FreshnessFacts,
  type FreshnessRow,
  type FreshnessStatus,
  LANES,
  type Lane,
  type Reason,
  type ReasonCode,
} from "../contract/freshness.ts";

/** Rotations of the local set-up take seconds: below a minute an age says nothing about health. */
export const MIN_THRESHOLD_MS = 60_000;

/** Readers are told after three rotations without news, and never sooner than this. */
export const MIN_STALE_AFTER_MS = 30 * 60_000;

/** However far a monthly budget stretches the interval: a ranking older than this is old. */
export const MAX_BUDGET_STALE_AFTER_MS = 6 * 3_600_000;

const ROTATIONS_TO_AGE = 3;

/** Answers come while a tick runs, and are known when it commits: a rotation of one tick is not late before that. */
const TICK_GRACE_MS = 30_000;

/** More failed agents than this is the upstream's trouble, not theirs. */
export const MAX_FAILED_SHARE_OF_LANE = 0.1;

/** The price of a coin moves every agent: older than this it is old. */
export const MAX_COIN_PRICE_AGE_MS = 15 * 60_000;

/** A row this much older than the ranking is what a release left that is deployed no more: a rollback. */
const MAX_ROW_BEHIND_MS = 5 * 60_000;

export interface FreshnessInput {
  publication: { version: number; publishedAt: number; staleAfter: number; agents: number } | null;
  freshness: FreshnessRow | null; // null = written by no release that has one
  nowMs: number;
}

const RANK: Record<Exclude<FreshnessStatus, "unreachable">, number> = { ok: 0, degraded: 1, stale: 2, starting: 3 };

const STATUS_OF: Record<ReasonCode, FreshnessStatus> = {
  unreachable: "unreachable",
  "not-published": "starting",
  "no-tick": "stale",
  "lane-stale": "stale",
  "lane-silent": "degraded",
  "lane-aging": "degraded",
  "lane-failing": "degraded",
  "price-old": "degraded",
  hold: "degraded",
  paused: "degraded",
};

/** The one judgement of how old the data is: from stored times and the clock, never from a flag. */
export function judgeFreshness({ publication, freshness, nowMs }: FreshnessInput): Freshness {
  const isBehind = freshness && publication && publication.publishedAt - freshness.writtenAt > MAX_ROW_BEHIND_MS;
  const facts = isBehind ? null : (freshness?.facts ?? null);
  const reasons = [
    ...judgePublication(publication, facts),
    ...(publication ? judgeAge(publication, facts, nowMs) : []),
    ...(freshness && facts ? judgeFacts(facts, freshness, nowMs) : []),
  ];
  return toVerdict(reasons);
}

/** The verdict of a reader whom the database does not answer. */
export function toUnreachable(nowMs: number): Freshness {
  const why = "the database does not answer";
  return toVerdict([{ code: "unreachable", subject: null, since: nowMs, why, action: lookAtStatus("at once") }]);
}

/** A command of the operator's tool, ready to paste. */
export function toCommand(command: string, url: string): string {
  return `npm run ops -- ${command} --url ${url}`;
}

/** When a board without news is called stale. */
export function toStaleAfterMs({
  rotationMs,
  budgetRotationMs,
}: Pick<FreshnessFacts, "rotationMs" | "budgetRotationMs">) {
  return Math.max(
    MIN_STALE_AFTER_MS,
    ROTATIONS_TO_AGE * rotationMs,
    Math.min(MAX_BUDGET_STALE_AFTER_MS, ROTATIONS_TO_AGE * budgetRotationMs),
  );
}

function toVerdict(reasons: Reason[]): Freshness {
  let status: FreshnessStatus = "ok";
  for (const { code } of reasons) {
    const next = STATUS_OF[code];
    if (next === "unreachable") status = next;
    else if (status !== "unreachable" && RANK[next] > RANK[status]) status = next;
  }
  const times = reasons.flatMap(({ since }) => (since === null ? [] : [since]));
  return { status, since: times.length === 0 ? null : Math.min(...times), reasons };
}

function judgePublication(publication: FreshnessInput["publication"], facts: FreshnessFacts | null): Reason[] {
  if (publication) return [];
  const why = facts?.waitingFor ?? "no tick has committed yet";
  return [
    {
      code: "not-published",
      subject: null,
      since: facts?.startedAt ?? null,
      why: `nothing has been published yet: ${why}`,
      action: lookAtStatus("if it lasts for longer than a few intervals"),
    },
  ];
}

/** Whether the board still moves: its ticks, and where these commit but nothing is published any more, its ranking. */
function judgeAge(
  publication: NonNullable<FreshnessInput["publication"]>,
  facts: FreshnessFacts | null,
  nowMs: number,
): Reason[] {
  const reasons = facts ? judgeTick(facts, nowMs) : [];
  return reasons.length > 0 ? reasons : judgeByPromise(publication, nowMs);
}

/** What was promised with the ranking: all there is of an older rebuilder, until the first tick of a newer one. */
function judgeByPromise(
  { publishedAt, staleAfter }: NonNullable<FreshnessInput["publication"]>,
  nowMs: number,
): Reason[] {
  if (nowMs < staleAfter) return [];
  const why = "the newest ranking is older than it should be";
  return [{ code: "no-tick", subject: null, since: publishedAt, why, action: lookAtStatus("at once") }];
}

function judgeFacts(facts: FreshnessFacts, row: FreshnessRow, nowMs: number): Reason[] {
  return [
    ...LANES.flatMap((lane) => judgeLane(lane, facts, row, nowMs)),
    ...judgePrices(facts, nowMs),
    ...facts.holds.map(
      (hold): Reason => ({
        code: "hold",
        subject: hold.id,
        since: hold.since,
        why: hold.detail,
        action: { command: `accept --id ${hold.id}`, when: "if it is true; otherwise it ends by itself" },
      }),
    ),
    ...judgePause(facts, nowMs),
  ];
}

function judgeTick(facts: FreshnessFacts, nowMs: number): Reason[] {
  const at = facts.tickAt ?? facts.startedAt;
  if (at === null || nowMs - at <= toStaleAfterMs(facts)) return [];
  const why = `no tick has committed for ${toWords(nowMs - at)}`;
  return [{ code: "no-tick", subject: null, since: at, why, action: { command: "tick", when: "to see why" } }];
}

function judgeLane(lane: Lane, facts: FreshnessFacts, row: FreshnessRow, nowMs: number): Reason[] {
  const reasons: Reason[] = [];
  const { goodAt, why } = facts.lanes[lane];
  const cause = why === null ? "" : ` (${why})`;
  const add = (code: ReasonCode, since: number | null, text: string) =>
    reasons.push({
      code,
      subject: lane,
      since,
      why: `${text}${cause}`,
      action: lookAtStatus("for the host's answers"),
    });
  const rotationMs = toRotationMs(facts);
  const { halfAt, tenthAt, failed } = row.ages[lane];
  const isStale = halfAt !== null && nowMs - halfAt > toStaleAfterMs(facts);
  if (isStale) add("lane-stale", halfAt, `half of the ${lane} lane is ${toWords(nowMs - halfAt)} old`);
  const lastAt = goodAt ?? facts.startedAt;
  if (facts.agents > 0 && lastAt !== null && nowMs - lastAt > toThresholdMs(rotationMs + TICK_GRACE_MS)) {
    add("lane-silent", lastAt, `the ${lane} lane has had no complete answer for ${toWords(nowMs - lastAt)}`);
  }
  if (!isStale && tenthAt !== null && nowMs - tenthAt > toThresholdMs(ROTATIONS_TO_AGE * rotationMs)) {
    add("lane-aging", tenthAt, `a tenth of the ${lane} lane is ${toWords(nowMs - tenthAt)} old`);
  }
  if (row.ranked > 0 && failed / row.ranked > MAX_FAILED_SHARE_OF_LANE) {
    add("lane-failing", goodAt, `${failed} of ${row.ranked} agents failed on the ${lane} lane at their last attempt`);
  }
  return reasons;
}

function judgePrices({ prices }: FreshnessFacts, nowMs: number): Reason[] {
  return Object.entries(prices).flatMap(([tokenId, at]): Reason[] => {
    const ageMs = nowMs - at;
    if (ageMs <= MAX_COIN_PRICE_AGE_MS) return [];
    const why = `the price of ${tokenId} is ${toWords(ageMs)} old`;
    return [{ code: "price-old", subject: tokenId, since: at, why, action: lookAtStatus("for the feeds' answers") }];
  });
}

function judgePause({ paused }: FreshnessFacts, nowMs: number): Reason[] {
  if (!paused || (paused.until !== null && paused.until <= nowMs)) return [];
  const until = paused.until === null ? "until resume" : `until ${new Date(paused.until).toISOString()}`;
  const why = `paused ${until}${paused.reason === null ? "" : `: ${paused.reason}`}`;
  return [{ code: "paused", subject: null, since: paused.since, why, action: { command: "resume", when: "to go on" } }];
}

/** A rotation as it can be at best: a budget's stretch counts only up to where the board is called stale anyway. */
function toRotationMs({ rotationMs, budgetRotationMs }: FreshnessFacts): number {
  return Math.max(rotationMs, Math.min(MAX_BUDGET_STALE_AFTER_MS / ROTATIONS_TO_AGE, budgetRotationMs));
}

function toThresholdMs(ms: number): number {
  return Math.max(MIN_THRESHOLD_MS, ms);
}

function lookAtStatus(when: string): Reason["action"] {
  return { command: "status", when };
}

/** An age as it is said: "41 s", "12 min", "3.5 h". */
function toWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}
