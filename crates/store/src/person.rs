//! What the gate needs to know of people: one person for the "why?" pages, or
//! everyone of a batch for the claim, by the same query.

use std::collections::HashMap;

use domain::gate::PersonFacts;
use domain::ids::{BrandId, CampaignId, FirmId, RecipientId};
use domain::template::Values;
use domain::{Channel, Recipient, RecipientKind};
use sqlx::AssertSqlSafe;

use crate::bounces::{DEAD, FAILING};
use crate::consent::state::{KeyState, LocalColumns, RegistryColumns, local_state, registry_view};
use crate::db::{Engine, Reader, Writer};
use crate::dispatch::PickedBatch;
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};
use crate::row::{from_json, known};

/// The column of a contact in which a variable stands; the others are attributes.
pub(crate) fn column_of(variable: &str) -> Option<&'static str> {
    match variable {
        "ad" => Some("full_name"),
        "musteri_no" => Some("external_id"),
        _ => None,
    }
}

/// Someone who may get a message.
#[derive(Debug, Clone)]
pub struct Person {
    /// What the gate decides on.
    pub facts: PersonFacts,
    /// Values of the variables that a text may use: `ad`, `musteri_no` and the
    /// person's attributes.
    pub values: Values,
}

/// For whom facts are asked.
#[derive(Debug, Clone, Copy)]
pub struct FactsAbout {
    /// Whose people.
    pub firm: FirmId,
    /// In whose name.
    pub brand: BrandId,
    /// By which means.
    pub channel: Channel,
    /// Addressed in which capacity.
    pub kind: RecipientKind,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: i64,
    address: String,
    full_name: Option<String>,
    external_id: Option<String>,
    attributes: Option<String>,
    undeliverable: i64,
    blacklisted: i64,
    complained: i64,
    own_status: Option<i64>,
    own_us: Option<i64>,
    own_recorded_us: Option<i64>,
    own_event_id: Option<i64>,
    own_citizen: Option<i64>,
    verdict: Option<i64>,
    verdict_citizen: Option<i64>,
    verdict_us: Option<i64>,
    checked_us: Option<i64>,
    registry_batch_id: Option<i64>,
    registry_transaction: Option<String>,
    verdict_code: Option<i64>,
    other_status: Option<i64>,
    other_verdict: Option<i64>,
}

#[derive(Debug, sqlx::FromRow)]
struct BatchRow {
    batch_no: i64,
    #[sqlx(flatten)]
    row: Row,
}

impl Row {
    fn person(self) -> Result<Person, StoreError> {
        let id = RecipientId::from_db(self.id);
        let address = known(
            Recipient::from_normalised(&self.address).ok(),
            "recipient",
            "address",
            id,
        )?;
        let mut facts = PersonFacts::unknown(id, address);
        facts.undeliverable = self.undeliverable == DEAD;
        facts.keeps_failing = self.undeliverable == FAILING;
        facts.blacklisted = self.blacklisted > 0;
        facts.blacklist_spares_mandatory = self.blacklisted == 1;
        facts.complaint_stop = self.complained == 1;
        facts.consents_as_other_kind = {
            let (said, held) = (
                self.other_status.unwrap_or(0),
                self.other_verdict.unwrap_or(0),
            );
            said != 2 && held != 2 && (said == 1 || held == 1)
        };
        if let (Some(status), Some(verdict)) = (self.own_status, self.verdict) {
            let local: LocalColumns = (
                status,
                self.own_us,
                self.own_recorded_us,
                self.own_event_id,
                self.own_citizen.unwrap_or(0),
            );
            let registry: RegistryColumns = (
                verdict,
                self.verdict_citizen.unwrap_or(0),
                self.verdict_us,
                self.checked_us,
                self.registry_batch_id,
                self.registry_transaction,
                self.verdict_code,
            );
            let state = KeyState {
                local: local_state(self.id, local)?,
                registry: registry_view(self.id, registry)?,
            };
            state.fill(&mut facts);
        }
        let values = values(
            id,
            self.full_name,
            self.external_id,
            self.attributes.as_deref(),
        )?;
        Ok(Person { facts, values })
    }
}

