-- The retailer (*bayi*) that took a consent which waits for a second person:
-- once it is approved, İYS is told of it with the record.
ALTER TABLE consent_hold ADD COLUMN retailer_code INTEGER CHECK (retailer_code BETWEEN 10000000 AND 99999999);
