-- The account of a business partner (*iş ortağı*) at İYS: one login that speaks
-- for the brands of many firms. At most one row.
CREATE TABLE registry_partner (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    username TEXT COLLATE "C" NOT NULL,
    -- Sealed.
    password BYTEA NOT NULL,
    -- The partner's own number at İYS.
    integrator_code BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL
);

-- Whether the brand's calls go by that login. Only whoever runs the installation
-- may say so: its firms could read each other's records otherwise.
ALTER TABLE brand ADD COLUMN uses_partner BIGINT NOT NULL DEFAULT 0 CHECK (uses_partner IN (0, 1));
