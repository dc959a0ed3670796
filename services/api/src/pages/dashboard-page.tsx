import type { Agent, Dashboard } from "../ranking/schema.ts";
import { MAX_SEARCH_CHARACTERS } from "../ranking/search.ts";
import { type PageRelation, toNeighbours, toPagePath } from "../ranking/window.ts";
import { formatCount, formatUsd } from "./format.ts";
import { renderPage } from "./layout.tsx";
import { Address, AgentName, Badges, NotCounted, PriceFacts, Time, TokenAmount, Usd } from "./parts.tsx";

/** A row names the largest holdings; the agent's own page has all of them. */
const TOKENS_PER_ROW = 4;

/** @param search what was searched for, as typed; undefined = a page of the ranking */
export function renderDashboardPage(dashboard: Dashboard, search?: string): string {
  const title = search === undefined ? "Ranking" : `Search: ${search}`;
  const isEmpty = dashboard.cachedAt === null;
  return renderPage(title, isEmpty ? <NothingYet /> : <Ranking dashboard={dashboard} search={search} />);
}

function NothingYet() {
  return (
    <>
      <h1>Ranking</h1>
      <div class="empty">
        <p>
          <strong>No ranking has been published yet.</strong>
        </p>
        <p>
          The first one appears as soon as the rebuilder has fetched its first agents, usually within a few minutes of
          the first start. Reload this page then. If it stays empty, <a href="/api/health">the health check</a> says
          what is missing.
        </p>
      </div>
    </>
  );
}

interface Shown {
  dashboard: Dashboard;
  search: string | undefined;
}

function Ranking({ dashboard, search }: Shown) {
  const { agents, stats, prices, cachedAt, version } = dashboard;
  return (
    <>
      <h1>Ranking</h1>
      <p class="muted">
        {cachedAt && (
          <>
            As of <Time at={cachedAt} />, version {version}
          </>
        )}
        {stats.pricedAt && (
          <>
            , prices of <Time at={stats.pricedAt} /> or newer
          </>
        )}
        .
      </p>
      <dl class="facts">
        <div>
          <dt>All agents together</dt>
          <dd>
            <Usd value={stats.totalUsd} />
          </dd>
        </div>
        <div>
          <dt>Ranked</dt>
          <dd>
            {toAgents(stats.total)}
            <small>
              {formatCount(stats.partialCount)} partial, {formatCount(stats.pendingCount)} pending
            </small>
          </dd>
        </div>
        <PriceFacts prices={prices} />
      </dl>
      <Search search={search} />
      {search !== undefined && <Matches dashboard={dashboard} search={search} />}
      {agents.length === 0 && search === undefined && <EmptyPage dashboard={dashboard} />}
      {agents.length > 0 && <Table dashboard={dashboard} />}
      {search === undefined && <PageLinks dashboard={dashboard} />}
      <p class="muted">
        This version as <a href={`/api/dashboard.csv?version=${version}`}>CSV</a> or{" "}
        <a href={`/api/dashboard?version=${version}`}>JSON</a>.
      </p>
    </>
  );
}

function Search({ search }: Pick<Shown, "search">) {
  return (
    <search>
      <form class="search" action="/dashboard">
        <label for="q">Find an agent</label>
        <input
          id="q"
          name="q"
          type="search"
          value={search ?? ""}
          maxlength={MAX_SEARCH_CHARACTERS}
          placeholder="Name or address"
          autocomplete="off"
          required
        />
        <button type="submit">Search</button>
      </form>
    </search>
  );
}

function Matches({ dashboard, search }: { dashboard: Dashboard; search: string }) {
  const { agents, pagination } = dashboard;
  return (
    <p role="status">
      {agents.length === 0
        ? "No agent matches "
        : `${pagination.hasMore ? "The first " : ""}${toAgents(agents.length)} for `}
      <bdi>“{search}”</bdi>
      {pagination.hasMore && ": add a word or more letters to see others"}.{" "}
      <a href="/dashboard">Back to the whole ranking</a>
    </p>
  );
}

