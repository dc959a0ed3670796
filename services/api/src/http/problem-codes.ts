import type { ContentfulStatusCode } from "hono/utils/http-status";

interface ProblemKind {
  status: ContentfulStatusCode;
  title: string;
  detail: string; // said when the thrower has nothing better to say
  fix: string; // for the page behind `type`
}

/** Every error this service answers with. The code is the last part of the problem's `type` URL and never changes. */
export const PROBLEMS = {
  "invalid-request": {
    status: 400,
    title: "The request is not valid",
    detail: "See errors for what to change.",
    fix: "Each entry of errors names a parameter, or a pointer into the body, and what it must be. Unknown, repeated and malformed parameters are refused, never guessed at. The allowed ones are in /openapi.json.",
  },
  unauthorized: {
    status: 401,
    title: "A valid token is needed",
    detail: "Send Authorization: Bearer with the operator's token.",
    fix: "Send the header Authorization: Bearer followed by the token that the operator set as ADMIN_TOKEN. A missing and a wrong token get the same answer. Reading the rankings needs no token.",
  },
  "not-found": {
    status: 404,
    title: "There is nothing at this address",
    detail: "No resource has this path.",
    fix: "Check the path: no trailing slash, and capitals count. /openapi.json lists every path.",
  },
  "agent-not-found": {
    status: 404,
    title: "No registered agent has this address",
    detail: "No agent in the roster has this Stacks or Bitcoin address.",
    fix: "Use the Stacks or Bitcoin address that the agent is registered with. A newly registered agent appears once the roster has been read again, within one rotation.",
  },
  "agent-not-ranked": {
    status: 404,
    title: "The agent is not in this ranking",
    detail: "The agent is registered, but this version of the ranking does not contain it.",
    fix: "An agent is ranked once each of its sources has answered. Ask without version for the newest ranking, or read /api/dashboard/{address}, which shows agents that are still pending.",
  },
  "version-unknown": {
    status: 404,
    title: "This version has not been published",
    detail: "Leave version out to read the newest ranking.",
    fix: "Take the version from an answer of /api/dashboard or follow its Link header; never count it up yourself. Leave version out to read the newest ranking.",
  },
  "hold-unknown": {
    status: 404,
    title: "Nothing is held under this id",
    detail: "The status of the rebuilder names what is held, with its id.",
    fix: "Read GET /api/admin/rebuilder and use the id that it shows now: a hold that was released or replaced has lost its id.",
  },
  "method-not-allowed": {
    status: 405,
    title: "The method is not allowed here",
    detail: "The header Allow lists the methods of this path.",
    fix: "Use one of the methods in the Allow header. Rankings are read with GET; operations that change something are POST.",
  },
  paused: {
    status: 409,
    title: "The rebuilder is paused",
    detail: "No tick is run during a pause.",
    fix: "POST /api/admin/rebuilder/resume ends the pause; GET /api/admin/rebuilder shows since when and why it is paused.",
  },
  "version-gone": {
    status: 410,
    title: "This version is no longer kept",
    detail: "Start again at the newest ranking: leave version out.",
    fix: "Rankings are kept for about 15 minutes after their publication. Start again at the first page without version, and follow its Link header: all of its pages belong to one version.",
  },
  "body-too-large": {
    status: 413,
    title: "The body is too large",
    detail: "Bodies end at 4 KB.",
    fix: "Send less: no operation takes a body of more than 4 KB, and /mcp no message of more than 64 KB.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "The body is not JSON",
    detail: "Send the body with Content-Type: application/json.",
    fix: "Send the body as JSON with the header Content-Type: application/json.",
  },
  "tick-too-soon": {
    status: 429,
    title: "The last forced tick was only just now",
    detail: "Try again after the seconds in Retry-After.",
    fix: "Forced ticks keep a short distance, since each spends upstream quota. Try again after the seconds in Retry-After; the alarm runs ticks by itself meanwhile.",
  },
  "tick-daily-limit": {
    status: 429,
    title: "No forced ticks are left today",
    detail: "Try again after the seconds in Retry-After.",
    fix: "Forced ticks have a daily limit, since each spends upstream quota. The alarm goes on running ticks by itself, and status shows when the next one is due.",
  },
  "too-many-attempts": {
    status: 429,
    title: "Too many requests without a valid token",
    detail: "Try again after the seconds in Retry-After.",
    fix: "Operations were asked for several times within a minute without a valid token. Try again after the seconds in Retry-After, with the token that the operator set as ADMIN_TOKEN. A valid token is never limited.",
  },
  "too-many-searches": {
    status: 429,
    title: "Too many searches",
    detail: "Try again after the seconds in Retry-After.",
    fix: "Searches have a limit per client and minute. Try again after the seconds in Retry-After, or read the pages of the ranking instead, which have none: all of it is in /api/dashboard.csv.",
  },
  internal: {
    status: 500,
    title: "Something went wrong here",
    detail: "The cause is in the log under the request id.",
    fix: "Try again in a moment. If it happens again, tell the operator the value of instance: the log has the cause under it.",
  },
  "admin-not-configured": {
    status: 503,
    title: "Operations are switched off",
    detail: "The secret ADMIN_TOKEN is not set, so no token can be right.",
    fix: "The operator sets the secret ADMIN_TOKEN: letters, digits and the characters - . _ ~ + / with = only at the end.",
  },
  "database-unavailable": {
    status: 503,
    title: "The database does not answer",
    detail: "Try again after the seconds in Retry-After.",
    fix: "Try again after the number of seconds in Retry-After. The rankings are not lost; they cannot be read just now.",
  },
  "rebuilder-unavailable": {
    status: 503,
    title: "The rebuilder does not answer",
    detail: "Try again after the seconds in Retry-After.",
    fix: "Try again after the number of seconds in Retry-After. Reading the rankings goes on without the rebuilder. If it lasts, check that the rebuilder is deployed.",
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEMS, text);
}
