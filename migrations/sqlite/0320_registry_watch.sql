-- When each brand's ledger was last recomputed by the program itself.
CREATE TABLE ledger_check (
    brand_id INTEGER NOT NULL PRIMARY KEY,
    checked_us INTEGER,
    -- Who is at it, until when: the check is taken over after that.
    lease_until_us INTEGER,
    -- What differed; none when everything agreed.
    fault TEXT
) STRICT, WITHOUT ROWID;

-- Confirmed days whose time stamp has not come yet.
CREATE INDEX registry_day_stamp ON registry_day (next_us) WHERE state = 5 AND stamp_path IS NULL;

-- How many refusals İYS counts for a brand, against those that we know of:
-- while both agree, an address that İYS does not confirm and that we know no
-- refusal of has no record there.
CREATE TABLE registry_count (
    brand_id INTEGER NOT NULL PRIMARY KEY,
    asked_us INTEGER NOT NULL,
    theirs INTEGER NOT NULL,
    ours INTEGER NOT NULL,
    -- Since when every count agreed; none after one that did not.
    agrees_since_us INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_state_ret ON consent_state (brand_id) WHERE verdict = 2;
CREATE INDEX registry_stranger_ret ON registry_stranger (brand_id) WHERE status = 2;
