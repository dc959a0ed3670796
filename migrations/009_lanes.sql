-- The rebuild's place in the commit that reached it, so that the newest row alone says where both lanes stand; what a
-- roster says of an agent's verification and identity; and since when a holding is kept against its source's answer.
-- Additive: a release that knows none of these columns runs on, and leaves them NULL. Times are Unix milliseconds.

-- JSON, written and read by the rebuilder. NULL = the commit of a release that wrote no place.
ALTER TABLE tick_commits ADD COLUMN place TEXT CHECK (json_valid(place));

-- When the agent was verified. NULL = the roster does not say. Of several agents that claim one Bitcoin address, the
-- first verified counts it; NULL sorts last.
ALTER TABLE agents ADD COLUMN verified_at INTEGER;

-- The agent's number in the ERC-8004 identity registry. NULL = it has none, or the roster does not say.
ALTER TABLE agents ADD COLUMN erc8004_agent_id INTEGER;

-- agents.listed_at is written with the row only: it is the time of the roster that last changed it or brought it back.

-- Since when a holding of that source is kept because its fall is not believed. NULL = nothing is kept.
ALTER TABLE fetches ADD COLUMN stacks_held_since INTEGER;
ALTER TABLE fetches ADD COLUMN bitcoin_held_since INTEGER;
