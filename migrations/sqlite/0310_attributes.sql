-- What a firm keeps of people beyond name and address (özel alan). The values
-- stand in contact.attributes, by code.
CREATE TABLE attribute (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    code TEXT NOT NULL,
    label_tr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    -- 1 text, 2 number, 3 date, 4 boolean, 5 choice
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5),
    is_array INTEGER NOT NULL CHECK (is_array IN (0, 1)),
    is_personal INTEGER NOT NULL CHECK (is_personal IN (0, 1)),
    is_health INTEGER NOT NULL CHECK (is_health IN (0, 1)),
    -- JSON array of words.
    choices TEXT NOT NULL,
    position INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX attribute_code ON attribute (firm_id, code);

-- The owner who let a text use health data; null where none did.
ALTER TABLE template ADD COLUMN health_approved_by TEXT;
