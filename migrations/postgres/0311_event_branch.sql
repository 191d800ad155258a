-- The branch or dealer (şube, bayi) that brought a consent, as the row of an
-- uploaded file named it: sources are scored by it.
CREATE TABLE event_branch (
    upload_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    branch TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (upload_id, event_id)
);
