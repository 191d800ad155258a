//! What an e-mail has besides its text: subject, HTML, where replies go. Of a
//! campaign, or of the template that it began from.

use domain::ids::{CampaignId, TemplateId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};

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
}

impl Reader {
    /// The content, if there is any.
    pub async fn mail_content(
        &mut self,
        owner: MailOwner,
    ) -> Result<Option<MailContent>, StoreError> {
        let sql = "SELECT subject, html, reply_to FROM mail_content \
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
    /// Writes the content over what was there.
    pub async fn save_mail_content(
        &mut self,
        owner: MailOwner,
        content: &MailContent,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO mail_content (owner, owner_id, subject, html, reply_to, updated_us) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (owner, owner_id) DO UPDATE SET \
                subject = excluded.subject, html = excluded.html, reply_to = excluded.reply_to, \
                updated_us = excluded.updated_us";
        let (owner, id) = owner.as_db();
        let now = self.now().as_micros();
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(owner)
            .bind(id)
            .bind(content.subject.as_str())
            .bind(content.html.as_deref())
            .bind(content.reply_to.as_deref())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("writing what an e-mail has")?;
        exactly(rows, 1, "the content of the e-mail")
    }
}
