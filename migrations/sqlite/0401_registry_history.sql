-- What İYS told about the movements of one record, when somebody asked; the
-- newest answer of each key.
CREATE TABLE registry_history (
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    asked_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    -- How many movements there are at İYS, when it said so.
    total INTEGER,
    -- Rows of its answer that could not be read.
    unreadable INTEGER NOT NULL,
    -- JSON: the movements, the newest consent date first.
    movements TEXT NOT NULL,
    PRIMARY KEY (brand_id, recipient_id, channel, kind)
) STRICT, WITHOUT ROWID;
