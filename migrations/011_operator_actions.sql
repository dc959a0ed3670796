-- What operators did, and what came of it: the newest 10,000. Times are Unix milliseconds.
CREATE TABLE operator_actions (
  id      TEXT    NOT NULL PRIMARY KEY, -- made by the caller, so that a repeated write is not a second action
  at      INTEGER NOT NULL,
  action  TEXT    NOT NULL,             -- pause, resume, accept, ...
  subject TEXT,                         -- what it was done to; NULL = the rebuild as a whole
  reason  TEXT,                         -- the operator's words; NULL = none given
  outcome TEXT    NOT NULL
) WITHOUT ROWID;

-- The newest first, and what is past the number kept.
CREATE INDEX operator_actions_by_time ON operator_actions (at, id);
