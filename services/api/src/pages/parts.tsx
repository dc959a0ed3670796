import type { AgentAnswer, Prices, Token } from "../ranking/schema.ts";
import { formatAmount, formatPrice, formatTime, formatUsd, formatUsdExactly, shortenAddress } from "./format.ts";

export function Time({ at }: { at: string }) {
  return <time datetime={at}>{formatTime(at)}</time>;
}

/** Names are anyone's to choose: isolated, so that their direction cannot reorder what stands beside them. */
export function AgentName({ agent }: { agent: Pick<AgentAnswer, "displayName" | "bnsName"> }) {
  const name = agent.displayName ?? agent.bnsName;
  return name === null ? <span class="muted">Unnamed agent</span> : <bdi>{name}</bdi>;
}

export function Address({ address }: { address: string }) {
  return <code title={address}>{shortenAddress(address)}</code>;
}

export function Usd({ value }: { value: number }) {
  return <span title={formatUsdExactly(value)}>{formatUsd(value)}</span>;
}

export function TokenAmount({ token }: { token: Token }) {
  return (
    <>
      <b>
        <bdi>{token.symbol}</bdi>
      </b>{" "}
      <span class="num" title={`${token.balance} base units`}>
        {formatAmount(token.amount)}
        {token.decimalsKnown ? "" : " base units"}
      </span>
    </>
  );
}

export function Badges({ agent }: { agent: Pick<AgentAnswer, "fetchError" | "tokens"> }) {
  const unpriced = agent.tokens.filter((token) => !token.priced).length;
  return (
    <>
      {agent.fetchError && (
        <span class="badge" title="A source failed at the last attempt: these are the last good values.">
          Partial: last good values
        </span>
      )}{" "}
      {unpriced > 0 && (
        <span class="badge" title="No price is known for them: they do not count towards the total.">
          {unpriced} unpriced {unpriced === 1 ? "token" : "tokens"}
        </span>
      )}
    </>
  );
}

export function PriceFacts({ prices }: { prices: Prices }) {
  return (
    <>
      {Object.entries(prices).map(([symbol, price]) => (
        <div>
          <dt>{symbol} price</dt>
          <dd>{formatPrice(price)}</dd>
        </div>
      ))}
    </>
  );
}
