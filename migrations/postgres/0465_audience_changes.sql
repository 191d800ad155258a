-- How often what an audience is judged by has changed, of each firm (people,
-- groups, stops) and each brand (consents): a preview remembers its number.
CREATE TABLE audience_change (
    -- A firm or a brand.
    scope_id BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);
