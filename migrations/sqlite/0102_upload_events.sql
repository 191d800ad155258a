-- Numbers of the first and last ledger event of an upload: what became of its
-- people is counted along them.
ALTER TABLE upload ADD COLUMN first_event_id INTEGER;
ALTER TABLE upload ADD COLUMN last_event_id INTEGER;
