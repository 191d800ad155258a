-- How a campaign leaves, as JSON: when, in portions, to whom, over which routes.
ALTER TABLE campaign ADD COLUMN plan TEXT COLLATE "C" NOT NULL DEFAULT '{}';
-- How far its canary or its test of two texts has come, as JSON.
ALTER TABLE campaign ADD COLUMN progress TEXT COLLATE "C" NOT NULL DEFAULT '{}';
-- Launched for later; NULL when at once.
ALTER TABLE campaign ADD COLUMN start_us BIGINT;
-- What the approver saw, byte for byte.
ALTER TABLE campaign ADD COLUMN go_snapshot TEXT COLLATE "C";

-- A brand's rules for sending, as JSON: quiet dates, limits, signature.
CREATE TABLE sending_rules (
    brand_id BIGINT NOT NULL PRIMARY KEY,
    rules TEXT COLLATE "C" NOT NULL,
    updated_us BIGINT NOT NULL
);

-- Somebody pressed stop: nothing of the brand or over the route leaves.
CREATE TABLE sending_halt (
    -- 1 brand, 2 provider account
    scope BIGINT NOT NULL CHECK (scope IN (1, 2)),
    subject_id BIGINT NOT NULL,
    firm_id BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    halted_by TEXT COLLATE "C" NOT NULL,
    halted_us BIGINT NOT NULL,
    PRIMARY KEY (scope, subject_id)
);
CREATE INDEX sending_halt_firm ON sending_halt (firm_id, scope, subject_id);

-- Who signed what of a campaign electronically before it was launched.
CREATE TABLE campaign_signature (
    campaign_id BIGINT NOT NULL PRIMARY KEY,
    signer TEXT COLLATE "C" NOT NULL,
    -- Such as e-imza or mobil imza.
    method TEXT COLLATE "C" NOT NULL,
    -- What the signer signed.
    content_hash BYTEA NOT NULL,
    -- The signature itself, or where it is kept.
    evidence TEXT COLLATE "C" NOT NULL,
    signed_us BIGINT NOT NULL,
    recorded_by TEXT COLLATE "C" NOT NULL,
    recorded_us BIGINT NOT NULL
);
