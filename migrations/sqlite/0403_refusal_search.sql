-- How far the search for refusals that we do not know of has come: the number of
-- the last address that was looked up for it.
ALTER TABLE registry_count ADD COLUMN searched_id INTEGER NOT NULL DEFAULT 0;

-- Whom İYS does not confirm: refused there, or unknown there.
CREATE INDEX consent_state_unconfirmed ON consent_state (brand_id, recipient_id, channel, kind) WHERE verdict = 4;
