import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{test,client}/**/*.test.ts"],
    // Each file starts a whole stack; two at once would only wait for each other.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 180_000,
    env: { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false" },
  },
});
