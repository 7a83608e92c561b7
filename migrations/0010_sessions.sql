-- Sign-in: sessions of wallets, the nonces they used, and what admins did. Not from the chain: written by the API, neither
-- rebuilt nor compared nor swapped. What a nonce is for stands in the nonce itself, so only used ones are kept.

CREATE TABLE auth_sessions (
  sid             UUID        PRIMARY KEY,
  wallet          TEXT        NOT NULL,
  -- The site that the wallet's owner saw when signing.
  domain          TEXT        NOT NULL,
  user_agent      TEXT        NOT NULL,
  created_at      TIMESTAMPTZ NOT NULL,
  last_used_at    TIMESTAMPTZ NOT NULL,
  expires_at      TIMESTAMPTZ NOT NULL,
  revoked_at      TIMESTAMPTZ,
  revoked_because TEXT CHECK (revoked_because IN ('signed_out', 'reuse', 'admin', 'too_many')),
  -- The refresh token that counts: how many came before it, and its SHA-256.
  generation      INTEGER     NOT NULL,
  refresh_hash    BYTEA       NOT NULL,
  -- Tells tokens that this session once had from made-up ones; opens nothing.
  family_key      BYTEA       NOT NULL,
  CHECK ((revoked_at IS NULL) = (revoked_because IS NULL))
);

-- a wallet's sessions, newest first
CREATE INDEX auth_sessions_by_wallet ON auth_sessions (wallet, created_at, sid);
-- the admin's list, and the sweep
CREATE INDEX auth_sessions_by_creation ON auth_sessions (created_at, sid);
CREATE INDEX auth_sessions_by_expiry ON auth_sessions (expires_at);

CREATE TABLE auth_used_nonces (
  nonce      TEXT        PRIMARY KEY,
  expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX auth_used_nonces_by_expiry ON auth_used_nonces (expires_at);

-- What admins did, by whom and when. Rows are only ever added.
CREATE TABLE admin_audit (
  id          BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  occurred_at TIMESTAMPTZ NOT NULL,
  wallet      TEXT        NOT NULL,
  sid         UUID        NOT NULL,
  action      TEXT        NOT NULL,
  detail      JSONB       NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% only grows: its rows are neither changed nor removed', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER admin_audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- a provider's telemetry and a job's attestations by page, newest first
CREATE INDEX attestations_by_page ON attestations (job, seq DESC, occurred_at DESC);
DROP INDEX attestations_by_job;
