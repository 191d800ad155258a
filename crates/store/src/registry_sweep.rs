//! Sweeps: walks over everybody of a brand that ask İYS 1,000 at a time, for
//! the first load, after a gap of the change feed, or because a person wants it.
//!
//! A sweep knows behind which address it is. That position moves in the
//! transaction that queues the next list, so a worker killed anywhere goes on
//! where it was, and nobody is asked twice or left out.

use domain::ids::{BrandId, FirmId, RecipientId};
use domain::{Channel, Recipient, RecipientKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::registry_work::ITEMS_MAX;
use crate::row::{for_update, instant, known, page_rows};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Why everybody is asked.
    SweepPurpose {
        /// The brand was connected.
        FirstLoad = 1, "first_load";
        /// Changes were lost.
        Gap = 2, "gap";
        /// A person wants to know.
        Asked = 3, "asked";
        /// The last one is a week old.
        Weekly = 4, "weekly";
    }
}

vocabulary! {
    /// How far a sweep has come.
    SweepState {
        /// Lists are being queued.
        Running = 1, "running";
        /// A person paused it.
        Paused = 2, "paused";
        /// Everybody is queued; answers are awaited.
        Queued = 3, "queued";
        /// Everybody has been asked.
        Done = 4, "done";
        /// A person stopped it, or another took its place.
        Stopped = 5, "stopped";
    }
}

/// A walk over everybody of a brand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// Its number.
    pub id: i64,
    /// Whose people.
    pub brand: BrandId,
    /// Why.
    pub purpose: SweepPurpose,
    /// How far.
    pub state: SweepState,
    /// At which of [`PHASES`].
    pub phase: i64,
    /// Behind which address of it.
    pub after: RecipientId,
    /// Keys it has passed.
    pub asked: i64,
    /// Keys there were when it began.
    pub total: i64,
    /// Whether it lets business hours pass.
    pub rests_in_business_hours: bool,
    /// Who wanted it.
    pub actor: String,
    /// When it began; whoever was asked since is not asked again.
    pub created_at: Timestamp,
    /// When everybody had been asked.
    pub done_at: Option<Timestamp>,
}

/// What a sweep walks over in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// The channel asked about.
    pub channel: Channel,
    /// The capacity asked about.
    pub kind: RecipientKind,
    /// Every address of the form that fits, or only those of whom something
    /// is known for this channel and capacity.
    pub is_everybody: bool,
}

const fn phase(channel: Channel, kind: RecipientKind, is_everybody: bool) -> Phase {
    Phase {
        channel,
        kind,
        is_everybody,
    }
}

/// The order of a sweep: what every address is likely to have, then the rest.
pub const PHASES: [Phase; 6] = [
    phase(Channel::Mesaj, RecipientKind::Bireysel, true),
    phase(Channel::Eposta, RecipientKind::Bireysel, true),
    phase(Channel::Mesaj, RecipientKind::Tacir, false),
    phase(Channel::Eposta, RecipientKind::Tacir, false),
    phase(Channel::Arama, RecipientKind::Bireysel, false),
    phase(Channel::Arama, RecipientKind::Tacir, false),
];

/// The next keys of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepPage {
    /// Those to be asked about.
    pub people: Vec<(RecipientId, Recipient)>,
    /// Keys passed, those asked about since the sweep began included.
    pub passed: i64,
    /// The last of them; none when the phase is at its end.
    pub last: Option<RecipientId>,
}

type Row = (
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    String,
    i64,
    Option<i64>,
);

macro_rules! columns {
    () => {
        "id, brand_id, purpose, state, phase, after_id, asked, total, rests_in_business_hours, \
         actor, created_us, done_us"
    };
}

fn sweep(row: Row) -> Result<Sweep, StoreError> {
    let table = "registry_sweep";
    Ok(Sweep {
        id: row.0,
        brand: BrandId::from_db(row.1),
        purpose: known(SweepPurpose::from_db(row.2), table, "purpose", row.0)?,
        state: known(SweepState::from_db(row.3), table, "state", row.0)?,
        phase: row.4,
        after: RecipientId::from_db(row.5),
        asked: row.6,
        total: row.7,
        rests_in_business_hours: row.8 == 1,
        actor: row.9,
        created_at: Timestamp::from_micros(row.10),
        done_at: instant(row.11),
    })
}

