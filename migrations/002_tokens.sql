-- Everything an agent was ever seen to hold, with the last accepted price.
-- token_id is 'stx', 'btc-l1', 'sbtc' or the contract id of a SIP-10 token.
CREATE TABLE tokens (
  token_id     TEXT    NOT NULL PRIMARY KEY,
  symbol       TEXT    NOT NULL,             -- the asset name while the token's own symbol is unknown
  name         TEXT,                         -- NULL = unknown
  decimals     INTEGER CHECK (decimals BETWEEN 0 AND 38), -- NULL = unknown, never a guess
  ranked       INTEGER NOT NULL DEFAULT 0 CHECK (ranked IN (0, 1)), -- 1 = counts towards an agent's total
  price_usd    REAL    CHECK (price_usd > 0),-- USD per whole token; NULL = no price was ever accepted
  priced_at    INTEGER,                      -- when that price was true, Unix milliseconds
  price_source TEXT,
  CHECK ((price_usd IS NULL) = (priced_at IS NULL)),
  CHECK ((price_usd IS NULL) = (price_source IS NULL))
) WITHOUT ROWID;

INSERT INTO tokens (token_id, symbol, name, decimals, ranked) VALUES
  ('btc-l1', 'BTC',  'Bitcoin', 8, 1),
  ('stx',    'STX',  'Stacks',  6, 1),
  ('sbtc',   'sBTC', 'sBTC',    8, 1);
