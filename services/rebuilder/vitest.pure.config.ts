import { defineConfig } from "vitest/config";

// Tests beside the source need no workerd: what they test knows neither D1 nor the Durable Object.
export default defineConfig({ test: { include: ["src/**/*.test.ts"], testTimeout: 30_000, silent: "passed-only" } });
