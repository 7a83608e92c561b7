-- What assets are called and how many decimals they have, as the chain says it. No event tells that, so it is neither
-- rebuilt nor compared nor swapped: indexer/src/assets/book.ts reads it once for each asset of the market.
CREATE TABLE asset_metadata (
  asset    TEXT     PRIMARY KEY,
  symbol   TEXT     NOT NULL,
  decimals SMALLINT NOT NULL
);
