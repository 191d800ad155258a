-- How often the people of a batch have been parted since they were planned: a
-- request that was refused as a whole is halved, until whoever is at fault stands
-- alone.
ALTER TABLE send_batch ADD COLUMN splits INTEGER NOT NULL DEFAULT 0;
