-- What İYS must still be told of, by the date of the event: an ONAY of ours
-- that İYS has not confirmed and may still take, a RET of ours that İYS may
-- still hold as ONAY. The four deadlines grow with that date and are computed
-- when they are shown, so a corrected holiday needs no rewriting.
-- Codes: 4606 I606 too old, 4174 and 4178 İYS holds the same or newer, 4175 no record.
CREATE INDEX consent_state_due ON consent_state (brand_id, local_status, local_us, recipient_id, channel, kind) WHERE local_citizen = 0 AND channel <> 4 AND ((local_status = 1 AND (verdict IN (0, 3, 4, 5) OR (verdict = 2 AND verdict_us < local_us) OR (verdict = 6 AND verdict_code NOT IN (4606, 4174, 4178)))) OR (local_status = 2 AND (verdict IN (0, 3) OR (verdict = 1 AND (verdict_us IS NULL OR verdict_us < local_us)) OR (verdict = 6 AND verdict_code NOT IN (4174, 4175, 4178)))));

-- Records that İYS would not take, by code: the work list of compliance.
CREATE INDEX consent_state_refused ON consent_state (brand_id, verdict_code, recipient_id, channel, kind) WHERE verdict = 6;

-- The clock of a complaint runs from when it came in until somebody closes it.
ALTER TABLE blacklist ADD COLUMN complaint_us INTEGER;
ALTER TABLE blacklist ADD COLUMN handled_us INTEGER;
ALTER TABLE blacklist ADD COLUMN handled_by TEXT;
UPDATE blacklist SET complaint_us = created_us WHERE cause = 2 OR also_complaint = 1;
CREATE INDEX blacklist_complaint ON blacklist (firm_id, complaint_us, recipient_id, channel) WHERE complaint_us IS NOT NULL AND handled_us IS NULL;

-- What somebody must look at. An alarm that goes on is one row that counts.
CREATE TABLE alarm (
    id INTEGER NOT NULL PRIMARY KEY,
    firm_id INTEGER NOT NULL,
    -- 0: the whole firm.
    brand_id INTEGER NOT NULL,
    code INTEGER NOT NULL,
    severity INTEGER NOT NULL CHECK (severity BETWEEN 1 AND 3),
    -- Tells alarms of one code and brand apart; empty when there is but one.
    subject TEXT NOT NULL,
    -- JSON: values of the text's placeholders.
    detail TEXT NOT NULL,
    raised_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    seen_count INTEGER NOT NULL,
    acknowledged_us INTEGER,
    acknowledged_by TEXT,
    note TEXT,
    cleared_us INTEGER
) STRICT;
CREATE UNIQUE INDEX alarm_open ON alarm (firm_id, code, brand_id, subject) WHERE cleared_us IS NULL;
CREATE INDEX alarm_firm ON alarm (firm_id, raised_us, id);
CREATE INDEX alarm_firm_open ON alarm (firm_id, raised_us, id) WHERE cleared_us IS NULL;
