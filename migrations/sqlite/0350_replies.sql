-- Pushes of replies as they came in; read afterwards, in order.
CREATE TABLE reply_push (
    id INTEGER NOT NULL PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    -- LZ4 of the body.
    body BLOB NOT NULL,
    -- 1 waiting, 2 read, 3 unreadable
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    problem TEXT
) STRICT;
CREATE INDEX reply_push_work ON reply_push (state, id);

-- What people wrote back (gelen yanıt), and what was made of it.
CREATE TABLE reply (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    connector_id INTEGER NOT NULL,
    -- SHA-256 over everything the provider said of it: the same may come twice.
    digest BLOB NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    address TEXT NOT NULL,
    -- To which of our numbers or senders.
    written_to TEXT NOT NULL,
    -- Encrypted.
    body BLOB NOT NULL,
    -- NULL when nobody can tell which brand is meant.
    brand_id INTEGER,
    -- 1 recorded as a refusal, 2 doubtful, 3 open, 4 handled
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    -- The rule that kept a refusal out of the ledger (R607, R706).
    code INTEGER,
    received_us INTEGER NOT NULL,
    recorded_us INTEGER NOT NULL,
    decided_by TEXT,
    decided_us INTEGER,
    note TEXT
) STRICT;
CREATE UNIQUE INDEX reply_digest ON reply (connector_id, digest);
CREATE INDEX reply_list ON reply (firm_id, recorded_us, id);
CREATE INDEX reply_state ON reply (firm_id, state, recorded_us, id);
