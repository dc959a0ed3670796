import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import type { Db } from "@standings/db";
import type { z } from "zod";
import { planPage, readAgent, readPage } from "../ranking/read.ts";
import type { AgentAnswer, Dashboard } from "../ranking/schema.ts";
import { explainRank } from "./explain-rank.ts";
import { agentInput, explainRankOutput, getAgentOutput, getStandingsInput, getStandingsOutput } from "./schema.ts";
import { toToolSchema } from "./tool-schema.ts";

export interface Tool {
  name: string;
  title: string;
  description: string;
  path: string; // of the JSON route with the same facts
  inputSchema: StandardSchemaWithJSON;
  outputSchema: StandardSchemaWithJSON;
  /** Takes what inputSchema has parsed. */
  run: (db: Db, input: unknown) => Promise<Record<string, unknown>>;
}

function defineTool<Input extends z.ZodType, Output extends z.ZodObject>(tool: {
  name: string;
  title: string;
  description: string;
  path: string;
  input: Input;
  output: Output;
  run: (db: Db, input: z.output<Input>) => Promise<z.input<Output>>;
}): Tool {
  const { input, output, run, ...rest } = tool;
  return {
    ...rest,
    inputSchema: toToolSchema(input),
    outputSchema: toToolSchema(output),
    run: (db, parsed) => run(db, parsed as z.output<Input>),
  };
}

const getStandings = defineTool({
  name: "get_standings",
  title: "The ranking of agents",
  description:
    "Agents ranked by the US dollar value of the BTC, STX and sBTC they hold, from a published ranking. Read on with the version of the first answer, so that no agent is missed or listed twice.",
  input: getStandingsInput,
  output: getStandingsOutput,
  path: "/api/dashboard",
  run: async (db, query) => toAnswer(await readPage(db, await planPage(db, query))),
});

const getAgent = defineTool({
  name: "get_agent",
  title: "One agent",
  description:
    "What one registered agent holds and where it ranks in the newest ranking. rank null with pending true: registered, but a source has never answered yet.",
  input: agentInput,
  output: getAgentOutput,
  path: "/api/dashboard/{address}",
  run: async (db, { address }) => toAnswer(await readAgent(db, address)),
});

const explain = defineTool({
  name: "explain_rank",
  title: "Why an agent ranks where it does",
  description:
    "What counts towards an agent's total and what does not, its share of each holding, and the distance to the agents above and below it in the same ranking.",
  input: agentInput,
  output: explainRankOutput,
  path: "/api/dashboard/{address}",
  run: async (db, { address }) => {
    const agent = await readAgent(db, address);
    const newest = { limit: 1, offset: 0 };
    const window = agent.rank === null ? newest : { limit: 3, offset: Math.max(0, agent.rank - 2) };
    const nearby = agent.version === 0 ? undefined : await planPage(db, { ...window, version: agent.version });
    return explainRank(agent, nearby && (await readPage(db, nearby)));
  },
});

export const TOOLS: readonly Tool[] = [getStandings, getAgent, explain];

/** asOf is the one name, over all tools, of the time that an answer is of. */
function toAnswer<Answer extends Dashboard | AgentAnswer>({ cachedAt, ...answer }: Answer) {
  return { ...answer, asOf: cachedAt };
}
