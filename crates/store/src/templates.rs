//! Message texts (*şablon*) that campaigns begin with. A campaign copies the
//! text, so changing a template never changes what is on its way.

use domain::ids::{BrandId, FirmId, TemplateId};
use domain::{Channel, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{known, page_rows};

/// A text in its present version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its number.
    pub id: TemplateId,
    /// Whose it is.
    pub firm: FirmId,
    /// Which brand speaks.
    pub brand: BrandId,
    /// As shown to people.
    pub name: String,
    /// For which means it was written.
    pub channel: Channel,
    /// The text with its variables; parsed by `domain::template`.
    pub body: String,
    /// Counts the changes, from 1.
    pub version: i64,
    /// The owner who let this very text use health data.
    pub health_approved_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a text said at one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// Which, from 1.
    pub version: i64,
    /// Its name then.
    pub name: String,
    /// The text then.
    pub body: String,
    /// The owner who let it use health data.
    pub health_approved_by: Option<String>,
    /// When it was saved.
    pub saved_at: Timestamp,
}

type VersionRow = (i64, String, String, Option<String>, i64);

fn version((version, name, body, health_approved_by, saved_us): VersionRow) -> TemplateVersion {
    TemplateVersion {
        version,
        name,
        body,
        health_approved_by,
        saved_at: Timestamp::from_micros(saved_us),
    }
}

/// A text to be added, already checked by `domain::template`.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// Which brand speaks.
    pub brand: BrandId,
    /// As shown to people.
    pub name: String,
    /// For which means.
    pub channel: Channel,
    /// The text.
    pub body: String,
    /// The owner who lets it use health data.
    pub health_approved_by: Option<String>,
}

macro_rules! columns {
    () => {
        "id, firm_id, brand_id, name, channel, body, version, health_approved_by, created_us, updated_us"
    };
}

#[derive(sqlx::FromRow)]
struct TemplateRow {
    id: i64,
    firm_id: i64,
    brand_id: i64,
    name: String,
    channel: i64,
    body: String,
    version: i64,
    health_approved_by: Option<String>,
    created_us: i64,
    updated_us: i64,
}

impl TryFrom<TemplateRow> for Template {
    type Error = StoreError;

    fn try_from(row: TemplateRow) -> Result<Self, StoreError> {
        let id = TemplateId::from_db(row.id);
        Ok(Self {
            id,
            firm: FirmId::from_db(row.firm_id),
            brand: BrandId::from_db(row.brand_id),
            name: row.name,
            channel: known(Channel::from_db(row.channel), "template", "channel", id)?,
            body: row.body,
            version: row.version,
            health_approved_by: row.health_approved_by,
            created_at: Timestamp::from_micros(row.created_us),
            updated_at: Timestamp::from_micros(row.updated_us),
        })
    }
}

impl Reader {
    /// One text of a firm.
    pub async fn template(
        &mut self,
        firm: FirmId,
        id: TemplateId,
    ) -> Result<Option<Template>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM template WHERE id = $1 AND firm_id = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, TemplateRow>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a template")?;
        row.map(Template::try_from).transpose()
    }

    /// The texts of a firm after `after`, in the order of their numbers.
    pub async fn templates(
        &mut self,
        firm: FirmId,
        after: Option<TemplateId>,
        limit: usize,
    ) -> Result<Vec<Template>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM template WHERE firm_id = $1 AND id > $2 ORDER BY id LIMIT $3"
        );
        let rows = on!(self, conn => sqlx::query_as::<_, TemplateRow>(sql)
            .bind(firm.as_db())
            .bind(after.map_or(0, TemplateId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing templates")?;
        rows.into_iter().map(Template::try_from).collect()
    }

    /// The versions of a text before `before`, newest first.
    pub async fn template_versions(
        &mut self,
        firm: FirmId,
        id: TemplateId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<TemplateVersion>, StoreError> {
        let sql = "SELECT v.version, v.name, v.body, v.health_approved_by, v.saved_us \
             FROM template t JOIN template_version v ON v.template_id = t.id \
             WHERE t.id = $1 AND t.firm_id = $2 AND v.version < $3 \
             ORDER BY v.version DESC LIMIT $4";
        let rows: Vec<VersionRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(before.unwrap_or(i64::MAX))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing versions of a template")?;
        Ok(rows.into_iter().map(version).collect())
    }

    /// Whether an owner let a text of a brand use health data, word for word.
    pub async fn is_health_approved(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        body: &str,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT CAST(1 AS BIGINT) FROM template WHERE firm_id = $1 AND brand_id = $2 AND body = $3 \
                 AND health_approved_by IS NOT NULL LIMIT 1";
        let found: Option<(i64,)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind(body)
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for an approved template")?;
        Ok(found.is_some())
    }
}

impl Writer {
    /// Adds a text.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such brand.
    pub async fn create_template(
        &mut self,
        firm: FirmId,
        new: NewTemplate,
    ) -> Result<Template, StoreError> {
        self.brand(firm, new.brand)
            .await?
            .ok_or(StoreError::Lost { what: "the brand" })?;
        let now = self.now();
        let made = Template {
            id: TemplateId::from_db(self.next_id()?),
            firm,
            brand: new.brand,
            name: new.name,
            channel: new.channel,
            body: new.body,
            version: 1,
            health_approved_by: new.health_approved_by,
            created_at: now,
            updated_at: now,
        };
        let sql = "INSERT INTO template \
             (id, firm_id, brand_id, name, channel, body, version, created_us, updated_us, \
              health_approved_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(made.id.as_db())
            .bind(firm.as_db())
            .bind(made.brand.as_db())
            .bind(made.name.as_str())
            .bind(made.channel.as_db())
            .bind(made.body.as_str())
            .bind(made.version)
            .bind(now.as_micros())
            .bind(made.health_approved_by.as_deref())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("creating a template")?;
        exactly(done, 1, "the template")?;
        self.keep_version(&made).await?;
        Ok(made)
    }

    /// Keeps what a text says at its present version.
    async fn keep_version(&mut self, template: &Template) -> Result<(), StoreError> {
        let sql = "INSERT INTO template_version \
                (template_id, version, name, body, health_approved_by, saved_us) \
             VALUES ($1, $2, $3, $4, $5, $6)";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(template.id.as_db())
            .bind(template.version)
            .bind(template.name.as_str())
            .bind(template.body.as_str())
            .bind(template.health_approved_by.as_deref())
            .bind(template.updated_at.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a version of a template")?;
        exactly(done, 1, "the version of the template")
    }

    /// Writes a text's name and body over the version that `template` names
    /// and returns the next one.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when somebody changed it in the meantime.
    pub async fn save_template(&mut self, template: &Template) -> Result<Template, StoreError> {
        let sql = "UPDATE template SET name = $4, body = $5, version = version + 1, \
             updated_us = $6, health_approved_by = $7 WHERE id = $1 AND firm_id = $2 AND version = $3";
        let now = self.now();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(template.id.as_db())
            .bind(template.firm.as_db())
            .bind(template.version)
            .bind(template.name.as_str())
            .bind(template.body.as_str())
            .bind(now.as_micros())
            .bind(template.health_approved_by.as_deref())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing a template")?;
        exactly(done, 1, "the version of the template")?;
        let saved = Template {
            version: template.version + 1,
            updated_at: now,
            ..template.clone()
        };
        self.keep_version(&saved).await?;
        Ok(saved)
    }
}
