import { z } from "@hono/zod-openapi";
import { addressParameter, integerParameter } from "../http/parameters.ts";
import { MAX_SEARCH_LIMIT, searchParameter } from "./search.ts";
import { UNCOUNTED_REASONS, WHY_NOT_COUNTED } from "./uncounted.ts";

export const MAX_LIMIT = 500;
export const DEFAULT_LIMIT = 100;

/** Rank is a key, so any depth costs the same; the end is where offset + limit would stop being exact. */
const MAX_OFFSET = Number.MAX_SAFE_INTEGER - MAX_LIMIT;

const windowShape = {
  limit: integerParameter({
    minimum: 1,
    maximum: MAX_LIMIT,
    default: DEFAULT_LIMIT,
    description: `Agents per page. With q at most ${MAX_SEARCH_LIMIT}, which is then the default.`,
    example: 50,
  }).optional(),
  offset: integerParameter({
    minimum: 0,
    maximum: MAX_OFFSET,
    default: 0,
    description: "Agents to skip from the top. Any depth costs the same; past the end the page is empty.",
    example: 100,
  }).optional(),
  version: integerParameter({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: "Pins a published ranking, as the Link header does: all pages of one version belong together.",
    example: 812,
  }).optional(),
  around: addressParameter("Centres the page on this agent, by Stacks or Bitcoin address. Not with offset.").optional(),
  q: searchParameter.optional(),
};

interface Places {
  limit?: number | undefined;
  offset?: number | undefined;
  around?: unknown;
  q?: unknown;
}

function refuseTwoPlaces({ limit, offset, around, q }: Places, context: z.RefinementCtx): void {
  const refuse = (parameter: string, message: string) =>
    context.addIssue({ code: "custom", path: [parameter], message });
  if (around !== undefined && offset !== undefined) refuse("offset", "cannot be combined with around");
  if (q === undefined) return;
  if (offset !== undefined) refuse("offset", "cannot be combined with q");
  if (around !== undefined) refuse("around", "cannot be combined with q");
  if (limit !== undefined && limit > MAX_SEARCH_LIMIT) refuse("limit", `must be at most ${MAX_SEARCH_LIMIT} with q`);
}

/** Which part of which ranking: shared by the JSON and the page. */
export const pageQuerySchema = z.strictObject(windowShape).superRefine(refuseTwoPlaces);
export type PageQuery = z.infer<typeof pageQuerySchema>;

export const dashboardQuerySchema = z
  .strictObject({
    ...windowShape,
    docs: z
      .literal("1", { error: "must be 1" })
      .optional()
      .openapi({ description: "Answers with a description of this resource instead of data.", example: "1" }),
  })
  .superRefine(refuseTwoPlaces);

/** The whole of a ranking. */
export const rankingQuerySchema = z.strictObject({ version: windowShape.version });

export const addressParamsSchema = z.object({
  address: addressParameter("Mainnet Stacks or Bitcoin address of the agent; bech32 in either case."),
});

const tokenSchema = z
  .object({
    symbol: z.string(),
    balance: z.string().regex(/^\d+$/).openapi({ description: "Base units, as digits: may exceed 2^53." }),
    decimals: z.int().min(0).max(38),
    amount: z.number().min(0).openapi({ description: "balance / 10^decimals, rounded to the nearest number." }),
    priceUsd: z.number().min(0).openapi({ description: "US dollars a whole token; 0 when not priced." }),
    usdValue: z.number().min(0).openapi({ description: "US dollars that count; 0 when not priced or not counted." }),
    contract: z.string().optional().openapi({ description: "Only for Stacks tokens other than STX." }),
    priced: z.boolean().openapi({ description: "false: no price is known, so priceUsd and usdValue say nothing." }),
    decimalsKnown: z.boolean().openapi({ description: "false: decimals is 0 and amount counts base units." }),
    counted: z.boolean().openapi({ description: "false: listed, and no part of totalUsd; then reason says why." }),
    reason: z
      .enum(UNCOUNTED_REASONS)
      .optional()
      .openapi({
        description: `Only when not counted. ${UNCOUNTED_REASONS.map((reason) => `${reason}: ${WHY_NOT_COUNTED[reason]}`).join(" ")}`,
      }),
  })
  .openapi("Token");

