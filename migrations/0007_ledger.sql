-- What each wallet got from the market and gave to it, one row a movement, so that nobody's ledger is worked out from
-- the raw events again; whom a job's stream and its fees pay; and what binds a provider's stake.
-- Rows stay: all of it is filled here from the events that are stored.

-- Only movements between a wallet and what the market holds (escrows, stakes, bonds). So for each asset the sum of all
-- amounts and of what is held is zero. Transaction, time, job and provider are the event's and are read there.
CREATE TABLE ledger_entries (
  wallet      TEXT        NOT NULL,
  version     BIGINT      NOT NULL,
  event_index INTEGER     NOT NULL,
  -- Place among the movements that an event of this name may have, whether or not the others are there.
  line        SMALLINT    NOT NULL,
  kind        TEXT        NOT NULL,
  asset       TEXT        NOT NULL,
  -- What reached the wallet; negative what left it.
  amount      NUMERIC(20) NOT NULL,
  -- The wallet first: the same index keeps a movement from being counted twice and pages through one wallet's.
  PRIMARY KEY (wallet, version, event_index, line)
);

ALTER TABLE jobs
  -- Who gets its fees, fixed at its making; '' where the mirror began after the parameters were told.
  ADD COLUMN treasury TEXT NOT NULL DEFAULT '',
  -- Who its stream pays; '' until it starts.
  ADD COLUMN payee    TEXT NOT NULL DEFAULT '';

ALTER TABLE providers
  -- What its jobs rely on: so much can't leave while they run or may still cost stake.
  ADD COLUMN bound_stake  NUMERIC(20) NOT NULL DEFAULT 0,
  -- Until when jobs that have ended may cost stake.
  ADD COLUMN liable_until NUMERIC(20) NOT NULL DEFAULT 0;

UPDATE jobs j SET treasury = p.treasury FROM (
  SELECT version, event_index, data->>'treasury' AS treasury,
         lead(version) OVER w AS next_version, lead(event_index) OVER w AS next_index
  FROM events WHERE name = 'ParametersUpdated' WINDOW w AS (ORDER BY version, event_index)
) p
WHERE (p.version, p.event_index) < (j.created_version, j.created_index)
  AND (p.next_version IS NULL OR (p.next_version, p.next_index) > (j.created_version, j.created_index));

UPDATE jobs j SET payee = e.data->>'payee' FROM events e WHERE e.job = j.job AND e.name = 'StreamOpened';

UPDATE providers p SET bound_stake = (l.data->>'bound_stake')::numeric, liable_until = (l.data->>'liable_until')::numeric
FROM (
  SELECT DISTINCT ON (provider) provider, data FROM events WHERE name = 'ProviderLiabilityChanged'
  ORDER BY provider, version DESC, event_index DESC
) l WHERE l.provider = p.provider;

ALTER TABLE jobs ALTER COLUMN treasury DROP DEFAULT, ALTER COLUMN payee DROP DEFAULT;
ALTER TABLE providers ALTER COLUMN bound_stake DROP DEFAULT, ALTER COLUMN liable_until DROP DEFAULT;

-- As indexer/src/handlers/ledger.ts does it from now on.
INSERT INTO ledger_entries
SELECT m.wallet, e.version, e.event_index, m.line, m.kind, m.asset, m.amount
FROM events e
LEFT JOIN jobs j ON j.job = e.job
LEFT JOIN providers p ON p.provider = e.provider
CROSS JOIN LATERAL (
  SELECT e.data->>'payer', 0, 'deposit', e.data->>'asset', -(e.data->>'amount')::numeric
  WHERE e.name = 'EscrowDeposited'
  UNION ALL
  SELECT e.data->>'to', 0, 'refund', j.asset, (e.data->>'amount')::numeric
  WHERE e.name = 'EscrowRefunded'
  UNION ALL
  SELECT e.data->>'payee', 0, 'payment', j.asset, (e.data->>'amount')::numeric - (e.data->>'fee')::numeric
  WHERE e.name = 'StreamSettled'
  UNION ALL
  SELECT e.data->>'keeper', 1, 'keeper_fee', j.asset, (e.data->>'keeper_fee')::numeric
  WHERE e.name = 'StreamSettled'
  UNION ALL
  SELECT j.treasury, 2, 'fee', j.asset, (e.data->>'fee')::numeric - (e.data->>'keeper_fee')::numeric
  WHERE e.name = 'StreamSettled'
  UNION ALL
  SELECT e.data->>'owner', 0, 'stake', e.data->>'asset', -(e.data->>'staked')::numeric
  WHERE e.name = 'ProviderRegistered'
  UNION ALL
  SELECT p.owner, 0, 'stake', p.asset, -(e.data->>'amount')::numeric
  WHERE e.name = 'StakeAdded'
  UNION ALL
  SELECT p.owner, 0, 'unstake', p.asset, (e.data->>'amount')::numeric
  WHERE e.name = 'StakeWithdrawn'
  UNION ALL
  SELECT e.data->>'reporter', 0, 'reward', j.asset, (e.data->>'reward')::numeric
  WHERE e.name = 'FaultProven'
  UNION ALL
  SELECT j.treasury, 1, 'slash', j.asset, (e.data->>'slashed')::numeric - (e.data->>'reward')::numeric
  WHERE e.name = 'FaultProven'
  UNION ALL
  SELECT e.data->>'buyer', 0, 'bond', j.asset, -(e.data->>'bond')::numeric
  WHERE e.name IN ('OutputChallenged', 'ArbitrationOpened')
  UNION ALL
  SELECT j.payee, 0, 'bond_won', j.asset, (e.data->>'bond')::numeric
  WHERE e.name = 'ChallengeAnswered'
  UNION ALL
  SELECT j.buyer, 0, 'bond_back', j.asset, (e.data->>'refunded_bond')::numeric
  WHERE e.name = 'ChallengeLost'
  UNION ALL
  SELECT e.data->>'bond_to', 0, CASE WHEN e.data->>'bond_to' = j.buyer THEN 'bond_back' ELSE 'bond_won' END, j.asset,
         (SELECT max(c.bond) FROM cases c WHERE c.job = e.job AND c.closed_version = e.version)
  WHERE e.name = 'ArbitrationDecided'
) AS m(wallet, line, kind, asset, amount)
WHERE m.amount <> 0;
