-- Files that were taken from a folder: written with the upload they became, so
-- that a file is taken in once whatever dies in between.
CREATE TABLE dropped_file (
    folder TEXT COLLATE "C" NOT NULL,
    -- As it is called in the folder of taken files.
    taken_as TEXT COLLATE "C" NOT NULL,
    upload_id BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (folder, taken_as)
);
