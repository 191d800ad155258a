//! Tags (*etiket*) and distribution lists (*dağıtım listesi*): named, static
//! groups of addresses. The number of members is kept beside the name, because
//! counting a million for every list is slow. Both share one space of names, so
//! that an audience names either without a doubt.

use domain::ids::{ContactId, FirmId, RecipientId};
use domain::{Recipient, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};
use crate::row::{known, page_rows};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a group is.
    GroupKind {
        /// A tag (*etiket*).
        Tag = 1, "tag";
        /// A distribution list (*dağıtım listesi*).
        List = 2, "list";
    }
}

/// A tag or list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its name, unique in the firm.
    pub name: String,
    /// What it is.
    pub kind: GroupKind,
    /// How many addresses carry it.
    pub member_count: i64,
    /// When it was first used.
    pub created_at: Timestamp,
}

/// Number of a tag of a firm; outside the store a tag is called by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TagId(i64);

impl TagId {
    /// The number as the databases hold it.
    pub(crate) const fn as_db(self) -> i64 {
        self.0
    }
}

/// An address in a group, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Number of the address; a page goes on behind the last.
    pub id: RecipientId,
    /// The address.
    pub address: Recipient,
    /// Its first owner.
    pub contact: ContactId,
    /// The owner's name, if there is one on record.
    pub name: Option<String>,
}

const MEMBERS: &str = "SELECT m.recipient_id, r.address, r.contact_id, c.full_name \
     FROM tag_member m JOIN recipient r ON r.id = m.recipient_id \
     LEFT JOIN contact c ON c.id = r.contact_id \
     WHERE m.tag_id = $1 AND m.recipient_id > $2 ORDER BY m.recipient_id LIMIT $3";

type TagRow = (String, i64, i64, i64);

fn tag((name, kind, member_count, created_us): TagRow) -> Result<Tag, StoreError> {
    let kind = known(GroupKind::from_db(kind), "tag", "kind", &name)?;
    Ok(Tag {
        name,
        kind,
        member_count,
        created_at: Timestamp::from_micros(created_us),
    })
}

