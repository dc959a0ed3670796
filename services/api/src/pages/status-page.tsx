import type { AcceptedPrice, LoggedTick, Publication } from "@standings/db";
import { type FreshnessFacts, type FreshnessStatus, LANES, type Lane } from "@standings/rebuilder/contract";
import type { Child } from "hono/jsx";
import { formatAge } from "../ranking/age.ts";
import type { Board } from "../ranking/board.ts";
import { type Health, toHealth } from "../ranking/health.ts";
import { formatCount, formatPrice } from "./format.ts";
import { renderPage } from "./layout.tsx";
import { type Place, parsePlace } from "./logged-place.ts";
import { Time } from "./parts.tsx";

/** What D1 alone says of the rebuild: nothing here that an operator would keep to himself. */
export interface PublicStatus {
  now: number; // Unix milliseconds
  url: string; // of this service, for the commands that are named
  board: Board;
  prices: readonly AcceptedPrice[];
  ticks: readonly LoggedTick[]; // newest first
}

const VERDICTS: Record<FreshnessStatus, string> = {
  ok: "Fresh",
  degraded: "Degraded: readable, and something is wrong",
  stale: "Stale: the data is older than it should be",
  starting: "Starting: nothing has been published yet",
  unreachable: "The database does not answer",
};

const CHECKS: Record<keyof Health["checks"], string> = {
  publication: "Newest ranking",
  stacks: "Stacks lane",
  bitcoin: "Bitcoin lane",
  prices: "Prices",
  holds: "Holds",
  rebuilder: "Rebuilder",
};

export function renderStatusPage({ now, url, board, prices, ticks }: PublicStatus): string {
  const health = toHealth(board, url, now);
  const { publication, row } = board;
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
      <Reasons reasons={health.reasons} now={now} />
      {publication && <RankingFacts publication={publication} now={now} />}
      <h2>Checks</h2>
      <dl class="fields">
        {Object.entries(health.checks).map(([name, { ok, detail }]) => (
          <Entry title={CHECKS[name as keyof Health["checks"]]} note={ok ? "good" : "not good"}>
            {detail}
          </Entry>
        ))}
      </dl>
      <Lanes facts={row?.facts ?? null} place={parsePlace(ticks[0]?.place ?? null)} now={now} />
      <Holds facts={row?.facts ?? null} now={now} />
      <Prices prices={prices} now={now} />
      <Ticks ticks={ticks} now={now} />
    </>,
  );
}

/** What is wrong, since when, and what to do. */
function Reasons({ reasons, now }: { reasons: Health["reasons"]; now: number }) {
  if (reasons.length === 0) return null;
  return (
    <>
      <h2>Why</h2>
      <dl class="fields">
        {reasons.map(({ code, since, why, action }) => (
          <Entry title={why} note={code}>
            {since && (
              <>
                Since <Time at={since} /> (<Age at={Date.parse(since)} now={now} />
                ).{" "}
              </>
            )}
            {action && (
              <>
                The operator runs <code>{action.command}</code> {action.when}.
              </>
            )}
          </Entry>
        ))}
      </dl>
    </>
  );
}

function RankingFacts(facts: { publication: Publication; now: number }) {
  const { version, published_at, agents, partial, pending } = facts.publication;
  const known = agents + pending;
  return (
    <dl class="facts">
      <Fact title="Newest ranking" value={`version ${version}`}>
        <Age at={published_at} now={facts.now} />
      </Fact>
      <Fact title="Ranked" value={`${formatCount(agents)} of ${formatCount(known)}`}>
        {known === 0 ? "nobody is registered" : `${toPercent(agents, known)} % coverage`}
      </Fact>
      <Fact title="Partial" value={formatCount(partial)}>
        ranked by last good values
      </Fact>
      <Fact title="Pending" value={formatCount(pending)}>
        a lane has never answered
      </Fact>
    </dl>
  );
}

const LANE_NAMES: Record<Lane, string> = { stacks: "Stacks", bitcoin: "Bitcoin" };

function Lanes({ facts, place, now }: { facts: FreshnessFacts | null; place: Place | undefined; now: number }) {
  return (
    <>
      <h2>Lanes</h2>
      {!facts && !place ? (
        <p>Nothing is known of the lanes yet.</p>
      ) : (
        <dl class="fields">
          {LANES.map((lane) => (
            <Entry title={LANE_NAMES[lane]} note={facts?.lanes[lane].health ?? "not known"}>
              {facts && <LaneHealth facts={facts.lanes[lane]} now={now} />}
              {place && <LaneProgress {...place[lane]} />}
            </Entry>
          ))}
        </dl>
      )}
    </>
  );
}

function LaneHealth({ facts, now }: { facts: FreshnessFacts["lanes"][Lane]; now: number }) {
  const { health, since, until, why, goodAt } = facts;
  return (
    <>
      {since !== null && health !== "well" && (
        <>
          {health} since <Age at={since} now={now} />
          {why !== null && `: ${why}`}
          {until !== null && health === "resting" && (
            <>
              , until <Time at={toIso(until)} />
            </>
          )}
          .{" "}
        </>
      )}
      {goodAt === null ? (
        "No complete answer yet. "
      ) : (
        <>
          Last complete answer <Age at={goodAt} now={now} />.{" "}
        </>
      )}
    </>
  );
}

function LaneProgress({ rotation, processed, total }: Place[Lane]) {
  return (
    <label>
      Rotation {formatCount(rotation)}: {formatCount(processed)} of {formatCount(total)} agents asked{" "}
      <progress max={Math.max(1, total)} value={Math.min(processed, total)} />
    </label>
  );
}

function Holds({ facts, now }: { facts: FreshnessFacts | null; now: number }) {
  const holds = facts?.holds ?? [];
  return (
    <>
      <h2>Holds</h2>
      {holds.length === 0 ? (
        <p>Nothing is held back.</p>
      ) : (
        <dl class="fields">
          {holds.map(({ id, kind, subject, detail, since }) => (
            <Entry title={`${kind}: ${subject}`} note={id}>
              {detail}, since <Age at={since} now={now} />.
            </Entry>
          ))}
        </dl>
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
          {ticks.map(({ epoch, committed_at, agents, failed, place }) => (
            <Entry title={`Tick ${formatCount(epoch)}`} note={<Age at={committed_at} now={now} />}>
              {formatCount(agents)} {agents === 1 ? "agent" : "agents"}, {formatCount(failed)} with a lane that failed
              {toPlaceWords(parsePlace(place))}
            </Entry>
          ))}
        </dl>
      )}
    </>
  );
}

function toPlaceWords(place: Place | undefined): string {
  if (!place) return "";
  const lanes = LANES.map((lane) => {
    const { rotation, processed, total } = place[lane];
    return `${LANE_NAMES[lane]} ${formatCount(processed)} of ${formatCount(total)} in rotation ${formatCount(rotation)}`;
  });
  return `; then ${lanes.join(", ")}`;
}

function Entry({ title, note, children }: { title: string; note: Child; children: Child }) {
  return (
    <div>
      <dt>
        {title} <span class="muted">{note}</span>
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

function Fact({ title, value, children }: { title: string; value: string; children: Child }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        {value}
        <small>{children}</small>
      </dd>
    </div>
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
