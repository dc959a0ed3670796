import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv, Env } from "../env.ts";
import { setCachePolicy } from "../http/cache-policy.ts";
import { CSV_TYPE, JSON_TYPE, MARKDOWN_TYPE, negotiate } from "../http/negotiate.ts";
import { problem } from "../http/problem.ts";
import { DASHBOARD_PATH } from "../paths.ts";
import { answerCsv, answerMarkdown, csv, markdown, pageHeaders, pageProblems, unchanged } from "../ranking/answers.ts";
import { dashboardExample } from "../ranking/examples.ts";
import { readPage } from "../ranking/read.ts";
import {
  dashboardQuerySchema,
  dashboardSchema,
  type PageQuery,
  type SelfDescription,
  selfDescriptionSchema,
} from "../ranking/schema.ts";
import { isPageUnchanged, planVisit, setPageLinks } from "../ranking/visit.ts";

export const getDashboardRoute = createRoute({
  method: "get",
  path: DASHBOARD_PATH,
  operationId: "getDashboard",
  tags: ["Rankings"],
  summary: "A page of the ranking",
  description:
    "Agents by the US dollar value of what they hold: BTC, STX, sBTC and Stacks tokens. Follow the Link header to page: its links pin the version, and the pages of one version are exactly its ranking. Accept: text/csv is the whole ranking.",
  request: { query: dashboardQuerySchema },
  responses: {
    200: {
      description: "The page, or with docs=1 the description of this resource.",
      headers: pageHeaders,
      content: {
        "application/json": { schema: z.union([dashboardSchema, selfDescriptionSchema]), example: dashboardExample },
        ...markdown,
        ...csv,
      },
    },
    ...unchanged,
    ...pageProblems,
  },
});

/** @param describe what docs=1 answers: only the whole of the API can describe a part of it */
export function registerDashboard(
  app: OpenAPIHono<AppEnv>,
  describe: (env: Pick<Env, "PUBLIC_URL">) => SelfDescription,
): void {
  app.openapi(getDashboardRoute, async (c) => {
    const { docs, ...query } = c.req.valid("query");
    const format = negotiate(c, [JSON_TYPE, MARKDOWN_TYPE, CSV_TYPE]);
    if (docs) {
      setCachePolicy(c, "static");
      return c.json(describe(c.env), 200);
    }
    if (format === CSV_TYPE) return answerCsv(c, refuseParts(query));
    const plan = await planVisit(c, query);
    if (format === MARKDOWN_TYPE) return answerMarkdown(c, plan, DASHBOARD_PATH);
    if (isPageUnchanged(c, plan, "json")) return c.body(null, 304);
    setPageLinks(c, plan, DASHBOARD_PATH);
    return c.json(await readPage(c.var.db, plan), 200);
  });
}

/** CSV is the whole ranking: a part that was asked for must not be answered with all of it. */
function refuseParts({ version, ...parts }: PageQuery): number | undefined {
  const errors = Object.entries(parts).flatMap(([parameter, value]) =>
    value === undefined ? [] : [{ parameter, detail: "cannot be combined with text/csv, which is the whole ranking" }],
  );
  if (errors.length > 0) throw problem("invalid-request", { errors });
  return version;
}
