//! What an e-mail has besides its text: subject, HTML, pre-header, where replies go. Of a
//! campaign, or of the template that it began from.

use domain::Timestamp;
use domain::ids::{CampaignId, TemplateId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::page_rows;

/// Whose content it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailOwner {
    /// A campaign's.
    Campaign(CampaignId),
    /// A template's.
    Template(TemplateId),
}

impl MailOwner {
    const fn as_db(self) -> (i64, i64) {
        match self {
            Self::Campaign(id) => (1, id.as_db()),
            Self::Template(id) => (2, id.as_db()),
        }
    }
}

/// See the module; variables as in texts.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MailContent {
    /// The subject.
    pub subject: String,
    /// The message in HTML, beside the text.
    pub html: Option<String>,
    /// Where replies go, unless to where the account sends them.
    pub reply_to: Option<String>,
    /// What an inbox shows behind the subject.
    pub preheader: Option<String>,
}

/// What the e-mail of a template had at one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailVersion {
    /// From 1.
    pub version: i64,
    /// What it had.
    pub content: MailContent,
    /// Who saved it; empty where that was not kept yet.
    pub actor: String,
    /// When.
    pub saved_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    version: i64,
    #[sqlx(flatten)]
    content: MailContent,
    actor: String,
    saved_us: i64,
}

impl From<VersionRow> for MailVersion {
    fn from(row: VersionRow) -> Self {
        Self {
            version: row.version,
            content: row.content,
            actor: row.actor,
            saved_at: Timestamp::from_micros(row.saved_us),
        }
    }
}

impl Reader {
    /// What the e-mail of a template had before `before`, newest first. The
    /// caller has read the template as one of the firm's.
    pub async fn mail_versions(
        &mut self,
        template: TemplateId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<MailVersion>, StoreError> {
        let sql = "SELECT version, subject, html, reply_to, preheader, actor, saved_us FROM mail_version \
             WHERE template_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
        let rows: Vec<VersionRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(template.as_db())
            .bind(before.unwrap_or(i64::MAX))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing versions of an e-mail")?;
        Ok(rows.into_iter().map(MailVersion::from).collect())
    }

    /// The content, if there is any.
    pub async fn mail_content(
        &mut self,
        owner: MailOwner,
    ) -> Result<Option<MailContent>, StoreError> {
        let sql = "SELECT subject, html, reply_to, preheader FROM mail_content \
             WHERE owner = $1 AND owner_id = $2";
        let (owner, id) = owner.as_db();
        on!(self, conn => sqlx::query_as(sql)
            .bind(owner)
            .bind(id)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading what an e-mail has")
    }
}

impl Writer {
    /// Writes the content of a template, and keeps it as its next version.
    pub async fn save_template_mail(
        &mut self,
        template: TemplateId,
        content: &MailContent,
        actor: &str,
    ) -> Result<(), StoreError> {
        let owner = MailOwner::Template(template);
        if self.mail_content(owner).await?.as_ref() == Some(content) {
            return Ok(());
        }
        self.save_mail_content(owner, content).await?;
        let sql = "INSERT INTO mail_version \
                (template_id, version, subject, html, reply_to, preheader, actor, saved_us) \
             SELECT $1, COALESCE(max(version), 0) + 1, $2, $3, $4, $5, $6, $7 \
             FROM mail_version WHERE template_id = $1";
        let now = self.now().as_micros();
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(template.as_db())
            .bind(content.subject.as_str())
            .bind(content.html.as_deref())
            .bind(content.reply_to.as_deref())
            .bind(content.preheader.as_deref())
            .bind(actor)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a version of an e-mail")?;
        exactly(rows, 1, "the version of the e-mail")
    }

    /// Writes the content over what was there.
    pub async fn save_mail_content(
        &mut self,
        owner: MailOwner,
        content: &MailContent,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO mail_content \
                (owner, owner_id, subject, html, reply_to, preheader, updated_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (owner, owner_id) DO UPDATE SET \
                subject = excluded.subject, html = excluded.html, reply_to = excluded.reply_to, \
                preheader = excluded.preheader, updated_us = excluded.updated_us";
        let (owner, id) = owner.as_db();
        let now = self.now().as_micros();
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(owner)
            .bind(id)
            .bind(content.subject.as_str())
            .bind(content.html.as_deref())
            .bind(content.reply_to.as_deref())
            .bind(content.preheader.as_deref())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("writing what an e-mail has")?;
        exactly(rows, 1, "the content of the e-mail")
    }
}
