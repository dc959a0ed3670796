import type { z } from "@hono/zod-openapi";
import { isD1Error } from "@standings/db";
import type { Context, ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { type AppEnv, toLink } from "../env.ts";
import { logError } from "../log.ts";
import { type InputError, PROBLEM_JSON, type Problem, ProblemError, problem } from "./problem.ts";
import { PROBLEMS, type ProblemCode } from "./problem-codes.ts";

/** When to come back, for what usually passes by itself. */
const RETRY_AFTER_SECONDS: Partial<Record<ProblemCode, number>> = {
  "database-unavailable": 10,
  "rebuilder-unavailable": 10,
};

export function toProblemResponse(c: Context<AppEnv>, error: ProblemError): Response {
  const { status, title, detail } = PROBLEMS[error.code];
  const { errors, retryAfterSeconds = RETRY_AFTER_SECONDS[error.code] } = error.extra;
  const body: Problem = {
    type: toLink(c.env, `/problems/${error.code}`),
    title,
    status,
    detail: error.extra.detail ?? detail,
    instance: c.var.requestId,
    ...(errors && { errors }),
  };
  // A handler may have described the answer it could not give.
  for (const header of ["ETag", "Link"]) c.header(header, undefined);
  if (retryAfterSeconds !== undefined) c.header("Retry-After", String(retryAfterSeconds));
  if (status === 401) c.header("WWW-Authenticate", 'Bearer realm="standings"');
  return c.body(JSON.stringify(body), status, { "Content-Type": PROBLEM_JSON });
}

export const handleNotFound: NotFoundHandler<AppEnv> = (c) => toProblemResponse(c, problem("not-found"));

/** For the method-not-allowed middleware: the path exists, the method does not. OPTIONS is how one asks for that list. */
export function handleOtherMethod(c: Context<AppEnv>, methods: readonly string[]): Response {
  c.header("Allow", [...methods, "OPTIONS"].join(", "));
  if (c.req.method === "OPTIONS") {
    c.header("Content-Type", undefined); // of the 404 that this replaces
    return c.body(null, 204);
  }
  return toProblemResponse(c, problem("method-not-allowed"));
}

export const handleError: ErrorHandler<AppEnv> = (error, c) => {
  if (error instanceof ProblemError) return toProblemResponse(c, error);
  if (error instanceof HTTPException) {
    if (error.res) return error.getResponse();
    if (error.status === 415) return toProblemResponse(c, problem("unsupported-media-type"));
    // Hono's validator throws this for a body that is no JSON.
    if (error.status === 400) {
      return toProblemResponse(c, problem("invalid-request", { errors: [{ pointer: "", detail: "is not JSON" }] }));
    }
  }
  const fields = { requestId: c.var.requestId, method: c.req.method, path: c.req.path };
  return toProblemResponse(c, toProblemError(error, fields));
};

/** What a caller may know of an error: a problem as thrown; of anything else, once its cause is logged, only its kind. */
export function toProblemError(error: unknown, fields: Record<string, string>): ProblemError {
  if (error instanceof ProblemError) return error;
  logError("request.failed", error, fields);
  return problem(isD1Error(error) ? "database-unavailable" : "internal");
}

interface InvalidInput {
  success: boolean;
  target: string;
  error?: { issues: readonly z.core.$ZodIssue[] } | undefined;
}

/** The validation hook of every route. */
export function handleInvalidInput(result: InvalidInput, c: Context<AppEnv>): Response | undefined {
  return result.success ? undefined : toProblemResponse(c, toInvalidInput(result.error?.issues ?? [], result.target));
}

/** What a schema found wrong with a part of the request: its `target` is "query", "param" or "json". */
export function toInvalidInput(issues: readonly z.core.$ZodIssue[], target: string): ProblemError {
  return problem("invalid-request", { errors: issues.flatMap((issue) => toInputErrors(issue, target)) });
}

function toInputErrors(issue: z.core.$ZodIssue, target: string): InputError[] {
  const path = issue.path.map(String);
  const at = (parts: string[]): Omit<InputError, "detail"> =>
    target === "json"
      ? { pointer: parts.map((part) => `/${escapePointer(part)}`).join("") }
      : { parameter: parts.join(".") };
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ ...at([...path, key]), detail: "is not known here" }));
  }
  return [{ ...at(path), detail: issue.message }];
}

function escapePointer(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}
