-- Refusals leave before everything else: 0 refusals, 1 other records, 2 questions.
ALTER TABLE registry_batch ADD COLUMN priority BIGINT NOT NULL DEFAULT 1 CHECK (priority BETWEEN 0 AND 2);
