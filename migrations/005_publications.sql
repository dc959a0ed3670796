-- One row per published ranking. Times are Unix milliseconds, money is micro-USD.
CREATE TABLE publications (
  version      INTEGER NOT NULL PRIMARY KEY, -- newest + 1
  epoch        INTEGER NOT NULL,             -- the commit that published it
  rotation     INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  stale_after  INTEGER NOT NULL,             -- health is bad from then on
  prices       TEXT    NOT NULL CHECK (json_valid(prices)), -- the one price vector: token_id -> USD per whole token
  priced_at    INTEGER,                      -- the oldest of those prices; NULL = no price was ever accepted
  agents       INTEGER NOT NULL CHECK (agents >= 0),  -- ranked
  total_usd    INTEGER NOT NULL CHECK (typeof(total_usd) = 'integer' AND total_usd >= 0),
  partial      INTEGER NOT NULL CHECK (partial >= 0), -- ranked, but a source failed at the last attempt
  pending      INTEGER NOT NULL CHECK (pending >= 0)  -- listed, but a source has never answered: not ranked
);
