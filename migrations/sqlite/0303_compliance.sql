-- İYS's own words about a record of ours that it would not take, the last of
-- each key. Whether they still hold is the key's own state.
CREATE TABLE registry_answer (
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    iys_code TEXT NOT NULL,
    iys_text TEXT NOT NULL,
    answered_us INTEGER NOT NULL,
    PRIMARY KEY (brand_id, recipient_id, channel, kind)
) STRICT, WITHOUT ROWID;

-- Consents given after a citizen's own refusal: a second person looks at the
-- evidence before they enter the ledger (R807).
CREATE TABLE consent_hold (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    consent_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    origin INTEGER NOT NULL CHECK (origin BETWEEN 1 AND 6),
    evidence TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_us INTEGER NOT NULL,
    -- 1 waiting, 2 approved, 3 declined
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    decided_by TEXT,
    decided_us INTEGER,
    note TEXT,
    event_id INTEGER
) STRICT;
CREATE UNIQUE INDEX consent_hold_waiting ON consent_hold (brand_id, recipient_id, channel, kind) WHERE state = 1;
CREATE INDEX consent_hold_list ON consent_hold (brand_id, state, asked_us, id);

-- When a person was asked anew for a consent that had become void: once for
-- each void consent, and not again within the block time.
CREATE TABLE repermission (
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    asked_us INTEGER NOT NULL,
    -- 1 İYS verification (ViA), 2 at the counter, 3 on the web, 4 the person's own call
    way INTEGER NOT NULL CHECK (way BETWEEN 1 AND 4),
    -- The consent that had become void; 0 when there was none.
    event_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (brand_id, recipient_id, channel, kind, asked_us)
) STRICT, WITHOUT ROWID;

-- Consents that look made up: the pattern, and where.
CREATE TABLE consent_finding (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    brand_id INTEGER NOT NULL,
    -- 1 many in one second, 2 shortly after a citizen's refusal, 3 only in office hours, 4 one source and day
    pattern INTEGER NOT NULL CHECK (pattern BETWEEN 1 AND 4),
    -- The second, the upload or the person that the pattern is about.
    subject TEXT NOT NULL,
    event_count INTEGER NOT NULL,
    first_event_id INTEGER NOT NULL,
    last_event_id INTEGER NOT NULL,
    found_us INTEGER NOT NULL,
    -- 1 open, 2 dismissed, 3 confirmed
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    reviewed_by TEXT,
    reviewed_us INTEGER,
    note TEXT
) STRICT;
CREATE UNIQUE INDEX consent_finding_subject ON consent_finding (brand_id, pattern, subject);
CREATE INDEX consent_finding_list ON consent_finding (brand_id, found_us, id);

-- The last block of a brand's ledger that was searched.
CREATE TABLE finding_cursor (
    brand_id INTEGER NOT NULL PRIMARY KEY,
    block INTEGER NOT NULL
) STRICT;
