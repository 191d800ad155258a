-- Movements as they were told, many in one row: a day of them is only ever read
-- as a whole, against İYS's file, and a row for each with a number of 64 digits
-- as its key cost a page of the index each. What was told before this step stays
-- in registry_movement until it is forgotten with its day.
CREATE TABLE registry_told (
    id BIGINT NOT NULL PRIMARY KEY,
    brand_id BIGINT NOT NULL,
    -- Turkish day of their creation, days since 1970-01-01.
    day BIGINT NOT NULL,
    -- The movements, framed by the program; one that was told twice is in it twice.
    movements BYTEA NOT NULL
);
CREATE INDEX registry_told_day ON registry_told (brand_id, day, id);
