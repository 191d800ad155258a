-- Whether a firm still practises (deneme ortamı): its accounts and its registry
-- are simulators, and nothing it does reaches a person.
ALTER TABLE firm ADD COLUMN practice INTEGER NOT NULL DEFAULT 0 CHECK (practice IN (0, 1));

-- What was on record of a brand on each day (Turkish days since 1970), counted
-- anew through the day: counting millions is too slow for a screen.
CREATE TABLE consent_figure (
    brand_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    confirmed INTEGER NOT NULL,
    unconfirmed INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    taken_us INTEGER NOT NULL,
    PRIMARY KEY (brand_id, day, channel)
) STRICT, WITHOUT ROWID;
