-- What all processes behind one source address share of İYS's limits.

-- One line of turns; a process takes them in blocks.
CREATE TABLE registry_egress (
    egress TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- When the next turn is that nobody has taken.
    next_turn_us BIGINT NOT NULL
);

-- Calls taken out of hourly limits, per five minutes.
CREATE TABLE registry_egress_hourly (
    egress TEXT COLLATE "C" NOT NULL,
    call_kind TEXT COLLATE "C" NOT NULL,
    bucket_us BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (egress, call_kind, bucket_us)
);

-- Windows that İYS has closed: they hold across restarts.
CREATE TABLE registry_egress_closed (
    egress TEXT COLLATE "C" NOT NULL,
    call_kind TEXT COLLATE "C" NOT NULL,
    until_us BIGINT NOT NULL,
    PRIMARY KEY (egress, call_kind)
);

-- Answered calls per hour, for the success share of 24 hours.
CREATE TABLE registry_egress_share (
    egress TEXT COLLATE "C" NOT NULL,
    hour_us BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    successes BIGINT NOT NULL,
    PRIMARY KEY (egress, hour_us)
);
