-- What the e-mail of a template had besides its text at each of its versions.
CREATE TABLE mail_version (
    template_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    html TEXT COLLATE "C",
    reply_to TEXT COLLATE "C",
    -- Who saved it; empty where that was not kept yet.
    actor TEXT COLLATE "C" NOT NULL,
    saved_us BIGINT NOT NULL,
    PRIMARY KEY (template_id, version)
);
INSERT INTO mail_version (template_id, version, subject, html, reply_to, actor, saved_us)
    SELECT owner_id, 1, subject, html, reply_to, '', updated_us FROM mail_content WHERE owner = 2;
