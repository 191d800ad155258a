-- The whole foundation in one step: no installation has existed before it.
-- Rules (docs/architecture.md, "Storage"): 64-bit integers, text, blobs; time
-- is microseconds UTC in `…_us`; small enumerations are integers with a CHECK
-- and the numbers of `domain`; no id comes from a sequence of the database.

-- Ids are handed out in blocks: one short update for 65,536 of them.
CREATE TABLE id_block (
    shard BIGINT NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
);

CREATE TABLE firm (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL
);
-- Commands name a firm by its name.
CREATE UNIQUE INDEX firm_name ON firm (name);

CREATE TABLE brand (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL REFERENCES firm (id),
    name TEXT COLLATE "C" NOT NULL,
    -- Registered at İYS; citizens write "RET <short name>" to 3338.
    short_name TEXT COLLATE "C" NOT NULL,
    -- Printed in every commercial text (Regulation art. 8).
    trade_name TEXT COLLATE "C" NOT NULL,
    mersis TEXT COLLATE "C" NOT NULL,
    -- Part of the address İYS pushes to.
    path_key TEXT COLLATE "C" NOT NULL UNIQUE,
    registry_mode BIGINT NOT NULL CHECK (registry_mode BETWEEN 1 AND 4),
    -- The owner's signed reason to send without İYS; only read in mode off.
    off_reason TEXT COLLATE "C",
    iys_code BIGINT,
    brand_code BIGINT,
    iys_username TEXT COLLATE "C",
    -- Encrypted.
    iys_password BYTEA,
    -- From this instant consents older than three business days are refused (H467).
    activation_us BIGINT,
    freshness_us BIGINT NOT NULL CHECK (freshness_us > 0),
    window_from_minute BIGINT NOT NULL CHECK (window_from_minute BETWEEN 0 AND 1439),
    window_to_minute BIGINT NOT NULL CHECK (window_to_minute BETWEEN 1 AND 1440),
    sends_renewals BIGINT NOT NULL CHECK (sends_renewals IN (0, 1)),
    -- JSON array of ISO country codes.
    countries TEXT COLLATE "C" NOT NULL,
    -- Share of rejected rows, in percent, above which an upload waits for a person.
    brake_percent BIGINT NOT NULL CHECK (brake_percent BETWEEN 0 AND 100),
    created_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX brand_name ON brand (firm_id, name);

CREATE TABLE user_account (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL REFERENCES firm (id),
    email TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    role BIGINT NOT NULL CHECK (role BETWEEN 1 AND 8),
    language TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    disabled_us BIGINT
);
CREATE INDEX user_account_firm ON user_account (firm_id, id);

CREATE TABLE session (
    -- SHA-256 of the cookie: the table alone opens nothing.
    token_hash BYTEA NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES user_account (id),
    csrf_token TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_age ON session (expires_us);

CREATE TABLE api_key (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL REFERENCES firm (id),
    name TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of the key; shown once when made.
    key_hash BYTEA NOT NULL UNIQUE,
    role BIGINT NOT NULL CHECK (role BETWEEN 1 AND 8),
    created_us BIGINT NOT NULL,
    expires_us BIGINT,
    disabled_us BIGINT
);
CREATE INDEX api_key_firm ON api_key (firm_id, id);

-- What a creating call answered, so that its repeat answers the same.
CREATE TABLE idempotency (
    firm_id BIGINT NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of method, path and body: the same key for another request is an error.
    fingerprint BYTEA NOT NULL,
    -- NULL while the first call is under way.
    status BIGINT,
    -- Encrypted: an answer may hold a key that is shown once.
    body BYTEA,
    -- When the call began, or was taken over from a dead process: the holder knows it by this.
    created_us BIGINT NOT NULL,
    PRIMARY KEY (firm_id, idempotency_key)
);
CREATE INDEX idempotency_age ON idempotency (created_us);

CREATE TABLE connector (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL REFERENCES firm (id),
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    -- Part of the address the provider pushes receipts to.
    path_key TEXT COLLATE "C" NOT NULL UNIQUE,
    -- Encrypted JSON, shaped by the connector's kind.
    config BYTEA NOT NULL,
    -- Counts the changes of the configuration, so that a worker knows its copy is old.
    version BIGINT NOT NULL,
    -- 1 waiting for a test, 2 tested, 3 active, 4 broken
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 4),
    state_reason TEXT COLLATE "C",
    created_us BIGINT NOT NULL
);
CREATE INDEX connector_firm ON connector (firm_id, id);

CREATE TABLE contact (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    external_id TEXT COLLATE "C",
    full_name TEXT COLLATE "C",
    -- Folded in Rust: neither database lower-cases Turkish. Empty without a name.
    name_fold TEXT COLLATE "C" NOT NULL,
    phone_id BIGINT,
    email_id BIGINT,
    -- JSON object of text values.
    attributes TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX contact_external ON contact (firm_id, external_id) WHERE external_id IS NOT NULL;
-- Lists and prefix searches of the panel, by name.
CREATE INDEX contact_name ON contact (firm_id, name_fold, id);

CREATE TABLE contact_token (
    firm_id BIGINT NOT NULL,
    token TEXT COLLATE "C" NOT NULL,
    contact_id BIGINT NOT NULL,
    PRIMARY KEY (firm_id, token)
);
CREATE INDEX contact_token_contact ON contact_token (contact_id);

-- A normalised address of a firm. Its first owner stands in the row; a shared
-- phone (W803) has the others in shared_address.
CREATE TABLE recipient (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    form BIGINT NOT NULL CHECK (form IN (1, 2)),
    address TEXT COLLATE "C" NOT NULL,
    contact_id BIGINT NOT NULL,
    created_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX recipient_address ON recipient (firm_id, address);

CREATE TABLE shared_address (
    recipient_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    PRIMARY KEY (recipient_id, contact_id)
);

-- Static groups: tags and distribution lists.
CREATE TABLE tag (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    member_count BIGINT NOT NULL,
    created_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX tag_name ON tag (firm_id, name);

CREATE TABLE tag_member (
    tag_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    PRIMARY KEY (tag_id, recipient_id)
);

-- The ledger: appended, never changed. A block's events have consecutive ids.
CREATE TABLE consent_event (
    id BIGINT NOT NULL PRIMARY KEY,
    brand_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    status BIGINT NOT NULL CHECK (status IN (1, 2)),
    consent_us BIGINT NOT NULL,
    recorded_us BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    origin BIGINT NOT NULL CHECK (origin BETWEEN 1 AND 6),
    origin_id BIGINT,
    origin_line BIGINT,
    evidence TEXT COLLATE "C",
    actor TEXT COLLATE "C" NOT NULL
);
CREATE INDEX consent_event_recipient ON consent_event (recipient_id);

CREATE TABLE ledger_block (
    brand_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    first_event_id BIGINT NOT NULL,
    last_event_id BIGINT NOT NULL,
    event_count BIGINT NOT NULL,
    root BYTEA NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (brand_id, number)
);

-- The end of each brand's chain; its row lock puts appends in line.
CREATE TABLE ledger_head (
    brand_id BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

-- One row per consent key: the folded local state and the mirror of İYS.
-- Narrow and of integers, because every preview scans it.
CREATE TABLE consent_state (
    brand_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    -- 0 nothing said, 1 ONAY, 2 RET
    local_status BIGINT NOT NULL CHECK (local_status BETWEEN 0 AND 2),
    local_us BIGINT,
    local_recorded_us BIGINT,
    local_event_id BIGINT,
    local_citizen BIGINT NOT NULL CHECK (local_citizen IN (0, 1)),
    verdict BIGINT NOT NULL CHECK (verdict BETWEEN 0 AND 6),
    verdict_citizen BIGINT NOT NULL CHECK (verdict_citizen IN (0, 1)),
    verdict_us BIGINT,
    checked_us BIGINT,
    registry_batch_id BIGINT,
    registry_transaction TEXT COLLATE "C",
    verdict_code BIGINT,
    PRIMARY KEY (brand_id, recipient_id, channel, kind)
);

CREATE TABLE blacklist (
    firm_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    -- 0 every channel
    channel BIGINT NOT NULL CHECK (channel BETWEEN 0 AND 4),
    -- 1 blacklist, 2 complaint stop; the blacklist when both hold, as in the gate's order
    cause BIGINT NOT NULL CHECK (cause IN (1, 2)),
    -- Both hold: lifting one leaves the other.
    also_complaint BIGINT NOT NULL DEFAULT 0 CHECK (also_complaint IN (0, 1)),
    note TEXT COLLATE "C",
    actor TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (firm_id, recipient_id, channel)
);

-- Work for İYS: up to 1,000 records per row, the records of one call. A claim
-- puts next_us to the end of its lease, so a dead worker's work falls due by
-- itself: nothing in this queue harms when done twice.
CREATE TABLE registry_batch (
    id BIGINT NOT NULL PRIMARY KEY,
    brand_id BIGINT NOT NULL,
    -- 1 ask (multi status), 2 look up one by one, 3 add
    operation BIGINT NOT NULL CHECK (operation BETWEEN 1 AND 3),
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    -- 1 pending, 2 awaiting results, 3 done, 4 parked
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 4),
    upload_id BIGINT,
    item_count BIGINT NOT NULL,
    -- The records still to be settled.
    items BYTEA NOT NULL,
    request_id TEXT COLLATE "C",
    -- Grows with each claim: an answer that comes after the lease is refused.
    attempt BIGINT NOT NULL,
    next_us BIGINT NOT NULL,
    lease_until_us BIGINT,
    worker TEXT COLLATE "C",
    last_error TEXT COLLATE "C",
    created_us BIGINT NOT NULL,
    -- When the request whose results are awaited was taken.
    accepted_us BIGINT,
    done_us BIGINT
);
CREATE INDEX registry_batch_work ON registry_batch (state, next_us, id);
CREATE INDEX registry_batch_brand ON registry_batch (brand_id, state);
CREATE INDEX registry_batch_upload ON registry_batch (upload_id, state);

-- One row per İYS account: the shared token and its penalties.
CREATE TABLE registry_account (
    account TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Encrypted: the tokens and when the last ones were asked for.
    tokens BYTEA,
    -- When the access token ends and until when none may be asked for, in the
    -- clear: shown to people.
    expires_us BIGINT,
    blocked_until_us BIGINT,
    lease_until_us BIGINT,
    worker TEXT COLLATE "C"
);

CREATE TABLE registry_cursor (
    brand_id BIGINT NOT NULL,
    -- 'IYS' citizen-made, 'HS' made by the firm or its partners
    feed TEXT COLLATE "C" NOT NULL,
    cursor TEXT COLLATE "C",
    pulled_us BIGINT NOT NULL,
    PRIMARY KEY (brand_id, feed)
);

CREATE TABLE upload (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    brand_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    file_name TEXT COLLATE "C" NOT NULL,
    tag TEXT COLLATE "C",
    -- 1 local, 2 pull, 3 push
    action BIGINT NOT NULL CHECK (action BETWEEN 1 AND 3),
    default_kind BIGINT CHECK (default_kind IN (1, 2)),
    -- JSON: the mapping and answers the user gave.
    options TEXT COLLATE "C" NOT NULL,
    sha256 BYTEA NOT NULL,
    size_bytes BIGINT NOT NULL,
    -- 1 received, 2 judging, 3 judged, 4 waiting for a person, 5 applying,
    -- 6 applied, 7 refused as a file, 8 failed, 9 cancelled
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 9),
    file_code BIGINT,
    file_detail TEXT COLLATE "C",
    -- JSON: what was recognised, counts per code, first rows.
    summary TEXT COLLATE "C" NOT NULL,
    read_bytes BIGINT NOT NULL,
    rows_read BIGINT NOT NULL,
    pairs_judged BIGINT NOT NULL,
    pairs_rejected BIGINT NOT NULL,
    records_total BIGINT NOT NULL,
    records_applied BIGINT NOT NULL,
    -- Bytes of the record spool that are applied; moves with the slice that applied them.
    records_offset BIGINT NOT NULL,
    created_count BIGINT NOT NULL,
    updated_count BIGINT NOT NULL,
    unchanged_count BIGINT NOT NULL,
    rejected_count BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    approver TEXT COLLATE "C",
    attempt BIGINT NOT NULL,
    lease_until_us BIGINT,
    worker TEXT COLLATE "C",
    created_us BIGINT NOT NULL,
    started_us BIGINT,
    finished_us BIGINT
);
-- The queue of the workers: the few that are received, being judged or applied.
CREATE INDEX upload_work ON upload (created_us, id) WHERE state IN (1, 2, 5);
-- Numbers come from blocks, so only the clock tells which is newest.
CREATE INDEX upload_firm ON upload (firm_id, created_us, id);
CREATE INDEX upload_bytes ON upload (brand_id, sha256, created_us, id);

CREATE TABLE upload_rejection (
    upload_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    -- 0 the whole row
    channel BIGINT NOT NULL,
    field TEXT COLLATE "C" NOT NULL,
    code BIGINT NOT NULL,
    -- JSON: values of the text's placeholders.
    detail TEXT COLLATE "C" NOT NULL,
    -- Encrypted: the cell and the raw line.
    value BYTEA,
    raw BYTEA,
    -- Read in the order of the file.
    PRIMARY KEY (upload_id, line, number)
);
CREATE INDEX upload_rejection_code ON upload_rejection (upload_id, code, line, number);

CREATE TABLE template (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    brand_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    body TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE INDEX template_firm ON template (firm_id, id);

CREATE TABLE campaign (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    brand_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    basis BIGINT NOT NULL CHECK (basis BETWEEN 1 AND 3),
    purpose TEXT COLLATE "C" NOT NULL,
    template_id BIGINT,
    body TEXT COLLATE "C" NOT NULL,
    sender TEXT COLLATE "C" NOT NULL,
    connector_id BIGINT NOT NULL,
    -- JSON: whom it is for.
    audience TEXT COLLATE "C" NOT NULL,
    -- 1 draft, 2 submitted, 3 approved, 4 launching, 5 running, 6 paused,
    -- 7 stopped, 8 finished
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 8),
    author TEXT COLLATE "C" NOT NULL,
    approver TEXT COLLATE "C",
    batch_size BIGINT NOT NULL CHECK (batch_size BETWEEN 1 AND 10000),
    -- Frozen at launch.
    snapshot_us BIGINT,
    content_hash BYTEA,
    target_count BIGINT NOT NULL,
    excluded_count BIGINT NOT NULL,
    planned_count BIGINT NOT NULL,
    batch_count BIGINT NOT NULL,
    -- JSON: count per reason code.
    exclusions TEXT COLLATE "C" NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    launched_us BIGINT,
    finished_us BIGINT
);
-- Numbers come from blocks, so only the clock tells which is newest.
CREATE INDEX campaign_firm ON campaign (firm_id, created_us, id);
-- Workers look every moment for the few that are launching or running.
CREATE INDEX campaign_state ON campaign (state, id);

-- One frozen decision per person. The key puts the people behind each number
-- side by side: the planned in the order of their batches, the excluded by
-- their code.
CREATE TABLE campaign_recipient (
    campaign_id BIGINT NOT NULL,
    -- 0 planned, else the S-code
    code BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    -- From 1; 0 when excluded.
    batch_no BIGINT NOT NULL,
    event_id BIGINT,
    registry_batch_id BIGINT,
    checked_us BIGINT,
    PRIMARY KEY (campaign_id, code, recipient_id)
);

CREATE TABLE send_batch (
    campaign_id BIGINT NOT NULL,
    batch_no BIGINT NOT NULL,
    brand_id BIGINT NOT NULL,
    connector_id BIGINT NOT NULL,
    -- Its people are the campaign's planned ones from the first to the last.
    first_recipient_id BIGINT NOT NULL,
    last_recipient_id BIGINT NOT NULL,
    size BIGINT NOT NULL,
    -- 1 pending, 2 in flight, 3 accepted, 4 failed, 5 in doubt, 6 unresolved,
    -- 7 cancelled, 8 paused
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 8),
    -- Smaller goes first.
    priority BIGINT NOT NULL,
    -- Grows with each claim: a worker that comes back after its lease settles nothing.
    attempt BIGINT NOT NULL,
    -- Our name for the request at the provider; NULL before the first claim.
    request_key TEXT COLLATE "C",
    provider_reference TEXT COLLATE "C",
    accepted_count BIGINT NOT NULL,
    next_us BIGINT NOT NULL,
    lease_until_us BIGINT,
    worker TEXT COLLATE "C",
    last_error TEXT COLLATE "C",
    created_us BIGINT NOT NULL,
    -- The last claim for sending; NULL again when the request surely never left.
    claimed_us BIGINT,
    -- Set when nothing more will become of it: accepted, failed, unresolved, cancelled.
    settled_us BIGINT,
    PRIMARY KEY (campaign_id, batch_no)
);
CREATE INDEX send_batch_work ON send_batch (connector_id, state, priority, next_us, campaign_id, batch_no);
CREATE INDEX send_batch_lease ON send_batch (lease_until_us) WHERE lease_until_us IS NOT NULL;
CREATE INDEX send_batch_open ON send_batch (campaign_id) WHERE settled_us IS NULL;
-- The few whose outcome is to be found out, whatever account they belong to.
CREATE INDEX send_batch_doubt ON send_batch (next_us, campaign_id, batch_no) WHERE state = 5;

-- The exact request of a batch, LZ4: what is sent again and what was said.
-- Apart from the batch, because SQLite writes a changed row anew as a whole.
CREATE TABLE send_content (
    campaign_id BIGINT NOT NULL,
    batch_no BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (campaign_id, batch_no)
);

-- Only those in a batch whom the last gate took out or the provider refused.
CREATE TABLE send_exception (
    campaign_id BIGINT NOT NULL,
    batch_no BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    -- The S-code of the last gate; 0 when the provider refused.
    code BIGINT NOT NULL,
    -- 0 gate, 1 transient, 2 permanent, 3 account, 4 content
    class BIGINT NOT NULL,
    provider_code TEXT COLLATE "C",
    provider_text TEXT COLLATE "C",
    created_us BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, batch_no, recipient_id)
);

-- Pushes from providers as they came in; mapped afterwards, in order.
CREATE TABLE receipt_push (
    id BIGINT NOT NULL PRIMARY KEY,
    connector_id BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    -- LZ4 of the body.
    body BYTEA NOT NULL,
    -- 1 waiting, 2 mapped, 3 unreadable
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 3),
    problem TEXT COLLATE "C"
);
CREATE INDEX receipt_push_work ON receipt_push (state, id);

-- The strongest receipt of each message.
CREATE TABLE receipt (
    campaign_id BIGINT NOT NULL,
    batch_no BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    -- 1 sent, 2 unknown, 3 expired, 4 undelivered, 5 rejected, 6 delivered
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 6),
    provider_code TEXT COLLATE "C" NOT NULL,
    provider_text TEXT COLLATE "C",
    happened_us BIGINT NOT NULL,
    push_id BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, batch_no, recipient_id)
);

CREATE TABLE audit (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    -- JSON
    detail TEXT COLLATE "C" NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL
);
CREATE UNIQUE INDEX audit_chain ON audit (firm_id, number);

CREATE TABLE audit_head (
    firm_id BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
