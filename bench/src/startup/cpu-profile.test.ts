import { expect, it } from "vitest";
import { toBusyMs } from "./cpu-profile.ts";

it("counts all time but that of waiting", () => {
  const nodes = ["(root)", "(idle)", "(garbage collector)", "start"].map((functionName, id) => ({
    id,
    callFrame: { functionName },
  }));
  expect(toBusyMs({ nodes, samples: [3, 1, 3, 2], timeDeltas: [1_000, 5_000, 2_000, 7_000] })).toBe(10);
});
