-- Addresses that kept failing, but of which no server says that they are dead: they
-- get no commercial messages until they have rested. `undeliverable` is then 2.
UPDATE recipient SET undeliverable = 2 WHERE undeliverable = 1
    AND id IN (SELECT recipient_id FROM bounce GROUP BY recipient_id HAVING max(is_hard) = 0);
CREATE INDEX recipient_failing ON recipient (id) WHERE undeliverable = 2;
