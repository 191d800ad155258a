-- The firm's own numbers before the firm: within a firm every comparison of two
-- entries began with what is the same in both. Nothing asks for a firm's numbers
-- in order.
DROP INDEX contact_external;
CREATE UNIQUE INDEX contact_external ON contact (external_id, firm_id) WHERE external_id IS NOT NULL;
