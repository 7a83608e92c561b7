-- One index per named query of indexer/src/db/queries.

-- listProviders sort=price, sort=newest, and by owner
CREATE INDEX providers_by_price ON providers (price_per_hour, provider);
CREATE INDEX providers_by_registration ON providers (registered_version DESC, registered_index DESC);
CREATE INDEX providers_by_owner ON providers (owner);

-- listJobs, and by buyer, provider, state
CREATE INDEX jobs_by_creation ON jobs (created_version DESC, created_index DESC);
CREATE INDEX jobs_by_buyer ON jobs (buyer, created_version DESC, created_index DESC);
CREATE INDEX jobs_by_provider ON jobs (provider, created_version DESC, created_index DESC);
CREATE INDEX jobs_by_state ON jobs (state, created_version DESC, created_index DESC);

-- listRunningStreams
CREATE INDEX jobs_running ON jobs (started_version DESC, job) WHERE state = 2;

-- listJobEvents
CREATE INDEX events_by_job ON events (job, version, event_index) WHERE job IS NOT NULL;

-- listTicks, ticksBetween (recentSettlements uses the primary key)
CREATE INDEX stream_ticks_by_job ON stream_ticks (job, version DESC, event_index DESC);
CREATE INDEX stream_ticks_by_version ON stream_ticks (version, event_index);
