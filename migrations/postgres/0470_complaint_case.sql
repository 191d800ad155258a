-- A citizen's complaint (şikâyet) and what is done about it. The stop that its
-- making sets stands in blacklist, in the same transaction.
CREATE TABLE complaint_case (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    brand_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    -- In the address of the citizen's own page; random.
    public_key TEXT COLLATE "C" NOT NULL,
    -- 1 waiting, 2 process, 3 replied, 4 solved
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 4),
    -- The sender that the citizen saw.
    sender TEXT COLLATE "C" NOT NULL,
    -- When the message came, by the citizen.
    happened_us BIGINT NOT NULL,
    -- Encrypted.
    body BYTEA NOT NULL,
    picture BYTEA,
    is_trader BIGINT NOT NULL CHECK (is_trader IN (0, 1)),
    -- When the citizen told us; the clock runs from here.
    received_us BIGINT NOT NULL,
    -- When it was written down and the stop set.
    created_us BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    assigned_to TEXT COLLATE "C",
    -- The branch that brought the newest consent of the number, and for which brand.
    branch TEXT COLLATE "C",
    branch_brand_id BIGINT,
    -- Until when an authority wants its answer; nobody knows it unless told.
    answer_due_us BIGINT,
    legal_hold BIGINT NOT NULL CHECK (legal_hold IN (0, 1)),
    answered_us BIGINT,
    informed_us BIGINT,
    solved_us BIGINT
);
CREATE UNIQUE INDEX complaint_case_key ON complaint_case (public_key);
CREATE INDEX complaint_case_list ON complaint_case (firm_id, created_us, id);
CREATE INDEX complaint_case_person ON complaint_case (firm_id, recipient_id);
CREATE INDEX complaint_case_branch ON complaint_case (branch_brand_id, branch, created_us);
CREATE INDEX complaint_case_held ON complaint_case (brand_id, legal_hold);

-- The history of a case, its correspondence among it.
CREATE TABLE complaint_entry (
    id BIGINT NOT NULL PRIMARY KEY,
    case_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    -- See CaseDeed.
    deed BIGINT NOT NULL CHECK (deed BETWEEN 1 AND 11),
    -- Encrypted; what was written or why.
    body BYTEA
);
CREATE INDEX complaint_entry_case ON complaint_entry (case_id, id);

-- Branches about which people complained: a file with consents of one of them
-- is let in by somebody else than who brought it.
CREATE TABLE branch_watch (
    brand_id BIGINT NOT NULL,
    branch TEXT COLLATE "C" NOT NULL,
    firm_id BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    opened_by TEXT COLLATE "C" NOT NULL,
    opened_us BIGINT NOT NULL,
    closed_by TEXT COLLATE "C",
    closed_us BIGINT,
    PRIMARY KEY (brand_id, branch)
);

-- The key that evidence packs are signed with (Ed25519); one row.
CREATE TABLE evidence_key (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    public_key BYTEA NOT NULL,
    -- PKCS#8, encrypted.
    private_key BYTEA NOT NULL,
    created_us BIGINT NOT NULL
);
