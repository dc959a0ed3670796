import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test-http/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    env: { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false" },
  },
});
