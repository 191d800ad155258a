-- What İYS told about the movements of one record, when somebody asked; the
-- newest answer of each key.
CREATE TABLE registry_history (
    brand_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    asked_us BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    -- How many movements there are at İYS, when it said so.
    total BIGINT,
    -- Rows of its answer that could not be read.
    unreadable BIGINT NOT NULL,
    -- JSON: the movements, the newest consent date first.
    movements TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (brand_id, recipient_id, channel, kind)
);
