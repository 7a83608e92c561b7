-- The mirror of the chain: cursor, raw events, and one row per market, asset, provider and job.
-- Columns are named as in docs/protocol.md. A u64 is NUMERIC(20), because whoever signs a transaction may put
-- 2^64-1 into it and BIGINT would stop the indexer there; times are unix seconds of chain time.
-- Nothing here holds wall-clock time or a sequence: a rebuild from the chain gives the same rows.

CREATE TABLE chain_cursor (
  singleton            BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (singleton),
  chain_id             SMALLINT NOT NULL,
  package_address      TEXT     NOT NULL,
  -- Hash of ledger version 0; NULL when the node has pruned it.
  genesis_hash         TEXT,
  next_version         BIGINT   NOT NULL,
  -- Hash of the transaction before next_version, to notice a reset chain; NULL before the first.
  last_hash            TEXT,
  last_timestamp_usecs BIGINT   NOT NULL DEFAULT 0
);

-- Every event of the package, for audit and for a job's history.
CREATE TABLE events (
  version     BIGINT  NOT NULL,
  event_index INTEGER NOT NULL,
  tx_hash     TEXT    NOT NULL,
  module      TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  job         TEXT,
  provider    TEXT,
  timestamp   BIGINT  NOT NULL,
  data        JSONB   NOT NULL,
  PRIMARY KEY (version, event_index)
);

CREATE TABLE market_parameters (
  singleton          BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (singleton),
  fee_bps            NUMERIC(20) NOT NULL,
  treasury           TEXT        NOT NULL,
  min_stake          NUMERIC(20) NOT NULL,
  unbonding_secs     NUMERIC(20) NOT NULL,
  accept_window_secs NUMERIC(20) NOT NULL,
  start_window_secs  NUMERIC(20) NOT NULL,
  stall_after_secs   NUMERIC(20) NOT NULL,
  stall_grace_secs   NUMERIC(20) NOT NULL,
  claim_window_secs  NUMERIC(20) NOT NULL,
  min_duration_secs  NUMERIC(20) NOT NULL,
  max_duration_secs  NUMERIC(20) NOT NULL,
  paused             BOOLEAN     NOT NULL,
  last_version       BIGINT      NOT NULL,
  last_index         INTEGER     NOT NULL
);

CREATE TABLE assets (
  asset        TEXT PRIMARY KEY,
  allowed      BOOLEAN NOT NULL,
  last_version BIGINT  NOT NULL,
  last_index   INTEGER NOT NULL
);

CREATE TABLE providers (
  provider           TEXT PRIMARY KEY,
  owner              TEXT        NOT NULL,
  operator           TEXT        NOT NULL,
  attest_key         TEXT        NOT NULL,
  name               TEXT        NOT NULL,
  gpu_model          TEXT        NOT NULL,
  gpu_count          NUMERIC(20) NOT NULL,
  vram_gb            NUMERIC(20) NOT NULL,
  cpu_cores          NUMERIC(20) NOT NULL,
  ram_gb             NUMERIC(20) NOT NULL,
  disk_gb            NUMERIC(20) NOT NULL,
  region             TEXT        NOT NULL,
  sandbox            TEXT        NOT NULL,
  slots              NUMERIC(20) NOT NULL,
  slots_busy         NUMERIC(20) NOT NULL,
  price_per_hour     NUMERIC(20) NOT NULL,
  asset              TEXT        NOT NULL,
  stake              NUMERIC(20) NOT NULL,
  unbonding          NUMERIC(20) NOT NULL,
  unlocks_at         NUMERIC(20) NOT NULL,
  available          BOOLEAN     NOT NULL,
  registered_at      NUMERIC(20) NOT NULL,
  last_heartbeat_at  NUMERIC(20) NOT NULL,
  jobs_completed     NUMERIC(20) NOT NULL,
  jobs_failed        NUMERIC(20) NOT NULL,
  jobs_expired       NUMERIC(20) NOT NULL,
  seconds_served     NUMERIC(20) NOT NULL,
  earned             NUMERIC(20) NOT NULL,
  registered_version BIGINT      NOT NULL,
  registered_index   INTEGER     NOT NULL,
  -- The last event that is in this row: an older one changes nothing.
  last_version       BIGINT      NOT NULL,
  last_index         INTEGER     NOT NULL
);

CREATE TABLE jobs (
  job               TEXT PRIMARY KEY,
  buyer             TEXT        NOT NULL,
  provider          TEXT        NOT NULL,
  asset             TEXT        NOT NULL,
  image             TEXT        NOT NULL,
  spec              TEXT        NOT NULL,
  title             TEXT        NOT NULL,
  terms_hash        TEXT        NOT NULL,
  rate_per_hour     NUMERIC(20) NOT NULL,
  max_duration_secs NUMERIC(20) NOT NULL,
  -- 0 Pending .. 8 Settled, as on chain; outcome is the state a settled job came through.
  state             SMALLINT    NOT NULL,
  outcome           SMALLINT,
  created_at        NUMERIC(20) NOT NULL,
  accept_by         NUMERIC(20) NOT NULL,
  start_by          NUMERIC(20) NOT NULL,
  started_at        NUMERIC(20) NOT NULL,
  ended_at          NUMERIC(20) NOT NULL,
  claim_until       NUMERIC(20) NOT NULL,
  settled_at        NUMERIC(20) NOT NULL,
  stalled_at        NUMERIC(20) NOT NULL,
  exit_code         NUMERIC(20),
  reason            TEXT        NOT NULL,
  output_uris       JSONB       NOT NULL,
  output_sha256     TEXT,
  output_root       TEXT,
  -- deposited = paid + refunded + balance at every version; paid is gross of fee_paid.
  deposited         NUMERIC(20) NOT NULL,
  paid              NUMERIC(20) NOT NULL,
  fee_paid          NUMERIC(20) NOT NULL,
  refunded          NUMERIC(20) NOT NULL,
  balance           NUMERIC(20) NOT NULL,
  fee_bps           NUMERIC(20) NOT NULL,
  seq               NUMERIC(20) NOT NULL,
  seconds_attested  NUMERIC(20) NOT NULL,
  seconds_billed    NUMERIC(20) NOT NULL,
  created_version   BIGINT      NOT NULL,
  created_index     INTEGER     NOT NULL,
  created_tx        TEXT        NOT NULL,
  started_version   BIGINT,
  last_version      BIGINT      NOT NULL,
  last_index        INTEGER     NOT NULL
);
