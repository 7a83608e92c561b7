-- Indexes that the writer pays for with every row and the reads don't need, because another one can answer. Rows stay.

-- A job's events are its settlements and its steps, and 0008 already has an index over the steps: so this one holds the
-- rest, and each event is in one of the two. A page of both is the first of both pages (queries/events.ts).
CREATE INDEX events_settlements_by_job ON events (job, version, event_index) WHERE name = 'StreamSettled';
DROP INDEX events_by_job;

-- A module is a handful of names, and events_by_name has a page of each.
DROP INDEX events_by_module;

-- Totals are asked for by job or provider and then by time. The key says so in that order too, and is the index.
DO $$
BEGIN
  -- TimescaleDB keeps these totals itself.
  IF has_continuous_aggregates() THEN
    RETURN;
  END IF;
  ALTER TABLE rollup_settlements_minute DROP CONSTRAINT rollup_settlements_minute_pkey, ADD PRIMARY KEY (job, bucket);
  DROP INDEX rollup_settlements_minute_by_job;
  ALTER TABLE rollup_settlements_hour
    DROP CONSTRAINT rollup_settlements_hour_pkey, ADD PRIMARY KEY (provider, bucket, asset);
  DROP INDEX rollup_settlements_hour_by_provider;
  ALTER TABLE rollup_heartbeats_minute
    DROP CONSTRAINT rollup_heartbeats_minute_pkey, ADD PRIMARY KEY (provider, bucket);
  DROP INDEX rollup_heartbeats_minute_by_provider;
END
$$;
