-- What an inbox shows of an e-mail behind its subject (pre-header).
ALTER TABLE mail_content ADD COLUMN preheader TEXT COLLATE "C";
ALTER TABLE mail_version ADD COLUMN preheader TEXT COLLATE "C";
