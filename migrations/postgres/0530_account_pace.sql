-- What all processes share of an account's speed: its requests stand on one line
-- of time. No row: nothing was taken of it yet.
CREATE TABLE account_pace (
    connector_id BIGINT NOT NULL PRIMARY KEY,
    -- From here on the line is free.
    next_us BIGINT NOT NULL,
    -- The speed in thousandths when it was last slowed down, and when that was.
    permille BIGINT NOT NULL,
    slowed_us BIGINT NOT NULL
);
