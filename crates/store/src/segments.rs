//! Segments (*dinamik segment*): named rules of a firm that say whom a campaign
//! is for. Looked at anew for each preview and launch; nothing is kept of whom
//! they found but the frozen audience of a campaign.

use domain::Timestamp;
use domain::ids::{FirmId, SegmentId};
use domain::segment::Rule;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{from_json, page_rows, to_json};

/// Rules with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its number.
    pub id: SegmentId,
    /// Its name, unique in the firm.
    pub name: String,
    /// Whom it means.
    pub rule: Rule,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

type Row = (i64, String, String, i64, i64);

fn segment((id, name, rule, created_us, updated_us): Row) -> Result<Segment, StoreError> {
    let id = SegmentId::from_db(id);
    Ok(Segment {
        id,
        name,
        rule: from_json(&rule, "segment", "rules", id)?,
        created_at: Timestamp::from_micros(created_us),
        updated_at: Timestamp::from_micros(updated_us),
    })
}

impl Reader {
    /// The segments of a firm after `after`, in the order of their numbers.
    pub async fn segments(
        &mut self,
        firm: FirmId,
        after: Option<SegmentId>,
        limit: usize,
    ) -> Result<Vec<Segment>, StoreError> {
        let sql = "SELECT id, name, rules, created_us, updated_us FROM segment \
             WHERE firm_id = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(firm.as_db())
            .bind(after.map_or(0, SegmentId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing segments")?;
        rows.into_iter().map(segment).collect()
    }

    /// One segment of a firm.
    pub async fn segment(
        &mut self,
        firm: FirmId,
        id: SegmentId,
    ) -> Result<Option<Segment>, StoreError> {
        let sql = "SELECT id, name, rules, created_us, updated_us FROM segment \
             WHERE id = $1 AND firm_id = $2";
        let row = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a segment")?;
        row.map(segment).transpose()
    }
}

impl Writer {
    /// Adds a segment, already checked by [`Rule::check`].
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the firm has one of this name.
    pub async fn create_segment(
        &mut self,
        firm: FirmId,
        name: &str,
        rule: Rule,
    ) -> Result<Segment, StoreError> {
        let now = self.now();
        let made = Segment {
            id: SegmentId::from_db(self.next_id()?),
            name: name.to_owned(),
            rule,
            created_at: now,
            updated_at: now,
        };
        let rules = to_json(&made.rule)?;
        let sql = "INSERT INTO segment (id, firm_id, name, rules, created_us, updated_us) \
             VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (firm_id, name) DO NOTHING";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(made.id.as_db())
            .bind(firm.as_db())
            .bind(name)
            .bind(rules.as_str())
            .bind(now.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("creating a segment")?;
        if rows == 0 {
            return Err(StoreError::Exists {
                what: "a segment of this name",
            });
        }
        Ok(made)
    }

    /// Writes name and rules of a segment.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has none of this number,
    /// [`StoreError::Exists`] when another one has the name.
    pub async fn save_segment(
        &mut self,
        firm: FirmId,
        changed: &Segment,
    ) -> Result<Segment, StoreError> {
        let sql = "UPDATE segment SET name = $3, rules = $4, updated_us = $5 \
             WHERE id = $1 AND firm_id = $2 AND NOT EXISTS (SELECT 1 FROM segment other \
                WHERE other.firm_id = $2 AND other.name = $3 AND other.id <> $1)";
        let (now, rules) = (self.now(), to_json(&changed.rule)?);
        if self.segment(firm, changed.id).await?.is_none() {
            return Err(StoreError::Lost {
                what: "the segment",
            });
        }
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(changed.id.as_db())
            .bind(firm.as_db())
            .bind(changed.name.as_str())
            .bind(rules.as_str())
            .bind(now.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing a segment")?;
        if rows == 0 {
            return Err(StoreError::Exists {
                what: "a segment of this name",
            });
        }
        exactly(rows, 1, "the segment")?;
        Ok(Segment {
            updated_at: now,
            ..changed.clone()
        })
    }
}
