-- Parts (boy) of the texts that a request carries, as the provider bills them;
-- NULL before its first claim.
ALTER TABLE send_batch ADD COLUMN parts BIGINT;
