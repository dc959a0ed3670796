import type { FaultRule } from "./fault-rules.ts";
import { createForgetfulView, createOtherView } from "./fault-views.ts";
import { BASE_PATHS, type Host } from "./hosts.ts";
import type { View } from "./view.ts";

export interface FaultedCall {
  host: Host;
  /** Under the host's base URL. */
  path: string;
  search: string;
  method: string;
  answer: (view?: View) => Promise<Response>;
  /** Aborts when the server closes or the client has gone. */
  gone: AbortSignal;
}

/** A response, or what happens to the connection instead of one. */
export type FaultedAnswer = Response | "hang" | "reset";

/** What a redirected call looks like in the log. */
const FOLLOWED = "?redirected=1";

const SLOW_PIECES = 20;
const HTML = "text/html; charset=UTF-8";
const JSON_TYPE = "application/json; charset=utf-8";

export async function answerWithFault(rule: FaultRule, call: FaultedCall): Promise<FaultedAnswer> {
  switch (rule.kind) {
    case "429":
      return withRetryAfter(answerRateLimited(call.host), rule.retryAfter);
    case "5xx":
      return withRetryAfter(answerServerError(call.host, rule.status), rule.retryAfter);
    case "timeout":
      return "hang";
    case "reset":
      return "reset";
    case "slow-body":
      return dripBody(await call.answer(), rule.overMs, call.gone);
    case "truncated-json": {
      const answer = await call.answer();
      const body = await answer.text();
      return new Response(body.slice(0, Math.max(1, Math.floor(body.length / 2))), copyHead(answer));
    }
    case "html-200":
      return new Response(toPage("Just a moment..."), { headers: { "content-type": HTML } });
    case "wrong-types": {
      const answer = await call.answer();
      return new Response(JSON.stringify(swapTypes(await readJson(answer))), copyHead(answer));
    }
    case "410":
      return answerJson(410, {
        error: "Gone",
        message: "This endpoint has been disabled. See https://docs.hiro.so/stacks/api for more information",
      });
    case "404":
      return answerJson(404, {
        message: `Route ${call.method}:${call.path}${call.search} not found`,
        error: "Not Found",
        statusCode: 404,
      });
    case "huge-body": {
      const answer = await call.answer();
      return padBody(answer, await answer.text(), rule.bytes);
    }
    case "redirect": {
      if (call.search === FOLLOWED) return call.answer();
      const location = rule.location ?? `${BASE_PATHS[call.host]}${call.path}${FOLLOWED}`;
      return new Response(null, { status: 302, headers: { location } });
    }
    case "empty":
      return new Response("", { headers: { "content-type": JSON_TYPE } });
    case "custom": {
      const headers = { "content-type": rule.contentType };
      return withRetryAfter(new Response(rule.body, { status: rule.status, headers }), rule.retryAfter);
    }
    case "forgets":
      return call.answer(createForgetfulView(rule));
    case "other-holdings":
      return call.answer(createOtherView(rule.holdings));
  }
}

/** CoinGecko explains itself in JSON, nginx and Cloudflare with a page. */
function answerRateLimited(host: Host): Response {
  if (host === "coingecko") {
    const message = "You've exceeded the Rate Limit.";
    return answerJson(429, { status: { error_code: 429, error_message: message } });
  }
  return new Response(toPage("429 Too Many Requests"), { status: 429, headers: { "content-type": HTML } });
}

function withRetryAfter(answer: Response, retryAfter: string | undefined): Response {
  if (retryAfter !== undefined) answer.headers.set("retry-after", retryAfter);
  return answer;
}

function answerServerError(host: Host, status: number): Response {
  if (host === "hiro" && status === 503) return answerJson(503, { error: "The database service is unavailable" });
  return new Response(toPage(`${status} Server Error`), { status, headers: { "content-type": HTML } });
}

async function dripBody(answer: Response, overMs: number, gone: AbortSignal): Promise<Response> {
  const body = new TextEncoder().encode(await answer.text());
  const size = Math.max(1, Math.ceil(body.length / SLOW_PIECES));
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (at >= body.length || gone.aborted) return controller.close();
      if (at > 0) await waitOrGone(overMs / SLOW_PIECES, gone);
      controller.enqueue(body.slice(at, at + size));
      at += size;
    },
  });
  return new Response(stream, copyHead(answer));
}

function waitOrGone(ms: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      gone.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (gone.aborted) end();
    else gone.addEventListener("abort", end);
  });
}

/** Without a Content-Length: only counting while reading can tell. */
function padBody(answer: Response, text: string, bytes: number): Response {
  const body = new TextEncoder().encode(text);
  const piece = new Uint8Array(64 * 1_024).fill(0x20);
  let left = Math.max(0, bytes - body.length);
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left > 0) {
        controller.enqueue(piece.slice(0, Math.min(left, piece.length)));
        left -= piece.length;
      } else {
        controller.enqueue(body);
        controller.close();
      }
    },
  });
  return new Response(stream, copyHead(answer));
}

async function readJson(answer: Response): Promise<unknown> {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return text; // not every answer is JSON
  }
}

function swapTypes(value: unknown): unknown {
  if (typeof value === "string") return value.length;
  if (typeof value === "number") return String(value);
  if (value === null) return [];
  if (Array.isArray(value)) return value.map(swapTypes);
  if (typeof value !== "object") return null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, swapTypes(inner)]));
}

function copyHead(answer: Response): ResponseInit {
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  return { status: answer.status, headers };
}

function answerJson(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": JSON_TYPE } });
}

function toPage(title: string): string {
  return `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
}