/// What a text's variables hold for a person.
pub(crate) fn values(
    id: RecipientId,
    full_name: Option<String>,
    external_id: Option<String>,
    attributes: Option<&str>,
) -> Result<Values, StoreError> {
    let mut values: Values = match attributes {
        None | Some("{}") => Values::new(),
        Some(text) => from_json(text, "contact", "attributes", id)?,
    };
    // An attribute of the same name never stands in for an empty column.
    values.retain(|name, _| column_of(name).is_none());
    values.extend(full_name.map(|name| ("ad".to_owned(), name)));
    values.extend(external_id.map(|number| ("musteri_no".to_owned(), number)));
    Ok(values)
}

/// Everything of the people that `$from` names as `r`, given firm, brand,
/// channel and kind as the first four parameters.
macro_rules! people_sql {
    ($from:literal) => {
        people_sql!("", $from)
    };
    ($more:literal, $from:literal) => {
        concat!(
            "SELECT ",
            $more,
            "r.id AS id, r.address AS address, c.full_name, c.external_id, c.attributes, \
                CASE WHEN $3 = 4 AND r.off_whatsapp = 1 THEN 1 ELSE r.undeliverable END AS undeliverable, \
                CASE WHEN (b0.cause = 1 AND b0.spares_mandatory = 0) \
                       OR (bc.cause = 1 AND bc.spares_mandatory = 0) THEN CAST(2 AS BIGINT) \
                     WHEN b0.cause = 1 OR bc.cause = 1 THEN 1 ELSE 0 END AS blacklisted, \
                CASE WHEN b0.cause = 2 OR bc.cause = 2 OR b0.also_complaint = 1 OR bc.also_complaint = 1 \
                    THEN CAST(1 AS BIGINT) ELSE 0 END AS complained, \
                own.local_status AS own_status, own.local_us AS own_us, \
                own.local_recorded_us AS own_recorded_us, own.local_event_id AS own_event_id, \
                own.local_citizen AS own_citizen, own.verdict, own.verdict_citizen, own.verdict_us, \
                own.checked_us, own.registry_batch_id, own.registry_transaction, own.verdict_code, \
                other.local_status AS other_status, other.verdict AS other_verdict \
             FROM ",
            $from,
            " LEFT JOIN contact c ON c.id = r.contact_id \
             LEFT JOIN consent_state own ON own.brand_id = $2 AND own.recipient_id = r.id \
                  AND own.channel = $3 AND own.kind = $4 \
             LEFT JOIN consent_state other ON other.brand_id = $2 AND other.recipient_id = r.id \
                  AND other.channel = $3 AND other.kind = 3 - $4 \
             LEFT JOIN blacklist b0 ON b0.firm_id = $1 AND b0.recipient_id = r.id AND b0.channel = 0 \
             LEFT JOIN blacklist bc ON bc.firm_id = $1 AND bc.recipient_id = r.id AND bc.channel = $3 \
             WHERE r.firm_id = $1"
        )
    };
}

impl Reader {
    /// What the gate needs to know of one address; `None` when the firm does
    /// not know it.
    pub async fn person_facts(
        &mut self,
        about: FactsAbout,
        address: &Recipient,
    ) -> Result<Option<Person>, StoreError> {
        let sql = concat!(people_sql!("recipient r"), " AND r.address = $5");
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(about.firm.as_db())
            .bind(about.brand.as_db())
            .bind(about.channel.as_db())
            .bind(about.kind.as_db())
            .bind(address.to_string())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a person")?;
        row.map(Row::person).transpose()
    }
}

