import { describe, expect, it } from "vitest";
import { compareWithModel, findModelFlaws } from "./compare.ts";
import { type CostInput, estimateMonth, estimateTickRows, toIntervalMs } from "./model.ts";
import { PRICE_LIST, toUsd } from "./price-list.ts";

const INPUT: CostInput = { agents: 1_005, tokensPerAgent: 6, changeRate: 0.02, reads: 1e6, latencyMs: 150 };

describe("toIntervalMs", () => {
  it.each([
    [100, 120_000],
    [430, 120_000],
    [1_005, 54_545],
    [2_000, 30_000],
    [50_000, 30_000],
  ])("asks %s agents every %s ms", (agents, intervalMs) => {
    expect(toIntervalMs(agents)).toBe(intervalMs);
  });
});

describe("estimateTickRows", () => {
  const work = { agents: 1_005, asked: 92, tokensPerAgent: 6, changedBalances: 0, publishes: false };

  it("writes one row for each agent asked, and a handful besides", () => {
    expect(estimateTickRows(work).written).toBe(92 + 4);
  });

  it("writes one row more for each balance that changed", () => {
    expect(estimateTickRows({ ...work, changedBalances: 10 }).written).toBe(estimateTickRows(work).written + 10);
  });

  it("writes a ranking of 1,005 agents as eleven pages, two rows of the index and one of its own, and deletes as many", () => {
    expect(estimateTickRows({ ...work, publishes: true }).written).toBe(estimateTickRows(work).written + 2 * 14);
  });
});

describe("estimateMonth", () => {
  it("asks every agent within ten minutes up to 2,000 of them", () => {
    expect(estimateMonth({ ...INPUT, agents: 2_000 }).rotationMs).toBeLessThanOrEqual(600_000);
    expect(estimateMonth({ ...INPUT, agents: 2_100 }).rotationMs).toBeGreaterThan(600_000);
  });

  it("writes less than 15 million rows a month for 1,005 agents", () => {
    expect(estimateMonth(INPUT).d1.written).toBeLessThan(15e6);
  });

  it("takes as long for a tick as six connections need", () => {
    // 1,005 / 11 agents, two calls each, and four for prices: 31.1 turns, so 32.
    const { tickMs } = estimateMonth({ ...INPUT, latencyMs: 1_000 });
    expect(Math.floor(tickMs / 1_000)).toBe(32);
  });

  it("costs the plan's price while everything is included", () => {
    expect(estimateMonth(INPUT).usd).toBe(5);
  });

  it("costs what is above the included, each at its own rate", () => {
    const more = estimateMonth({ ...INPUT, reads: 20e6 });
    const cpu = more.workerCpuMs - PRICE_LIST.workerCpuMs.included;
    const requests = more.workerRequests - PRICE_LIST.workerRequests.included;
    expect(more.usd).toBeCloseTo(5 + (requests * 0.3 + cpu * 0.02) / 1e6, 6);
  });

  it("writes half as much at twice the interval", () => {
    const at = (intervalMs: number) => estimateMonth({ ...INPUT, intervalMs }).d1.written;
    expect(at(120_000) / at(60_000)).toBeCloseTo(0.5);
  });
});

it("charges nothing up to what is included", () => {
  expect(toUsd(5, { included: 10, usdPerMillion: 1 })).toBe(0);
  expect(toUsd(2_000_010, { included: 10, usdPerMillion: 1 })).toBe(2);
});

describe("compareWithModel", () => {
  const work = { agents: 1_005, asked: 92, tokensPerAgent: 6, changedBalances: 3, publishes: true };
  const counted = (factor: number) => {
    const { read, written } = estimateTickRows(work);
    return { ...work, rows: { read: read * factor, written: written * factor } };
  };

  it("finds no flaw where the counted rows are the model's", () => {
    const comparison = compareWithModel([counted(1), counted(1)]);
    expect(comparison.deviation).toEqual({ read: 0, written: 0 });
    expect(findModelFlaws(comparison)).toEqual([]);
  });

  it("names the rows that the model does not account for", () => {
    expect(findModelFlaws(compareWithModel([counted(1.2)]))).toEqual(["rows written: counted 20 % from the model's"]);
    expect(findModelFlaws(compareWithModel([counted(0.3)]))).toHaveLength(2);
  });

  it("carries what was counted over to a month", () => {
    const { counted: rows, writtenAMonth } = compareWithModel([counted(1), counted(1)]);
    expect(writtenAMonth).toBeCloseTo((rows.written / 2) * (2_592_000_000 / 54_545));
  });

  it("is not checked by nothing", () => {
    expect(() => compareWithModel([])).toThrow("no tick was counted");
  });
});
