-- Requests to İYS to ask a person for their consent (ViA). A request is noted
-- before İYS is called, as unknown: a call that is lost has its row.
CREATE TABLE via_request (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    brand_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    -- JSON: the channels that are asked about.
    channels TEXT NOT NULL,
    -- 1 code by SMS, 2 link by SMS, 3 code by e-mail, 4 link by e-mail, 5 page of approval by e-mail
    method INTEGER NOT NULL CHECK (method BETWEEN 1 AND 5),
    -- İYS's number of the request; none when İYS did not answer whether it took it.
    request_id TEXT,
    -- 1 waiting, 2 consented, 3 ended, 4 refused by İYS, 5 unknown
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
    -- İYS's own words about it.
    words TEXT,
    actor TEXT NOT NULL,
    asked_us INTEGER NOT NULL,
    -- When to look at it next, while the person's answer is awaited.
    next_us INTEGER NOT NULL,
    done_us INTEGER
) STRICT;
CREATE INDEX via_request_due ON via_request (next_us) WHERE state = 1;
CREATE INDEX via_request_person ON via_request (brand_id, recipient_id, id);
