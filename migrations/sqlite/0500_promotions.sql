-- Lists of codes that people get with a campaign (promosyon kodları).
CREATE TABLE promotion (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- The first instant at which its codes are of no use any more: the end of a Turkish day.
    expires_us INTEGER NOT NULL,
    -- Kept with the codes: counting a million for a list of lists is slow.
    code_count INTEGER NOT NULL,
    -- Of them, meant for one person each.
    meant_count INTEGER NOT NULL,
    -- Of all, and of those meant for a person, given.
    given_count INTEGER NOT NULL,
    meant_given_count INTEGER NOT NULL,
    -- Characters of the longest code: a text is counted with it before anybody has a code.
    chars_max INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX promotion_name ON promotion (firm_id, name);

CREATE TABLE promotion_code (
    promotion_id INTEGER NOT NULL,
    code TEXT NOT NULL,
    -- Order of arrival, from 1: the pool is given from its front.
    place INTEGER NOT NULL,
    -- The contact it is meant for; NULL for the pool.
    meant_for INTEGER,
    -- The contact that has it, for good: once given it is nobody else's.
    given_to INTEGER,
    -- With which campaign and to which of the person's addresses it was first given.
    campaign_id INTEGER,
    recipient_id INTEGER,
    given_us INTEGER,
    PRIMARY KEY (promotion_id, code)
) STRICT, WITHOUT ROWID;
-- One person, one code: the databases refuse a second one.
CREATE UNIQUE INDEX promotion_code_given ON promotion_code (promotion_id, given_to) WHERE given_to IS NOT NULL;
CREATE UNIQUE INDEX promotion_code_meant ON promotion_code (promotion_id, meant_for) WHERE meant_for IS NOT NULL;
CREATE INDEX promotion_code_pool ON promotion_code (promotion_id, place) WHERE meant_for IS NULL AND given_to IS NULL;

-- The list from which a campaign's people get their codes.
ALTER TABLE campaign ADD COLUMN promotion_id INTEGER;
CREATE INDEX campaign_promotion ON campaign (promotion_id) WHERE promotion_id IS NOT NULL;

-- 7: codes of a promotion. A CHECK cannot be widened, so the column is made anew.
ALTER TABLE upload ADD COLUMN wanted_for INTEGER NOT NULL DEFAULT 1 CHECK (wanted_for BETWEEN 1 AND 7);
UPDATE upload SET wanted_for = purpose;
ALTER TABLE upload DROP COLUMN purpose;
ALTER TABLE upload RENAME COLUMN wanted_for TO purpose;
-- Of codes of a promotion: until when they are of use; NULL leaves what the promotion says.
ALTER TABLE upload ADD COLUMN expires_us INTEGER;