const agentShape = {
  stxAddress: z.string(),
  btcAddress: z.string(),
  displayName: z.string().nullable(),
  bnsName: z.string().nullable(),
  level: z.int().min(0),
  levelName: z.string(),
  tokens: z.array(tokenSchema).openapi({ description: "Without zero balances, largest value that counts first." }),
  totalUsd: z.number().min(0).openapi({ description: "US dollars: the sum of the counted tokens." }),
  fetchError: z.literal("partial").optional().openapi({
    description:
      "Present when a source failed at the last attempt, or a fall is held back: values are the last good ones.",
  }),
};

const time = z.iso.datetime();

const agentSchema = z
  .object({
    rank: z.int().min(1).openapi({ description: "Position in the ranking, without gaps or ties." }),
    ...agentShape,
    updatedAt: time.openapi({ description: "The older of the last good answers of the agent's sources." }),
  })
  .openapi("Agent");

const pricesSchema = z
  .object({ BTC: z.number().nullable(), STX: z.number().nullable(), sBTC: z.number().nullable() })
  .openapi("Prices", {
    description: "US dollars a token: the one price vector of the ranking. null: none was ever accepted.",
  });

const publishedAt = time
  .nullable()
  .openapi({ description: "When this ranking was published. null: none has been yet." });
const version = z.int().min(0).openapi({ description: "Of the ranking. 0: none has been published yet." });

export const dashboardSchema = z
  .object({
    agents: z.array(agentSchema).openapi({ description: "By totalUsd descending, then by stxAddress." }),
    prices: pricesSchema,
    stats: z.object({
      total: z.int().min(0).openapi({ description: "Ranked agents." }),
      totalUsd: z.number().min(0),
      pricedAt: time.nullable().openapi({ description: "When the oldest of the prices was true." }),
      partialCount: z.int().min(0).openapi({ description: "Ranked by last good values: a source failed lately." }),
      pendingCount: z
        .int()
        .min(0)
        .openapi({ description: "Registered, but not ranked until every source has answered." }),
    }),
    cachedAt: publishedAt,
    version,
    pagination: z.object({
      total: z.int().min(0).openapi({ description: "Ranked agents; with q those that match, of the words looked at." }),
      limit: z.int().min(1).max(MAX_LIMIT),
      offset: z.int().min(0),
      hasMore: z.boolean().openapi({
        description: "More agents follow; with q: more match than are shown, or may, so narrow the search.",
      }),
    }),
  })
  .openapi("Dashboard");

export const agentAnswerSchema = z
  .object({
    rank: z.int().min(1).nullable().openapi({ description: "null: pending." }),
    ...agentShape,
    updatedAt: time.nullable().openapi({ description: "null: not every source has answered yet." }),
    pending: z.boolean().openapi({
      description: "true: registered but not ranked yet; tokens and totalUsd hold what is known so far.",
    }),
    prices: pricesSchema,
    cachedAt: publishedAt,
    version,
  })
  .openapi("AgentAnswer");

export const selfDescriptionSchema = z
  .object({
    endpoint: z.string(),
    method: z.literal("GET"),
    description: z.string(),
    parameters: z.record(z.string(), z.string()),
    responseFormat: z.record(z.string(), z.string()),
    notes: z.array(z.string()),
    links: z.record(z.string(), z.string()),
  })
  .openapi("DashboardDescription");

export type Token = z.infer<typeof tokenSchema>;
export type Agent = z.infer<typeof agentSchema>;
export type Prices = z.infer<typeof pricesSchema>;
export type Dashboard = z.infer<typeof dashboardSchema>;
export type AgentAnswer = z.infer<typeof agentAnswerSchema>;
export type SelfDescription = z.infer<typeof selfDescriptionSchema>;
