-- When the settings of an account were tried last, and the senders that the
-- provider listed then, a JSON array.
ALTER TABLE connector ADD COLUMN tested_us BIGINT;
ALTER TABLE connector ADD COLUMN senders TEXT COLLATE "C";
