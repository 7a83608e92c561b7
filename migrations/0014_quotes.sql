-- Quotes that were used: what became of the money at each, and what came back from it. Unused ones are on no chain.
-- Rows stay: all of it is filled here from the events that are stored.

CREATE TABLE quotes (
  quote        TEXT        PRIMARY KEY,
  payer        TEXT        NOT NULL,
  -- Null where its money went back instead.
  job          TEXT,
  -- Of the deposit, or of what went back first.
  asset        TEXT        NOT NULL,
  -- What became the job's; 0 where its money went back.
  deposit      NUMERIC(20) NOT NULL,
  -- Of asset, to the payer. Late payments may go on adding to it.
  refunded     NUMERIC     NOT NULL,
  -- How often money went back, of whichever asset.
  refunds      BIGINT      NOT NULL,
  used_by      TEXT        NOT NULL,
  used_at      NUMERIC(20) NOT NULL,
  used_version BIGINT      NOT NULL,
  used_index   INTEGER     NOT NULL,
  used_tx      TEXT        NOT NULL,
  last_version BIGINT      NOT NULL,
  last_index   INTEGER     NOT NULL
);
-- Newest first: all, one payer's, those that became jobs or didn't.
CREATE INDEX quotes_used ON quotes (used_version, used_index);
CREATE INDEX quotes_payer ON quotes (payer, used_version, used_index);
CREATE INDEX quotes_refunded ON quotes (used_version, used_index) WHERE job IS NULL;
CREATE INDEX quotes_redeemed ON quotes (used_version, used_index) WHERE job IS NOT NULL;
CREATE INDEX quotes_job ON quotes (job) WHERE job IS NOT NULL;

CREATE TABLE quote_refunds (
  version     BIGINT      NOT NULL,
  event_index INTEGER     NOT NULL,
  tx_hash     TEXT        NOT NULL,
  quote       TEXT        NOT NULL,
  asset       TEXT        NOT NULL,
  amount      NUMERIC(20) NOT NULL,
  refunded_by TEXT        NOT NULL,
  refunded_at NUMERIC(20) NOT NULL,
  PRIMARY KEY (version, event_index)
);
CREATE INDEX quote_refunds_quote ON quote_refunds (quote, version, event_index);

-- As indexer/src/handlers/quotes.ts and ledger.ts do it from now on.
INSERT INTO quote_refunds
SELECT version, event_index, tx_hash, data->>'quote', data->>'asset', (data->>'amount')::numeric, data->>'refunded_by',
       (data->>'timestamp')::numeric
FROM events WHERE name = 'QuoteRefunded';

INSERT INTO quotes
SELECT f.quote, f.data->>'payer', f.data->>'job', f.data->>'asset',
       CASE f.name WHEN 'QuoteRedeemed' THEN (f.data->>'amount')::numeric ELSE 0 END,
       coalesce((SELECT sum(r.amount) FROM quote_refunds r WHERE r.quote = f.quote AND r.asset = f.data->>'asset'), 0),
       (SELECT count(*) FROM quote_refunds r WHERE r.quote = f.quote),
       coalesce(f.data->>'redeemed_by', f.data->>'refunded_by'), (f.data->>'timestamp')::numeric,
       f.version, f.event_index, f.tx_hash, l.version, l.event_index
FROM (
  SELECT DISTINCT ON (data->>'quote') data->>'quote' AS quote, * FROM events WHERE module = 'job_quotes'
  ORDER BY data->>'quote', version, event_index
) f
JOIN (
  SELECT DISTINCT ON (data->>'quote') data->>'quote' AS quote, version, event_index FROM events
  WHERE module = 'job_quotes' ORDER BY data->>'quote', version DESC, event_index DESC
) l ON l.quote = f.quote;

INSERT INTO ledger_entries
SELECT e.data->>'payer', e.version, e.event_index, m.line, m.kind, e.data->>'asset', m.sign * (e.data->>'amount')::numeric
FROM events e CROSS JOIN (VALUES (0, 'quote_payment', -1), (1, 'quote_refund', 1)) AS m(line, kind, sign)
WHERE e.name = 'QuoteRefunded' AND (e.data->>'amount')::numeric <> 0;
