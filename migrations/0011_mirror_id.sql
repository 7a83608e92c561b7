-- A name for this mirror that another one, of another chain or built anew, doesn't have: cursors of the live feed
-- carry it, so that a client is told when what it holds came from other tables.
ALTER TABLE chain_cursor
  ADD COLUMN mirror_id TEXT NOT NULL DEFAULT left(replace(gen_random_uuid()::text, '-', ''), 12);
