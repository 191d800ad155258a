-- The retailer (*bayi*) that took a declaration, as İYS is told. The event's
-- evidence names it too, and with it the ledger's hashes.
CREATE TABLE event_retailer (
    event_id INTEGER NOT NULL PRIMARY KEY,
    -- Its number at İYS.
    retailer_code INTEGER NOT NULL CHECK (retailer_code BETWEEN 10000000 AND 99999999)
) STRICT;
