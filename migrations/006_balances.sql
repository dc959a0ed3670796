-- The last good balance of every token of every agent: one row per (agent, token).
-- A row changes only to a value from a complete, valid answer. '0' is a balance of zero; an unknown balance has no row.
CREATE TABLE balances (
  agent_address TEXT    NOT NULL, -- agents.stx_address
  token_id      TEXT    NOT NULL, -- tokens.token_id
  captured_at   INTEGER NOT NULL, -- when the answer came, Unix milliseconds
  raw_amount    TEXT    NOT NULL  -- base units, decimal digits: SIP-10 amounts are uint128, past what D1 returns exactly
    CHECK (length(raw_amount) BETWEEN 1 AND 40 AND raw_amount NOT GLOB '*[^0-9]*'),
  decimals      INTEGER CHECK (decimals BETWEEN 0 AND 38), -- NULL = unknown
  usd_value     INTEGER           -- micro-USD at the prices of captured_at; NULL = unpriced then
    CHECK (usd_value IS NULL OR (typeof(usd_value) = 'integer' AND usd_value >= 0)),
  source        TEXT    NOT NULL, -- 'hiro', 'mempool.space', ...
  PRIMARY KEY (agent_address, token_id)
) WITHOUT ROWID;
