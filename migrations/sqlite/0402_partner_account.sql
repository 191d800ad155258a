-- The account of a business partner (*iş ortağı*) at İYS: one login that speaks
-- for the brands of many firms. At most one row.
CREATE TABLE registry_partner (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    username TEXT NOT NULL,
    -- Sealed.
    password BLOB NOT NULL,
    -- The partner's own number at İYS.
    integrator_code INTEGER NOT NULL,
    changed_us INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT;

-- Whether the brand's calls go by that login. Only whoever runs the installation
-- may say so: its firms could read each other's records otherwise.
ALTER TABLE brand ADD COLUMN uses_partner INTEGER NOT NULL DEFAULT 0 CHECK (uses_partner IN (0, 1));
