-- What a receipt adds up, kept in the job's row: a job of a week has 600,000 settlements.

ALTER TABLE jobs
  -- Of all its settlements, as each tells what it moved; paid, fee_paid and keeper_paid are what the newest tells in all.
  ADD COLUMN ticks            BIGINT      NOT NULL DEFAULT 0,
  ADD COLUMN ticks_amount     NUMERIC(20) NOT NULL DEFAULT 0,
  ADD COLUMN ticks_fee        NUMERIC(20) NOT NULL DEFAULT 0,
  ADD COLUMN ticks_keeper_fee NUMERIC(20) NOT NULL DEFAULT 0;

-- From the events and not from the series, whose old rows may have been dropped.
UPDATE jobs j SET ticks = t.ticks, ticks_amount = t.amount, ticks_fee = t.fee, ticks_keeper_fee = t.keeper_fee
FROM (
  SELECT job, count(*) AS ticks, sum((data->>'amount')::numeric) AS amount, sum((data->>'fee')::numeric) AS fee,
         sum((data->>'keeper_fee')::numeric) AS keeper_fee
  FROM events WHERE name = 'StreamSettled' GROUP BY job
) t WHERE t.job = j.job;

ALTER TABLE jobs
  ALTER COLUMN ticks DROP DEFAULT,
  ALTER COLUMN ticks_amount DROP DEFAULT,
  ALTER COLUMN ticks_fee DROP DEFAULT,
  ALTER COLUMN ticks_keeper_fee DROP DEFAULT;
