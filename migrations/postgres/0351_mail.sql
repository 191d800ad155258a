-- What an e-mail has besides its text. The text alone stands with its owner.
CREATE TABLE mail_content (
    -- 1 campaign, 2 template
    owner BIGINT NOT NULL CHECK (owner IN (1, 2)),
    owner_id BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    html TEXT COLLATE "C",
    reply_to TEXT COLLATE "C",
    updated_us BIGINT NOT NULL,
    PRIMARY KEY (owner, owner_id)
);

-- Addresses that a server said are dead, or that failed too often (S204): 1.
ALTER TABLE recipient ADD COLUMN undeliverable BIGINT NOT NULL DEFAULT 0;

-- Failed deliveries of an address, one row a message: why it is undeliverable.
CREATE TABLE bounce (
    recipient_id BIGINT NOT NULL,
    campaign_id BIGINT NOT NULL,
    firm_id BIGINT NOT NULL,
    -- 1 hard: the address is dead; 0 soft: it may work again
    is_hard BIGINT NOT NULL CHECK (is_hard IN (0, 1)),
    code TEXT COLLATE "C" NOT NULL,
    words TEXT COLLATE "C" NOT NULL,
    bounced_us BIGINT NOT NULL,
    PRIMARY KEY (recipient_id, campaign_id)
);
