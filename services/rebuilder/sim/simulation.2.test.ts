import { describe } from "vitest";
import { liveThrough } from "./simulation.ts";

describe("the rebuild", () => {
  liveThrough({ histories: Number(process.env.SIM_HISTORIES ?? 4_000) / 2, part: 2 });
});
