-- Whether a firm still practises (deneme ortamı): its accounts and its registry
-- are simulators, and nothing it does reaches a person.
ALTER TABLE firm ADD COLUMN practice BIGINT NOT NULL DEFAULT 0 CHECK (practice IN (0, 1));

-- What was on record of a brand on each day (Turkish days since 1970), counted
-- anew through the day: counting millions is too slow for a screen.
CREATE TABLE consent_figure (
    brand_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    confirmed BIGINT NOT NULL,
    unconfirmed BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    taken_us BIGINT NOT NULL,
    PRIMARY KEY (brand_id, day, channel)
);
