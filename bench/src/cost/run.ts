import type { BenchOptions } from "../options.ts";
import type { Progress } from "../progress.ts";
import { renderBarChart } from "../report/bar-chart.ts";
import { formatNumber, type Table } from "../report/table.ts";
import { buildWorker } from "../rig/build.ts";
import { type Comparison, type CountedTick, compareWithModel, findModelFlaws } from "./compare.ts";
import { countTicks } from "./count-ticks.ts";
import { type CostInput, estimateMonth, type MonthlyCost } from "./model.ts";
import { PRICE_LIST } from "./price-list.ts";

const SIZES = [500, 1_005, 2_000, 5_000, 10_000, 50_000, 100_000];
const FIELD = { tokensPerAgent: 6, changeRate: 0.02, reads: 10e6, latencyMs: 150 };
const COUNTED = { agents: 1_005, ticks: 20 };
const QUICK = { agents: 150, ticks: 4 };

export interface CostResult {
  priceListAsOf: string;
  input: Omit<CostInput, "agents">;
  months: { agents: number; month: MonthlyCost }[];
  counted: { agents: number; ticks: CountedTick[]; comparison: Comparison; flaws: string[] };
}

export async function runCost({ quick }: BenchOptions, progress: Progress): Promise<CostResult> {
  const counting = quick ? QUICK : COUNTED;
  progress(`cost: counting ${counting.ticks} real ticks of ${counting.agents} agents`);
  const ticks = await countTicks(await buildWorker("rebuilder"), counting, (tick) => tick % 2 === 1);
  const comparison = compareWithModel(ticks);
  return {
    priceListAsOf: PRICE_LIST.asOf,
    input: FIELD,
    months: SIZES.map((agents) => ({ agents, month: estimateMonth({ ...FIELD, agents }) })),
    counted: { agents: counting.agents, ticks, comparison, flaws: findModelFlaws(comparison) },
  };
}

export function toTables({ priceListAsOf, input, months, counted }: CostResult): Table[] {
  const { comparison, flaws } = counted;
  return [
    {
      title: "A month, by the cost model",
      columns: [
        "Agents",
        "tick every s",
        "rotation min",
        "upstream calls",
        "rows written",
        "rows read",
        "object GB-s",
        "USD",
      ],
      rows: months.map(({ agents, month }) => [
        formatNumber(agents),
        formatNumber(month.intervalMs / 1_000),
        formatNumber(month.rotationMs / 60_000),
        toMillions(month.upstreamCalls),
        toMillions(month.d1.written),
        toMillions(month.d1.read),
        formatNumber(Math.round(month.objectGbSeconds)),
        month.usd.toFixed(2),
      ]),
      notes: [
        `${input.tokensPerAgent} balances an agent, ${input.changeRate * 100} % of them changed when asked, ${toMillions(input.reads)} reads that all reach the Worker and the database, upstreams at ${input.latencyMs} ms`,
        `list prices as of ${priceListAsOf}, without the upstreams' own plans`,
      ],
    },
    {
      title: `The model beside ${comparison.ticks} real ticks of ${formatNumber(counted.agents)} agents`,
      columns: ["Rows", "counted", "model", "deviation"],
      rows: (["written", "read"] as const).map((rows) => [
        rows,
        formatNumber(Math.round(comparison.counted[rows])),
        formatNumber(Math.round(comparison.estimated[rows])),
        `${(comparison.deviation[rows] * 100).toFixed(1)} %`,
      ]),
      notes: [
        `written in a month of such ticks: ${toMillions(comparison.writtenAMonth)}`,
        flaws.length === 0 ? "the model agrees with what was counted" : `THE MODEL IS WRONG: ${flaws.join("; ")}`,
      ],
    },
  ];
}

export function toCharts({ months }: CostResult): Record<string, string> {
  return {
    "cost.svg": renderBarChart({
      title: "A month's bill, by size of the board",
      unit: "US dollars, list prices, without the upstreams' own plans",
      panels: [
        {
          title: "",
          bars: months.map(({ agents, month }) => {
            return { label: `${formatNumber(agents)} agents`, value: month.usd, colour: 0 };
          }),
        },
      ],
    }),
  };
}

function toMillions(value: number): string {
  return `${formatNumber(value / 1e6)} M`;
}
