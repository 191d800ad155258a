-- Rules that say whom a campaign is for (dinamik segment), looked at anew each time.
CREATE TABLE segment (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- JSON tree of groups and conditions.
    rules TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX segment_name ON segment (firm_id, name);
CREATE INDEX segment_list ON segment (firm_id, id);
