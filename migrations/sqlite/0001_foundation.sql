-- The whole foundation in one step: no installation has existed before it.
-- Rules (docs/architecture.md, "Storage"): 64-bit integers, text, blobs; time
-- is microseconds UTC in `…_us`; small enumerations are integers with a CHECK
-- and the numbers of `domain`; no id comes from a sequence of the database.

-- Ids are handed out in blocks: one short update for 65,536 of them.
CREATE TABLE id_block (
    shard INTEGER NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;

CREATE TABLE firm (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;
-- Commands name a firm by its name.
CREATE UNIQUE INDEX firm_name ON firm (name);

CREATE TABLE brand (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL REFERENCES firm (id),
    name TEXT NOT NULL,
    -- Registered at İYS; citizens write "RET <short name>" to 3338.
    short_name TEXT NOT NULL,
    -- Printed in every commercial text (Regulation art. 8).
    trade_name TEXT NOT NULL,
    mersis TEXT NOT NULL,
    -- Part of the address İYS pushes to.
    path_key TEXT NOT NULL UNIQUE,
    registry_mode INTEGER NOT NULL CHECK (registry_mode BETWEEN 1 AND 4),
    -- The owner's signed reason to send without İYS; only read in mode off.
    off_reason TEXT,
    iys_code INTEGER,
    brand_code INTEGER,
    iys_username TEXT,
    -- Encrypted.
    iys_password BLOB,
    -- From this instant consents older than three business days are refused (H467).
    activation_us INTEGER,
    freshness_us INTEGER NOT NULL CHECK (freshness_us > 0),
    window_from_minute INTEGER NOT NULL CHECK (window_from_minute BETWEEN 0 AND 1439),
    window_to_minute INTEGER NOT NULL CHECK (window_to_minute BETWEEN 1 AND 1440),
    sends_renewals INTEGER NOT NULL CHECK (sends_renewals IN (0, 1)),
    -- JSON array of ISO country codes.
    countries TEXT NOT NULL,
    -- Share of rejected rows, in percent, above which an upload waits for a person.
    brake_percent INTEGER NOT NULL CHECK (brake_percent BETWEEN 0 AND 100),
    created_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX brand_name ON brand (firm_id, name);

CREATE TABLE user_account (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL REFERENCES firm (id),
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 8),
    language TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    disabled_us INTEGER
) STRICT;
CREATE INDEX user_account_firm ON user_account (firm_id, id);

CREATE TABLE session (
    -- SHA-256 of the cookie: the table alone opens nothing.
    token_hash BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES user_account (id),
    csrf_token TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_age ON session (expires_us);

CREATE TABLE api_key (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL REFERENCES firm (id),
    name TEXT NOT NULL,
    -- SHA-256 of the key; shown once when made.
    key_hash BLOB NOT NULL UNIQUE,
    role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 8),
    created_us INTEGER NOT NULL,
    expires_us INTEGER,
    disabled_us INTEGER
) STRICT;
CREATE INDEX api_key_firm ON api_key (firm_id, id);

-- What a creating call answered, so that its repeat answers the same.
CREATE TABLE idempotency (
    firm_id INTEGER NOT NULL,
    idempotency_key TEXT NOT NULL,
    -- SHA-256 of method, path and body: the same key for another request is an error.
    fingerprint BLOB NOT NULL,
    -- NULL while the first call is under way.
    status INTEGER,
    -- Encrypted: an answer may hold a key that is shown once.
    body BLOB,
    -- When the call began, or was taken over from a dead process: the holder knows it by this.
    created_us INTEGER NOT NULL,
    PRIMARY KEY (firm_id, idempotency_key)
) STRICT;
CREATE INDEX idempotency_age ON idempotency (created_us);

CREATE TABLE connector (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL REFERENCES firm (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Part of the address the provider pushes receipts to.
    path_key TEXT NOT NULL UNIQUE,
    -- Encrypted JSON, shaped by the connector's kind.
    config BLOB NOT NULL,
    -- Counts the changes of the configuration, so that a worker knows its copy is old.
    version INTEGER NOT NULL,
    -- 1 waiting for a test, 2 tested, 3 active, 4 broken
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    state_reason TEXT,
    created_us INTEGER NOT NULL
) STRICT;
CREATE INDEX connector_firm ON connector (firm_id, id);

CREATE TABLE contact (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    external_id TEXT,
    full_name TEXT,
    -- Folded in Rust: neither database lower-cases Turkish. Empty without a name.
    name_fold TEXT NOT NULL,
    phone_id INTEGER,
    email_id INTEGER,
    -- JSON object of text values.
    attributes TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX contact_external ON contact (firm_id, external_id) WHERE external_id IS NOT NULL;
-- Lists and prefix searches of the panel, by name.
CREATE INDEX contact_name ON contact (firm_id, name_fold, id);

CREATE TABLE contact_token (
    firm_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    PRIMARY KEY (firm_id, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_token_contact ON contact_token (contact_id);

-- A normalised address of a firm. Its first owner stands in the row; a shared
-- phone (W803) has the others in shared_address.
CREATE TABLE recipient (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    form INTEGER NOT NULL CHECK (form IN (1, 2)),
    address TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX recipient_address ON recipient (firm_id, address);

CREATE TABLE shared_address (
    recipient_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    PRIMARY KEY (recipient_id, contact_id)
) STRICT, WITHOUT ROWID;

-- Static groups: tags and distribution lists.
CREATE TABLE tag (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    member_count INTEGER NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX tag_name ON tag (firm_id, name);

CREATE TABLE tag_member (
    tag_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    PRIMARY KEY (tag_id, recipient_id)
) STRICT, WITHOUT ROWID;

-- The ledger: appended, never changed. A block's events have consecutive ids.
CREATE TABLE consent_event (
    id INTEGER NOT NULL PRIMARY KEY,
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    status INTEGER NOT NULL CHECK (status IN (1, 2)),
    consent_us INTEGER NOT NULL,
    recorded_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    origin INTEGER NOT NULL CHECK (origin BETWEEN 1 AND 6),
    origin_id INTEGER,
    origin_line INTEGER,
    evidence TEXT,
    actor TEXT NOT NULL
) STRICT;
CREATE INDEX consent_event_recipient ON consent_event (recipient_id);

CREATE TABLE ledger_block (
    brand_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    first_event_id INTEGER NOT NULL,
    last_event_id INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    root BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (brand_id, number)
) STRICT;

-- The end of each brand's chain; its row lock puts appends in line.
CREATE TABLE ledger_head (
    brand_id INTEGER NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- One row per consent key: the folded local state and the mirror of İYS.
-- Narrow and of integers, because every preview scans it.
CREATE TABLE consent_state (
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    -- 0 nothing said, 1 ONAY, 2 RET
    local_status INTEGER NOT NULL CHECK (local_status BETWEEN 0 AND 2),
    local_us INTEGER,
    local_recorded_us INTEGER,
    local_event_id INTEGER,
    local_citizen INTEGER NOT NULL CHECK (local_citizen IN (0, 1)),
    verdict INTEGER NOT NULL CHECK (verdict BETWEEN 0 AND 6),
    verdict_citizen INTEGER NOT NULL CHECK (verdict_citizen IN (0, 1)),
    verdict_us INTEGER,
    checked_us INTEGER,
    registry_batch_id INTEGER,
    registry_transaction TEXT,
    verdict_code INTEGER,
    PRIMARY KEY (brand_id, recipient_id, channel, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE blacklist (
    firm_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    -- 0 every channel
    channel INTEGER NOT NULL CHECK (channel BETWEEN 0 AND 4),
    -- 1 blacklist, 2 complaint stop; the blacklist when both hold, as in the gate's order
    cause INTEGER NOT NULL CHECK (cause IN (1, 2)),
    -- Both hold: lifting one leaves the other.
    also_complaint INTEGER NOT NULL DEFAULT 0 CHECK (also_complaint IN (0, 1)),
    note TEXT,
    actor TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (firm_id, recipient_id, channel)
) STRICT;

-- Work for İYS: up to 1,000 records per row, the records of one call. A claim
-- puts next_us to the end of its lease, so a dead worker's work falls due by
-- itself: nothing in this queue harms when done twice.
CREATE TABLE registry_batch (
    id INTEGER NOT NULL PRIMARY KEY,
    brand_id INTEGER NOT NULL,
    -- 1 ask (multi status), 2 look up one by one, 3 add
    operation INTEGER NOT NULL CHECK (operation BETWEEN 1 AND 3),
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    -- 1 pending, 2 awaiting results, 3 done, 4 parked
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    upload_id INTEGER,
    item_count INTEGER NOT NULL,
    -- The records still to be settled.
    items BLOB NOT NULL,
    request_id TEXT,
    -- Grows with each claim: an answer that comes after the lease is refused.
    attempt INTEGER NOT NULL,
    next_us INTEGER NOT NULL,
    lease_until_us INTEGER,
    worker TEXT,
    last_error TEXT,
    created_us INTEGER NOT NULL,
    -- When the request whose results are awaited was taken.
    accepted_us INTEGER,
    done_us INTEGER
) STRICT;
CREATE INDEX registry_batch_work ON registry_batch (state, next_us, id);
CREATE INDEX registry_batch_brand ON registry_batch (brand_id, state);
CREATE INDEX registry_batch_upload ON registry_batch (upload_id, state);

-- One row per İYS account: the shared token and its penalties.
CREATE TABLE registry_account (
    account TEXT NOT NULL PRIMARY KEY,
    -- Encrypted: the tokens and when the last ones were asked for.
    tokens BLOB,
    -- When the access token ends and until when none may be asked for, in the
    -- clear: shown to people.
    expires_us INTEGER,
    blocked_until_us INTEGER,
    lease_until_us INTEGER,
    worker TEXT
) STRICT;

CREATE TABLE registry_cursor (
    brand_id INTEGER NOT NULL,
    -- 'IYS' citizen-made, 'HS' made by the firm or its partners
    feed TEXT NOT NULL,
    cursor TEXT,
    pulled_us INTEGER NOT NULL,
    PRIMARY KEY (brand_id, feed)
) STRICT;

CREATE TABLE upload (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    brand_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    file_name TEXT NOT NULL,
    tag TEXT,
    -- 1 local, 2 pull, 3 push
    action INTEGER NOT NULL CHECK (action BETWEEN 1 AND 3),
    default_kind INTEGER CHECK (default_kind IN (1, 2)),
    -- JSON: the mapping and answers the user gave.
    options TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    -- 1 received, 2 judging, 3 judged, 4 waiting for a person, 5 applying,
    -- 6 applied, 7 refused as a file, 8 failed, 9 cancelled
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 9),
    file_code INTEGER,
    file_detail TEXT,
    -- JSON: what was recognised, counts per code, first rows.
    summary TEXT NOT NULL,
    read_bytes INTEGER NOT NULL,
    rows_read INTEGER NOT NULL,
    pairs_judged INTEGER NOT NULL,
    pairs_rejected INTEGER NOT NULL,
    records_total INTEGER NOT NULL,
    records_applied INTEGER NOT NULL,
    -- Bytes of the record spool that are applied; moves with the slice that applied them.
    records_offset INTEGER NOT NULL,
    created_count INTEGER NOT NULL,
    updated_count INTEGER NOT NULL,
    unchanged_count INTEGER NOT NULL,
    rejected_count INTEGER NOT NULL,
    actor TEXT NOT NULL,
    approver TEXT,
    attempt INTEGER NOT NULL,
    lease_until_us INTEGER,
    worker TEXT,
    created_us INTEGER NOT NULL,
    started_us INTEGER,
    finished_us INTEGER
) STRICT;
-- The queue of the workers: the few that are received, being judged or applied.
CREATE INDEX upload_work ON upload (created_us, id) WHERE state IN (1, 2, 5);
-- Numbers come from blocks, so only the clock tells which is newest.
CREATE INDEX upload_firm ON upload (firm_id, created_us, id);
CREATE INDEX upload_bytes ON upload (brand_id, sha256, created_us, id);

CREATE TABLE upload_rejection (
    upload_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    line INTEGER NOT NULL,
    -- 0 the whole row
    channel INTEGER NOT NULL,
    field TEXT NOT NULL,
    code INTEGER NOT NULL,
    -- JSON: values of the text's placeholders.
    detail TEXT NOT NULL,
    -- Encrypted: the cell and the raw line.
    value BLOB,
    raw BLOB,
    -- Read in the order of the file.
    PRIMARY KEY (upload_id, line, number)
) STRICT;
CREATE INDEX upload_rejection_code ON upload_rejection (upload_id, code, line, number);

CREATE TABLE template (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    brand_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    body TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;
CREATE INDEX template_firm ON template (firm_id, id);

CREATE TABLE campaign (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    brand_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    basis INTEGER NOT NULL CHECK (basis BETWEEN 1 AND 3),
    purpose TEXT NOT NULL,
    template_id INTEGER,
    body TEXT NOT NULL,
    sender TEXT NOT NULL,
    connector_id INTEGER NOT NULL,
    -- JSON: whom it is for.
    audience TEXT NOT NULL,
    -- 1 draft, 2 submitted, 3 approved, 4 launching, 5 running, 6 paused,
    -- 7 stopped, 8 finished
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 8),
    author TEXT NOT NULL,
    approver TEXT,
    batch_size INTEGER NOT NULL CHECK (batch_size BETWEEN 1 AND 10000),
    -- Frozen at launch.
    snapshot_us INTEGER,
    content_hash BLOB,
    target_count INTEGER NOT NULL,
    excluded_count INTEGER NOT NULL,
    planned_count INTEGER NOT NULL,
    batch_count INTEGER NOT NULL,
    -- JSON: count per reason code.
    exclusions TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    launched_us INTEGER,
    finished_us INTEGER
) STRICT;
-- Numbers come from blocks, so only the clock tells which is newest.
CREATE INDEX campaign_firm ON campaign (firm_id, created_us, id);
-- Workers look every moment for the few that are launching or running.
CREATE INDEX campaign_state ON campaign (state, id);

-- One frozen decision per person. The key puts the people behind each number
-- side by side: the planned in the order of their batches, the excluded by
-- their code.
CREATE TABLE campaign_recipient (
    campaign_id INTEGER NOT NULL,
    -- 0 planned, else the S-code
    code INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    -- From 1; 0 when excluded.
    batch_no INTEGER NOT NULL,
    event_id INTEGER,
    registry_batch_id INTEGER,
    checked_us INTEGER,
    PRIMARY KEY (campaign_id, code, recipient_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE send_batch (
    campaign_id INTEGER NOT NULL,
    batch_no INTEGER NOT NULL,
    brand_id INTEGER NOT NULL,
    connector_id INTEGER NOT NULL,
    -- Its people are the campaign's planned ones from the first to the last.
    first_recipient_id INTEGER NOT NULL,
    last_recipient_id INTEGER NOT NULL,
    size INTEGER NOT NULL,
    -- 1 pending, 2 in flight, 3 accepted, 4 failed, 5 in doubt, 6 unresolved,
    -- 7 cancelled, 8 paused
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 8),
    -- Smaller goes first.
    priority INTEGER NOT NULL,
    -- Grows with each claim: a worker that comes back after its lease settles nothing.
    attempt INTEGER NOT NULL,
    -- Our name for the request at the provider; NULL before the first claim.
    request_key TEXT,
    provider_reference TEXT,
    accepted_count INTEGER NOT NULL,
    next_us INTEGER NOT NULL,
    lease_until_us INTEGER,
    worker TEXT,
    last_error TEXT,
    created_us INTEGER NOT NULL,
    -- The last claim for sending; NULL again when the request surely never left.
    claimed_us INTEGER,
    -- Set when nothing more will become of it: accepted, failed, unresolved, cancelled.
    settled_us INTEGER,
    PRIMARY KEY (campaign_id, batch_no)
) STRICT;
CREATE INDEX send_batch_work ON send_batch (connector_id, state, priority, next_us, campaign_id, batch_no);
CREATE INDEX send_batch_lease ON send_batch (lease_until_us) WHERE lease_until_us IS NOT NULL;
CREATE INDEX send_batch_open ON send_batch (campaign_id) WHERE settled_us IS NULL;
-- The few whose outcome is to be found out, whatever account they belong to.
CREATE INDEX send_batch_doubt ON send_batch (next_us, campaign_id, batch_no) WHERE state = 5;

-- The exact request of a batch, LZ4: what is sent again and what was said.
-- Apart from the batch, because SQLite writes a changed row anew as a whole.
CREATE TABLE send_content (
    campaign_id INTEGER NOT NULL,
    batch_no INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (campaign_id, batch_no)
) STRICT;

-- Only those in a batch whom the last gate took out or the provider refused.
CREATE TABLE send_exception (
    campaign_id INTEGER NOT NULL,
    batch_no INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    -- The S-code of the last gate; 0 when the provider refused.
    code INTEGER NOT NULL,
    -- 0 gate, 1 transient, 2 permanent, 3 account, 4 content
    class INTEGER NOT NULL,
    provider_code TEXT,
    provider_text TEXT,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, batch_no, recipient_id)
) STRICT, WITHOUT ROWID;

-- Pushes from providers as they came in; mapped afterwards, in order.
CREATE TABLE receipt_push (
    id INTEGER NOT NULL PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    -- LZ4 of the body.
    body BLOB NOT NULL,
    -- 1 waiting, 2 mapped, 3 unreadable
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    problem TEXT
) STRICT;
CREATE INDEX receipt_push_work ON receipt_push (state, id);

-- The strongest receipt of each message.
CREATE TABLE receipt (
    campaign_id INTEGER NOT NULL,
    batch_no INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    -- 1 sent, 2 unknown, 3 expired, 4 undelivered, 5 rejected, 6 delivered
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
    provider_code TEXT NOT NULL,
    provider_text TEXT,
    happened_us INTEGER NOT NULL,
    push_id INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, batch_no, recipient_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- JSON
    detail TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX audit_chain ON audit (firm_id, number);

CREATE TABLE audit_head (
    firm_id INTEGER NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
