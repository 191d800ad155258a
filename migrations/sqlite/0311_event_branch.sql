-- The branch or dealer (şube, bayi) that brought a consent, as the row of an
-- uploaded file named it: sources are scored by it.
CREATE TABLE event_branch (
    upload_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    branch TEXT NOT NULL,
    PRIMARY KEY (upload_id, event_id)
) STRICT, WITHOUT ROWID;