impl Reader {
    /// Sweeps that are running or wait for answers, in order of number.
    pub async fn sweeps_at_work(&mut self, limit: usize) -> Result<Vec<Sweep>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM registry_sweep WHERE state IN (1, 3) ORDER BY id LIMIT $1"
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for sweeps")?;
        rows.into_iter().map(sweep).collect()
    }

    /// The newest sweep of a brand.
    pub async fn last_sweep(&mut self, brand: BrandId) -> Result<Option<Sweep>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM registry_sweep WHERE brand_id = $1 ORDER BY id DESC LIMIT 1"
        );
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a sweep")?;
        row.map(sweep).transpose()
    }

    /// When a sweep of a brand last came to its end or was stopped.
    pub async fn last_sweep_end(
        &mut self,
        brand: BrandId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(updated_us) FROM registry_sweep \
             WHERE brand_id = $1 AND state IN (4, 5)";
        let ended: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("reading when a sweep ended")?;
        Ok(instant(ended))
    }

    /// The next up to 1,000 keys of a sweep.
    pub async fn sweep_page(
        &mut self,
        firm: FirmId,
        sweep: &Sweep,
        phase: &Phase,
    ) -> Result<SweepPage, StoreError> {
        // The plus sign keeps both databases to the order of the numbers: by
        // the firm's index each page would sort all addresses that follow.
        // The state is asked for person by person: joined, a table that was filled a
        // moment ago and never counted is walked once for each of them.
        let everybody = "SELECT r.id, r.address, (SELECT s.checked_us FROM consent_state s \
                WHERE s.brand_id = $2 AND s.recipient_id = r.id \
                AND s.channel = $3 AND s.kind = $4) AS checked_us FROM recipient r \
             WHERE r.id > $5 AND +r.firm_id = $1 AND r.form = $6 ORDER BY r.id LIMIT $7";
        let those_known = "SELECT r.id, r.address, s.checked_us FROM consent_state s \
             JOIN recipient r ON r.id = s.recipient_id AND r.firm_id = $1 AND r.form = $6 \
             WHERE s.brand_id = $2 AND s.channel = $3 AND s.kind = $4 AND s.recipient_id > $5 \
             ORDER BY s.recipient_id LIMIT $7";
        let sql = if phase.is_everybody {
            everybody
        } else {
            those_known
        };
        let form: i64 = if phase.channel.is_phone() { 1 } else { 2 };
        let rows: Vec<(i64, String, Option<i64>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(sweep.brand.as_db())
            .bind(phase.channel.as_db())
            .bind(phase.kind.as_db())
            .bind(sweep.after.as_db())
            .bind(form)
            .bind(page_rows(ITEMS_MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for people to ask about")?;
        let last = rows.last().map(|(id, _, _)| RecipientId::from_db(*id));
        let passed = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let mut people = Vec::with_capacity(rows.len());
        for (id, address, checked) in rows {
            if checked.is_some_and(|at| at >= sweep.created_at.as_micros()) {
                continue;
            }
            let recipient = Recipient::from_normalised(&address).ok();
            let recipient = known(recipient, "recipient", "address", id)?;
            people.push((RecipientId::from_db(id), recipient));
        }
        Ok(SweepPage {
            people,
            passed,
            last,
        })
    }

    /// Lists of questions of a brand that were queued up to `until` and are
    /// not settled.
    pub async fn open_asks(&mut self, brand: BrandId, until: Timestamp) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM registry_batch WHERE brand_id = $1 AND state IN (1, 2, 4) \
             AND operation = 1 AND created_us <= $2";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind(until.as_micros())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting questions")
    }

    async fn keys_to_ask(&mut self, firm: FirmId, brand: BrandId) -> Result<i64, StoreError> {
        // Of the states only those that the walk over everybody does not meet.
        let sql = "SELECT (SELECT count(*) FROM recipient WHERE firm_id = $1) \
             + (SELECT count(*) FROM consent_state WHERE brand_id = $2 AND channel <= 3 \
                AND NOT (kind = 1 AND channel IN (1, 3)))";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting people to ask about")
    }
}

impl Writer {
    /// Begins a sweep; one that is open is stopped.
    pub async fn begin_sweep(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        purpose: SweepPurpose,
        rests_in_business_hours: bool,
        actor: &str,
    ) -> Result<Sweep, StoreError> {
        self.stop_open_sweeps(brand).await?;
        let total = self.keys_to_ask(firm, brand).await?;
        let made = Sweep {
            id: self.next_id()?,
            brand,
            purpose,
            state: SweepState::Running,
            phase: 0,
            after: RecipientId::from_db(0),
            asked: 0,
            total,
            rests_in_business_hours,
            actor: actor.to_owned(),
            created_at: self.now(),
            done_at: None,
        };
        let sql = "INSERT INTO registry_sweep (id, brand_id, purpose, state, phase, after_id, asked, \
                total, rests_in_business_hours, actor, created_us, updated_us) \
             VALUES ($1, $2, $3, 1, 0, 0, 0, $4, $5, $6, $7, $7)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(made.id)
            .bind(brand.as_db())
            .bind(purpose.as_db())
            .bind(total)
            .bind(i64::from(rests_in_business_hours))
            .bind(actor)
            .bind(made.created_at.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("beginning a sweep")?;
        exactly(rows, 1, "the sweep")?;
        Ok(made)
    }

    async fn stop_open_sweeps(&mut self, brand: BrandId) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE registry_sweep SET state = 5, updated_us = $2 \
             WHERE brand_id = $1 AND state IN (1, 2, 3)";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("stopping a sweep")
    }

    /// A sweep, locked until this transaction ends; `None` when it is not there.
    pub async fn sweep_to_work(&mut self, id: i64) -> Result<Option<Sweep>, StoreError> {
        let sql = for_update!(
            self,
            "SELECT ",
            columns!(),
            " FROM registry_sweep WHERE id = $1"
        );
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a sweep")?;
        row.map(sweep).transpose()
    }

    /// Writes how far a sweep has come.
    pub async fn save_sweep(&mut self, sweep: &Sweep) -> Result<(), StoreError> {
        let now = self.now();
        let done = (sweep.state == SweepState::Done).then_some(now.as_micros());
        let sql = "UPDATE registry_sweep SET state = $2, phase = $3, after_id = $4, asked = $5, \
                rests_in_business_hours = $6, updated_us = $7, done_us = $8 WHERE id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(sweep.id)
            .bind(sweep.state.as_db())
            .bind(sweep.phase)
            .bind(sweep.after.as_db())
            .bind(sweep.asked)
            .bind(i64::from(sweep.rests_in_business_hours))
            .bind(now.as_micros())
            .bind(done)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("moving a sweep on")?;
        exactly(rows, 1, "the sweep")
    }
}
