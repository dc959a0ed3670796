-- Fence and log: one row per committed tick. A tick inserts its row in the same batch as its writes, so a repeated or
-- competing tick violates the key and its whole batch is rolled back. Times are Unix milliseconds.
CREATE TABLE tick_commits (
  epoch        INTEGER NOT NULL PRIMARY KEY, -- newest + 1
  tick_id      TEXT    NOT NULL,             -- tells one's own repeated commit from a competitor's
  trigger      TEXT    NOT NULL,             -- alarm or forced
  started_at   INTEGER NOT NULL,
  committed_at INTEGER NOT NULL,
  agents       INTEGER NOT NULL CHECK (agents >= 0),      -- attempted in this commit
  failed       INTEGER NOT NULL CHECK (failed >= 0),      -- of those, with at least one failed source
  subrequests  INTEGER NOT NULL CHECK (subrequests >= 0), -- made until the commit, everything counted
  outcome      TEXT    NOT NULL
);
