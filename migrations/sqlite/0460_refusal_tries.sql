-- How often the provider has refused the request for now, since it last changed
-- its route: what keeps failing ends. And why a failed batch failed: 0 refused,
-- 1 refused for now until the tries were spent, 2 refused with a code that nobody
-- knows, 3 the one person in it refused.
ALTER TABLE send_batch ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE send_batch ADD COLUMN failed_as INTEGER NOT NULL DEFAULT 0;
