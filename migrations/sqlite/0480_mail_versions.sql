-- What the e-mail of a template had besides its text at each of its versions.
CREATE TABLE mail_version (
    template_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL,
    html TEXT,
    reply_to TEXT,
    -- Who saved it; empty where that was not kept yet.
    actor TEXT NOT NULL,
    saved_us INTEGER NOT NULL,
    PRIMARY KEY (template_id, version)
) STRICT;
INSERT INTO mail_version (template_id, version, subject, html, reply_to, actor, saved_us)
    SELECT owner_id, 1, subject, html, reply_to, '', updated_us FROM mail_content WHERE owner = 2;
