import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: ["src/template.ts"],
    include: ["{test,client}/**/*.test.ts"],
    // Each file starts a whole stack, which mostly waits for its next alarm.
    maxWorkers: 4,
    testTimeout: 300_000,
    hookTimeout: 180_000,
    env: { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false" },
  },
});
