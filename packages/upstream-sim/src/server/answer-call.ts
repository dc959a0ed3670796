import { setTimeout as delay } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Hosts } from "../create-hosts.ts";
import { answerWithFault } from "../fault-answers.ts";
import type { Faults } from "../faults.ts";
import type { Host } from "../hosts.ts";
import { toUnit } from "../random.ts";
import type { View } from "../view.ts";
import { type Connections, nextTurn, untilAborted } from "./connection.ts";
import type { LatencyRange } from "./latency.ts";
import type { Replay } from "./replay.ts";
import type { StatsKeeper } from "./stats.ts";

interface AnswerOptions {
  hosts: Hosts;
  /** Recorded answers instead of those of the hosts. */
  replay: Replay | undefined;
  stats: StatsKeeper;
  faults: Faults;
  connections: Connections;
  latency: () => LatencyRange;
  seed: string;
}

/** Answers a call that came in over a socket: counted, after its latency, and spoilt when a fault rule says so. */
export function createCallAnswerer(options: AnswerOptions) {
  const { stats, faults, connections, seed } = options;
  return async (request: Request, host: Host, path: string, env: HttpBindings): Promise<Response> => {
    const { search } = new URL(request.url);
    const { method } = request;
    const headerNames = Object.keys(env.incoming.headers);
    const open = stats.start({ host, method, path, query: redactQuery(search), headerNames });
    const gone = connections.watch(env, (status) => open.finish(status));
    // No answer begins before what is under way has been counted.
    await nextTurn();
    open.settle();

    const { minMs, maxMs } = options.latency();
    const waitMs = minMs + (maxMs - minMs) * toUnit(seed, "latency", open.call.seq);
    if (waitMs > 0) await delay(waitMs, undefined, { signal: gone }).catch(() => undefined);

    const rule = faults.pick(host, path);
    open.call.fault = rule?.kind ?? null;
    const body = method === "GET" || method === "HEAD" ? null : await request.arrayBuffer();
    const answer = async (view?: View): Promise<Response> => {
      if (options.replay) return options.replay.answer(host, path);
      const inner = new Request(`http://${host}${path}${search}`, { method, headers: request.headers, body });
      return options.hosts[host].fetch(inner, view ? { view } : {});
    };
    const response = rule ? await answerWithFault(rule, { host, path, search, method, answer, gone }) : await answer();
    if (response instanceof Response) return response;
    if (response === "hang") await untilAborted(gone);
    else env.incoming.socket.resetAndDestroy();
    return RESPONSE_ALREADY_SENT;
  };
}

/** A key does not belong into a query, but if one is there its value is not kept. */
function redactQuery(search: string): string {
  const query = new URLSearchParams(search);
  for (const name of query.keys()) {
    if (/key|token|secret|auth/i.test(name)) query.set(name, "redacted");
  }
  return query.toString();
}