function toAgents(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "agent" : "agents"}`;
}

function EmptyPage({ dashboard }: { dashboard: Dashboard }) {
  return (
    <div class="empty">
      {dashboard.stats.total === 0 ? (
        <p>No agent is ranked in this version: an agent is ranked once each of its sources has answered.</p>
      ) : (
        <p>This page is past the end: the ranking has {formatCount(dashboard.stats.total)} agents.</p>
      )}
    </div>
  );
}

function Table({ dashboard }: { dashboard: Dashboard }) {
  return (
    <div class="table">
      <table>
        <caption>Agents by the US dollar value of what they hold, largest first</caption>
        <thead>
          <tr>
            <th scope="col" class="rank right">
              Rank
            </th>
            <th scope="col" class="agent">
              Agent
            </th>
            <th scope="col" class="level">
              Level
            </th>
            <th scope="col">Holdings</th>
            <th scope="col" class="total right">
              Total
            </th>
          </tr>
        </thead>
        <tbody>
          {dashboard.agents.map((agent) => (
            <Row agent={agent} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ agent }: { agent: Agent }) {
  const shown = agent.tokens.slice(0, TOKENS_PER_ROW);
  const more = agent.tokens.length - shown.length;
  return (
    <tr id={`rank-${agent.rank}`}>
      <td class="rank right">{agent.rank}</td>
      <th scope="row">
        <div class="name">
          <a href={`/dashboard/${agent.stxAddress}`}>
            <AgentName agent={agent} />
          </a>
        </div>
        <div class="addresses">
          {agent.displayName !== null && agent.bnsName !== null && <bdi>{agent.bnsName}</bdi>}
          <Address address={agent.stxAddress} />
          <Address address={agent.btcAddress} />
        </div>
        <Badges agent={agent} />
      </th>
      <td class="wide level">
        <span class="num">{agent.level}</span> <bdi class="muted">{agent.levelName}</bdi>
      </td>
      <td class="wide">
        {shown.length === 0 ? (
          <span class="muted">nothing</span>
        ) : (
          <ul class="tokens">
            {shown.map((token) => (
              <li title={token.contract}>
                <TokenAmount token={token} />{" "}
                <span class="muted num">
                  {token.counted ? formatUsd(token.usdValue) : <NotCounted token={token} />}
                </span>
              </li>
            ))}
            {more > 0 && (
              <li>
                <a href={`/dashboard/${agent.stxAddress}`}>{more} more</a>
              </li>
            )}
          </ul>
        )}
      </td>
      <td class="total right">
        <Usd value={agent.totalUsd} />
      </td>
    </tr>
  );
}

const LABELS: Record<PageRelation, string> = { first: "First", prev: "Previous", next: "Next", last: "Last" };

function PageLinks({ dashboard }: { dashboard: Dashboard }) {
  const { pagination, version, agents } = dashboard;
  const neighbours = toNeighbours(pagination, pagination.total);
  const first = agents.at(0)?.rank;
  const last = agents.at(-1)?.rank;
  return (
    <nav class="pages" aria-label="Pages of this ranking">
      {(Object.keys(LABELS) as PageRelation[]).map((relation) => {
        const neighbour = neighbours.get(relation);
        const isHere = neighbour === undefined || neighbour.offset === pagination.offset;
        return isHere ? (
          <span class="off">{LABELS[relation]}</span>
        ) : (
          <a href={toPagePath("/dashboard", neighbour, version)} rel={relation}>
            {LABELS[relation]}
          </a>
        );
      })}
      {first !== undefined && last !== undefined && (
        <span class="place">
          Ranks {formatCount(first)} to {formatCount(last)} of {formatCount(pagination.total)}
        </span>
      )}
    </nav>
  );
}
