-- What keeps our mirror of İYS whole: how far its feeds were read to their end,
-- what they told about addresses that the firm does not know, full
-- comparisons, pushes, and the daily agreement (mutabakat).

-- When the citizens' feed was last read to its end, or watching it began. İYS
-- shows seven days: older than that, refusals were lost.
ALTER TABLE brand ADD COLUMN feed_complete_us INTEGER;
-- Answers of İYS from before this instant are not relied on.
ALTER TABLE brand ADD COLUMN distrust_us INTEGER;

ALTER TABLE registry_cursor ADD COLUMN complete_us INTEGER;
-- Rows that could not be read: one of them may be a refusal.
ALTER TABLE registry_cursor ADD COLUMN unreadable INTEGER NOT NULL DEFAULT 0;

-- What İYS told about an address that the firm does not know. It moves into
-- consent_state when the address arrives.
CREATE TABLE registry_stranger (
    firm_id INTEGER NOT NULL,
    address TEXT NOT NULL,
    brand_id INTEGER NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 3),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    status INTEGER NOT NULL CHECK (status IN (1, 2)),
    consent_us INTEGER,
    source TEXT,
    created_us INTEGER NOT NULL,
    transaction_id TEXT,
    PRIMARY KEY (firm_id, address, brand_id, channel, kind)
) STRICT, WITHOUT ROWID;

-- Movements that the feeds and pushes told, by Turkish day of their creation:
-- what the daily file of İYS is held against. Kept for two months.
CREATE TABLE registry_movement (
    brand_id INTEGER NOT NULL,
    -- Days since 1970-01-01.
    day INTEGER NOT NULL,
    transaction_id TEXT NOT NULL,
    address TEXT NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 3),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    status INTEGER NOT NULL CHECK (status IN (1, 2)),
    source TEXT NOT NULL,
    consent_us INTEGER,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (brand_id, day, transaction_id)
) STRICT, WITHOUT ROWID;

-- Times without a complete pull that were long enough to raise an alarm.
CREATE TABLE registry_gap (
    brand_id INTEGER NOT NULL,
    -- The last complete pull before it.
    began_us INTEGER NOT NULL,
    alarmed_us INTEGER NOT NULL,
    -- When the feed had become too short to tell what was missed.
    missed_us INTEGER,
    closed_us INTEGER,
    PRIMARY KEY (brand_id, began_us)
) STRICT, WITHOUT ROWID;

-- Walks over everybody of a brand, asking İYS about 1,000 at a time.
CREATE TABLE registry_sweep (
    id INTEGER NOT NULL PRIMARY KEY,
    brand_id INTEGER NOT NULL,
    -- 1 first load, 2 after a gap, 3 a person asked for it
    purpose INTEGER NOT NULL CHECK (purpose BETWEEN 1 AND 3),
    -- 1 running, 2 paused, 3 everything is queued, 4 done, 5 stopped
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
    -- Which pair of channel and capacity it is at, and behind which address.
    phase INTEGER NOT NULL,
    after_id INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    total INTEGER NOT NULL,
    rests_in_business_hours INTEGER NOT NULL CHECK (rests_in_business_hours IN (0, 1)),
    actor TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    done_us INTEGER
) STRICT;
CREATE UNIQUE INDEX registry_sweep_open ON registry_sweep (brand_id) WHERE state IN (1, 2, 3);
CREATE INDEX registry_sweep_brand ON registry_sweep (brand_id, id);

-- What İYS pushes, kept as it came before anything else is done with it.
CREATE TABLE registry_push (
    id INTEGER NOT NULL PRIMARY KEY,
    brand_id INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    -- SHA-256 of the body: the same push twice is kept once.
    digest BLOB NOT NULL,
    -- LZ4 of the body.
    body BLOB NOT NULL,
    -- 1 waiting, 2 applied, 3 unreadable
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    problem TEXT
) STRICT;
CREATE UNIQUE INDEX registry_push_digest ON registry_push (brand_id, digest);
CREATE INDEX registry_push_work ON registry_push (state, id);

-- The name and password that İYS must show when it pushes.
CREATE TABLE registry_push_account (
    brand_id INTEGER NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    -- Encrypted.
    password BLOB NOT NULL,
    url TEXT NOT NULL,
    made_us INTEGER NOT NULL,
    -- When İYS took the registration.
    registered_us INTEGER,
    pushed_us INTEGER
) STRICT;

-- The daily agreement (mutabakat).
CREATE TABLE registry_day (
    brand_id INTEGER NOT NULL,
    -- Days since 1970-01-01.
    day INTEGER NOT NULL,
    -- 1 to be fetched, 2 nothing moved, 3 matches, 4 differs, 5 confirmed, 6 given up
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
    attempt INTEGER NOT NULL,
    next_us INTEGER NOT NULL,
    lease_until_us INTEGER,
    file_rows INTEGER,
    file_bytes INTEGER,
    -- SHA-384 in hexadecimal: over the file as it is, and without its header.
    hash_whole TEXT,
    hash_bare TEXT,
    hash_theirs TEXT,
    file_path TEXT,
    stamp_path TEXT,
    -- JSON: totals and counts of differences.
    comparison TEXT,
    differences INTEGER,
    problem TEXT,
    compared_us INTEGER,
    confirmed_us INTEGER,
    confirmed_by TEXT,
    PRIMARY KEY (brand_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX registry_day_work ON registry_day (state, next_us);

-- Differences between the daily file and what we hold, person by person; the
-- first thousands, the rest is in the file beside the archive.
CREATE TABLE registry_drift (
    brand_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    number INTEGER NOT NULL,
    -- 1 not here, 2 not there, 3 told otherwise, 4 our state is behind
    cause INTEGER NOT NULL CHECK (cause BETWEEN 1 AND 4),
    address TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    transaction_id TEXT,
    theirs TEXT,
    ours TEXT,
    PRIMARY KEY (brand_id, day, number)
) STRICT, WITHOUT ROWID;

-- A change of mode: seen first, made afterwards.
CREATE TABLE registry_mode_change (
    id INTEGER NOT NULL PRIMARY KEY,
    brand_id INTEGER NOT NULL,
    from_mode INTEGER NOT NULL CHECK (from_mode BETWEEN 1 AND 4),
    to_mode INTEGER NOT NULL CHECK (to_mode BETWEEN 1 AND 4),
    -- JSON: what it was seen to do.
    figures TEXT NOT NULL,
    seen_by TEXT NOT NULL,
    seen_us INTEGER NOT NULL,
    made_by TEXT,
    made_us INTEGER
) STRICT;
CREATE INDEX registry_mode_change_brand ON registry_mode_change (brand_id, id);

-- What İYS lets the brand's account do, as last seen.
CREATE TABLE registry_light (
    brand_id INTEGER NOT NULL PRIMARY KEY,
    checked_us INTEGER NOT NULL,
    -- JSON
    found TEXT NOT NULL
) STRICT;
