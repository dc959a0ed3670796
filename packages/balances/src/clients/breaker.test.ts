import { describe, expect, it } from "vitest";
import {
  afterFailure,
  afterRateLimit,
  afterSuccess,
  BLOCKED_TICKS_TO_PASS_BY,
  beginTick,
  endTick,
  FAILURES_TO_OPEN,
  type HostState,
  isPassedBy,
  NEW_HOST,
} from "./breaker.ts";

const OPEN_MS = 600_000;

describe("a breaker", () => {
  it("opens after failures in a row, and not before", () => {
    expect(failTimes(NEW_HOST, FAILURES_TO_OPEN - 1).breaker).toBe("closed");
    expect(failTimes(NEW_HOST, FAILURES_TO_OPEN)).toMatchObject({ breaker: "open", openSince: 0, notBefore: OPEN_MS });
  });

  it("forgets failures after a success", () => {
    const host = afterSuccess(failTimes(NEW_HOST, FAILURES_TO_OPEN - 1));
    expect(failTimes(host, FAILURES_TO_OPEN - 1).breaker).toBe("closed");
  });

  it("opens at the first 429", () => {
    expect(afterRateLimit(NEW_HOST, 5, 1_000)).toMatchObject({ breaker: "open", openSince: 5, notBefore: 1_000 });
  });

  it("stays open for answers that were under way when it opened", () => {
    expect(afterSuccess(afterRateLimit(NEW_HOST, 5, 1_000)).breaker).toBe("open");
  });

  it("lets a probe through when its time has come, not before", () => {
    const host = afterRateLimit(NEW_HOST, 5, 1_000);
    expect(beginTick(host, 999).breaker).toBe("open");
    expect(beginTick(host, 1_000).breaker).toBe("half-open");
  });

  it("closes with the probe's success and forgets since when it was open", () => {
    expect(afterSuccess(beginTick(afterRateLimit(NEW_HOST, 5, 1_000), 1_000))).toEqual(NEW_HOST);
  });

  it("opens again with the probe's failure, and remembers since when", () => {
    const probing = beginTick(afterRateLimit(NEW_HOST, 5, 1_000), 1_000);
    expect(afterFailure(probing, 1_001, "timeout", OPEN_MS)).toMatchObject({
      breaker: "open",
      openSince: 5,
      notBefore: 1_001 + OPEN_MS,
    });
  });

  it("is passed by after it blocked three ticks without one good answer, never while it answers", () => {
    let stopped = afterRateLimit(NEW_HOST, 5, 1_000);
    let slow = stopped;
    for (let tick = 0; tick < BLOCKED_TICKS_TO_PASS_BY; tick++) {
      expect(isPassedBy(stopped)).toBe(false);
      stopped = endTick(stopped, 0);
      slow = endTick(slow, 3);
    }
    expect(isPassedBy(stopped)).toBe(true);
    expect(isPassedBy(slow)).toBe(false);
  });
});

function failTimes(host: HostState, times: number): HostState {
  let state = host;
  for (let index = 0; index < times; index++) state = afterFailure(state, 0, "timeout", OPEN_MS);
  return state;
}
