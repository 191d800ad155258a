-- What an e-mail has besides its text. The text alone stands with its owner.
CREATE TABLE mail_content (
    -- 1 campaign, 2 template
    owner INTEGER NOT NULL CHECK (owner IN (1, 2)),
    owner_id INTEGER NOT NULL,
    subject TEXT NOT NULL,
    html TEXT,
    reply_to TEXT,
    updated_us INTEGER NOT NULL,
    PRIMARY KEY (owner, owner_id)
) STRICT, WITHOUT ROWID;

-- Addresses that a server said are dead, or that failed too often (S204): 1.
ALTER TABLE recipient ADD COLUMN undeliverable INTEGER NOT NULL DEFAULT 0;

-- Failed deliveries of an address, one row a message: why it is undeliverable.
CREATE TABLE bounce (
    recipient_id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    firm_id INTEGER NOT NULL,
    -- 1 hard: the address is dead; 0 soft: it may work again
    is_hard INTEGER NOT NULL CHECK (is_hard IN (0, 1)),
    code TEXT NOT NULL,
    words TEXT NOT NULL,
    bounced_us INTEGER NOT NULL,
    PRIMARY KEY (recipient_id, campaign_id)
) STRICT, WITHOUT ROWID;
