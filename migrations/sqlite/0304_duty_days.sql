-- What İYS must still be told of, now by the Turkish day of the event and the
-- number of the address: an import then writes at the end of each day instead of
-- all over the index. What was older than 60 days when it was recorded stands in
-- steps of 64 days, because a first file holds the consents of years.
-- The condition is the one of 0302.
DROP INDEX consent_state_due;
CREATE INDEX consent_state_due ON consent_state (brand_id, local_status, (CASE WHEN local_us < local_recorded_us - 5184000000000 THEN (local_us + 10800000000) / 5529600000000 ELSE (local_us + 10800000000) / 86400000000 END), recipient_id, channel, kind) WHERE local_citizen = 0 AND channel <> 4 AND ((local_status = 1 AND (verdict IN (0, 3, 4, 5) OR (verdict = 2 AND verdict_us < local_us) OR (verdict = 6 AND verdict_code NOT IN (4606, 4174, 4178)))) OR (local_status = 2 AND (verdict IN (0, 3) OR (verdict = 1 AND (verdict_us IS NULL OR verdict_us < local_us)) OR (verdict = 6 AND verdict_code NOT IN (4174, 4175, 4178)))));
