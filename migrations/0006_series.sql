-- Time series at scale: partitions (hypertables where TimescaleDB is), what a settlement is about beside the amounts,
-- totals by second, minute and hour, and two series that the relayer fills.
-- Rows stay: each series is copied once into its partitioned successor, with the new columns worked out from its rows.

-- ── Partitions on plain PostgreSQL ───────────────────────────────────────────────────────────────────────────────
-- A week each, from Monday, so that a year is some fifty: few enough to plan over, small enough to drop.

-- Makes the partitions of "series" that hold [first, last]. Nothing to do for a hypertable, which makes its own chunks.
-- Rows that came before their partition was there lie in the default one, and move.
CREATE FUNCTION ensure_partitions(series TEXT, first TIMESTAMPTZ, last TIMESTAMPTZ) RETURNS INTEGER
LANGUAGE plpgsql AS $$
DECLARE
  week CONSTANT INTERVAL := INTERVAL '7 days';
  from_time TIMESTAMPTZ := date_bin(week, first, TIMESTAMPTZ '2001-01-01 00:00:00+00');
  part TEXT;
  made INTEGER := 0;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(quote_ident(series)) AND relkind = 'p') THEN
    RETURN 0;
  END IF;
  WHILE from_time <= last LOOP
    part := format('%s_%s', series, to_char(from_time AT TIME ZONE 'UTC', 'YYYYMMDD'));
    IF to_regclass(quote_ident(part)) IS NULL THEN
      -- Made beside and attached: readers of the series aren't stopped by that.
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, series);
      EXECUTE format(
        'WITH early AS (DELETE FROM %I WHERE occurred_at >= %L AND occurred_at < %L RETURNING *)'
        ' INSERT INTO %I SELECT * FROM early',
        series || '_default', from_time, from_time + week, part);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        series, part, from_time, from_time + week);
      made := made + 1;
    END IF;
    from_time := from_time + week;
  END LOOP;
  RETURN made;
END
$$;

-- Drops the partitions of "series" that end before "before"; returns how many. What is in the default partition stays.
CREATE FUNCTION drop_partitions_before(series TEXT, before TIMESTAMPTZ) RETURNS INTEGER
LANGUAGE plpgsql AS $$
DECLARE
  part RECORD;
  dropped INTEGER := 0;
