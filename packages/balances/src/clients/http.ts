import type { Clock } from "../clock.ts";
import type { Budget } from "./budget.ts";
import type { HostName, Hosts } from "./gates.ts";

/** Upstreams answer in well under a second; past this the call holds one of six connections for nothing. */
export const CALL_TIMEOUT_MS = 8_000;

/** The largest real balance answer is some 100 KB. */
export const MAX_BODY_BYTES = 1_048_576;

/** The call was made, and did not bring a usable answer. */
export type FailureReason =
  | "network"
  | "timeout"
  | "redirect"
  | "http-error"
  | "endpoint-gone"
  | "content-type"
  | "too-large"
  | "invalid-json"
  | "invalid-shape"
  | "implausible"
  | "invalid-address"
  | "host-blocked"
  | "unfinished";

/** The call was not made, or its end says nothing about what was asked for: to be tried again first. */
export type PostponedReason = "rate-limited" | "host-blocked" | "budget" | "deadline";

export type Attempt<T> =
  | { kind: "fetched"; value: T; at: number } // when the answer came, Unix milliseconds
  | { kind: "failed"; reason: FailureReason; status?: number }
  | { kind: "postponed"; reason: PostponedReason };

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: "invalid-shape" | "implausible" };

export interface JsonRequest<T> {
  host: HostName;
  path: string; // joined to the host's base URL
  headers?: Record<string, string>;
  /** Turns the parsed body into the value, or says that it is none. */
  parse(body: unknown): Parsed<T>;
  /** Whether an error answer means that the endpoint itself is gone, which is no fault of the host. */
  isGone?(status: number, body: string): boolean;
}

export interface Http {
  getJson<T>(request: JsonRequest<T>): Promise<Attempt<T>>;
}

export interface HttpOptions {
  fetch: typeof fetch;
  baseUrls: Record<HostName, string>;
  headers: Partial<Record<HostName, Record<string, string>>>; // keys, sent to their own host only
  budget: Budget;
  hosts: Hosts;
  clock: Clock;
  /** Ends every call that is still under way. */
  deadline: AbortSignal;
  timeoutMs?: number;
}

/** What an upstream refuses because of what was asked for, not because it is unwell. */
const REFUSALS: readonly number[] = [400, 404, 405, 413, 414, 422];
const MAX_ERROR_BODY_BYTES = 4_096; // enough to tell a retired route from an error

export function createHttp(options: HttpOptions): Http {
  const { baseUrls, headers, budget, hosts, clock, deadline } = options;
  return {
    async getJson<T>(request: JsonRequest<T>): Promise<Attempt<T>> {
      const { host } = request;
      if (deadline.aborted) return { kind: "postponed", reason: "deadline" };
      if (budget.left < 1) return { kind: "postponed", reason: "budget" };
      if (!hosts.admit(host)) return { kind: "postponed", reason: "host-blocked" };
      budget.take();
      const startedAt = clock.now();
      const controller = new AbortController();
      const abort = () => controller.abort();
      const cancel = clock.after(options.timeoutMs ?? CALL_TIMEOUT_MS, abort);
      deadline.addEventListener("abort", abort);
      try {
        const response = await options.fetch(joinUrl(baseUrls[host], request.path), {
          headers: { accept: "application/json", ...headers[host], ...request.headers },
          redirect: "manual",
          signal: controller.signal,
        });
        const attempt = await read<T>(request, response, clock);
        if (attempt.kind === "fetched") hosts.recordSuccess(host, clock.now() - startedAt, response.headers);
        else if (attempt.kind === "postponed") hosts.recordRateLimit(host, clock.now() - startedAt, response.headers);
        else if (attempt.status !== undefined && REFUSALS.includes(attempt.status)) hosts.recordNeutral(host);
        else if (attempt.reason === "endpoint-gone") hosts.recordNeutral(host);
        else hosts.recordFailure(host, clock.now() - startedAt, describe(attempt));
        return attempt;
      } catch {
        // What fetch throws is a network fault or our own abort; its text may name addresses and stays here.
        if (deadline.aborted) {
          hosts.recordNeutral(host);
          return { kind: "postponed", reason: "deadline" };
        }
        const reason = controller.signal.aborted ? "timeout" : "network";
        hosts.recordFailure(host, clock.now() - startedAt, reason);
        return { kind: "failed", reason };
      } finally {
        cancel();
        deadline.removeEventListener("abort", abort);
      }
    },
  };
}

async function read<T>(request: JsonRequest<T>, response: Response, clock: Clock): Promise<Attempt<T>> {
  const { status } = response;
  if (status !== 200) {
    if (status === 429) {
      await response.body?.cancel();
      return { kind: "postponed", reason: "rate-limited" };
    }
    const body = await readText(response, MAX_ERROR_BODY_BYTES);
    if (request.isGone?.(status, body ?? "")) return { kind: "failed", reason: "endpoint-gone" };
    const isRedirect = status === 0 || (status >= 300 && status < 400);
    return { kind: "failed", reason: isRedirect ? "redirect" : "http-error", status };
  }
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(response.headers.get("content-type") ?? "")) {
    await response.body?.cancel();
    return { kind: "failed", reason: "content-type" };
  }
  const text = await readText(response, MAX_BODY_BYTES);
  if (text === undefined) return { kind: "failed", reason: "too-large" };
  let json: unknown;
  try {
    json = parseJson(text);
  } catch {
    return { kind: "failed", reason: "invalid-json" };
  }
  const parsed = request.parse(json);
  return parsed.ok
    ? { kind: "fetched", value: parsed.value, at: clock.now() }
    : { kind: "failed", reason: parsed.reason };
}

/** The body as text, or undefined when it is longer than `maxBytes`: the rest is not read. */
async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** JSON whose integers past 2^53 stay exact: they come out as their digits, and pass only where digits are allowed. */
export function parseJson(text: string): unknown {
  const reviver = (_key: string, value: unknown, context: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? "")
      ? context.source
      : value;
  return (JSON.parse as (text: string, reviver: unknown) => unknown)(text, reviver);
}

/** A base URL may carry a path and end in a slash: the path is added to it, never put in its place. */
export function joinUrl(baseUrl: string, path: string): string {
  return `${baseUrl.replace(/\/+$/, "")}${path}`;
}

function describe(attempt: { reason: FailureReason; status?: number }): string {
  return attempt.status === undefined ? attempt.reason : `${attempt.reason} ${attempt.status}`;
}
