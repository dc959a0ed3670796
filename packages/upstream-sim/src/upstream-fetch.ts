import { z } from "zod";
import { decodePrincipal } from "./clarity.ts";
import type { Hosts } from "./create-hosts.ts";
import { answerWithFault } from "./fault-answers.ts";
import { createFaults, type Faults } from "./faults.ts";
import { HOSTS, type Host } from "./hosts.ts";
import type { View } from "./view.ts";

/** A call as the upstream sees it. */
export interface UpstreamCall {
  /** "other" = no host's base URL. */
  host: Host | "other";
  method: string;
  /** Under the host's base URL, with the query; of another URL all that follows its origin. */
  path: string;
  /** Whom it asks about, if anybody. */
  address: string | undefined;
  headers: Headers;
  /** Undefined when there is none. */
  body: string | undefined;
}

/** `fetch` for programs that call the hosts, and what became of their calls. */
export interface UpstreamFetch {
  /** Throws on a URL that is no host's, unless the test answers it. Redirects are not followed. */
  fetch: typeof fetch;
  /** Asked first: what it returns is the answer, as long as it is no undefined. */
  intercept: (call: UpstreamCall) => Response | Promise<Response> | undefined;
  /** The same rules as the control endpoint takes. */
  faults: Faults;
  /** Oldest first; may be emptied. */
  calls: UpstreamCall[];
  /** The greatest number of calls under way at once, over all hosts; may be set back. */
  maxInFlight: number;
  /** The same for each host. */
  maxInFlightOf: Record<UpstreamCall["host"], number>;
}

/** Hosts without a base URL are out of reach. */
export type HostUrls = Partial<Record<Host, string>>;

export function createUpstreamFetch(hosts: Hosts, baseUrls: HostUrls, seed = "standings"): UpstreamFetch {
  const inFlight = createCounts();
  let inFlightInAll = 0;
  const upstream: UpstreamFetch = {
    intercept: () => undefined,
    faults: createFaults(seed),
    calls: [],
    maxInFlight: 0,
    maxInFlightOf: createCounts(),
    async fetch(input, init) {
      const request = new Request(input, init);
      const signal = init?.signal ?? request.signal;
      signal.throwIfAborted();
      const { host, path } = findTarget(baseUrls, request.url);
      const { method, headers } = request;
      const body = request.body ? await request.text() : undefined;
      const call = { host, method, path, address: findAddress(path, body), headers, body };
      upstream.calls.push(call);
      upstream.maxInFlight = Math.max(upstream.maxInFlight, ++inFlightInAll);
      upstream.maxInFlightOf[host] = Math.max(upstream.maxInFlightOf[host], ++inFlight[host]);
      try {
        await Promise.resolve(); // whoever else starts now is under way at the same time
        return await untilAborted(answer(call, signal), signal);
      } finally {
        inFlightInAll--;
        inFlight[host]--;
      }
    },
  };

  async function answer(call: UpstreamCall, gone: AbortSignal): Promise<Response> {
    const own = upstream.intercept(call);
    if (own !== undefined) return own;
    const { host, method } = call;
    if (host === "other") throw new Error(`unexpected call to ${call.path}, which is under no host's base URL`);
    const { pathname, search } = new URL(call.path, "http://upstream");
    const ask = async (view?: View) => hosts[host].fetch(toRequest(call), view ? { view } : {});
    const rule = upstream.faults.pick(host, pathname);
    if (!rule) return ask();
    const response = await answerWithFault(rule, { host, path: pathname, search, method, gone, answer: ask });
    if (response === "hang") return new Promise<never>(() => {});
    if (response === "reset") throw new TypeError("the connection was reset");
    return response;
  }

  return upstream;
}

function createCounts(): Record<UpstreamCall["host"], number> {
  return Object.fromEntries([...HOSTS, "other"].map((host) => [host, 0])) as Record<UpstreamCall["host"], number>;
}

/** The longest base URL that the URL is under: one may be the beginning of another. */
function findTarget(baseUrls: HostUrls, url: string): Pick<UpstreamCall, "host" | "path"> {
  const targets = HOSTS.flatMap((host) => {
    const base = baseUrls[host]?.replace(/\/+$/, "");
    if (base === undefined || !url.startsWith(base) || !/^(?:[/?]|$)/.test(url.slice(base.length))) return [];
    return [{ host, base }];
  });
  const [target] = targets.sort((a, b) => b.base.length - a.base.length);
  if (target) return { host: target.host, path: url.slice(target.base.length) || "/" };
  const { pathname, search } = new URL(url);
  return { host: "other", path: pathname + search };
}

const callReadSchema = z.object({ arguments: z.tuple([z.string()]) });

function findAddress(path: string, body: string | undefined): string | undefined {
  const inPath = /\/(?:address|principals|accounts)\/([^/?]+)/.exec(path)?.[1];
  if (inPath !== undefined) return decodeURIComponent(inPath);
  if (body === undefined || !path.startsWith("/v2/contracts/call-read/")) return undefined;
  const parsed = callReadSchema.safeParse(parseJson(body));
  return parsed.success ? decodePrincipal(parsed.data.arguments[0]) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the host itself refuses it
  }
}

function toRequest({ host, path, method, headers, body }: UpstreamCall): Request {
  return new Request(`http://${host}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** Rejects as `fetch` does once the caller gives up. */
function untilAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
