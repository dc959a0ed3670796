import { defineConfig } from "vitest/config";

// The simulation needs no workerd: everything the rebuild touches is modelled, time included.
export default defineConfig({
  test: { include: ["sim/**/*.test.ts"], testTimeout: 7_200_000, fileParallelism: true, maxWorkers: 2 },
});
