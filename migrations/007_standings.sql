-- Published rankings, frozen: the whole row as served, so that one version and query always give the same bytes.
-- Money is micro-USD at the price vector of publications.prices, times are Unix milliseconds.
CREATE TABLE standings (
  version      INTEGER NOT NULL,
  rank         INTEGER NOT NULL CHECK (rank >= 1), -- dense and unique: total_usd descending, then stx_address ascending
  stx_address  TEXT    NOT NULL,
  btc_address  TEXT    NOT NULL,
  display_name TEXT,
  bns_name     TEXT,
  level        INTEGER NOT NULL,
  level_name   TEXT    NOT NULL,
  total_usd    INTEGER NOT NULL CHECK (typeof(total_usd) = 'integer' AND total_usd >= 0),
  tokens       TEXT    NOT NULL CHECK (json_valid(tokens)), -- [{id, symbol, raw, decimals|null, usd|null}], largest value first
  partial      INTEGER NOT NULL CHECK (partial IN (0, 1)),  -- 1 = a source failed at the last attempt
  updated_at   INTEGER NOT NULL,                            -- the older of the last good answers of the two sources
  PRIMARY KEY (version, rank)
) WITHOUT ROWID;

CREATE UNIQUE INDEX standings_by_agent ON standings (stx_address, version);
