-- How a campaign leaves, as JSON: when, in portions, to whom, over which routes.
ALTER TABLE campaign ADD COLUMN plan TEXT NOT NULL DEFAULT '{}';
-- How far its canary or its test of two texts has come, as JSON.
ALTER TABLE campaign ADD COLUMN progress TEXT NOT NULL DEFAULT '{}';
-- Launched for later; NULL when at once.
ALTER TABLE campaign ADD COLUMN start_us INTEGER;
-- What the approver saw, byte for byte.
ALTER TABLE campaign ADD COLUMN go_snapshot TEXT;

-- A brand's rules for sending, as JSON: quiet dates, limits, signature.
CREATE TABLE sending_rules (
    brand_id INTEGER NOT NULL PRIMARY KEY,
    rules TEXT NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;

-- Somebody pressed stop: nothing of the brand or over the route leaves.
CREATE TABLE sending_halt (
    -- 1 brand, 2 provider account
    scope INTEGER NOT NULL CHECK (scope IN (1, 2)),
    subject_id INTEGER NOT NULL,
    firm_id INTEGER NOT NULL,
    reason TEXT NOT NULL,
    halted_by TEXT NOT NULL,
    halted_us INTEGER NOT NULL,
    PRIMARY KEY (scope, subject_id)
) STRICT;
CREATE INDEX sending_halt_firm ON sending_halt (firm_id, scope, subject_id);

-- Who signed what of a campaign electronically before it was launched.
CREATE TABLE campaign_signature (
    campaign_id INTEGER NOT NULL PRIMARY KEY,
    signer TEXT NOT NULL,
    -- Such as e-imza or mobil imza.
    method TEXT NOT NULL,
    -- What the signer signed.
    content_hash BLOB NOT NULL,
    -- The signature itself, or where it is kept.
    evidence TEXT NOT NULL,
    signed_us INTEGER NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_us INTEGER NOT NULL
) STRICT;
