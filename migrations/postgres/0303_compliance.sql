-- İYS's own words about a record of ours that it would not take, the last of
-- each key. Whether they still hold is the key's own state.
CREATE TABLE registry_answer (
    brand_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    iys_code TEXT COLLATE "C" NOT NULL,
    iys_text TEXT COLLATE "C" NOT NULL,
    answered_us BIGINT NOT NULL,
    PRIMARY KEY (brand_id, recipient_id, channel, kind)
);

-- Consents given after a citizen's own refusal: a second person looks at the
-- evidence before they enter the ledger (R807).
CREATE TABLE consent_hold (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    brand_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    consent_us BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    origin BIGINT NOT NULL CHECK (origin BETWEEN 1 AND 6),
    evidence TEXT COLLATE "C" NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL,
    asked_us BIGINT NOT NULL,
    -- 1 waiting, 2 approved, 3 declined
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 3),
    decided_by TEXT COLLATE "C",
    decided_us BIGINT,
    note TEXT COLLATE "C",
    event_id BIGINT
);
CREATE UNIQUE INDEX consent_hold_waiting ON consent_hold (brand_id, recipient_id, channel, kind) WHERE state = 1;
CREATE INDEX consent_hold_list ON consent_hold (brand_id, state, asked_us, id);

-- When a person was asked anew for a consent that had become void: once for
-- each void consent, and not again within the block time.
CREATE TABLE repermission (
    brand_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    asked_us BIGINT NOT NULL,
    -- 1 İYS verification (ViA), 2 at the counter, 3 on the web, 4 the person's own call
    way BIGINT NOT NULL CHECK (way BETWEEN 1 AND 4),
    -- The consent that had become void; 0 when there was none.
    event_id BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (brand_id, recipient_id, channel, kind, asked_us)
);

-- Consents that look made up: the pattern, and where.
CREATE TABLE consent_finding (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    brand_id BIGINT NOT NULL,
    -- 1 many in one second, 2 shortly after a citizen's refusal, 3 only in office hours, 4 one source and day
    pattern BIGINT NOT NULL CHECK (pattern BETWEEN 1 AND 4),
    -- The second, the upload or the person that the pattern is about.
    subject TEXT COLLATE "C" NOT NULL,
    event_count BIGINT NOT NULL,
    first_event_id BIGINT NOT NULL,
    last_event_id BIGINT NOT NULL,
    found_us BIGINT NOT NULL,
    -- 1 open, 2 dismissed, 3 confirmed
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 3),
    reviewed_by TEXT COLLATE "C",
    reviewed_us BIGINT,
    note TEXT COLLATE "C"
);
CREATE UNIQUE INDEX consent_finding_subject ON consent_finding (brand_id, pattern, subject);
CREATE INDEX consent_finding_list ON consent_finding (brand_id, found_us, id);

-- The last block of a brand's ledger that was searched.
CREATE TABLE finding_cursor (
    brand_id BIGINT NOT NULL PRIMARY KEY,
    block BIGINT NOT NULL
);