BEGIN
  FOR part IN
    SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass(quote_ident(series)) AND c.relname ~ ('^' || series || '_\d{8}$')
  LOOP
    IF to_date(right(part.name, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' + INTERVAL '7 days' <= before THEN
      EXECUTE format('DROP TABLE %I', part.name);
      dropped := dropped + 1;
    END IF;
  END LOOP;
  RETURN dropped;
END
$$;

-- ── The series ───────────────────────────────────────────────────────────────────────────────────────────────────

-- What 0002 chose stays chosen: an extension that came later doesn't change a database's kind.
DO $$
BEGIN
  PERFORM set_config('computestream.hypertables', 'no', true);
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
    IF EXISTS (SELECT FROM timescaledb_information.hypertables
               WHERE hypertable_schema = current_schema() AND hypertable_name = 'stream_ticks') THEN
      PERFORM set_config('computestream.hypertables', 'yes', true);
    END IF;
  END IF;
END
$$;

ALTER TABLE stream_ticks RENAME TO stream_ticks_old;
ALTER TABLE provider_heartbeats RENAME TO provider_heartbeats_old;
ALTER INDEX stream_ticks_pkey RENAME TO stream_ticks_old_pkey;
ALTER INDEX provider_heartbeats_pkey RENAME TO provider_heartbeats_old_pkey;
DROP INDEX stream_ticks_by_job;
DROP INDEX stream_ticks_by_version;

-- Every change of a stream's meter; provider, asset and new seconds stand in it because totals can't join.
CREATE TABLE stream_ticks_new (
  occurred_at       TIMESTAMPTZ NOT NULL,
  version           BIGINT      NOT NULL,
  event_index       INTEGER     NOT NULL,
  tx_hash           TEXT        NOT NULL,
  job               TEXT        NOT NULL,
  provider          TEXT        NOT NULL,
  asset             TEXT        NOT NULL,
  payee             TEXT        NOT NULL,
  keeper            TEXT        NOT NULL,
  seq               NUMERIC(20) NOT NULL,
  -- Seconds billed by this event alone.
  seconds           NUMERIC(20) NOT NULL,
  seconds_attested  NUMERIC(20) NOT NULL,
  seconds_confirmed NUMERIC(20) NOT NULL,
  seconds_billed    NUMERIC(20) NOT NULL,
  amount            NUMERIC(20) NOT NULL,
  fee               NUMERIC(20) NOT NULL,
  keeper_fee        NUMERIC(20) NOT NULL,
  paid              NUMERIC(20) NOT NULL,
  fee_paid          NUMERIC(20) NOT NULL,
  keeper_paid       NUMERIC(20) NOT NULL,
  balance           NUMERIC(20) NOT NULL,
  acc               NUMERIC(40) NOT NULL
);

CREATE TABLE provider_heartbeats_new (
  occurred_at TIMESTAMPTZ NOT NULL,
  version     BIGINT      NOT NULL,
  event_index INTEGER     NOT NULL,
  provider    TEXT        NOT NULL
);

-- What a provider node tells of its machine every few seconds. Not from the chain: written by the relayer, not rebuilt.
CREATE TABLE provider_telemetry_new (
  occurred_at         TIMESTAMPTZ NOT NULL,
  provider            TEXT        NOT NULL,
  -- online, busy, maintenance: the node's own word; offline is the absence of rows for 60 s.
  status              TEXT        NOT NULL CHECK (status IN ('online', 'busy', 'maintenance')),
  jobs_running        INTEGER     NOT NULL,
  cpu_percent         REAL,
  ram_used_mb         BIGINT,
  ram_total_mb        BIGINT,
  disk_used_mb        BIGINT,
  disk_total_mb       BIGINT,
  cpu_celsius         REAL,
  -- One element a GPU, in the order of providers.devices.
  gpu_percent         REAL[]      NOT NULL DEFAULT '{}',
  gpu_celsius         REAL[]      NOT NULL DEFAULT '{}',
  gpu_watts           REAL[]      NOT NULL DEFAULT '{}',
  vram_used_mb        BIGINT[]    NOT NULL DEFAULT '{}',
  vram_total_mb       BIGINT[]    NOT NULL DEFAULT '{}',
  node_version        TEXT        NOT NULL DEFAULT ''
);

-- Every attestation that the relayer took, settled or not. Not from the chain: written by the relayer, not rebuilt.
CREATE TABLE attestations_new (
  -- When it was taken.
  occurred_at      TIMESTAMPTZ NOT NULL,
  job              TEXT        NOT NULL,
  seq              NUMERIC(20) NOT NULL,
  provider         TEXT        NOT NULL,
  seconds_cum      NUMERIC(20) NOT NULL,
  -- Unix seconds of the newest second told, by the chain's clock.
  t_last           NUMERIC(20) NOT NULL,
  log_root         TEXT        NOT NULL,
  signature        TEXT        NOT NULL,
  countersignature TEXT
);

DO $$
DECLARE
  series TEXT;
  key TEXT;
  on_timescale CONSTANT BOOLEAN := current_setting('computestream.hypertables') = 'yes';
  extension_schema TEXT;
  keys CONSTANT JSONB := '{
    "stream_ticks": "occurred_at, version, event_index",
    "provider_heartbeats": "occurred_at, version, event_index",
    "provider_telemetry": "occurred_at, provider",
    "attestations": "occurred_at, job, seq"}';
BEGIN
  SELECT n.nspname INTO extension_schema
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb';

  FOR series, key IN SELECT * FROM jsonb_each_text(keys) LOOP
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL, PRIMARY KEY (%s))%s', series, series || '_new', key,
      CASE WHEN on_timescale THEN '' ELSE ' PARTITION BY RANGE (occurred_at)' END);
    EXECUTE format('DROP TABLE %I', series || '_new');
    IF on_timescale THEN
      EXECUTE format(
        'SELECT %I.create_hypertable(%L::regclass, %L::name, chunk_time_interval => INTERVAL ''1 day'','
        ' create_default_indexes => FALSE, if_not_exists => TRUE)',
        extension_schema, format('%I.%I', current_schema(), series), 'occurred_at');
    ELSE
      -- The net: a row whose partition isn't there yet is kept here.
      EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', series || '_default', series);
    END IF;
  END LOOP;
END
$$;

SELECT ensure_partitions('stream_ticks', min(occurred_at), max(occurred_at)) FROM stream_ticks_old
HAVING min(occurred_at) IS NOT NULL;
SELECT ensure_partitions('provider_heartbeats', min(occurred_at), max(occurred_at)) FROM provider_heartbeats_old
HAVING min(occurred_at) IS NOT NULL;