impl Reader {
    /// The tags or lists of a firm after the name `after`, by name.
    pub async fn tags(
        &mut self,
        firm: FirmId,
        kind: GroupKind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Tag>, StoreError> {
        let sql = "SELECT name, kind, member_count, created_us FROM tag \
             WHERE firm_id = $1 AND name > $2 AND kind = $4 ORDER BY name LIMIT $3";
        let rows = on!(self, conn => sqlx::query_as::<_, TagRow>(sql)
            .bind(firm.as_db())
            .bind(after.unwrap_or(""))
            .bind(page_rows(limit))
            .bind(kind.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("listing tags")?;
        rows.into_iter().map(tag).collect()
    }

    /// The tag of this name.
    pub async fn tag_named(
        &mut self,
        firm: FirmId,
        name: &str,
    ) -> Result<Option<(TagId, Tag)>, StoreError> {
        let sql = "SELECT name, kind, member_count, created_us, id FROM tag \
             WHERE firm_id = $1 AND name = $2";
        let row = on!(self, conn => sqlx::query_as::<_, (String, i64, i64, i64, i64)>(sql)
            .bind(firm.as_db())
            .bind(name)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a tag")?;
        row.map(|(name, kind, members, created_us, id)| {
            Ok((TagId(id), tag((name, kind, members, created_us))?))
        })
        .transpose()
    }

    /// The addresses that carry a tag after `after`, in the order of their numbers.
    pub async fn tag_members(
        &mut self,
        tag: TagId,
        after: Option<RecipientId>,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError> {
        type Row = (i64, String, i64, Option<String>);
        let rows = on!(self, conn => sqlx::query_as::<_, Row>(MEMBERS)
            .bind(tag.as_db())
            .bind(after.map_or(0, RecipientId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing the members of a tag")?;
        rows.into_iter()
            .map(|(id, address, contact, name)| {
                let address = Recipient::from_normalised(&address).ok();
                Ok(Member {
                    id: RecipientId::from_db(id),
                    address: known(address, "recipient", "address", id)?,
                    contact: ContactId::from_db(contact),
                    name,
                })
            })
            .collect()
    }

    /// The tags that an address of the firm carries, by name.
    pub async fn tags_of(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
    ) -> Result<Vec<Tag>, StoreError> {
        let sql = "SELECT t.name, t.kind, t.member_count, t.created_us FROM tag t \
             JOIN tag_member m ON m.tag_id = t.id AND m.recipient_id = $2 \
             WHERE t.firm_id = $1 ORDER BY t.name LIMIT $3";
        let rows = on!(self, conn => sqlx::query_as::<_, TagRow>(sql)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .bind(page_rows(usize::MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the tags of an address")?;
        rows.into_iter().map(tag).collect()
    }
}

impl Writer {
    /// The tag of this name, made if the firm has none.
    pub async fn ensure_tag(&mut self, firm: FirmId, name: &str) -> Result<TagId, StoreError> {
        self.ensure_group(firm, name, GroupKind::Tag).await
    }

    /// The tag or list of this name, made as `kind` if the firm has neither.
    pub async fn ensure_group(
        &mut self,
        firm: FirmId,
        name: &str,
        kind: GroupKind,
    ) -> Result<TagId, StoreError> {
        if let Some((id, _)) = self.tag_named(firm, name).await? {
            return Ok(id);
        }
        let sql = "INSERT INTO tag (id, firm_id, name, member_count, created_us, kind) \
             VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (firm_id, name) DO NOTHING";
        let (id, now) = (self.next_id()?, self.now().as_micros());
        on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(firm.as_db())
            .bind(name)
            .bind(now)
            .bind(kind.as_db())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("making a tag")?;
        // A twin may have made it first; then its number counts.
        self.tag_named(firm, name)
            .await?
            .map(|(id, _)| id)
            .ok_or(StoreError::Lost { what: "the tag" })
    }

    /// Gives addresses of the tag's firm a tag; returns how many did not carry
    /// it before. Numbers that are not the firm's are passed over.
    pub async fn add_to_tag(
        &mut self,
        tag: TagId,
        recipients: &[RecipientId],
    ) -> Result<u64, StoreError> {
        let mut ids: Vec<i64> = recipients.iter().map(|id| id.as_db()).collect();
        // Two importers that tag the same people must not wait for each other
        // in a circle.
        ids.sort_unstable();
        ids.dedup();
        let given = Given::new().ints("id", ids);
        let sql = given.sql(
            self.engine(),
            2,
            // CROSS JOIN: SQLite keeps the order of the tables, and does not
            // look through the given numbers for each address of the firm.
            "INSERT INTO tag_member (tag_id, recipient_id) SELECT t.id, r.id \
             FROM given g CROSS JOIN recipient r CROSS JOIN tag t \
             WHERE r.id = g.id AND t.id = $1 AND t.firm_id = r.firm_id \
             ORDER BY r.id ON CONFLICT DO NOTHING",
        );
        let added = on!(self, conn => sqlx::query(sql)
            .bind(tag.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("tagging addresses")?;
        self.count_members(tag, added.cast_signed()).await?;
        Ok(added)
    }

    /// Takes a tag from addresses; returns how many carried it.
    pub async fn remove_from_tag(
        &mut self,
        tag: TagId,
        recipients: &[RecipientId],
    ) -> Result<u64, StoreError> {
        let given = Given::new().ints("id", recipients.iter().map(|id| id.as_db()));
        let sql = given.sql(
            self.engine(),
            2,
            "DELETE FROM tag_member WHERE tag_id = $1 AND recipient_id IN (SELECT id FROM given)",
        );
        let removed = on!(self, conn => sqlx::query(sql)
            .bind(tag.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("taking a tag from addresses")?;
        self.count_members(tag, -removed.cast_signed()).await?;
        Ok(removed)
    }

    /// Forgets a tag or list: nobody carries it any more.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has none of this name.
    pub async fn delete_tag(&mut self, firm: FirmId, tag: TagId) -> Result<(), StoreError> {
        self.changes_firm(firm);
        for (sql, is_tag) in [
            (
                "DELETE FROM tag_member WHERE tag_id = (SELECT id FROM tag WHERE id = $1 AND firm_id = $2)",
                false,
            ),
            ("DELETE FROM tag WHERE id = $1 AND firm_id = $2", true),
        ] {
            let done = on!(self, conn => sqlx::query(sql)
                .bind(tag.as_db())
                .bind(firm.as_db())
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("forgetting a tag")?;
            if is_tag {
                exactly(done, 1, "the tag")?;
            }
        }
        Ok(())
    }

    async fn count_members(&mut self, tag: TagId, change: i64) -> Result<(), StoreError> {
        let sql = "UPDATE tag SET member_count = member_count + $2 WHERE id = $1 RETURNING firm_id";
        let firm: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(tag.as_db())
            .bind(change)
            .fetch_optional(&mut *conn)
            .await)
        .doing("counting the members of a tag")?;
        let firm = firm.ok_or(StoreError::Lost { what: "the tag" })?;
        if change != 0 {
            self.changes_firm(FirmId::from_db(firm));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MEMBERS;
    use crate::plan::{Index, walks_in_order};

    #[tokio::test]
    async fn the_members_of_a_tag_are_read_in_the_order_of_their_key() {
        walks_in_order(
            |_| MEMBERS,
            Index::of_key("USING PRIMARY KEY", "tag_member_pkey"),
        )
        .await;
    }
}
