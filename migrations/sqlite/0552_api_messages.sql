-- What programs may send by a template's key, one by one (işlemsel ileti).
CREATE TABLE api_message (
    template_id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    message_key TEXT NOT NULL,
    -- JSON: ground, sender, limits, hours and what a call may say otherwise
    settings TEXT NOT NULL,
    actor TEXT NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX api_message_key ON api_message (firm_id, message_key);
-- What was asked for by key, for its limits: one campaign carries one message.
CREATE TABLE api_message_sent (
    campaign_id INTEGER NOT NULL PRIMARY KEY,
    template_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    asked_us INTEGER NOT NULL
) STRICT;
CREATE INDEX api_message_total ON api_message_sent (template_id, asked_us);
CREATE INDEX api_message_person ON api_message_sent (template_id, recipient_id, asked_us);
-- 1 carries one message that was asked for by key: it stands in no list.
ALTER TABLE campaign ADD COLUMN by_key INTEGER NOT NULL DEFAULT 0 CHECK (by_key IN (0, 1));
CREATE INDEX campaign_listed ON campaign (firm_id, created_us, id) WHERE aside = 0 AND by_key = 0;
