-- What is known of the age of the data: one row, written by every commit and by what an operator does in between.
-- No row = no release that writes it has committed yet. Times are Unix milliseconds.
CREATE TABLE freshness (
  id               INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  written_at       INTEGER NOT NULL,
  facts            TEXT    NOT NULL CHECK (json_valid(facts)), -- lanes, prices, holds, pause: the rebuilder's own schema
  -- Counted from fetches over the ranked agents (listed, both sources have answered once), less often than the row is
  -- written. Until the first count: none ranked, and NULL.
  ranked           INTEGER NOT NULL DEFAULT 0 CHECK (ranked >= 0),
  counted_at       INTEGER, -- NULL = never counted
  stacks_tenth_at  INTEGER, -- a tenth of them were last good before this time; NULL = nobody is ranked
  stacks_half_at   INTEGER, -- half of them
  stacks_failed    INTEGER NOT NULL DEFAULT 0 CHECK (stacks_failed >= 0),  -- of them, failed at the last attempt
  bitcoin_tenth_at INTEGER,
  bitcoin_half_at  INTEGER,
  bitcoin_failed   INTEGER NOT NULL DEFAULT 0 CHECK (bitcoin_failed >= 0)
);