INSERT INTO stream_ticks
SELECT t.occurred_at, t.version, t.event_index, t.tx_hash, t.job, j.provider, j.asset, t.payee, t.keeper, t.seq,
       t.seconds_billed - lag(t.seconds_billed, 1, 0) OVER (PARTITION BY t.job ORDER BY t.version, t.event_index),
       t.seconds_attested, t.seconds_confirmed, t.seconds_billed, t.amount, t.fee, t.keeper_fee, t.paid, t.fee_paid,
       t.keeper_paid, t.balance, t.acc
FROM stream_ticks_old t JOIN jobs j ON j.job = t.job;
INSERT INTO provider_heartbeats SELECT occurred_at, version, event_index, provider FROM provider_heartbeats_old;
DROP TABLE stream_ticks_old;
DROP TABLE provider_heartbeats_old;

-- listTicks, ticksBetween, recentSettlements and the key's own
CREATE INDEX stream_ticks_by_job ON stream_ticks (job, version DESC, event_index DESC);
CREATE INDEX stream_ticks_by_version ON stream_ticks (version, event_index);
-- a provider's telemetry, a job's attestations, newest first
CREATE INDEX provider_telemetry_by_provider ON provider_telemetry (provider, occurred_at DESC);
CREATE INDEX attestations_by_job ON attestations (job, seq DESC);

-- ── Totals ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- Read through the views at the end, which have the same names and columns on both kinds of database.
-- "settlements" counts the ticks that paid something, as /stats does; "ticks" all of them.

-- Whether totals are continuous aggregates: TimescaleDB's own edition has them, the Apache one has only hypertables.
CREATE FUNCTION has_continuous_aggregates() RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
  SELECT relkind <> 'p' AND coalesce(current_setting('timescaledb.license', true) = 'timescale', FALSE)
  FROM pg_class WHERE oid = to_regclass('stream_ticks')
$$;

DO $$
BEGIN
  IF NOT has_continuous_aggregates() THEN

    -- Tables that the indexer adds to in the transaction that writes the rows they count.
    CREATE TABLE rollup_settlements_second (
      bucket TIMESTAMPTZ NOT NULL, asset TEXT NOT NULL,
      amount NUMERIC(40) NOT NULL, fee NUMERIC(40) NOT NULL, seconds NUMERIC(40) NOT NULL,
      settlements BIGINT NOT NULL, ticks BIGINT NOT NULL,
      PRIMARY KEY (bucket, asset));
    CREATE TABLE rollup_settlements_minute (
      bucket TIMESTAMPTZ NOT NULL, asset TEXT NOT NULL, provider TEXT NOT NULL, job TEXT NOT NULL,
      amount NUMERIC(40) NOT NULL, fee NUMERIC(40) NOT NULL, seconds NUMERIC(40) NOT NULL,
      settlements BIGINT NOT NULL, ticks BIGINT NOT NULL,
      PRIMARY KEY (bucket, job));
    CREATE TABLE rollup_settlements_hour (
      bucket TIMESTAMPTZ NOT NULL, asset TEXT NOT NULL, provider TEXT NOT NULL,
      amount NUMERIC(40) NOT NULL, fee NUMERIC(40) NOT NULL, seconds NUMERIC(40) NOT NULL,
      settlements BIGINT NOT NULL, ticks BIGINT NOT NULL,
      PRIMARY KEY (bucket, provider, asset));
    CREATE TABLE rollup_heartbeats_minute (
      bucket TIMESTAMPTZ NOT NULL, provider TEXT NOT NULL, heartbeats BIGINT NOT NULL,
      PRIMARY KEY (bucket, provider));
    CREATE TABLE rollup_heartbeats_hour (
      bucket TIMESTAMPTZ NOT NULL, provider TEXT NOT NULL, heartbeats BIGINT NOT NULL,
      PRIMARY KEY (bucket, provider));
    CREATE TABLE rollup_heartbeats_second (
      bucket TIMESTAMPTZ NOT NULL, heartbeats BIGINT NOT NULL,
      PRIMARY KEY (bucket));

    INSERT INTO rollup_settlements_second
    SELECT date_bin('1 second', occurred_at, 'epoch'), asset, sum(amount), sum(fee), sum(seconds),
           count(*) FILTER (WHERE amount > 0), count(*) FROM stream_ticks GROUP BY 1, 2;
    INSERT INTO rollup_settlements_minute
    SELECT date_bin('1 minute', occurred_at, 'epoch'), asset, provider, job, sum(amount), sum(fee), sum(seconds),
           count(*) FILTER (WHERE amount > 0), count(*) FROM stream_ticks GROUP BY 1, 2, 3, 4;
    INSERT INTO rollup_settlements_hour
    SELECT date_bin('1 hour', occurred_at, 'epoch'), asset, provider, sum(amount), sum(fee), sum(seconds),
           count(*) FILTER (WHERE amount > 0), count(*) FROM stream_ticks GROUP BY 1, 2, 3;
    INSERT INTO rollup_heartbeats_second
    SELECT date_bin('1 second', occurred_at, 'epoch'), count(*) FROM provider_heartbeats GROUP BY 1;
    INSERT INTO rollup_heartbeats_minute
    SELECT date_bin('1 minute', occurred_at, 'epoch'), provider, count(*) FROM provider_heartbeats GROUP BY 1, 2;
    INSERT INTO rollup_heartbeats_hour
    SELECT date_bin('1 hour', occurred_at, 'epoch'), provider, count(*) FROM provider_heartbeats GROUP BY 1, 2;

    CREATE INDEX rollup_settlements_minute_by_job ON rollup_settlements_minute (job, bucket DESC);
    CREATE INDEX rollup_settlements_minute_by_provider ON rollup_settlements_minute (provider, bucket DESC);
    CREATE INDEX rollup_settlements_hour_by_provider ON rollup_settlements_hour (provider, bucket DESC);
    CREATE INDEX rollup_heartbeats_minute_by_provider ON rollup_heartbeats_minute (provider, bucket DESC);
  END IF;
