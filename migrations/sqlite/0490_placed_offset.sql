-- How far the people of an upload's records are on record before what they say
-- is: two connections write a first file, and what counts as applied follows.
ALTER TABLE upload ADD COLUMN placed_offset INTEGER NOT NULL DEFAULT 0;
