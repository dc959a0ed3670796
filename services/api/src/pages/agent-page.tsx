import type { AgentAnswer, Token } from "../ranking/schema.ts";
import { formatCount, formatPrice, formatUsd } from "./format.ts";
import { renderPage } from "./layout.tsx";
import { AgentName, Badges, NotCounted, PriceFacts, Time, TokenAmount, Usd } from "./parts.tsx";

export function renderAgentPage(agent: AgentAnswer): string {
  const { rank, stxAddress, displayName, bnsName, tokens } = agent;
  return renderPage(
    displayName ?? bnsName ?? stxAddress,
    <>
      <h1>
        <AgentName agent={agent} />
      </h1>
      <p class="muted">
        {displayName !== null && bnsName !== null && (
          <>
            <bdi>{bnsName}</bdi>,{" "}
          </>
        )}
        level {agent.level} <bdi>{agent.levelName}</bdi>
      </p>
      <Badges agent={agent} />
      {agent.pending && <Pending />}
      <dl class="facts">
        <div>
          <dt>Rank</dt>
          <dd>
            {rank === null ? (
              "Pending"
            ) : (
              <a href={`/dashboard?around=${stxAddress}&version=${agent.version}#rank-${rank}`}>
                {formatCount(rank)}
                <span class="visually-hidden">, show in the ranking</span>
              </a>
            )}
          </dd>
        </div>
        <div>
          <dt>{agent.pending ? "Known so far" : "Total"}</dt>
          <dd>
            <Usd value={agent.totalUsd} />
          </dd>
        </div>
        <PriceFacts prices={agent.prices} />
      </dl>
      <h2>Holdings</h2>
      {tokens.length === 0 ? (
        <p>{agent.pending ? "Nothing is known yet." : "Nothing."}</p>
      ) : (
        <Holdings tokens={tokens} />
      )}
      <h2>Addresses</h2>
      <p>
        Stacks <code>{stxAddress}</code>
        <br />
        Bitcoin <code>{agent.btcAddress}</code>
      </p>
      <p class="muted">
        {agent.cachedAt && (
          <>
            Ranking of <Time at={agent.cachedAt} />, version {agent.version}.{" "}
          </>
        )}
        {agent.updatedAt && (
          <>
            Balances of <Time at={agent.updatedAt} /> or newer.
          </>
        )}
      </p>
    </>,
  );
}

function Pending() {
  return (
    <div class="empty">
      <p>
        <strong>Not ranked yet.</strong> An agent gets its rank once every source has answered for it: what is unknown
        is not counted as zero.
      </p>
    </div>
  );
}

function Holdings({ tokens }: { tokens: readonly Token[] }) {
  return (
    <div class="table">
      <table>
        <caption>Largest value first</caption>
        <thead>
          <tr>
            <th scope="col">Token</th>
            <th scope="col" class="price">
              Price
            </th>
            <th scope="col" class="total right">
              Value
            </th>
          </tr>
        </thead>
        <tbody class="plain">
          {tokens.map((token) => (
            <tr>
              <th scope="row">
                <TokenAmount token={token} />
                {token.contract && (
                  <div class="addresses">
                    <code>{token.contract}</code>
                  </div>
                )}
              </th>
              <td class="price num">
                {token.priced ? formatPrice(token.priceUsd) : <span class="badge">No price known</span>}
              </td>
              <td class="total right">{token.counted ? formatUsd(token.usdValue) : <NotCounted token={token} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
