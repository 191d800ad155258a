-- Purposes (kategori) that a person muted on the preference page. The general
-- consent stays as it is.
CREATE TABLE purpose_refusal (
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    channel INTEGER NOT NULL CHECK (channel BETWEEN 1 AND 4),
    -- The first bytes of the SHA-256 of the folded name.
    purpose_key INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    refused_us INTEGER NOT NULL,
    PRIMARY KEY (brand_id, recipient_id, channel, purpose_key)
) STRICT, WITHOUT ROWID;
-- Whether anybody refused a purpose at all.
CREATE INDEX purpose_refusal_any ON purpose_refusal (brand_id, channel, purpose_key);
