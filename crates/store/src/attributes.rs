//! Attributes (*özel alan*): the definitions of a firm. The values of a person
//! stand in `contact.attributes`; [`crate::consent::apply`] writes them.

use domain::Timestamp;
use domain::attribute::{ATTRIBUTES_MAX, Attribute, AttributeKind};
use domain::ids::{AttributeId, FirmId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{bounded, from_json, known, to_json};

/// A definition on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    /// Its number.
    pub id: AttributeId,
    /// What it is.
    pub attribute: Attribute,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

macro_rules! columns {
    () => {
        "id, code, label_tr, label_en, kind, is_array, is_personal, is_health, choices, position, \
         created_us, updated_us"
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    code: String,
    label_tr: String,
    label_en: String,
    kind: i64,
    is_array: i64,
    is_personal: i64,
    is_health: i64,
    choices: String,
    position: i64,
    created_us: i64,
    updated_us: i64,
}

impl TryFrom<Row> for Defined {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = AttributeId::from_db(row.id);
        Ok(Self {
            id,
            attribute: Attribute {
                code: row.code,
                label_tr: row.label_tr,
                label_en: row.label_en,
                kind: known(AttributeKind::from_db(row.kind), "attribute", "kind", id)?,
                is_array: row.is_array == 1,
                is_personal: row.is_personal == 1,
                is_health: row.is_health == 1,
                choices: from_json(&row.choices, "attribute", "choices", id)?,
                position: row.position,
            },
            created_at: Timestamp::from_micros(row.created_us),
            updated_at: Timestamp::from_micros(row.updated_us),
        })
    }
}

impl Reader {
    /// All attributes of a firm, by place and code: a firm has few.
    pub async fn attributes(&mut self, firm: FirmId) -> Result<Vec<Defined>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM attribute WHERE firm_id = $1 ORDER BY position, code LIMIT $2"
        );
        let rows = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(firm.as_db())
            .bind(bounded(usize::MAX, ATTRIBUTES_MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing attributes")?;
        rows.into_iter().map(Defined::try_from).collect()
    }

    /// One attribute of a firm.
    pub async fn attribute(
        &mut self,
        firm: FirmId,
        id: AttributeId,
    ) -> Result<Option<Defined>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM attribute WHERE id = $1 AND firm_id = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading an attribute")?;
        row.map(Defined::try_from).transpose()
    }
}

impl Writer {
    /// Adds an attribute, already checked by [`Attribute::check`].
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the firm has one of this code,
    /// [`StoreError::Configuration`] when it has [`ATTRIBUTES_MAX`].
    pub async fn create_attribute(
        &mut self,
        firm: FirmId,
        attribute: Attribute,
    ) -> Result<Defined, StoreError> {
        let held = self.attributes(firm).await?;
        if held.iter().any(|one| one.attribute.code == attribute.code) {
            return Err(StoreError::Exists {
                what: "an attribute of this code",
            });
        }
        if held.len() >= ATTRIBUTES_MAX {
            return Err(StoreError::Configuration(format!(
                "a firm has at most {ATTRIBUTES_MAX} attributes"
            )));
        }
        let now = self.now();
        let made = Defined {
            id: AttributeId::from_db(self.next_id()?),
            attribute,
            created_at: now,
            updated_at: now,
        };
        let sql = "INSERT INTO attribute (id, firm_id, code, label_tr, label_en, kind, is_array, \
                 is_personal, is_health, choices, position, created_us, updated_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) \
             ON CONFLICT (firm_id, code) DO NOTHING";
        let choices = to_json(&made.attribute.choices)?;
        let one = &made.attribute;
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(made.id.as_db())
            .bind(firm.as_db())
            .bind(one.code.as_str())
            .bind(one.label_tr.as_str())
            .bind(one.label_en.as_str())
            .bind(one.kind.as_db())
            .bind(i64::from(one.is_array))
            .bind(i64::from(one.is_personal))
            .bind(i64::from(one.is_health))
            .bind(choices.as_str())
            .bind(one.position)
            .bind(now.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("creating an attribute")?;
        if rows == 0 {
            return Err(StoreError::Exists {
                what: "an attribute of this code",
            });
        }
        Ok(made)
    }

    /// Writes what may change of an attribute: labels, flags, choices and
    /// place. Code and type stay, because values and texts rest on them.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has none of this number.
    pub async fn save_attribute(
        &mut self,
        firm: FirmId,
        changed: &Defined,
    ) -> Result<Defined, StoreError> {
        let sql = "UPDATE attribute SET label_tr = $3, label_en = $4, is_personal = $5, \
                 is_health = $6, choices = $7, position = $8, updated_us = $9 \
             WHERE id = $1 AND firm_id = $2";
        let (now, choices) = (self.now(), to_json(&changed.attribute.choices)?);
        let one = &changed.attribute;
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(changed.id.as_db())
            .bind(firm.as_db())
            .bind(one.label_tr.as_str())
            .bind(one.label_en.as_str())
            .bind(i64::from(one.is_personal))
            .bind(i64::from(one.is_health))
            .bind(choices.as_str())
            .bind(one.position)
            .bind(now.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing an attribute")?;
        exactly(rows, 1, "the attribute")?;
        Ok(Defined {
            updated_at: now,
            ..changed.clone()
        })
    }
}
