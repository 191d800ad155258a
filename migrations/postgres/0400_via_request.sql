-- Requests to İYS to ask a person for their consent (ViA). A request is noted
-- before İYS is called, as unknown: a call that is lost has its row.
CREATE TABLE via_request (
    id BIGINT NOT NULL PRIMARY KEY,
    firm_id BIGINT NOT NULL,
    brand_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    -- JSON: the channels that are asked about.
    channels TEXT COLLATE "C" NOT NULL,
    -- 1 code by SMS, 2 link by SMS, 3 code by e-mail, 4 link by e-mail, 5 page of approval by e-mail
    method BIGINT NOT NULL CHECK (method BETWEEN 1 AND 5),
    -- İYS's number of the request; none when İYS did not answer whether it took it.
    request_id TEXT COLLATE "C",
    -- 1 waiting, 2 consented, 3 ended, 4 refused by İYS, 5 unknown
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 5),
    -- İYS's own words about it.
    words TEXT COLLATE "C",
    actor TEXT COLLATE "C" NOT NULL,
    asked_us BIGINT NOT NULL,
    -- When to look at it next, while the person's answer is awaited.
    next_us BIGINT NOT NULL,
    done_us BIGINT
);
CREATE INDEX via_request_due ON via_request (next_us) WHERE state = 1;
CREATE INDEX via_request_person ON via_request (brand_id, recipient_id, id);
