-- How far the search for refusals that we do not know of has come: the number of
-- the last address that was looked up for it.
ALTER TABLE registry_count ADD COLUMN searched_id BIGINT NOT NULL DEFAULT 0;