END
$$;

DO $$
DECLARE
  extension_schema TEXT;
  aggregate RECORD;
  compressed RECORD;
  totals CONSTANT TEXT := 'sum(amount) AS amount, sum(fee) AS fee, sum(seconds) AS seconds,'
    ' count(*) FILTER (WHERE amount > 0) AS settlements, count(*) AS ticks';
BEGIN
  IF NOT has_continuous_aggregates() THEN
    RETURN;
  END IF;

  -- TimescaleDB from here on. Nothing of it can be tried where the extension can't be installed.
  SELECT n.nspname INTO extension_schema
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb';

  -- Continuous aggregates. WITH NO DATA, because a refresh can't run inside a transaction: until the policy has run, and
  -- for what is newer than it got, "materialized_only = false" computes the rest from the rows. The policies have no
  -- start: they refresh what changed, and a rebuild writes old times. keep_series gives them one when rows are dropped.
  FOR aggregate IN SELECT * FROM (VALUES
    ('rollup_settlements_second', 'stream_ticks', '1 second', 'asset', totals, '1 minute', '10 seconds'),
    ('rollup_settlements_minute', 'stream_ticks', '1 minute', 'asset, provider, job', totals, '5 minutes', '1 minute'),
    ('rollup_settlements_hour', 'stream_ticks', '1 hour', 'asset, provider', totals, '2 hours', '10 minutes'),
    ('rollup_heartbeats_second', 'provider_heartbeats', '1 second', NULL, 'count(*) AS heartbeats', '1 minute', '1 minute'),
    ('rollup_heartbeats_minute', 'provider_heartbeats', '1 minute', 'provider', 'count(*) AS heartbeats', '5 minutes', '5 minutes'),
    ('rollup_heartbeats_hour', 'provider_heartbeats', '1 hour', 'provider', 'count(*) AS heartbeats', '2 hours', '1 hour')
  ) AS a(name, series, width, groups, figures, delay, every) LOOP
    EXECUTE format(
      'CREATE MATERIALIZED VIEW %I WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS'
      ' SELECT %I.time_bucket(INTERVAL %L, occurred_at) AS bucket%s, %s FROM %I GROUP BY 1%s WITH NO DATA',
      aggregate.name, extension_schema, aggregate.width, coalesce(', ' || aggregate.groups, ''), aggregate.figures,
      aggregate.series, coalesce(', ' || aggregate.groups, ''));
    EXECUTE format(
      'SELECT %I.add_continuous_aggregate_policy(%L::regclass, start_offset => NULL, end_offset => INTERVAL %L,'
      ' schedule_interval => INTERVAL %L)',
      extension_schema, format('%I.%I', current_schema(), aggregate.name), aggregate.delay, aggregate.every);
  END LOOP;

  -- Compression of what nobody writes any more. Segments are what is asked for by name.
  FOR compressed IN SELECT * FROM (VALUES
    ('stream_ticks', 'job', 'occurred_at DESC, version DESC, event_index DESC', '7 days'),
    ('provider_heartbeats', 'provider', 'occurred_at DESC, version DESC, event_index DESC', '7 days'),
    ('provider_telemetry', 'provider', 'occurred_at DESC', '1 day'),
    ('attestations', 'job', 'occurred_at DESC, seq DESC', '7 days')
  ) AS c(series, segment, sort, after) LOOP
    EXECUTE format(
      'ALTER TABLE %I SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
      compressed.series, compressed.segment, compressed.sort);
    EXECUTE format('SELECT %I.add_compression_policy(%L::regclass, compress_after => INTERVAL %L)',
      extension_schema, format('%I.%I', current_schema(), compressed.series), compressed.after);
  END LOOP;
