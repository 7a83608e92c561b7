-- Running totals that the indexer adds to in the transaction that changes what they count, so that no figure of the
-- market, of a wallet or of a provider is summed over jobs or settlements when it is asked for.
-- Plain tables on both kinds of database, and rebuilt and compared like the rows they count.

CREATE TABLE job_totals (
  -- 'market' (address ''), 'buyer' or 'provider'.
  party          TEXT        NOT NULL,
  address        TEXT        NOT NULL,
  asset          TEXT        NOT NULL,
  jobs           BIGINT      NOT NULL,
  -- By state: before the start, running, ended but not settled, settled.
  waiting        BIGINT      NOT NULL,
  running        BIGINT      NOT NULL,
  ended          BIGINT      NOT NULL,
  settled        BIGINT      NOT NULL,
  seconds_billed NUMERIC(40) NOT NULL,
  deposited      NUMERIC(40) NOT NULL,
  paid           NUMERIC(40) NOT NULL,
  fee_paid       NUMERIC(40) NOT NULL,
  refunded       NUMERIC(40) NOT NULL,
  balance        NUMERIC(40) NOT NULL,
  held           NUMERIC(40) NOT NULL,
  -- Of those that run.
  rate_per_hour  NUMERIC(40) NOT NULL,
  PRIMARY KEY (party, address, asset)
) WITH (fillfactor = 60);

CREATE TABLE provider_totals (
  asset      TEXT PRIMARY KEY,
  providers  BIGINT      NOT NULL,
  -- With the status active.
  available  BIGINT      NOT NULL,
  slots      NUMERIC(40) NOT NULL,
  slots_busy NUMERIC(40) NOT NULL,
  staked     NUMERIC(40) NOT NULL
) WITH (fillfactor = 60);

-- The whole market's by minute, hour and day. 10,000 providers have as many totals of an hour in 0006: too many for a chart.
CREATE TABLE market_activity (
  bucket_secs  INTEGER     NOT NULL,
  -- Unix second at which it begins.
  bucket       BIGINT      NOT NULL,
  asset        TEXT        NOT NULL,
  amount       NUMERIC(40) NOT NULL,
  fee          NUMERIC(40) NOT NULL,
  keeper_fee   NUMERIC(40) NOT NULL,
  -- Those that paid something.
  settlements  BIGINT      NOT NULL,
  jobs_created BIGINT      NOT NULL,
  jobs_settled BIGINT      NOT NULL,
  PRIMARY KEY (bucket_secs, bucket, asset)
) WITH (fillfactor = 60);

INSERT INTO job_totals
SELECT p.party, p.address, j.asset, count(*), count(*) FILTER (WHERE state < 2), count(*) FILTER (WHERE state = 2),
       count(*) FILTER (WHERE state BETWEEN 3 AND 7), count(*) FILTER (WHERE state = 8), sum(seconds_billed),
       sum(deposited), sum(paid), sum(fee_paid), sum(refunded), sum(balance), sum(held),
       coalesce(sum(rate_per_hour) FILTER (WHERE state = 2), 0)
FROM jobs j
CROSS JOIN LATERAL (VALUES ('market', ''), ('buyer', j.buyer), ('provider', j.provider)) AS p(party, address)
-- An open job names nobody until it is taken.
WHERE p.address <> '0x' || repeat('0', 64)
GROUP BY 1, 2, 3;

INSERT INTO provider_totals
SELECT asset, count(*), count(*) FILTER (WHERE status = 0), sum(slots), sum(slots_busy), sum(staked)
FROM providers GROUP BY asset;

INSERT INTO market_activity
SELECT w.secs, x.at / w.secs * w.secs, x.asset, sum(x.amount), sum(x.fee), sum(x.keeper_fee), sum(x.settlements),
       sum(x.jobs_created), sum(x.jobs_settled)
FROM (
  SELECT extract(epoch FROM occurred_at)::int8 AS at, asset, amount, fee, keeper_fee,
         (amount > 0)::int AS settlements, 0 AS jobs_created, 0 AS jobs_settled
  FROM stream_ticks WHERE amount > 0
  UNION ALL SELECT created_at::int8, asset, 0, 0, 0, 0, 1, 0 FROM jobs
  UNION ALL SELECT settled_at::int8, asset, 0, 0, 0, 0, 0, 1 FROM jobs WHERE state = 8
) x CROSS JOIN (VALUES (60), (3600), (86400)) AS w(secs)
GROUP BY 1, 2, 3;
