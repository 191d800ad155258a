-- What a template said at each of its versions: a campaign names the one that
-- it was made of.
CREATE TABLE template_version (
    template_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    health_approved_by TEXT COLLATE "C",
    saved_us BIGINT NOT NULL,
    PRIMARY KEY (template_id, version)
);
INSERT INTO template_version (template_id, version, name, body, health_approved_by, saved_us)
    SELECT id, version, name, body, health_approved_by, updated_us FROM template;
-- The version of the template that the campaign began from.
ALTER TABLE campaign ADD COLUMN template_version BIGINT;
