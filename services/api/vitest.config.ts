import path from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const root = path.join(import.meta.dirname, "../..");

// Stands in for the rebuilder behind the service binding of wrangler.api.jsonc. Tests that need a certain answer pass
// their own REBUILDER in the environment of the request.
const rebuilderScript = `
import { WorkerEntrypoint } from "cloudflare:workers";
export class RebuilderRpc extends WorkerEntrypoint {
  async ensureAlarm() { return { alarmAt: 1, rearmed: false }; }
  async tick() { return { ok: false, reason: "paused" }; }
}
export default { fetch() { return new Response(null, { status: 404 }); } };`;

export default defineConfig(async () => ({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: path.join(root, "wrangler.api.jsonc") },
      verbose: false,
      miniflare: {
        bindings: { TEST_MIGRATIONS: await readD1Migrations(path.join(root, "migrations")) },
        workers: [
          {
            name: "standings-rebuilder",
            modules: true,
            script: rebuilderScript,
            compatibilityDate: "2026-11-01",
          },
        ],
        outboundService: () => new Response("the API calls no upstream", { status: 599 }),
      },
    }),
  ],
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["./test/setup.ts"],
    testTimeout: 30_000,
    provide: {
      fuzz: {
        seed: Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31),
        path: process.env.FUZZ_PATH ?? "",
        runs: Number(process.env.FUZZ_RUNS ?? 6_000),
      },
    },
  },
}));
