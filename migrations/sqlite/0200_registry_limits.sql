-- What all processes behind one source address share of İYS's limits.

-- One line of turns; a process takes them in blocks.
CREATE TABLE registry_egress (
    egress TEXT NOT NULL PRIMARY KEY,
    -- When the next turn is that nobody has taken.
    next_turn_us INTEGER NOT NULL
) STRICT;

-- Calls taken out of hourly limits, per five minutes.
CREATE TABLE registry_egress_hourly (
    egress TEXT NOT NULL,
    call_kind TEXT NOT NULL,
    bucket_us INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    PRIMARY KEY (egress, call_kind, bucket_us)
) STRICT;

-- Windows that İYS has closed: they hold across restarts.
CREATE TABLE registry_egress_closed (
    egress TEXT NOT NULL,
    call_kind TEXT NOT NULL,
    until_us INTEGER NOT NULL,
    PRIMARY KEY (egress, call_kind)
) STRICT;

-- Answered calls per hour, for the success share of 24 hours.
CREATE TABLE registry_egress_share (
    egress TEXT NOT NULL,
    hour_us INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    successes INTEGER NOT NULL,
    PRIMARY KEY (egress, hour_us)
) STRICT;
