-- What people did at the firm (olay), as its own programs tell it.

-- The kinds of events of a firm. A name that nobody described is kept as well.
CREATE TABLE event_type (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    -- Empty while nobody described it.
    label_tr TEXT COLLATE "C" NOT NULL,
    label_en TEXT COLLATE "C" NOT NULL,
    -- JSON array of names and kinds.
    fields TEXT COLLATE "C" NOT NULL,
    is_defined BIGINT NOT NULL CHECK (is_defined IN (0, 1)),
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX event_type_name ON event_type (firm_id, name);

CREATE TABLE person_event (
    id BIGINT NOT NULL PRIMARY KEY,
    brand_id BIGINT NOT NULL,
    type_id BIGINT NOT NULL,
    -- Whose it is; null while the firm has nobody of that name.
    contact_id BIGINT,
    -- Given by the sender: the same key twice is one event.
    event_key TEXT COLLATE "C" NOT NULL,
    -- JSON object.
    body TEXT COLLATE "C" NOT NULL,
    occurred_us BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX person_event_key ON person_event (brand_id, event_key);
-- Who did it since when, and how often: all of it stands in the index.
CREATE INDEX person_event_type ON person_event (brand_id, type_id, occurred_us, id, contact_id);
CREATE INDEX person_event_person ON person_event (contact_id, type_id, occurred_us);
CREATE INDEX person_event_time ON person_event (brand_id, occurred_us, id);

-- Whom an event is of, where the firm has nobody of that name yet.
CREATE TABLE event_stranger (
    event_id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    external_id TEXT COLLATE "C",
    address TEXT COLLATE "C",
    received_us BIGINT NOT NULL
);
CREATE INDEX event_stranger_age ON event_stranger (received_us, event_id);
