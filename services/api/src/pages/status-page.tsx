import type { AcceptedPrice, LoggedTick, Progress, Publication } from "@standings/db";
import { toHealth } from "../routes/health.ts";
import type { Health } from "../ranking/health.ts";
import { formatAge, formatCount, formatPrice } from "./format.ts";
import { renderPage } from "./layout.tsx";
import { Time } from "./parts.tsx";

/** What D1 alone says of the rebuild: nothing here that an operator would keep to himself. */
export interface PublicStatus {
  now: number; // Unix milliseconds
  publication: Publication | undefined;
  progress: Progress;
  prices: readonly AcceptedPrice[];
  ticks: readonly LoggedTick[]; // newest first
}

const VERDICTS: Record<Health["status"], string> = {
  ok: "Fresh",
  stale: "Stale: the newest ranking is older than it should be",
  starting: "Starting: nothing has been published yet",
  unreachable: "The database does not answer",
};

const CHECKS: Record<keyof Health["checks"], string> = {
  database: "Database",
  publication: "Newest ranking",
  coverage: "Coverage",
  prices: "Prices",
};

export function renderStatusPage(status: PublicStatus): string {
  const { now, publication, progress, prices, ticks } = status;
  const health = toHealth(publication, now);
  return renderPage(
    "Status",
    <>
      <h1>Status</h1>
      <p>
        <span class={health.status === "ok" ? "badge good" : "badge"}>{VERDICTS[health.status]}</span>
      </p>
      <p class="muted">
        As of <Time at={toIso(now)} />.
      </p>
      {publication && <RankingFacts publication={publication} progress={progress} now={now} />}
      <h2>Checks</h2>
      <dl class="fields">
        {Object.entries(health.checks).map(([name, { ok, detail }]) => (
          <div>
            <dt>
              {CHECKS[name as keyof Health["checks"]]} <span class="muted">{ok ? "good" : "not good"}</span>
            </dt>
            <dd>{detail}</dd>
          </div>
        ))}
      </dl>
      <Rotation progress={progress} />
      <Prices prices={prices} now={now} />
      <Ticks ticks={ticks} now={now} />
    </>,
  );
}

function RankingFacts(facts: { publication: Publication; progress: Progress; now: number }) {
  const { version, published_at, agents, partial, pending } = facts.publication;
  const known = agents + pending;
  return (
    <dl class="facts">
      <div>
        <dt>Newest ranking</dt>
        <dd>
          version {version}
          <small>
            <Age at={published_at} now={facts.now} />
          </small>
        </dd>
      </div>
      <div>
        <dt>Ranked</dt>
        <dd>
          {formatCount(agents)} of {formatCount(known)}
          <small>{known === 0 ? "nobody is registered" : `${toPercent(agents, known)} % coverage`}</small>
        </dd>
      </div>
      <div>
        <dt>Partial</dt>
        <dd>
          {formatCount(partial)}
          <small>ranked by last good values</small>
        </dd>
      </div>
      <div>
        <dt>Pending</dt>
        <dd>
          {formatCount(pending)}
          <small>a source has never answered</small>
        </dd>
      </div>
    </dl>
  );
}

function Rotation({ progress: { rotation, processed, agents } }: { progress: Progress }) {
  return (
    <>
      <h2>Rotation</h2>
      {rotation === 0 ? (
        <p>No agent has been asked for yet.</p>
      ) : (
        <p>
          <label>
            Rotation {formatCount(rotation)}: {formatCount(processed)} of {formatCount(agents)} agents asked for{" "}
            <progress max={Math.max(1, agents)} value={processed} />
          </label>
        </p>
      )}
    </>
  );
}

const SYMBOLS: Record<string, string> = { "btc-l1": "BTC", stx: "STX", sbtc: "sBTC" };

function Prices({ prices, now }: { prices: readonly AcceptedPrice[]; now: number }) {
  return (
    <>
      <h2>Prices</h2>
      {prices.length === 0 ? (
        <p>No price has been accepted yet.</p>
      ) : (
        <dl class="fields">
          {prices.map(({ tokenId, priceUsd, pricedAt, source }) => (
            <div>
              <dt>
                {SYMBOLS[tokenId] ?? tokenId} <b class="num">{formatPrice(priceUsd)}</b>
              </dt>
              <dd class="muted">
                from {source}, <Age at={pricedAt} now={now} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

function Ticks({ ticks, now }: { ticks: readonly LoggedTick[]; now: number }) {
  return (
    <>
      <h2>Last ticks</h2>
      {ticks.length === 0 ? (
        <p>No tick has committed yet.</p>
      ) : (
        <dl class="fields">
          {ticks.map(({ epoch, committed_at, agents, failed }) => (
            <div>
              <dt>
                Tick {formatCount(epoch)}{" "}
                <span class="muted">
                  <Age at={committed_at} now={now} />
                </span>
              </dt>
              <dd>
                {formatCount(agents)} {agents === 1 ? "agent" : "agents"}, {formatCount(failed)} with a source that
                failed
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

function Age({ at, now }: { at: number; now: number }) {
  return (
    <time datetime={toIso(at)} title={toIso(at)}>
      {formatAge(now - at)} ago
    </time>
  );
}

function toIso(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** Rounded down: all is said only of all. */
function toPercent(part: number, whole: number): number {
  return Math.floor((part / whole) * 1_000) / 10;
}
