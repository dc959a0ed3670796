import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { setCachePolicy } from "../../cache-policy.ts";
import { type AppEnv, toLink } from "../../env.ts";
import { handleInvalidInput } from "../../errors.ts";
import { isUnchanged, toDigest } from "../../etag.ts";
import { CSV_TYPE, JSON_TYPE, MARKDOWN_TYPE, negotiate } from "../../format.ts";
import { logError } from "../../log.ts";
import type { AgentAddress } from "../../parameters.ts";
import { problem } from "../../problem.ts";
import { countAgainst } from "../../rate-limit.ts";
import { CSV_HEADER } from "./csv.ts";
import { openCsv } from "./csv-stream.ts";
import { describeDashboard } from "./describe.ts";
import { renderAgentMarkdown, renderDashboardMarkdown } from "./markdown.ts";
import { findRanking, type PagePlan, planPage, readAgent, readPage } from "./read.ts";
import {
  getAgentMarkdownRoute,
  getAgentRoute,
  getDashboardCsvRoute,
  getDashboardMarkdownRoute,
  getDashboardRoute,
} from "./routes.ts";
import { addressParamsSchema, type PageQuery } from "./schema.ts";
import { toNeighbours, toPagePath } from "./window.ts";

const JSON_PATH = "/api/dashboard";
const CSV_PATH = "/api/dashboard.csv";
const MARKDOWN_PATH = "/api/dashboard.md";

export function registerDashboard(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getDashboardRoute, async (c) => {
    const { docs, ...query } = c.req.valid("query");
    const format = negotiate(c, [JSON_TYPE, MARKDOWN_TYPE, CSV_TYPE]);
    if (docs) {
      setCachePolicy(c, "static");
      return c.json(describeDashboard(c.env), 200);
    }
    if (format === CSV_TYPE) return answerCsv(c, refuseParts(query));
    const plan = await planVisit(c, query);
    if (format === MARKDOWN_TYPE) return answerMarkdown(c, plan, JSON_PATH);
    if (isPageUnchanged(c, plan, "json")) return c.body(null, 304);
    setPageLinks(c, plan, JSON_PATH);
    return c.json(await readPage(c.env.DB, c.var.db, plan), 200);
  });

  app.openapi(getDashboardCsvRoute, (c) => answerCsv(c, c.req.valid("query").version));

  app.openapi(getDashboardMarkdownRoute, async (c) =>
    answerMarkdown(c, await planVisit(c, c.req.valid("query")), MARKDOWN_PATH),
  );

  // Hono has no path with a parameter and an ending, OpenAPI has.
  app.openAPIRegistry.registerPath(getAgentMarkdownRoute);
  app.get("/api/dashboard/:file{[^/]+\\.md}", async (c) => {
    const unknown = Object.keys(c.req.query()).map((parameter) => ({ parameter, detail: "is not known here" }));
    if (unknown.length > 0) throw problem("invalid-request", { errors: unknown });
    const params = addressParamsSchema.safeParse({ address: c.req.param("file").slice(0, -".md".length) });
    const invalid = handleInvalidInput({ ...params, target: "param" }, c);
    return invalid ?? answerAgentMarkdown(c, (params.data as { address: AgentAddress }).address);
  });

  app.openapi(getAgentRoute, async (c) => {
    const { address } = c.req.valid("param");
    if (negotiate(c, [JSON_TYPE, MARKDOWN_TYPE]) === MARKDOWN_TYPE) return answerAgentMarkdown(c, address);
    const agent = await readAgent(c.var.db, address);
    setCachePolicy(c, agent.version === 0 ? "none" : "snapshot");
    // A digest, since what is known of a pending agent changes without a version.
    if (isUnchanged(c, [agent.version, await toDigest(JSON.stringify(agent))])) return c.body(null, 304);
    return c.json(agent, 200);
  });
}

/** The plan of a request's page. A search is counted before it costs anything. */
export async function planVisit(c: Context<AppEnv>, query: PageQuery): Promise<PagePlan> {
  if (query.q) await countAgainst(c, { binding: "SEARCHES", code: "too-many-searches" });
  return planPage(c.var.db, query);
}

/** Sets policy and validator of a page of the ranking. The empty one before the first publication is never stored. */
export function isPageUnchanged(c: Context<AppEnv>, plan: PagePlan, ...format: string[]): boolean {
  const { publication, window, words } = plan;
  setCachePolicy(c, publication ? "snapshot" : "none");
  if (!publication) return false;
  const search = words ? ["q", encodeURIComponent(words.join(" "))] : [];
  return isUnchanged(c, [publication.version, ...format, window.limit, window.offset, ...search]);
}

/** A search has no neighbours: it is one page. */
function setPageLinks(c: Context<AppEnv>, { publication, window, words }: PagePlan, path: string): void {
  if (!publication || words) return;
  const links = [...toNeighbours(window, publication.agents)].map(
    ([relation, neighbour]) =>
      `<${toLink(c.env, toPagePath(path, neighbour, publication.version))}>; rel="${relation}"`,
  );
  c.header("Link", links.join(", "));
}

async function answerMarkdown(c: Context<AppEnv>, plan: PagePlan, path: string): Promise<Response> {
  if (isPageUnchanged(c, plan, "md")) return c.body(null, 304);
  setPageLinks(c, plan, path);
  const { publication, window, words } = plan;
  const version = publication?.version ?? 0;
  const next = words ? undefined : toNeighbours(window, publication?.agents ?? 0).get("next");
  const search = words && `?q=${encodeURIComponent(words.join(" "))}&limit=${window.limit}&version=${version}`;
  const dashboard = await readPage(c.env.DB, c.var.db, plan);
  const text = renderDashboardMarkdown(dashboard, {
    isSearch: words !== undefined,
    next: next && toLink(c.env, toPagePath(MARKDOWN_PATH, next, version)),
    json: toLink(c.env, search ? JSON_PATH + search : toPagePath(JSON_PATH, window, version)),
    csv: toLink(c.env, `${CSV_PATH}?version=${version}`),
  });
  return c.body(text, 200, { "Content-Type": `${MARKDOWN_TYPE}; charset=utf-8` });
}

async function answerAgentMarkdown(c: Context<AppEnv>, address: AgentAddress): Promise<Response> {
  const agent = await readAgent(c.var.db, address);
  setCachePolicy(c, agent.version === 0 ? "none" : "snapshot");
  const text = renderAgentMarkdown(agent);
  if (isUnchanged(c, [agent.version, "md", await toDigest(text)])) return c.body(null, 304);
  return c.body(text, 200, { "Content-Type": `${MARKDOWN_TYPE}; charset=utf-8` });
}

async function answerCsv(c: Context<AppEnv>, version: number | undefined): Promise<Response> {
  const publication = await findRanking(c.var.db, version);
  setCachePolicy(c, publication ? "snapshot" : "none");
  if (publication && isUnchanged(c, [publication.version, "csv"])) return c.body(null, 304);
  const onCut = (error: unknown) => logError("a CSV answer was cut", error, { requestId: c.var.requestId });
  const body = publication ? await openCsv(c.env.DB, c.var.db, publication, onCut) : CSV_HEADER;
  return c.body(body, 200, {
    "Content-Type": `${CSV_TYPE}; charset=utf-8; header=present`,
    "Content-Disposition": `attachment; filename="standings-${publication?.version ?? 0}.csv"`,
    "X-Total-Count": String(publication?.agents ?? 0),
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
