import { z } from "@hono/zod-openapi";
import { addressParameter } from "../http/parameters.ts";
import { agentAnswerSchema, dashboardSchema } from "../ranking/schema.ts";
import { UNCOUNTED_REASONS } from "../ranking/uncounted.ts";

/** Fewer than a page of the JSON: what a model reads, it has to keep in mind. */
const MAX_TOOL_LIMIT = 100;
const DEFAULT_TOOL_LIMIT = 20;

const version = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const asOf = z.iso.datetime().nullable().openapi({
  description: "When this ranking was published: everything in the answer is of then. null: none has been yet.",
});

const address = addressParameter("Mainnet Stacks (SP…, SM…) or Bitcoin address of a registered agent.");

export const getStandingsInput = z
  .strictObject({
    limit: z.int().min(1).max(MAX_TOOL_LIMIT).default(DEFAULT_TOOL_LIMIT).openapi({ description: "Agents to list." }),
    offset: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER - MAX_TOOL_LIMIT)
      .optional()
      .openapi({ description: "Agents to skip from the top; default 0. Not with around." }),
    version: version.optional().openapi({
      description: "Pins a ranking: give the version of the first answer to read on in the same ranking.",
    }),
    around: address.optional().openapi({ description: "Centres the list on this agent. Not with offset." }),
  })
  .refine(({ around, offset }) => around === undefined || offset === undefined, {
    error: "offset cannot be combined with around",
  });

export const getStandingsOutput = dashboardSchema.omit({ cachedAt: true }).extend({ asOf });

export const agentInput = z.strictObject({ address });

export const getAgentOutput = agentAnswerSchema.omit({ cachedAt: true }).extend({ asOf });

const neighbourSchema = z
  .object({
    rank: z.int().min(1),
    stxAddress: z.string(),
    displayName: z.string().nullable(),
    totalUsd: z.number().min(0),
    gapUsd: z.number().min(0).openapi({ description: "US dollars between the two totals; 0: a tie." }),
  })
  .nullable();

const { tokens, ...agentShape } = agentAnswerSchema.omit({
  cachedAt: true,
  prices: true,
  level: true,
  levelName: true,
}).shape;

export const explainRankOutput = z.object({
  ...agentShape,
  asOf,
  of: z.int().min(0).openapi({ description: "Ranked agents." }),
  summary: z.string().openapi({ description: "The explanation in words." }),
  counted: z
    .array(
      tokens.element
        .pick({ symbol: true, contract: true, amount: true, priceUsd: true, usdValue: true })
        .extend({ sharePercent: z.number().min(0).max(100).openapi({ description: "Of the agent's total." }) }),
    )
    .openapi({ description: "What makes up the total, largest first." }),
  notCounted: z
    .array(
      tokens.element
        .pick({ symbol: true, contract: true, amount: true, decimalsKnown: true })
        .extend({ reason: z.enum(UNCOUNTED_REASONS), why: z.string() }),
    )
    .openapi({ description: "Held, and no part of the total." }),
  above: neighbourSchema.openapi({ description: "The next better agent. null: there is none." }),
  below: neighbourSchema.openapi({ description: "The next worse agent. null: there is none." }),
  rule: z.string().openapi({ description: "How agents are ranked." }),
});

export type ExplainRank = z.infer<typeof explainRankOutput>;
