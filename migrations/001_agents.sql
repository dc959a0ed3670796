-- The roster as last accepted: one row per registered agent, by its Stacks address.
-- Times are Unix milliseconds.
CREATE TABLE agents (
  stx_address  TEXT    NOT NULL PRIMARY KEY, -- mainnet principal, canonical c32 form
  btc_address  TEXT    NOT NULL,             -- not unique: two agents may claim one, and owners correct or swap them
  display_name TEXT,                         -- NULL = the agent gave none
  bns_name     TEXT,                         -- NULL = the agent has none
  level        INTEGER NOT NULL CHECK (level >= 0),
  level_name   TEXT    NOT NULL,
  listed_at    INTEGER NOT NULL,             -- when a roster last listed the agent
  removed_at   INTEGER                       -- NULL = in the roster; else when it left. Its rows stay 30 days.
) WITHOUT ROWID;

-- Plain index: an address lookup by Bitcoin address must not scan the roster.
CREATE INDEX agents_by_btc_address ON agents (btc_address);