END
$$;

-- How long TimescaleDB keeps the rows of the series; NULL = for ever, as after this migration. The totals stay: their
-- refresh then leaves out what is about to be dropped. Does nothing elsewhere, where the indexer drops partitions.
CREATE FUNCTION keep_series(keep INTERVAL) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  extension_schema TEXT;
  series TEXT;
  aggregate RECORD;
BEGIN
  IF NOT has_continuous_aggregates() THEN
    RETURN;
  END IF;
  SELECT n.nspname INTO extension_schema
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb';
  FOR aggregate IN SELECT * FROM (VALUES
    ('rollup_settlements_second', '1 minute', '10 seconds'), ('rollup_settlements_minute', '5 minutes', '1 minute'),
    ('rollup_settlements_hour', '2 hours', '10 minutes'), ('rollup_heartbeats_second', '1 minute', '1 minute'),
    ('rollup_heartbeats_minute', '5 minutes', '5 minutes'), ('rollup_heartbeats_hour', '2 hours', '1 hour')
  ) AS a(name, delay, every) LOOP
    EXECUTE format('SELECT %I.remove_continuous_aggregate_policy(%L::regclass, if_exists => TRUE)',
      extension_schema, aggregate.name);
    EXECUTE format(
      'SELECT %I.add_continuous_aggregate_policy(%L::regclass, start_offset => %s, end_offset => INTERVAL %L,'
      ' schedule_interval => INTERVAL %L)',
      extension_schema, aggregate.name,
      CASE WHEN keep IS NULL THEN 'NULL' ELSE format('INTERVAL %L', keep - INTERVAL '12 hours') END,
      aggregate.delay, aggregate.every);
  END LOOP;
  FOREACH series IN ARRAY ARRAY['stream_ticks', 'provider_heartbeats', 'provider_telemetry', 'attestations'] LOOP
    EXECUTE format('SELECT %I.remove_retention_policy(%L::regclass, if_exists => TRUE)', extension_schema, series);
    IF keep IS NOT NULL THEN
      EXECUTE format('SELECT %I.add_retention_policy(%L::regclass, drop_after => INTERVAL %L)',
        extension_schema, series, keep);
    END IF;
  END LOOP;
END
$$;

-- ── One name for both ────────────────────────────────────────────────────────────────────────────────────────────

CREATE VIEW settlements_per_second AS
  SELECT bucket, asset, amount, fee, seconds, settlements, ticks FROM rollup_settlements_second;
CREATE VIEW job_settlements_per_minute AS
  SELECT bucket, job, asset, provider, amount, fee, seconds, settlements, ticks FROM rollup_settlements_minute;
CREATE VIEW settlements_per_minute AS
  SELECT bucket, asset, provider, sum(amount) AS amount, sum(fee) AS fee, sum(seconds) AS seconds,
         sum(settlements)::int8 AS settlements, sum(ticks)::int8 AS ticks
  FROM rollup_settlements_minute GROUP BY bucket, asset, provider;
CREATE VIEW settlements_per_hour AS
  SELECT bucket, asset, provider, amount, fee, seconds, settlements, ticks FROM rollup_settlements_hour;
CREATE VIEW heartbeats_per_second AS SELECT bucket, heartbeats FROM rollup_heartbeats_second;
CREATE VIEW heartbeats_per_minute AS SELECT bucket, provider, heartbeats FROM rollup_heartbeats_minute;
CREATE VIEW heartbeats_per_hour AS SELECT bucket, provider, heartbeats FROM rollup_heartbeats_hour;
