-- When the digest over everything a campaign handed over was written into the
-- audit trail.
ALTER TABLE campaign ADD COLUMN sealed_us BIGINT;
-- Where in the firm's audit trail.
ALTER TABLE campaign ADD COLUMN seal_entry BIGINT;
CREATE INDEX campaign_unsealed ON campaign (finished_us) WHERE finished_us IS NOT NULL AND sealed_us IS NULL;
