import { describe, expect, it } from "vitest";
import { createPrinter } from "../src/start/printer.ts";

const TICK = {
  level: "info",
  event: "tick.ended",
  tickId: "ba07e597-fe26-4db1-9c99-790daf05c52e",
  epoch: 12,
  version: 9,
  outcome: "committed",
  error: null,
  notes: [],
  durationMs: 1_400,
  nextIntervalMs: 2_000,
  lanes: { stacks: { rotation: 1, asked: 86, failed: 6 }, bitcoin: { rotation: 1, asked: 86, failed: 0 } },
};

describe("a tick on the terminal", () => {
  it("is one line: who answered well on each lane, what was published, when the next comes", async () => {
    const { printed } = await print([toLine(TICK)]);
    expect(printed).toEqual(["09:08:07  tick 12  stacks 80/86  bitcoin 86/86  version 9  1.4 s, next in 2 s"]);
  });

  it("names what is wrong: how it ended, which lane stopped, what health says", async () => {
    const notes = ["the stacks lane stopped: the lane rests: network"];
    const tick = { ...TICK, version: null, outcome: "commit-failed", error: "no such table", notes };
    const { printed } = await print([toLine(tick)], ["2 agents fell to zero sbtc together"]);
    expect(printed[0]).toContain("nothing new to publish");
    expect(printed[0]?.split("  ! ").slice(1)).toEqual([
      "commit-failed: no such table",
      "the stacks lane stopped: the lane rests: network",
      "2 agents fell to zero sbtc together",
    ]);
  });
});

describe("any other line", () => {
  it("of a Worker's log is told by its event and what is known of it", async () => {
    const hold = { level: "warn", event: "hold.began", id: "fall-sbtc-1", detail: "30 agents fell", since: null };
    const failure = { level: "error", event: "tick.failed", error: "boom" };
    const { printed, errors } = await print([
      `▲ [WARNING] ${JSON.stringify(hold)}`,
      `✘ [ERROR] ${JSON.stringify(failure)}`,
    ]);
    expect(printed).toEqual(['09:08:07  hold.began id=fall-sbtc-1 detail="30 agents fell"']);
    expect(errors).toEqual(["09:08:07  tick.failed error=boom"]);
  });

  it("is left as it is, unless it is wrangler's own chatter", async () => {
    const { printed, errors } = await print([
      "[standings-api] plain words {",
      "[wrangler:info] GET /dashboard 200 OK (3ms)",
      "✘ [ERROR] Build failed with 1 error:",
    ]);
    expect(printed).toEqual(["[standings-api] plain words {"]);
    expect(errors).toEqual(["✘ [ERROR] Build failed with 1 error:"]);
  });
});

function toLine(event: object): string {
  return `[standings-rebuilder] ${JSON.stringify(event)}`;
}

async function print(lines: string[], reasons: string[] = []) {
  const printed: string[] = [];
  const errors: string[] = [];
  const printer = createPrinter({
    print: (line) => printed.push(line),
    printError: (line) => errors.push(line),
    now: () => new Date(2027, 0, 31, 9, 8, 7),
    listReasons: async () => reasons,
  });
  for (const line of lines) await printer(line);
  return { printed, errors };
}
