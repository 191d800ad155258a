-- A citizen's complaint (şikâyet) and what is done about it. The stop that its
-- making sets stands in blacklist, in the same transaction.
CREATE TABLE complaint_case (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    -- In the address of the citizen's own page; random.
    public_key TEXT NOT NULL,
    -- 1 waiting, 2 process, 3 replied, 4 solved
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    -- The sender that the citizen saw.
    sender TEXT NOT NULL,
    -- When the message came, by the citizen.
    happened_us INTEGER NOT NULL,
    -- Encrypted.
    body BLOB NOT NULL,
    picture BLOB,
    is_trader INTEGER NOT NULL CHECK (is_trader IN (0, 1)),
    -- When the citizen told us; the clock runs from here.
    received_us INTEGER NOT NULL,
    -- When it was written down and the stop set.
    created_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    assigned_to TEXT,
    -- The branch that brought the newest consent of the number, and for which brand.
    branch TEXT,
    branch_brand_id INTEGER,
    -- Until when an authority wants its answer; nobody knows it unless told.
    answer_due_us INTEGER,
    legal_hold INTEGER NOT NULL CHECK (legal_hold IN (0, 1)),
    answered_us INTEGER,
    informed_us INTEGER,
    solved_us INTEGER
) STRICT;
CREATE UNIQUE INDEX complaint_case_key ON complaint_case (public_key);
CREATE INDEX complaint_case_list ON complaint_case (firm_id, created_us, id);
CREATE INDEX complaint_case_person ON complaint_case (firm_id, recipient_id);
CREATE INDEX complaint_case_branch ON complaint_case (branch_brand_id, branch, created_us);
CREATE INDEX complaint_case_held ON complaint_case (brand_id, legal_hold);

-- The history of a case, its correspondence among it.
CREATE TABLE complaint_entry (
    id INTEGER NOT NULL PRIMARY KEY,
    case_id INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    -- See CaseDeed.
    deed INTEGER NOT NULL CHECK (deed BETWEEN 1 AND 11),
    -- Encrypted; what was written or why.
    body BLOB
) STRICT;
CREATE INDEX complaint_entry_case ON complaint_entry (case_id, id);

-- Branches about which people complained: a file with consents of one of them
-- is let in by somebody else than who brought it.
CREATE TABLE branch_watch (
    brand_id INTEGER NOT NULL,
    branch TEXT NOT NULL,
    firm_id INTEGER NOT NULL,
    reason TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    opened_us INTEGER NOT NULL,
    closed_by TEXT,
    closed_us INTEGER,
    PRIMARY KEY (brand_id, branch)
) STRICT;

-- The key that evidence packs are signed with (Ed25519); one row.
CREATE TABLE evidence_key (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    public_key BLOB NOT NULL,
    -- PKCS#8, encrypted.
    private_key BLOB NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;
