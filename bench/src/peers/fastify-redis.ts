import { createClient } from "@redis/client";
import Fastify from "fastify";
import { parseWindow, type ServedAgent, type ServedPage, toPage } from "./page.ts";
import { RANKING_KEY, TEMPLATE_KEY, toAgentKey } from "./redis-keys.ts";

// A process of its own: `node fastify-redis.ts REDIS_PORT`. Tells its port by message once it listens.

const redis = createClient({ url: `redis://127.0.0.1:${process.argv[2]}` });
await redis.connect();

const app = Fastify();
app.get("/api/dashboard", async (request, reply) => {
  const { limit, offset } = parseWindow(request.url);
  const [template, ranked] = await Promise.all([
    redis.get(TEMPLATE_KEY),
    redis.zRangeWithScores(RANKING_KEY, offset, offset + limit - 1),
  ]);
  // Sent together: the client writes what is asked for in one turn as one pipeline.
  const rows = await Promise.all(ranked.map(({ value }) => redis.hGetAll(toAgentKey(value))));
  const agents = rows.map((row, index) => ({
    ...JSON.parse(row.profile ?? "{}"),
    rank: offset + index + 1,
    totalUsd: -(ranked[index]?.score ?? 0) / 1_000_000,
    tokens: JSON.parse(row.tokens ?? "[]"),
  })) as ServedAgent[];
  return reply.send(toPage(JSON.parse(template ?? "{}") as ServedPage, agents, limit, offset));
});

await app.listen({ host: "127.0.0.1", port: 0 });
const address = app.server.address();
process.send?.({ port: typeof address === "object" && address ? address.port : 0 });
process.once("disconnect", () => process.exit(0)); // never outlives the benchmark
