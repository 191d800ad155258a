-- Of the records of an upload's list: how many İYS has confirmed, and how many
-- it holds as refused or would not take. Each record is counted with the list
-- that its verdict came by.
ALTER TABLE registry_batch ADD COLUMN confirmed_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE registry_batch ADD COLUMN refused_count BIGINT NOT NULL DEFAULT 0;
