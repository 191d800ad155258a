-- What keeps our mirror of İYS whole: how far its feeds were read to their end,
-- what they told about addresses that the firm does not know, full
-- comparisons, pushes, and the daily agreement (mutabakat).

-- When the citizens' feed was last read to its end, or watching it began. İYS
-- shows seven days: older than that, refusals were lost.
ALTER TABLE brand ADD COLUMN feed_complete_us BIGINT;
-- Answers of İYS from before this instant are not relied on.
ALTER TABLE brand ADD COLUMN distrust_us BIGINT;

ALTER TABLE registry_cursor ADD COLUMN complete_us BIGINT;
-- Rows that could not be read: one of them may be a refusal.
ALTER TABLE registry_cursor ADD COLUMN unreadable BIGINT NOT NULL DEFAULT 0;

-- What İYS told about an address that the firm does not know. It moves into
-- consent_state when the address arrives.
CREATE TABLE registry_stranger (
    firm_id BIGINT NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    brand_id BIGINT NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 3),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    status BIGINT NOT NULL CHECK (status IN (1, 2)),
    consent_us BIGINT,
    source TEXT COLLATE "C",
    created_us BIGINT NOT NULL,
    transaction_id TEXT COLLATE "C",
    PRIMARY KEY (firm_id, address, brand_id, channel, kind)
);

-- Movements that the feeds and pushes told, by Turkish day of their creation:
-- what the daily file of İYS is held against. Kept for two months.
CREATE TABLE registry_movement (
    brand_id BIGINT NOT NULL,
    -- Days since 1970-01-01.
    day BIGINT NOT NULL,
    transaction_id TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 3),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    status BIGINT NOT NULL CHECK (status IN (1, 2)),
    source TEXT COLLATE "C" NOT NULL,
    consent_us BIGINT,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (brand_id, day, transaction_id)
);

-- Times without a complete pull that were long enough to raise an alarm.
CREATE TABLE registry_gap (
    brand_id BIGINT NOT NULL,
    -- The last complete pull before it.
    began_us BIGINT NOT NULL,
    alarmed_us BIGINT NOT NULL,
    -- When the feed had become too short to tell what was missed.
    missed_us BIGINT,
    closed_us BIGINT,
    PRIMARY KEY (brand_id, began_us)
);

-- Walks over everybody of a brand, asking İYS about 1,000 at a time.
CREATE TABLE registry_sweep (
    id BIGINT NOT NULL PRIMARY KEY,
    brand_id BIGINT NOT NULL,
    -- 1 first load, 2 after a gap, 3 a person asked for it
    purpose BIGINT NOT NULL CHECK (purpose BETWEEN 1 AND 3),
    -- 1 running, 2 paused, 3 everything is queued, 4 done, 5 stopped
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 5),
    -- Which pair of channel and capacity it is at, and behind which address.
    phase BIGINT NOT NULL,
    after_id BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    total BIGINT NOT NULL,
    rests_in_business_hours BIGINT NOT NULL CHECK (rests_in_business_hours IN (0, 1)),
    actor TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    done_us BIGINT
);
CREATE UNIQUE INDEX registry_sweep_open ON registry_sweep (brand_id) WHERE state IN (1, 2, 3);
CREATE INDEX registry_sweep_brand ON registry_sweep (brand_id, id);

-- What İYS pushes, kept as it came before anything else is done with it.
CREATE TABLE registry_push (
    id BIGINT NOT NULL PRIMARY KEY,
    brand_id BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    -- SHA-256 of the body: the same push twice is kept once.
    digest BYTEA NOT NULL,
    -- LZ4 of the body.
    body BYTEA NOT NULL,
    -- 1 waiting, 2 applied, 3 unreadable
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 3),
    problem TEXT COLLATE "C"
);
CREATE UNIQUE INDEX registry_push_digest ON registry_push (brand_id, digest);
CREATE INDEX registry_push_work ON registry_push (state, id);

-- The name and password that İYS must show when it pushes.
CREATE TABLE registry_push_account (
    brand_id BIGINT NOT NULL PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL,
    -- Encrypted.
    password BYTEA NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    made_us BIGINT NOT NULL,
    -- When İYS took the registration.
    registered_us BIGINT,
    pushed_us BIGINT
);

-- The daily agreement (mutabakat).
CREATE TABLE registry_day (
    brand_id BIGINT NOT NULL,
    -- Days since 1970-01-01.
    day BIGINT NOT NULL,
    -- 1 to be fetched, 2 nothing moved, 3 matches, 4 differs, 5 confirmed, 6 given up
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 6),
    attempt BIGINT NOT NULL,
    next_us BIGINT NOT NULL,
    lease_until_us BIGINT,
    file_rows BIGINT,
    file_bytes BIGINT,
    -- SHA-384 in hexadecimal: over the file as it is, and without its header.
    hash_whole TEXT COLLATE "C",
    hash_bare TEXT COLLATE "C",
    hash_theirs TEXT COLLATE "C",
    file_path TEXT COLLATE "C",
    stamp_path TEXT COLLATE "C",
    -- JSON: totals and counts of differences.
    comparison TEXT COLLATE "C",
    differences BIGINT,
    problem TEXT COLLATE "C",
    compared_us BIGINT,
    confirmed_us BIGINT,
    confirmed_by TEXT COLLATE "C",
    PRIMARY KEY (brand_id, day)
);
CREATE INDEX registry_day_work ON registry_day (state, next_us);

-- Differences between the daily file and what we hold, person by person; the
-- first thousands, the rest is in the file beside the archive.
CREATE TABLE registry_drift (
    brand_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    number BIGINT NOT NULL,
    -- 1 not here, 2 not there, 3 told otherwise, 4 our state is behind
    cause BIGINT NOT NULL CHECK (cause BETWEEN 1 AND 4),
    address TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    transaction_id TEXT COLLATE "C",
    theirs TEXT COLLATE "C",
    ours TEXT COLLATE "C",
    PRIMARY KEY (brand_id, day, number)
);

-- A change of mode: seen first, made afterwards.
CREATE TABLE registry_mode_change (
    id BIGINT NOT NULL PRIMARY KEY,
    brand_id BIGINT NOT NULL,
    from_mode BIGINT NOT NULL CHECK (from_mode BETWEEN 1 AND 4),
    to_mode BIGINT NOT NULL CHECK (to_mode BETWEEN 1 AND 4),
    -- JSON: what it was seen to do.
    figures TEXT COLLATE "C" NOT NULL,
    seen_by TEXT COLLATE "C" NOT NULL,
    seen_us BIGINT NOT NULL,
    made_by TEXT COLLATE "C",
    made_us BIGINT
);
CREATE INDEX registry_mode_change_brand ON registry_mode_change (brand_id, id);

-- What İYS lets the brand's account do, as last seen.
CREATE TABLE registry_light (
    brand_id BIGINT NOT NULL PRIMARY KEY,
    checked_us BIGINT NOT NULL,
    -- JSON
    found TEXT COLLATE "C" NOT NULL
);
