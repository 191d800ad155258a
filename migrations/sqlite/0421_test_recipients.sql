-- People who get a campaign's text before it is launched (deneme alıcısı), once
-- they have accepted it themselves.
CREATE TABLE test_recipient (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- 1 invited, 2 accepted, 3 left
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    invited_by TEXT NOT NULL,
    invited_us INTEGER NOT NULL,
    accepted_us INTEGER,
    left_us INTEGER
) STRICT;
CREATE UNIQUE INDEX test_recipient_address ON test_recipient (brand_id, recipient_id);
CREATE INDEX test_recipient_firm ON test_recipient (firm_id, id);
-- 0 a campaign, 1 a test of one, 2 an invitation of test recipients: the last
-- two stand in no list and no report.
ALTER TABLE campaign ADD COLUMN aside INTEGER NOT NULL DEFAULT 0 CHECK (aside BETWEEN 0 AND 2);
-- Of a test, the campaign whose text it shows.
ALTER TABLE campaign ADD COLUMN aside_of INTEGER;
