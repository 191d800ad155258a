-- Purposes (kategori) that a person muted on the preference page. The general
-- consent stays as it is.
CREATE TABLE purpose_refusal (
    brand_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    channel BIGINT NOT NULL CHECK (channel BETWEEN 1 AND 4),
    -- The first bytes of the SHA-256 of the folded name.
    purpose_key BIGINT NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    refused_us BIGINT NOT NULL,
    PRIMARY KEY (brand_id, recipient_id, channel, purpose_key)
);
-- Whether anybody refused a purpose at all.
CREATE INDEX purpose_refusal_any ON purpose_refusal (brand_id, channel, purpose_key);
