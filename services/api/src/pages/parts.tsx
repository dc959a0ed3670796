import type { AgentAnswer, Prices, Token } from "../ranking/schema.ts";
import { WHY_NOT_COUNTED } from "../ranking/uncounted.ts";
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

export function NotCounted({ token: { reason = "unlisted" } }: { token: Token }) {
  return <span title={WHY_NOT_COUNTED[reason]}>not counted: {reason}</span>;
}

export function Badges({ agent }: { agent: Pick<AgentAnswer, "fetchError" | "tokens"> }) {
  const uncounted = agent.tokens.filter((token) => !token.counted).length;
  return (
    <>
      {agent.fetchError && (
        <span
          class="badge"
          title="A source failed at the last attempt, or a fall is held back: these are the last good values."
        >
          Partial: last good values
        </span>
      )}{" "}
      {uncounted > 0 && (
        <span class="badge" title="Listed, and no part of the total.">
          {uncounted} {uncounted === 1 ? "token" : "tokens"} not counted
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
