-- BREAKING: stakes, machines, open jobs, holdbacks, changed rates and disputes, as the whole protocol has them.
-- The modules that told the rows up to here are others and told less: a row made of their events can't be completed, so
-- the mirror starts over from the chain. Values for old rows are never made up.

TRUNCATE chain_cursor;
TRUNCATE events;
TRUNCATE market_parameters;
TRUNCATE assets;
TRUNCATE providers;
TRUNCATE jobs;
TRUNCATE stream_ticks;
TRUNCATE provider_heartbeats;

ALTER TABLE market_parameters
  ADD COLUMN keeper_share_bps        NUMERIC(20) NOT NULL,
  ADD COLUMN slash_bps               NUMERIC(20) NOT NULL,
  ADD COLUMN reporter_reward_bps     NUMERIC(20) NOT NULL,
  ADD COLUMN max_holdback_secs       NUMERIC(20) NOT NULL,
  ADD COLUMN arbiter                 TEXT        NOT NULL,
  ADD COLUMN challenge_window_secs   NUMERIC(20) NOT NULL,
  ADD COLUMN answer_window_secs      NUMERIC(20) NOT NULL,
  ADD COLUMN arbitration_window_secs NUMERIC(20) NOT NULL,
  ADD COLUMN bond_bps                NUMERIC(20) NOT NULL;

ALTER TABLE providers
  DROP COLUMN available,
  -- 0 Active .. 3 Offline, as on chain; only an active one gets new jobs.
  ADD COLUMN status             SMALLINT    NOT NULL,
  ADD COLUMN gpu_price_per_hour NUMERIC(20) NOT NULL,
  -- Bit i = GPU i.
  ADD COLUMN gpus_busy          NUMERIC(20) NOT NULL,
  -- Commitments, one for each GPU, or none.
  ADD COLUMN devices            JSONB       NOT NULL,
  ADD COLUMN faults             NUMERIC(20) NOT NULL,
  ADD COLUMN score              NUMERIC(20) NOT NULL,
  -- stake_added = stake_withdrawn + slashed + staked + unbonding after every event. The sums of many amounts need
  -- more digits than one amount.
  ADD COLUMN stake_added        NUMERIC(40) NOT NULL,
  ADD COLUMN stake_withdrawn    NUMERIC(40) NOT NULL,
  ADD COLUMN slashed            NUMERIC(40) NOT NULL;
ALTER TABLE providers RENAME COLUMN stake TO staked;

ALTER TABLE jobs
  ADD COLUMN is_open           BOOLEAN     NOT NULL,
  -- What the order asks of a machine: an empty text takes any, a number is the least.
  ADD COLUMN gpu_model         TEXT        NOT NULL,
  ADD COLUMN gpus              NUMERIC(20) NOT NULL,
  ADD COLUMN vram_gb           NUMERIC(20) NOT NULL,
  ADD COLUMN cpu_cores         NUMERIC(20) NOT NULL,
  ADD COLUMN ram_gb            NUMERIC(20) NOT NULL,
  ADD COLUMN disk_gb           NUMERIC(20) NOT NULL,
  ADD COLUMN region            TEXT        NOT NULL,
  ADD COLUMN sandbox           TEXT        NOT NULL,
  ADD COLUMN min_stake         NUMERIC(20) NOT NULL,
  ADD COLUMN holdback_secs     NUMERIC(20) NOT NULL,
  ADD COLUMN priority          SMALLINT    NOT NULL,
  ADD COLUMN buyer_key         TEXT        NOT NULL,
  ADD COLUMN gpu_mask          NUMERIC(20) NOT NULL,
  ADD COLUMN challenge_until   NUMERIC(20) NOT NULL,
  ADD COLUMN reclaimed_at      NUMERIC(20) NOT NULL,
  ADD COLUMN output_size       NUMERIC(20),
  -- The proven fault's number, 1 .. 5.
  ADD COLUMN fault             SMALLINT,
  -- The open case's kind, 1 or 2, and deadline; the rest is in cases.
  ADD COLUMN case_kind         SMALLINT,
  ADD COLUMN case_deadline     NUMERIC(20) NOT NULL,
  ADD COLUMN keeper_share_bps  NUMERIC(20) NOT NULL,
  -- Of fee_paid, what keepers got.
  ADD COLUMN keeper_paid       NUMERIC(20) NOT NULL,
  ADD COLUMN seconds_confirmed NUMERIC(20) NOT NULL,
  ADD COLUMN funded_secs       NUMERIC(20) NOT NULL,
  -- What the billed seconds are worth, times 3600: a rate times seconds, each at the rate it was billed at.
  ADD COLUMN acc               NUMERIC(40) NOT NULL,
  -- Of balance, what is earned and waits for the buyer.
  ADD COLUMN held              NUMERIC(20) NOT NULL,
  ADD COLUMN sealed            BOOLEAN     NOT NULL;

ALTER TABLE stream_ticks
  ADD COLUMN seconds_confirmed NUMERIC(20) NOT NULL,
  ADD COLUMN keeper_fee        NUMERIC(20) NOT NULL,
  ADD COLUMN keeper_paid       NUMERIC(20) NOT NULL;

-- Every case ever opened; at most one open on a job.
CREATE TABLE cases (
  opened_version   BIGINT      NOT NULL,
  opened_index     INTEGER     NOT NULL,
  job              TEXT        NOT NULL,
  provider         TEXT        NOT NULL,
  buyer            TEXT        NOT NULL,
  -- 1 output challenge, 2 arbitration.
  kind             SMALLINT    NOT NULL,
  bond             NUMERIC(20) NOT NULL,
  -- Of an output challenge.
  chunk_index      NUMERIC(20),
  -- Of an arbitration: who decides, why, and about how much.
  arbiter          TEXT,
  reason           TEXT        NOT NULL,
  unreleased       NUMERIC(20),
  deadline         NUMERIC(20) NOT NULL,
  opened_at        NUMERIC(20) NOT NULL,
  -- All NULL while it is open.
  outcome          TEXT CHECK (outcome IN ('answered', 'lost', 'ruled', 'defaulted')),
  award            NUMERIC(20),
  bond_to_provider BOOLEAN,
  closed_at        NUMERIC(20),
  closed_version   BIGINT,
  PRIMARY KEY (opened_version, opened_index)
);

-- Every proven fault; a job has at most one.
CREATE TABLE faults (
  job         TEXT PRIMARY KEY,
  provider    TEXT        NOT NULL,
  fault       SMALLINT    NOT NULL,
  reporter    TEXT        NOT NULL,
  slashed     NUMERIC(20) NOT NULL,
  reward      NUMERIC(20) NOT NULL,
  proven_at   NUMERIC(20) NOT NULL,
  version     BIGINT      NOT NULL,
  event_index INTEGER     NOT NULL,
  tx_hash     TEXT        NOT NULL
);

-- listProviders sort=score
CREATE INDEX providers_by_score ON providers (score DESC, provider);

-- listJobs open=true
CREATE INDEX jobs_open ON jobs (created_version DESC, created_index DESC) WHERE is_open AND state = 0;

-- findOpenCases, and the writer's look for the case that an event closes
CREATE INDEX cases_open ON cases (job) WHERE closed_version IS NULL;
