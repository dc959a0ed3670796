import { z } from "zod";
import type { Command } from "./arguments.ts";

/** What came of one call: the answer, or in words why there is none. */
export type Answer = { ok: true; text: string } | { ok: false; reason: string[] };

export interface Client {
  call(command: Command, options?: { body?: object | undefined; limit?: number | undefined }): Promise<Answer>;
}

const CALL_TIMEOUT_MS = 30_000;
/** A tick may take all of its own deadline. */
const TICK_TIMEOUT_MS = 180_000;

const problemSchema = z.object({
  title: z.string(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  errors: z
    .array(z.object({ parameter: z.string().optional(), pointer: z.string().optional(), detail: z.string() }))
    .optional(),
});

export function createClient(url: string, token: string): Client {
  return {
    async call(command, { body, limit } = {}) {
      const isRead = command === "status" || command === "actions";
      const timeoutMs = command === "tick" ? TICK_TIMEOUT_MS : CALL_TIMEOUT_MS;
      let response: Response;
      let text: string;
      try {
        response = await fetch(`${url}/api/admin/${toPath(command, limit)}`, {
          method: isRead ? "GET" : "POST",
          headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
          ...(body && { body: JSON.stringify(body) }),
          redirect: "manual", // the token is for this address alone
          signal: AbortSignal.timeout(timeoutMs),
        });
        text = await response.text();
      } catch (error) {
        return { ok: false, reason: [`cannot reach ${url}: ${describeNetworkError(error, timeoutMs)}`] };
      }
      return response.status === 200 ? { ok: true, text } : { ok: false, reason: describeRefusal(url, response, text) };
    },
  };
}

function toPath(command: Command, limit: number | undefined): string {
  if (command === "actions") return limit === undefined ? "actions" : `actions?limit=${limit}`;
  return command === "status" ? "rebuilder" : `rebuilder/${command}`;
}

function describeRefusal(url: string, response: Response, text: string): string[] {
  const { status, headers } = response;
  const parsed = problemSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const location = headers.get("location");
    const what = location ? `sends elsewhere, to ${location}` : `answered ${status}: ${text.trim().slice(0, 200)}`;
    return [`${url} ${what}`, "This is not how the API answers: check --url."];
  }
  const { title, detail, instance, errors = [] } = parsed.data;
  const retryAfter = headers.get("retry-after");
  return [
    `${title} (${status})`,
    ...(detail ? [detail] : []),
    ...errors.map((error) => `  ${error.parameter ?? error.pointer ?? ""}: ${error.detail}`),
    ...(retryAfter ? [`Try again in ${retryAfter} s.`] : []),
    ...(instance ? [`Request ${instance}`] : []),
  ];
}

function describeNetworkError(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return NETWORK_ERRORS[cause?.code ?? ""] ?? cause?.message ?? error.message;
}

const NETWORK_ERRORS: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was closed",
  ENOTFOUND: "the host has no address",
  EAI_AGAIN: "the host has no address just now",
};

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // some proxy's page
  }
}
