//! Messages that programs send by key: what holds for each key, and what was
//! asked for, so that its limits can be kept.

use domain::Timestamp;
use domain::api_message::ApiMessage;
use domain::ids::{CampaignId, FirmId, RecipientId, TemplateId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{from_json, to_json};

/// A template that programs may send, and what holds for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedTemplate {
    /// The template whose text it is.
    pub template: TemplateId,
    /// What holds for it.
    pub message: ApiMessage,
    /// Who said so.
    pub actor: String,
    /// When.
    pub updated_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    template_id: i64,
    settings: String,
    actor: String,
    updated_us: i64,
}

impl Row {
    fn keyed(self) -> Result<KeyedTemplate, StoreError> {
        let template = TemplateId::from_db(self.template_id);
        Ok(KeyedTemplate {
            template,
            message: from_json(&self.settings, "api_message", "settings", template)?,
            actor: self.actor,
            updated_at: Timestamp::from_micros(self.updated_us),
        })
    }
}

const TOTAL: &str = "SELECT count(*) FROM (SELECT 1 FROM api_message_sent \
     WHERE template_id = $1 AND asked_us >= $2 LIMIT $3) n";
const OF_PERSON: &str = "SELECT count(*) FROM (SELECT 1 FROM api_message_sent \
     WHERE template_id = $1 AND recipient_id = $4 AND asked_us >= $2 LIMIT $3) n";

impl Reader {
    /// What holds for the messages of a template, if programs may send it.
    pub async fn api_message(
        &mut self,
        firm: FirmId,
        template: TemplateId,
    ) -> Result<Option<KeyedTemplate>, StoreError> {
        let sql = "SELECT template_id, settings, actor, updated_us FROM api_message \
             WHERE template_id = $2 AND firm_id = $1";
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(template.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading what programs may send")?;
        row.map(Row::keyed).transpose()
    }

    /// The template of a key.
    pub async fn api_message_of_key(
        &mut self,
        firm: FirmId,
        key: &str,
    ) -> Result<Option<KeyedTemplate>, StoreError> {
        let sql = "SELECT template_id, settings, actor, updated_us FROM api_message \
             WHERE firm_id = $1 AND message_key = $2";
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(key)
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for a message key")?;
        row.map(Row::keyed).transpose()
    }

    /// How many messages of a template were asked for since an instant, to one
    /// person if it is given; `most` where it is more.
    pub async fn api_messages_since(
        &mut self,
        template: TemplateId,
        person: Option<RecipientId>,
        since: Timestamp,
        most: i64,
    ) -> Result<i64, StoreError> {
        let sql = if person.is_some() { OF_PERSON } else { TOTAL };
        on!(self, conn => {
            let query = sqlx::query_scalar(sql)
                .bind(template.as_db())
                .bind(since.as_micros())
                .bind(most);
            match person {
                Some(person) => query.bind(person.as_db()),
                None => query,
            }
            .fetch_one(&mut *conn)
            .await
        })
        .doing("counting messages of a key")
    }
}

impl Writer {
    /// Says what holds for the messages of a template from now on.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when another template of the firm has the key.
    pub async fn set_api_message(
        &mut self,
        firm: FirmId,
        template: TemplateId,
        message: &ApiMessage,
        actor: &str,
    ) -> Result<(), StoreError> {
        let held = self.api_message_of_key(firm, &message.key).await?;
        if held.is_some_and(|held| held.template != template) {
            return Err(StoreError::Exists { what: "the key" });
        }
        let settings = to_json(message)?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO api_message \
                (template_id, firm_id, message_key, settings, actor, updated_us) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (template_id) DO UPDATE SET \
                message_key = excluded.message_key, settings = excluded.settings, \
                actor = excluded.actor, updated_us = excluded.updated_us";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(template.as_db())
            .bind(firm.as_db())
            .bind(message.key.as_str())
            .bind(settings.as_str())
            .bind(actor)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("saying what programs may send")?;
        exactly(rows, 1, "the message key")
    }

    /// Programs may not send a template any more. Tells whether they could.
    pub async fn remove_api_message(
        &mut self,
        firm: FirmId,
        template: TemplateId,
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM api_message WHERE template_id = $2 AND firm_id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind(template.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("taking a message key away")?;
        Ok(rows == 1)
    }

    /// Notes that a campaign carries one message of a key; it stands in no list.
    pub async fn note_api_message(
        &mut self,
        campaign: CampaignId,
        template: TemplateId,
        person: RecipientId,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "INSERT INTO api_message_sent (campaign_id, template_id, recipient_id, asked_us) \
             VALUES ($1, $2, $3, $4)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(template.as_db())
            .bind(person.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting a message of a key")?;
        exactly(rows, 1, "the message of a key")?;
        let sql = "UPDATE campaign SET by_key = 1 WHERE id = $1 AND state = 1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a message of a key out of lists")?;
        exactly(rows, 1, "the draft")
    }
}

#[cfg(test)]
mod tests {
    use super::{OF_PERSON, TOTAL};
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn limits_are_counted_by_their_indices() {
        walks(|_| TOTAL, Index::named("api_message_total")).await;
        walks(|_| OF_PERSON, Index::named("api_message_person")).await;
    }
}