impl Writer {
    /// Everyone planned in a batch, as they are now and will be until this
    /// transaction commits: whoever refuses meanwhile waits for it.
    pub async fn batch_people(
        &mut self,
        about: FactsAbout,
        batch: &PickedBatch,
    ) -> Result<Vec<Person>, StoreError> {
        self.hold_gate_open(about.firm).await?;
        let sql = concat!(
            people_sql!("campaign_recipient p JOIN recipient r ON r.id = p.recipient_id"),
            " AND p.campaign_id = $5 AND p.code = 0 AND p.recipient_id BETWEEN $6 AND $7 AND p.batch_no = $8 \
             ORDER BY p.recipient_id"
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(about.firm.as_db())
            .bind(about.brand.as_db())
            .bind(about.channel.as_db())
            .bind(about.kind.as_db())
            .bind(batch.key.campaign.as_db())
            .bind(batch.people.0.as_db())
            .bind(batch.people.1.as_db())
            .bind(batch.key.number)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the people of a batch")?;
        rows.into_iter().map(Row::person).collect()
    }

    /// [`Writer::batch_people`] for several batches of one campaign, in the
    /// order of the batches: one query however many they are.
    pub async fn people_of_batches(
        &mut self,
        about: FactsAbout,
        campaign: CampaignId,
        batches: &[PickedBatch],
    ) -> Result<Vec<Vec<Person>>, StoreError> {
        self.hold_gate_open(about.firm).await?;
        let given = Given::new()
            .ints("first_id", batches.iter().map(|b| b.people.0.as_db()))
            .ints("last_id", batches.iter().map(|b| b.people.1.as_db()))
            .ints("number", batches.iter().map(|b| b.key.number));
        let sql = people_of_batches(&given, self.engine());
        let rows: Vec<BatchRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(about.firm.as_db())
            .bind(about.brand.as_db())
            .bind(about.channel.as_db())
            .bind(about.kind.as_db())
            .bind(campaign.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the people of batches")?;
        let places: HashMap<i64, usize> = (0..)
            .zip(batches)
            .map(|(place, batch)| (batch.key.number, place))
            .collect();
        let mut people = vec![Vec::new(); batches.len()];
        for found in rows {
            let id = found.row.id;
            let batch = places
                .get(&found.batch_no)
                .and_then(|place| people.get_mut(*place));
            known(batch, "campaign_recipient", "batch_no", id)?.push(found.row.person()?);
        }
        Ok(people)
    }
}

/// Parameters: firm, brand, channel, kind, campaign, then the first and last
/// person of each batch.
fn people_of_batches(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    // From each batch to its people, on both. SQLite keeps the order of a CROSS
    // JOIN; PostgreSQL, whose figures do not know a fresh campaign yet, read the
    // whole campaign for each claim until LIMIT made it go batch by batch
    // (500 messages/s with one message a batch).
    let body = match engine {
        Engine::Sqlite => concat!(
            people_sql!(
                "p.batch_no AS batch_no, ",
                "given g CROSS JOIN campaign_recipient p JOIN recipient r ON r.id = p.recipient_id"
            ),
            " AND p.campaign_id = $5 AND p.code = 0 \
              AND p.recipient_id BETWEEN g.first_id AND g.last_id AND p.batch_no = g.number \
             ORDER BY p.recipient_id"
        ),
        Engine::Postgres => concat!(
            people_sql!(
                "p.batch_no AS batch_no, ",
                "given g CROSS JOIN LATERAL (SELECT f.batch_no, f.recipient_id FROM campaign_recipient f \
                    WHERE f.campaign_id = $5 AND f.code = 0 \
                      AND f.recipient_id BETWEEN g.first_id AND g.last_id AND f.batch_no = g.number \
                    ORDER BY f.recipient_id LIMIT 10000) p \
                 JOIN recipient r ON r.id = p.recipient_id"
            ),
            " ORDER BY p.recipient_id"
        ),
    };
    given.sql(engine, 6, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn people_of_batches_are_found_by_the_key_of_the_campaign() {
        let sql: fn(Engine) -> &'static str = |engine| {
            let given = Given::new()
                .ints("first_id", [])
                .ints("last_id", [])
                .ints("number", []);
            people_of_batches(&given, engine).0.leak()
        };
        walks(
            sql,
            Index::of_key("USING PRIMARY KEY", "campaign_recipient_pkey"),
        )
        .await;
        walks(
            sql,
            Index::of_key("USING PRIMARY KEY", "consent_state_pkey"),
        )
        .await;
    }
}
