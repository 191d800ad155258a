//! Looking through a firm's people by what is on record of them. The people
//! are walked in order, some thousands at a time, and each step costs the same
//! however few fit: a page comes back short, with the place where it stopped,
//! rather than late.

use domain::Channel;
use domain::fold_text::name_fold;
use domain::ids::{BrandId, ContactId, FirmId, RecipientId};
use sqlx::AssertSqlSafe;

use super::{AFTER_ALL, COLUMNS, Contact, ContactCursor, ContactRow, contact};
use crate::db::{Engine, Reader};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given, seek};
use crate::row::page_rows;
use crate::tags::TagId;
use crate::vocabulary::vocabulary;

/// People looked at in one statement.
const WINDOW_ROWS: i64 = 10_000;
/// Statements of one page: 200,000 people.
const WINDOWS_MAX: usize = 20;

vocabulary! {
    /// What is on record of a person for a channel.
    ConsentState {
        /// Consented, and İYS has said so.
        Confirmed = 1, "confirmed";
        /// Consented here; İYS has not confirmed it.
        Unconfirmed = 2, "unconfirmed";
        /// Refused, here or at İYS.
        Refused = 3, "refused";
        /// Nothing on record.
        Nothing = 4, "nothing";
    }
}

/// What is asked of each person; all parts must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContactFilter<'a> {
    /// They are in this list or carry this tag.
    pub group: Option<TagId>,
    /// What they said for a channel, to one brand or to any.
    pub consent: Option<(Channel, ConsentState, Option<BrandId>)>,
    /// A consent or refusal of theirs was taken here.
    pub source: Option<&'a str>,
    /// A value of theirs, in its stored form.
    pub attribute: Option<(&'a str, &'a str)>,
}

impl ContactFilter<'_> {
    fn asks_nothing(&self) -> bool {
        self.group.is_none()
            && self.consent.is_none()
            && self.source.is_none()
            && self.attribute.is_none()
    }
}

/// Where a search goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchPlace {
    /// Among those whose name begins with the text.
    Beginning(ContactCursor),
    /// Among those with the text at the beginning of a later word.
    Inside(Option<ContactCursor>),
    /// Among the members of the group.
    Member(RecipientId),
}

/// People that a search found.
#[derive(Debug)]
pub struct Found {
    /// At most as many as asked for; perhaps fewer though there are more.
    pub contacts: Vec<Contact>,
    /// Where to go on; none at the end.
    pub next: Option<SearchPlace>,
}

/// A statement under construction: its parameters after the first.
struct Spelling {
    engine: Engine,
    values: Vec<Value>,
}

enum Value {
    Int(i64),
    Text(String),
}

impl Spelling {
    fn int(&mut self, value: i64) -> String {
        self.values.push(Value::Int(value));
        format!("CAST(${} AS BIGINT)", self.values.len() + 1)
    }

    fn text(&mut self, value: &str) -> String {
        self.values.push(Value::Text(value.to_owned()));
        format!("CAST(${} AS TEXT)", self.values.len() + 1)
    }

