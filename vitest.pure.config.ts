import { defineConfig } from "vitest/config";

// What needs no workerd, no network and no process: tests beside the modules that they are about, and those of the
// repository itself. The suites of the packages leave them out.
export default defineConfig({
  test: {
    include: ["{packages,services}/*/src/**/*.test.{ts,tsx}", "testing/{mutations,tidy}/test/**/*.test.ts"],
    testTimeout: 30_000,
  },
});
