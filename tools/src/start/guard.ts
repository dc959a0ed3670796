import { killMarked } from "./process-tree.ts";

// Outlives whoever holds the other end of its input, in whatever way that ends, and clears up after it.

const stateDir = process.argv[2] ?? "";
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.stdin.resume();
process.stdin.once("close", () => {
  killMarked(stateDir);
  process.exit(0);
});
