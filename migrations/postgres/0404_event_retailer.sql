-- The retailer (*bayi*) that took a declaration, as İYS is told. The event's
-- evidence names it too, and with it the ledger's hashes.
CREATE TABLE event_retailer (
    event_id BIGINT NOT NULL PRIMARY KEY,
    -- Its number at İYS.
    retailer_code BIGINT NOT NULL CHECK (retailer_code BETWEEN 10000000 AND 99999999)
);
