-- Time series: settlements and heartbeats, hypertables where TimescaleDB is there, plain tables where it isn't.
-- Keys contain the time column, as a hypertable's must; the time comes from the event, so a replay has the same key.

CREATE TABLE stream_ticks (
  occurred_at      TIMESTAMPTZ NOT NULL,
  version          BIGINT      NOT NULL,
  event_index      INTEGER     NOT NULL,
  tx_hash          TEXT        NOT NULL,
  job              TEXT        NOT NULL,
  payee            TEXT        NOT NULL,
  keeper           TEXT        NOT NULL,
  seq              NUMERIC(20) NOT NULL,
  seconds_attested NUMERIC(20) NOT NULL,
  seconds_billed   NUMERIC(20) NOT NULL,
  amount           NUMERIC(20) NOT NULL,
  fee              NUMERIC(20) NOT NULL,
  paid             NUMERIC(20) NOT NULL,
  fee_paid         NUMERIC(20) NOT NULL,
  balance          NUMERIC(20) NOT NULL,
  PRIMARY KEY (occurred_at, version, event_index)
);

CREATE TABLE provider_heartbeats (
  occurred_at TIMESTAMPTZ NOT NULL,
  version     BIGINT      NOT NULL,
  event_index INTEGER     NOT NULL,
  provider    TEXT        NOT NULL,
  PRIMARY KEY (occurred_at, version, event_index)
);

DO $$
DECLARE
  extension_schema TEXT;
  series TEXT;
BEGIN
  -- CREATE EXTENSION kills the session when the library isn't preloaded, so look for the loader's setting first.
  IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
     AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
     AND current_setting('timescaledb.disable_load', true) IS NOT NULL THEN
    BEGIN
      CREATE EXTENSION IF NOT EXISTS timescaledb;
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE NOTICE 'timescaledb is available but this role may not create it: using plain tables';
    END;
  END IF;

  SELECT n.nspname INTO extension_schema
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'timescaledb';

  IF extension_schema IS NULL THEN
    RAISE NOTICE 'timescaledb is not available: using plain tables';
    RETURN;
  END IF;

  FOREACH series IN ARRAY ARRAY['stream_ticks', 'provider_heartbeats'] LOOP
    EXECUTE format(
      'SELECT %I.create_hypertable(%L::regclass, %L::name, chunk_time_interval => INTERVAL ''1 day'','
      ' create_default_indexes => FALSE, if_not_exists => TRUE)',
      extension_schema, format('%I.%I', current_schema(), series), 'occurred_at');
  END LOOP;
END
$$;
