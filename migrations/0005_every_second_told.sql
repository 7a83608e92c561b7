-- BREAKING: a settlement tells every change of the meter, in a module of its own, and a job that expires may wait.
-- The modules that told the rows up to here left changes out that moved no money: a row made of their events can't be
-- completed, so the mirror starts over from the chain. Values for old rows are never made up.

TRUNCATE chain_cursor;
TRUNCATE events;
TRUNCATE market_parameters;
TRUNCATE assets;
TRUNCATE providers;
TRUNCATE jobs;
TRUNCATE stream_ticks;
TRUNCATE provider_heartbeats;
TRUNCATE cases;
TRUNCATE faults;

ALTER TABLE stream_ticks
  -- What the seconds billed by then are worth, times 3600, as in jobs.
  ADD COLUMN acc NUMERIC(40) NOT NULL;
