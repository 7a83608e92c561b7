-- What the API's filters and sorts need so that no list reads a large table from end to end, and words found by trigrams
-- where the server has them. docs/adr/0013 says which combination is served by what.

-- ── Raw events ───────────────────────────────────────────────────────────────────────────────────────────────────
-- Nearly all of them are settlements, which every page from the newest on is full of, and which have the key and their
-- job's index. The others are few and may lie far apart: only they are in these, which so cost the writer little.

-- listEvents by name, by module, by provider (no settlement names one), and a job's steps without its settlements
CREATE INDEX events_by_name ON events (name, version DESC, event_index DESC) WHERE name <> 'StreamSettled';
CREATE INDEX events_by_module ON events (module, version DESC, event_index DESC) WHERE name <> 'StreamSettled';
CREATE INDEX events_by_provider ON events (provider, version DESC, event_index DESC) WHERE provider IS NOT NULL;
CREATE INDEX events_steps_by_job ON events (job, version, event_index)
  WHERE job IS NOT NULL AND name <> 'StreamSettled';

-- ── Providers ────────────────────────────────────────────────────────────────────────────────────────────────────

-- listProviders by its other figures
CREATE INDEX providers_by_stake ON providers (staked DESC, provider);
CREATE INDEX providers_by_vram ON providers (vram_gb DESC, provider);
CREATE INDEX providers_by_served ON providers (seconds_served DESC, provider);
-- those that can take a job now, as buyers look for them
CREATE INDEX providers_free_by_price ON providers (price_per_hour, provider) WHERE status = 0 AND slots_busy < slots;
CREATE INDEX providers_by_region ON providers (lower(region), price_per_hour, provider);
-- an owner's, the newest first
DROP INDEX providers_by_owner;
CREATE INDEX providers_by_owner ON providers (owner, registered_version DESC, registered_index DESC);

-- ── Jobs and cases ───────────────────────────────────────────────────────────────────────────────────────────────

-- listJobs by asset, and by whose and state
CREATE INDEX jobs_by_asset ON jobs (asset, created_version DESC, created_index DESC);
CREATE INDEX jobs_by_buyer_state ON jobs (buyer, state, created_version DESC, created_index DESC);
CREATE INDEX jobs_by_provider_state ON jobs (provider, state, created_version DESC, created_index DESC);
-- the first version at a time, from which on or before which jobs are listed
CREATE INDEX jobs_by_time ON jobs (created_at, created_version);
-- listCases, and a buyer's open ones
CREATE INDEX cases_by_job ON cases (job, opened_version DESC, opened_index DESC);
CREATE INDEX cases_open_by_buyer ON cases (buyer) WHERE closed_version IS NULL;

-- A row that changes with every settlement needs room beside it, or each change writes into every index above.
ALTER TABLE jobs SET (fillfactor = 60);
ALTER TABLE providers SET (fillfactor = 60);

-- ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────
-- Only ever faster: the queries ask with ILIKE whether or not this is there.
DO $$
DECLARE
  trigrams TEXT;
BEGIN
  BEGIN
    -- Never into a schema that a rebuild drops again.
    CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
  EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'pg_trgm can''t be had (%): words are looked for without an index', SQLERRM;
  END;
  SELECT quote_ident(n.nspname) || '.gin_trgm_ops' INTO trigrams
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
  IF trigrams IS NULL THEN
    RETURN;
  END IF;
  EXECUTE 'CREATE INDEX providers_by_words ON providers USING gin'
    || format(' ((name || '' '' || gpu_model || '' '' || region) %s, gpu_model %1$s)', trigrams);
  EXECUTE 'CREATE INDEX jobs_by_words ON jobs USING gin ' || format('((title || '' '' || image) %s)', trigrams);
END
$$;