    /// The function that looks for a text in another.
    const fn find(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "instr",
            Engine::Postgres => "strpos",
        }
    }

    /// The text stands at the beginning of the name, or of a word in it.
    fn in_name(&mut self, folded: &str, beginning_too: bool) -> String {
        let find = self.find();
        let low = self.text(folded);
        let high = self.text(&format!("{folded}{AFTER_ALL}"));
        let inner = self.text(&format!(" {folded}"));
        let begins = format!("(c.name_fold >= {low} AND c.name_fold < {high})");
        let inside = format!("{find}(c.name_fold, {inner}) > 0");
        if beginning_too {
            format!("({begins} OR {inside})")
        } else {
            format!("NOT {begins} AND {inside}")
        }
    }

    /// The conditions on a contact `c`.
    fn conditions(&mut self, filter: &ContactFilter<'_>) -> Vec<String> {
        let mut all = Vec::new();
        if let Some((channel, state, brand)) = filter.consent {
            all.push(self.consent(channel, state, brand));
        }
        if let Some(source) = filter.source {
            let source = self.text(source);
            all.push(format!(
                "EXISTS (SELECT 1 FROM consent_event e WHERE e.recipient_id IN (c.phone_id, c.email_id) \
                 AND e.source = {source})"
            ));
        }
        if let Some((code, value)) = filter.attribute {
            let code = self.text(code);
            let held = match self.engine {
                Engine::Sqlite => format!("(c.attributes ->> ('$.\"' || {code} || '\"'))"),
                Engine::Postgres => format!("(CAST(c.attributes AS jsonb) ->> {code})"),
            };
            let value = self.text(value);
            let find = self.find();
            // One of several values, too.
            all.push(format!(
                "{find}('; ' || COALESCE({held}, '') || '; ', '; ' || {value} || '; ') > 0"
            ));
        }
        all
    }

    fn consent(&mut self, channel: Channel, state: ConsentState, brand: Option<BrandId>) -> String {
        let said = match state {
            ConsentState::Confirmed => "q.local_status <> 2 AND q.verdict = 1",
            ConsentState::Unconfirmed => "q.local_status = 1 AND q.verdict NOT IN (1, 2)",
            ConsentState::Refused => "(q.local_status = 2 OR q.verdict = 2)",
            ConsentState::Nothing => "(q.local_status <> 0 OR q.verdict IN (1, 2))",
        };
        let not = if state == ConsentState::Nothing {
            "NOT "
        } else {
            ""
        };
        let brand = match brand {
            Some(brand) => format!("q.brand_id = {}", self.int(brand.as_db())),
            None => "q.brand_id IN (SELECT id FROM brand WHERE firm_id = $1)".to_owned(),
        };
        let channel = channel.as_db();
        format!(
            "{not}EXISTS (SELECT 1 FROM consent_state q WHERE {brand} \
             AND q.recipient_id IN (c.phone_id, c.email_id) AND q.channel = {channel} AND {said})"
        )
    }
}

/// A window of people: those who fit, and where it ended.
struct Window {
    /// `place, contact`; the place is the contact again, or a member's number.
    rows: Vec<(i64, i64)>,
    /// The last one looked at; none when there was nobody.
    end: Option<(String, i64)>,
    /// Whether there may be more behind it.
    is_full: bool,
}

