-- When the row was made at İYS that a feed's cursor stands behind: what İYS does with a cursor that
-- has left its window is not documented, so an old one is not used.
ALTER TABLE registry_cursor ADD COLUMN cursor_us BIGINT;
UPDATE registry_cursor SET cursor_us = pulled_us WHERE cursor IS NOT NULL;
