import { type Context, Hono } from "hono";
import { z } from "zod";
import { BadInput, parseInput } from "../bad-input.ts";
import type { FaultRuleInput } from "../fault-rules.ts";
import type { PinnedPrices } from "../prices.ts";
import type { PinnedHoldings } from "../set-holdings.ts";
import type { LatencyRange } from "./latency.ts";
import type { Upstream } from "./upstream.ts";

export const CONTROL_PATH = "/_control";

const advanceSchema = z.strictObject({ steps: z.int().min(0) });

/** What can be set while the server runs. Bad input gets a 400 that says why and changes nothing. */
export function createControlApp(upstream: Controls): Hono {
  const app = new Hono().basePath(CONTROL_PATH);
  app.get("/", (c) => c.json({ baseUrls: upstream.baseUrls, step: upstream.step(), endpoints: ENDPOINTS }));
  addFaultControls(app, upstream);
  addStatistics(app, upstream);
  addWorldControls(app, upstream);
  app.notFound((c) => c.json({ error: "no such control endpoint", endpoints: ENDPOINTS }, 404));
  return app;
}

type Controls = Omit<Upstream, "close">;

function addFaultControls(app: Hono, upstream: Controls): void {
  app.get("/faults", (c) => c.json({ rules: upstream.listFaults() }));
  app.put("/faults", (c) =>
    change(c, (body) => {
      const rules = Array.isArray(body) ? body : (body as { rules?: unknown } | null)?.rules;
      upstream.setFaults(rules as FaultRuleInput[]);
      return { rules: upstream.listFaults() };
    }),
  );
  app.delete("/faults", (c) => {
    upstream.setFaults([]);
    return c.json({ rules: [] });
  });

  app.get("/latency", (c) => c.json(upstream.latency()));
  app.put("/latency", (c) =>
    change(c, (body) => {
      upstream.setLatency(body as LatencyRange);
      return upstream.latency();
    }),
  );
}

function addStatistics(app: Hono, upstream: Controls): void {
  app.get("/stats", (c) => c.json(upstream.stats()));
  app.post("/stats/reset", (c) => c.json(upstream.resetStats()));
  app.get("/calls", (c) => {
    const after = c.req.query("after") ?? "0";
    if (!/^\d{1,15}$/.test(after)) return c.json({ error: "after: must be a sequence number" }, 400);
    return c.json({ calls: upstream.listCalls(Number(after)) });
  });
}

function addWorldControls(app: Hono, upstream: Controls): void {
  app.put("/holdings/:address", (c) =>
    change(c, (body) => {
      upstream.pinHoldings(c.req.param("address"), body as PinnedHoldings);
      return { pinned: c.req.param("address") };
    }),
  );
  app.delete("/holdings/:address", (c) => {
    upstream.unpinHoldings(c.req.param("address"));
    return c.json({ unpinned: c.req.param("address") });
  });
  app.delete("/holdings", (c) => {
    upstream.unpinHoldings();
    return c.json({ unpinned: "all" });
  });

  app.put("/prices", (c) =>
    change(c, (body) => {
      upstream.pinPrices(body as PinnedPrices);
      return body;
    }),
  );
  app.delete("/prices", (c) => {
    upstream.unpinPrices();
    return c.json({});
  });

  app.post("/advance", (c) =>
    change(c, (body) => {
      upstream.advance(parseInput(advanceSchema, body).steps);
      return { step: upstream.step() };
    }),
  );
}

const ENDPOINTS = [
  "GET PUT DELETE /_control/faults",
  "GET PUT /_control/latency",
  "GET /_control/stats",
  "POST /_control/stats/reset",
  "GET /_control/calls?after=SEQ",
  "PUT DELETE /_control/holdings/{address}",
  "DELETE /_control/holdings",
  "PUT DELETE /_control/prices",
  "POST /_control/advance",
];

async function change(c: Context, apply: (body: unknown) => unknown): Promise<Response> {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (body === undefined) return c.json({ error: "the body is not JSON" }, 400);
  try {
    return c.json(apply(body));
  } catch (error) {
    if (error instanceof BadInput) return c.json({ error: error.message }, 400);
    throw error;
  }
}