impl Reader {
    /// People whose name begins with `text`, or has a word that does, and of
    /// whom all of `filter` holds.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn find_contacts(
        &mut self,
        firm: FirmId,
        text: &str,
        filter: &ContactFilter<'_>,
        after: Option<SearchPlace>,
        limit: usize,
    ) -> Result<Found, StoreError> {
        let folded = name_fold(text);
        let mut found: Vec<i64> = Vec::new();
        let mut place = after.or_else(|| {
            filter
                .group
                .map(|_| SearchPlace::Member(RecipientId::from_db(0)))
        });
        for _ in 0..WINDOWS_MAX {
            let left = limit - found.len();
            let window = self
                .window(firm, &folded, filter, place.as_ref(), left)
                .await?;
            found.extend(window.rows.iter().map(|(_, contact)| *contact));
            if found.len() > limit {
                // One more than asked for was read: the page ends at the last that it shows.
                found.truncate(limit);
                let last = window.rows.get(left.saturating_sub(1)).copied();
                let contacts = self.contacts_numbered(firm, &found).await?;
                let next = contacts.last().zip(last).map(|(contact, (member, _))| {
                    goes_on(place.as_ref(), cursor_of(contact), member)
                });
                return Ok(Found { contacts, next });
            }
            place = match window.end {
                Some((name_fold, id)) if window.is_full => {
                    let at = ContactCursor {
                        name_fold,
                        id: ContactId::from_db(id),
                    };
                    Some(goes_on(place.as_ref(), at, id))
                }
                // Nobody else begins with it; perhaps a surname does.
                _ if filter.group.is_none()
                    && !folded.is_empty()
                    && !matches!(place, Some(SearchPlace::Inside(_))) =>
                {
                    let inside = SearchPlace::Inside(None);
                    if !found.is_empty() {
                        // Who was found is shown at once.
                        place = Some(inside);
                        break;
                    }
                    Some(inside)
                }
                _ => {
                    place = None;
                    break;
                }
            };
            if found.len() == limit {
                break;
            }
        }
        let contacts = self.contacts_numbered(firm, &found).await?;
        Ok(Found {
            contacts,
            next: place,
        })
    }

    async fn window(
        &mut self,
        firm: FirmId,
        folded: &str,
        filter: &ContactFilter<'_>,
        place: Option<&SearchPlace>,
        left: usize,
    ) -> Result<Window, StoreError> {
        let mut spelling = Spelling {
            engine: self.engine(),
            values: Vec::new(),
        };
        let is_plain = filter.asks_nothing() && !matches!(place, Some(SearchPlace::Inside(_)));
        let window_rows = if is_plain {
            page_rows(left + 1)
        } else {
            WINDOW_ROWS
        };
        let near = near(&mut spelling, folded, filter, place, window_rows);
        let is_group = matches!(place, Some(SearchPlace::Member(_)));
        let backwards = if is_group {
            "place DESC"
        } else {
            "name_fold DESC, place DESC"
        };
        let end_sql = format!(
            "WITH c AS ({near}) SELECT name_fold, place, (SELECT count(*) FROM c) FROM c \
             ORDER BY {backwards} LIMIT 1"
        );
        let ends: Vec<(String, i64, i64)> = self.ask(firm, end_sql, &spelling.values).await?;
        let Some((name, last, count)) = ends.into_iter().next() else {
            return Ok(Window {
                rows: Vec::new(),
                end: None,
                is_full: false,
            });
        };
        let mut conditions = spelling.conditions(filter);
        if !folded.is_empty() {
            match place {
                Some(SearchPlace::Inside(_)) => conditions.push(spelling.in_name(folded, false)),
                Some(SearchPlace::Member(_)) => conditions.push(spelling.in_name(folded, true)),
                _ => {}
            }
        }
        if is_group && let Some(tag) = filter.group {
            // Whoever is in it with both addresses is shown once.
            let tag = spelling.int(tag.as_db());
            conditions.push(format!(
                "NOT EXISTS (SELECT 1 FROM tag_member o WHERE o.tag_id = {tag} \
                 AND o.recipient_id IN (c.phone_id, c.email_id) AND o.recipient_id < c.place)"
            ));
        }
        let fits = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        let order = if is_group {
            "c.place"
        } else {
            "c.name_fold, c.place"
        };
        let most = spelling.int(page_rows(left + 1));
        let sql = format!(
            "WITH c AS ({near}) SELECT c.place, c.id FROM c{fits} ORDER BY {order} LIMIT {most}"
        );
        let rows = self.ask(firm, sql, &spelling.values).await?;
        Ok(Window {
            rows,
            end: Some((name, last)),
            is_full: count == window_rows,
        })
    }

    async fn ask<T>(
        &mut self,
        firm: FirmId,
        sql: String,
        values: &[Value],
    ) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>
            + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>
            + Send
            + Unpin,
    {
        on!(self, conn => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(firm.as_db());
            for value in values {
                query = match value {
                    Value::Int(number) => query.bind(*number),
                    Value::Text(text) => query.bind(text.as_str()),
                };
            }
            query.fetch_all(&mut *conn).await
        })
        .doing("looking for people")
    }

    /// Contacts of a firm by their numbers, in the order given.
    async fn contacts_numbered(
        &mut self,
        firm: FirmId,
        ids: &[i64],
    ) -> Result<Vec<Contact>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let given = Given::new()
            .ints("place", (0..).take(ids.len()))
            .ints("id", ids.iter().copied());
        let owner = seek(
            self.engine(),
            "contact",
            "c",
            "c.id = g.id AND c.firm_id = $1",
        );
        let body = format!(
            "{} FROM given g{owner} LEFT JOIN recipient p ON p.id = c.phone_id \
             LEFT JOIN recipient m ON m.id = c.email_id ORDER BY g.place",
            COLUMNS
        );
        let sql = given.sql(self.engine(), 2, &body);
        let rows: Vec<ContactRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the people found")?;
        rows.into_iter()
            .map(|row| contact(row).map(|(_, contact)| contact))
            .collect()
    }
}

