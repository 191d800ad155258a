-- What a firm keeps of people beyond name and address (özel alan). The values
-- stand in contact.attributes, by code.
CREATE TABLE attribute (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    label_tr TEXT COLLATE "C" NOT NULL,
    label_en TEXT COLLATE "C" NOT NULL,
    -- 1 text, 2 number, 3 date, 4 boolean, 5 choice
    kind BIGINT NOT NULL CHECK (kind BETWEEN 1 AND 5),
    is_array BIGINT NOT NULL CHECK (is_array IN (0, 1)),
    is_personal BIGINT NOT NULL CHECK (is_personal IN (0, 1)),
    is_health BIGINT NOT NULL CHECK (is_health IN (0, 1)),
    -- JSON array of words.
    choices TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX attribute_code ON attribute (firm_id, code);

-- The owner who let a text use health data; null where none did.
ALTER TABLE template ADD COLUMN health_approved_by TEXT COLLATE "C";
