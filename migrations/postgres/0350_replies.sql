-- Pushes of replies as they came in; read afterwards, in order.
CREATE TABLE reply_push (
    id BIGINT NOT NULL PRIMARY KEY,
    connector_id BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    -- LZ4 of the body.
    body BYTEA NOT NULL,
    -- 1 waiting, 2 read, 3 unreadable
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 3),
    problem TEXT COLLATE "C"
);
CREATE INDEX reply_push_work ON reply_push (state, id);

-- What people wrote back (gelen yanıt), and what was made of it.
CREATE TABLE reply (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    connector_id BIGINT NOT NULL,
    -- SHA-256 over everything the provider said of it: the same may come twice.
    digest BYTEA NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    address TEXT COLLATE "C" NOT NULL,
    -- To which of our numbers or senders.
    written_to TEXT COLLATE "C" NOT NULL,
    -- Encrypted.
    body BYTEA NOT NULL,
    -- NULL when nobody can tell which brand is meant.
    brand_id BIGINT,
    -- 1 recorded as a refusal, 2 doubtful, 3 open, 4 handled
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 4),
    -- The rule that kept a refusal out of the ledger (R607, R706).
    code BIGINT,
    received_us BIGINT NOT NULL,
    recorded_us BIGINT NOT NULL,
    decided_by TEXT COLLATE "C",
    decided_us BIGINT,
    note TEXT COLLATE "C"
);
CREATE UNIQUE INDEX reply_digest ON reply (connector_id, digest);
CREATE INDEX reply_list ON reply (firm_id, recorded_us, id);
CREATE INDEX reply_state ON reply (firm_id, state, recorded_us, id);
