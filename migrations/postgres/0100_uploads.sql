-- What a file is for, why it waits for a person, what its preview promised and
-- did not come true, and the answers that are remembered for its header.

-- Whether a file must be let in by somebody else than its uploader.
ALTER TABLE brand ADD COLUMN needs_other_approver BIGINT NOT NULL DEFAULT 0 CHECK (needs_other_approver IN (0, 1));

-- 1 contacts, 2 tag add, 3 tag remove, 4 distribution list, 5 blacklist, 6 whitelist
ALTER TABLE upload ADD COLUMN purpose BIGINT NOT NULL DEFAULT 1 CHECK (purpose BETWEEN 1 AND 6);
-- Of a blacklist or whitelist; NULL for every channel.
ALTER TABLE upload ADD COLUMN stop_channel BIGINT CHECK (stop_channel BETWEEN 1 AND 4);
ALTER TABLE upload ADD COLUMN spares_mandatory BIGINT NOT NULL DEFAULT 0 CHECK (spares_mandatory IN (0, 1));
-- JSON: why a person must look before it is applied.
ALTER TABLE upload ADD COLUMN holds TEXT COLLATE "C" NOT NULL DEFAULT '[]';
-- JSON: where what was applied differs from what was foreseen.
ALTER TABLE upload ADD COLUMN discrepancies TEXT COLLATE "C" NOT NULL DEFAULT '[]';
-- SHA-256 of the folded header; NULL in a file without one.
ALTER TABLE upload ADD COLUMN header_hash BYTEA;
-- The upload whose answers were used.
ALTER TABLE upload ADD COLUMN answers_from BIGINT;
-- Records whose consent was known already (W804).
ALTER TABLE upload ADD COLUMN known_count BIGINT NOT NULL DEFAULT 0;

-- Answers that a person confirmed, for the next file with the same header.
CREATE TABLE upload_answer (
    firm_id BIGINT NOT NULL,
    header_hash BYTEA NOT NULL,
    -- JSON, shaped as upload.options
    options TEXT COLLATE "C" NOT NULL,
    default_kind BIGINT CHECK (default_kind IN (1, 2)),
    upload_id BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    confirmed_us BIGINT NOT NULL,
    PRIMARY KEY (firm_id, header_hash)
);

-- 1 a tag of people, 2 a distribution list
ALTER TABLE tag ADD COLUMN kind BIGINT NOT NULL DEFAULT 1 CHECK (kind IN (1, 2));

-- Whether messages that must reach everybody (OTP, delivery, …) go out all the same.
ALTER TABLE blacklist ADD COLUMN spares_mandatory BIGINT NOT NULL DEFAULT 0 CHECK (spares_mandatory IN (0, 1));
