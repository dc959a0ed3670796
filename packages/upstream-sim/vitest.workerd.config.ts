import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [cloudflareTest({ verbose: false, miniflare: { compatibilityDate: "2026-11-01" } })],
  test: { include: ["test-workerd/**/*.test.ts"], testTimeout: 30_000 },
});
