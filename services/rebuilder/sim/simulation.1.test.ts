import { describe } from "vitest";
import { liveThrough, replayKnownHistories } from "./simulation.ts";

// Two files, so that the histories run on two cores.
describe("the rebuild", () => {
  replayKnownHistories();
  liveThrough({ histories: Number(process.env.SIM_HISTORIES ?? 4_000) / 2, part: 1 });
});