/// The people of a window, walked along one index.
fn near(
    spelling: &mut Spelling,
    folded: &str,
    filter: &ContactFilter<'_>,
    place: Option<&SearchPlace>,
    rows: i64,
) -> String {
    if let (Some(SearchPlace::Member(after)), Some(tag)) = (place, filter.group) {
        let tag = spelling.int(tag.as_db());
        let after = spelling.int(after.as_db());
        let most = spelling.int(rows);
        return format!(
            "SELECT n.recipient_id AS place, k.id, k.phone_id, k.email_id, k.attributes, k.name_fold \
             FROM (SELECT recipient_id FROM tag_member WHERE tag_id = {tag} AND recipient_id > {after} \
                ORDER BY recipient_id LIMIT {most}) n \
             JOIN recipient a ON a.id = n.recipient_id JOIN contact k ON k.id = a.contact_id \
             WHERE a.firm_id = $1"
        );
    }
    let (low, high, cursor) = match place {
        Some(SearchPlace::Inside(at)) => (String::new(), AFTER_ALL.to_string(), at.as_ref()),
        Some(SearchPlace::Beginning(at)) => {
            (folded.to_owned(), format!("{folded}{AFTER_ALL}"), Some(at))
        }
        _ => (folded.to_owned(), format!("{folded}{AFTER_ALL}"), None),
    };
    let (after_name, after_id) =
        cursor.map_or((low, i64::MIN), |at| (at.name_fold.clone(), at.id.as_db()));
    let high = spelling.text(&high);
    let after_name = spelling.text(&after_name);
    let after_id = spelling.int(after_id);
    let most = spelling.int(rows);
    let columns = "id AS place, id, phone_id, email_id, attributes, name_fold";
    let walked = match spelling.engine {
        // Where the second column is the row's own number, SQLite goes by the
        // first alone, and half a file may have no names at all: two walks.
        Engine::Sqlite => format!(
            "WHERE firm_id = $1 AND name_fold = {after_name} AND id > {after_id} \
             UNION ALL \
             SELECT {columns} FROM contact \
             WHERE firm_id = $1 AND name_fold > {after_name} AND name_fold < {high}"
        ),
        // PostgreSQL would read and sort both walks to their ends.
        Engine::Postgres => format!(
            "WHERE firm_id = $1 AND name_fold < {high} \
               AND (name_fold, id) > ({after_name}, {after_id})"
        ),
    };
    format!("SELECT {columns} FROM contact {walked} ORDER BY name_fold, place LIMIT {most}")
}

fn cursor_of(contact: &Contact) -> ContactCursor {
    ContactCursor {
        name_fold: name_fold(contact.name.as_deref().unwrap_or_default()),
        id: contact.id,
    }
}

/// The same walk, from another place on.
fn goes_on(place: Option<&SearchPlace>, at: ContactCursor, member: i64) -> SearchPlace {
    match place {
        Some(SearchPlace::Member(_)) => SearchPlace::Member(RecipientId::from_db(member)),
        Some(SearchPlace::Inside(_)) => SearchPlace::Inside(Some(at)),
        _ => SearchPlace::Beginning(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks, walks_in_order};

    fn spelled(
        engine: Engine,
        filter: &ContactFilter<'_>,
        place: Option<&SearchPlace>,
    ) -> &'static str {
        let mut spelling = Spelling {
            engine,
            values: Vec::new(),
        };
        let near = near(&mut spelling, "ayse", filter, place, WINDOW_ROWS);
        let conditions = spelling.conditions(filter).join(" AND ");
        format!("WITH c AS ({near}) SELECT c.place, c.id FROM c WHERE {conditions}").leak()
    }

    #[tokio::test]
    async fn a_page_begins_at_its_place_even_among_people_of_one_name() {
        let later: fn(Engine) -> &'static str = |engine| {
            let at = ContactCursor {
                name_fold: String::new(),
                id: ContactId::from_db(7),
            };
            let place = SearchPlace::Beginning(at);
            let filter = ContactFilter::default();
            let mut spelling = Spelling {
                engine,
                values: Vec::new(),
            };
            near(&mut spelling, "", &filter, Some(&place), WINDOW_ROWS).leak()
        };
        let row = "ROW(name_fold, id) > ROW(";
        walks_in_order(later, Index::of_key("name_fold=? AND id>?", row)).await;
        walks_in_order(later, Index::of_key("name_fold>? AND name_fold<?", row)).await;
    }

    #[tokio::test]
    async fn every_part_of_a_search_walks_a_key() {
        let consent: fn(Engine) -> &'static str = |engine| {
            let filter = ContactFilter {
                consent: Some((Channel::Mesaj, ConsentState::Refused, None)),
                source: Some("HS_WEB"),
                ..ContactFilter::default()
            };
            spelled(engine, &filter, None)
        };
        walks(consent, Index::named("contact_name")).await;
        walks(consent, Index::named("consent_event_recipient")).await;
        walks(
            consent,
            Index::of_key(
                "USING PRIMARY KEY (brand_id=? AND recipient_id=? AND channel=?)",
                "consent_state_pkey",
            ),
        )
        .await;
    }
}
