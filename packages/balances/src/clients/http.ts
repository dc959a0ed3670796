import type { Clock } from "../clock.ts";
import type { Budget } from "./budget.ts";
import type { Connections } from "./connections.ts";
import type { Gates } from "./gates.ts";
import type { HostName } from "./hosts.ts";

/** Upstreams answer in well under a second; past this the call holds one of six connections for nothing. */
const CALL_TIMEOUT_MS = 8_000;

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
  | "unfinished";

/** The call was not made, or its end says nothing about what was asked for: to be tried again first. */
export type PostponedReason = "rate-limited" | "gate-closed" | "budget" | "deadline";

export type Attempt<T> =
  | { kind: "fetched"; value: T; at: number } // when the answer came, Unix milliseconds
  | { kind: "failed"; reason: FailureReason; status?: number }
  | { kind: "postponed"; reason: PostponedReason };

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: "invalid-shape" | "implausible" };

export interface JsonRequest<T> {
  host: HostName;
  path: string; // joined to the host's base URL
  body?: unknown; // sent as JSON by POST; absent = GET
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
  gates: Gates;
  connections: Connections;
  clock: Clock;
  /** Ends every call that is still under way. */
  deadline: AbortSignal;
  timeoutMs?: number;
}

const MAX_ERROR_BODY_BYTES = 4_096; // enough to tell a retired route from an error

export function createHttp(options: HttpOptions): Http {
  const { budget, gates, connections, deadline } = options;
  return {
    async getJson<T>(request: JsonRequest<T>): Promise<Attempt<T>> {
      const giveBack = await connections.take();
      try {
        if (deadline.aborted) return { kind: "postponed", reason: "deadline" };
        if (budget.left < 1) return { kind: "postponed", reason: "budget" };
        if (!gates.admit(request.host)) return { kind: "postponed", reason: "gate-closed" };
        budget.take();
        return await call(request, options);
      } finally {
        giveBack();
      }
    },
  };
}

/** One call, told to its host's gate. */
async function call<T>(request: JsonRequest<T>, options: HttpOptions): Promise<Attempt<T>> {
  const { clock, deadline, gates } = options;
  const { host } = request;
  const startedAt = clock.now();
  const controller = new AbortController();
  const abort = () => controller.abort();
  const cancel = clock.after(options.timeoutMs ?? CALL_TIMEOUT_MS, abort);
  deadline.addEventListener("abort", abort);
  try {
    const response = await send(request, options, controller.signal);
    const attempt = await read<T>(request, response, clock);
    const latencyMs = clock.now() - startedAt;
    if (attempt.kind === "fetched") gates.recordSuccess(host, latencyMs, response.headers);
    else if (attempt.kind === "postponed") gates.recordRateLimit(host, latencyMs, response.headers);
    // A route that is retired is no fault of its host: the next generation answers.
    else if (attempt.reason !== "endpoint-gone") gates.recordFailure(host, latencyMs, describeFailure(attempt));
    return attempt;
  } catch {
    // What fetch throws is a network fault or our own abort; its text may name addresses and stays here.
    if (deadline.aborted) return { kind: "postponed", reason: "deadline" };
    const reason = controller.signal.aborted ? "timeout" : "network";
    gates.recordFailure(host, clock.now() - startedAt, reason);
    return { kind: "failed", reason };
  } finally {
    cancel();
    deadline.removeEventListener("abort", abort);
  }
}

function send<T>(request: JsonRequest<T>, options: HttpOptions, signal: AbortSignal): Promise<Response> {
  const { baseUrls, headers } = options;
  const { host, path, body } = request;
  const isPost = body !== undefined;
  return options.fetch(joinUrl(baseUrls[host], path), {
    ...(isPost && { method: "POST", body: JSON.stringify(body) }),
    headers: { accept: "application/json", ...(isPost && { "content-type": "application/json" }), ...headers[host] },
    redirect: "manual",
    signal,
  });
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

/** A failure in a word or two: "http-error 503". */
export function describeFailure(attempt: { reason: FailureReason; status?: number }): string {
  return attempt.status === undefined ? attempt.reason : `${attempt.reason} ${attempt.status}`;
}
