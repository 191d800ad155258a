-- Rules that say whom a campaign is for (dinamik segment), looked at anew each time.
CREATE TABLE segment (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    -- JSON tree of groups and conditions.
    rules TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX segment_name ON segment (firm_id, name);
CREATE INDEX segment_list ON segment (firm_id, id);
