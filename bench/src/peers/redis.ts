import { execFileSync, fork, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@redis/client";
import { findFreePort } from "@standings/tools/start/ports";
import { pinServer } from "../rig/processes.ts";
import type { ServedBoard } from "./page.ts";
import { RANKING_KEY, TEMPLATE_KEY, toAgentKey } from "./redis-keys.ts";

/** Redis and a Fastify service over it, filled anew for every board. */
export interface RedisPeer {
  version: string;
  origin: string;
  pids: readonly number[];
  fill(board: ServedBoard): Promise<void>;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;

/** Hashes written in one go. */
const FILL_STEP = 1_000;

/** The version of the installed redis-server; undefined = there is none. */
export function findRedisVersion(): string | undefined {
  try {
    return /v=(\S+)/.exec(execFileSync("redis-server", ["--version"], { encoding: "utf8" }))?.[1];
  } catch {
    return undefined;
  }
}

/** Starts both on free ports, without persistence. Call only where redis-server is installed. */
export async function startRedisPeer(version: string): Promise<RedisPeer> {
  const folder = mkdtempSync(join(tmpdir(), "standings-bench-redis-"));
  const port = await findFreePort();
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const server = spawn("redis-server", options, { stdio: "ignore" });
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => {}); // refused until the server listens; what goes wrong later fails the call itself
  await Promise.race([
    client.connect(),
    delay(START_TIMEOUT_MS, undefined, { ref: false }).then(() => {
      throw new Error("redis-server did not come up");
    }),
  ]);
  const service = fork(join(import.meta.dirname, "fastify-redis.ts"), [String(port)]);
  const servicePort = await new Promise<number>((resolve, reject) => {
    service.once("message", (message: { port: number }) => resolve(message.port));
    service.once("exit", () => reject(new Error("the Fastify service did not come up")));
  });
  const pids = [server.pid, service.pid].filter((pid) => pid !== undefined);
  pinServer(pids);

  return {
    version,
    origin: `http://127.0.0.1:${servicePort}`,
    pids,
    async fill({ template, agents }) {
      await client.flushAll();
      await client.set(TEMPLATE_KEY, JSON.stringify(template));
      for (let first = 0; first < agents.length; first += FILL_STEP) {
        const some = agents.slice(first, first + FILL_STEP);
        const scores = some.map(({ stxAddress, totalUsd }) => ({
          value: stxAddress,
          score: -Math.round(totalUsd * 1_000_000),
        }));
        await client.zAdd(RANKING_KEY, scores);
        await Promise.all(
          some.map(({ rank: _rank, totalUsd: _total, tokens, ...profile }) => {
            const row = { profile: JSON.stringify(profile), tokens: JSON.stringify(tokens) };
            return client.hSet(toAgentKey(profile.stxAddress), row);
          }),
        );
      }
    },
    async close() {
      service.kill();
      client.destroy();
      server.kill();
      await new Promise((resolve) => server.once("close", resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
