-- 4: the weekly walk over everybody. A CHECK cannot be widened, so the column is made anew.
ALTER TABLE registry_sweep ADD COLUMN wanted_for BIGINT NOT NULL DEFAULT 3 CHECK (wanted_for BETWEEN 1 AND 4);
UPDATE registry_sweep SET wanted_for = purpose;
ALTER TABLE registry_sweep DROP COLUMN purpose;
ALTER TABLE registry_sweep RENAME COLUMN wanted_for TO purpose;
