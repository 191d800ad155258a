-- How often what an audience is judged by has changed, of each firm (people,
-- groups, stops) and each brand (consents): a preview remembers its number.
CREATE TABLE audience_change (
    -- A firm or a brand.
    scope_id INTEGER NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
