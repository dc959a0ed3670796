-- What an agent is found by in a search: the words of its names and its two addresses, folded as packages/balances does.
-- A word holds for the rankings whose version is in [from_version, until_version), so that a search in a version finds
-- agents by the names that are frozen in it. Empty until a roster is next applied; only changed words are written then.
CREATE TABLE agent_words (
  word          TEXT    NOT NULL CHECK (word <> ''),
  stx_address   TEXT    NOT NULL,                           -- agents.stx_address
  from_version  INTEGER NOT NULL CHECK (from_version >= 1), -- the first version published after the word came
  until_version INTEGER                                     -- NULL = still holds; else the first version without it
    CHECK (until_version >= from_version),
  PRIMARY KEY (word, stx_address, from_version)
) WITHOUT ROWID;

-- An agent's words, for what a roster changes and for the further words of a search.
CREATE INDEX agent_words_by_agent ON agent_words (stx_address, word);

-- For pruning: what no kept version needs any more.
CREATE INDEX agent_words_ended ON agent_words (until_version) WHERE until_version IS NOT NULL;
