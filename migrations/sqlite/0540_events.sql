-- What people did at the firm (olay), as its own programs tell it.

-- The kinds of events of a firm. A name that nobody described is kept as well.
CREATE TABLE event_type (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- Empty while nobody described it.
    label_tr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    -- JSON array of names and kinds.
    fields TEXT NOT NULL,
    is_defined INTEGER NOT NULL CHECK (is_defined IN (0, 1)),
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_type_name ON event_type (firm_id, name);

CREATE TABLE person_event (
    id INTEGER NOT NULL PRIMARY KEY,
    brand_id INTEGER NOT NULL,
    type_id INTEGER NOT NULL,
    -- Whose it is; null while the firm has nobody of that name.
    contact_id INTEGER,
    -- Given by the sender: the same key twice is one event.
    event_key TEXT NOT NULL,
    -- JSON object.
    body TEXT NOT NULL,
    occurred_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    actor TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX person_event_key ON person_event (brand_id, event_key);
-- Who did it since when, and how often: all of it stands in the index.
CREATE INDEX person_event_type ON person_event (brand_id, type_id, occurred_us, id, contact_id);
CREATE INDEX person_event_person ON person_event (contact_id, type_id, occurred_us);
CREATE INDEX person_event_time ON person_event (brand_id, occurred_us, id);

-- Whom an event is of, where the firm has nobody of that name yet.
CREATE TABLE event_stranger (
    event_id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    external_id TEXT,
    address TEXT,
    received_us INTEGER NOT NULL
) STRICT;
CREATE INDEX event_stranger_age ON event_stranger (received_us, event_id);
