-- How the last attempt at each of an agent's sources went. Times are Unix milliseconds.
-- *_good_at is never erased by a failure: NULL means that the source has never answered for this agent.
CREATE TABLE fetches (
  agent_address        TEXT    NOT NULL PRIMARY KEY, -- agents.stx_address
  stacks_attempted_at  INTEGER,
  stacks_good_at       INTEGER,
  stacks_error         TEXT,                         -- NULL = the last attempt succeeded
  bitcoin_attempted_at INTEGER,
  bitcoin_good_at      INTEGER,
  bitcoin_error        TEXT,                         -- NULL = the last attempt succeeded
  tokens_left_out      INTEGER NOT NULL DEFAULT 0 CHECK (tokens_left_out >= 0), -- held, but past the number kept per agent
  rotation             INTEGER NOT NULL              -- the rotation of the last attempt
) WITHOUT ROWID;
