//! What the tests of sending share: a firm that can send, people whose consent
//! stands as the test wants it, campaigns that are launched, and a way to ask
//! the same random question of both databases.

use std::fmt::Debug;
use std::fmt::Write as _;
use std::future::Future;
use std::time::Duration;

use domain::gate::{Basis, BrandPolicy, SendingWindow};
use domain::ids::{BatchKey, BrandId, CampaignId, ConnectorId, FirmId, MessageRef, RecipientId};
use domain::time::{DAY_US, HOUR_US};
use domain::{Channel, Recipient, RecipientKind, RegistryMode, Timestamp};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow};
use store::audience::{AudienceQuestion, Snapshot};
use store::brands::NewBrand;
use store::campaigns::{Audience, Campaign, CampaignState, NewCampaign};
use store::connectors::NewConnector;
use store::dispatch::{ExceptionClass, PickedBatch, SendException};
use store::person::FactsAbout;
use store::testing::TestDatabase;

use super::{Window, phone};

/// Number of the address `phone(0)` in the first firm of a test.
const FIRST_RECIPIENT: i64 = 10_000;
/// How far the numbers of two firms are apart.
const FIRM_STRIDE: i64 = 1_000_000;

impl Window {
    /// Whole rows.
    pub(crate) async fn rows<T>(&mut self, sql: &str) -> Vec<T>
    where
        T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(c) => sqlx::query_as(sql).fetch_all(c).await.expect("rows"),
            Self::Postgres(c) => sqlx::query_as(sql).fetch_all(c).await.expect("rows"),
        }
    }
}

/// How a person stands for text messages of the scene's brand, as a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Consented, and İYS confirmed it an hour ago.
    Confirmed,
    /// Consented, and İYS was never asked (S102).
    LocalOnly,
    /// Refused (S103).
    Refused,
    /// Nothing is on record (S101).
    Nothing,
}

/// What the store counts when people of a firm change.
pub(crate) fn changed(firm: FirmId) -> String {
    format!(
        "INSERT INTO audience_change (scope_id, number) VALUES ({}, 1) \
         ON CONFLICT (scope_id) DO UPDATE SET number = audience_change.number + 1",
        firm.as_db()
    )
}

/// A firm with a brand that works in step with İYS, and a provider account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    pub firm: FirmId,
    pub brand: BrandId,
    pub connector: ConnectorId,
    place: i64,
}

impl Scene {
    pub(crate) async fn on(db: &TestDatabase) -> Self {
        Self::numbered(db, 0).await
    }

    /// One of several firms in the same database.
    pub(crate) async fn numbered(db: &TestDatabase, place: i64) -> Self {
        let mut writer = db.store.write().await.expect("a transaction");
        let firm = writer
            .create_firm(&format!("Firma {place}"))
            .await
            .expect("a firm")
            .id;
        writer.commit().await.expect("commits");
        let nowhere = ConnectorId::from_db(0);
        let mut scene = Self {
            firm,
            brand: BrandId::from_db(0),
            connector: nowhere,
            place,
        };
        scene.brand = scene.another_brand(db, "Marka").await;
        scene.connector = scene.another_connector(db, "Hesap").await;
        scene
    }

    /// The same firm, sending for another brand.
    pub(crate) const fn sending_for(self, brand: BrandId) -> Self {
        Self { brand, ..self }
    }

    pub(crate) async fn another_brand(&self, db: &TestDatabase, name: &str) -> BrandId {
        let mut writer = db.store.write().await.expect("a transaction");
        let new = NewBrand {
            name: name.into(),
            short_name: name.to_uppercase(),
            trade_name: format!("{name} Ticaret A.Ş."),
            mersis: "0123456789012345".into(),
            path_key: format!("{name}-{}", self.place),
        };
        let mut brand = writer.create_brand(self.firm, new).await.expect("a brand");
        brand.mode = RegistryMode::Sync;
        (brand.iys_code, brand.brand_code) = (Some(700_001), Some(700_002));
        writer.save_brand(&brand).await.expect("a connected brand");
        writer.commit().await.expect("commits");
        brand.id
    }

    pub(crate) async fn another_connector(&self, db: &TestDatabase, name: &str) -> ConnectorId {
        let mut writer = db.store.write().await.expect("a transaction");
        let config = serde_json::json!({});
        let new = NewConnector {
            kind: "infobip".into(),
            name: name.into(),
            path_key: format!("{name}-{}", self.place),
            config: &config,
        };
        let connector = writer
            .create_connector(self.firm, new)
            .await
            .expect("a connector");
        writer.commit().await.expect("commits");
        connector.id
    }

    /// Number of `phone(n)` in this firm.
    pub(crate) const fn recipient(&self, n: u32) -> RecipientId {
        RecipientId::from_db(FIRST_RECIPIENT + self.place * FIRM_STRIDE + n as i64)
    }

    /// Writes people behind the store's back: `phone(n)` for each `n`, whose
    /// contact has the number of the address.
    pub(crate) async fn add_people(
        &self,
        db: &TestDatabase,
        people: impl IntoIterator<Item = (u32, Known)>,
    ) {
        let people: Vec<(u32, Known)> = people.into_iter().collect();
        let now = db.store.clock().now();
        let mut window = Window::on(db).await;
        for part in people.chunks(500) {
            window.run(&self.contacts_sql(part)).await;
            window.run(&self.recipients_sql(part)).await;
            if let Some(sql) = self.states_sql(part, now) {
                window.run(&sql).await;
            }
        }
        window.run(&changed(self.firm)).await;
    }

    fn contacts_sql(&self, people: &[(u32, Known)]) -> String {
        let rows = people.iter().map(|(n, _)| {
            let id = self.recipient(*n).as_db();
            format!(
                "({id}, {}, 'M{n}', 'Kişi {n}', 'kişi {n}', {id}, '{{}}', 0, 0)",
                self.firm.as_db()
            )
        });
        let into = "contact (id, firm_id, external_id, full_name, name_fold, phone_id, attributes, \
             created_us, updated_us)";
        insert(into, rows)
    }

    fn recipients_sql(&self, people: &[(u32, Known)]) -> String {
        let rows = people.iter().map(|(n, _)| {
            let id = self.recipient(*n).as_db();
            format!("({id}, {}, 1, '{}', {id}, 0)", self.firm.as_db(), phone(*n))
        });
        insert(
            "recipient (id, firm_id, form, address, contact_id, created_us)",
            rows,
        )
    }

    fn states_sql(&self, people: &[(u32, Known)], now: Timestamp) -> Option<String> {
        let said = now.plus_micros(-DAY_US).as_micros();
        let checked = now.plus_micros(-HOUR_US).as_micros();
        let mut rows = people
            .iter()
            .filter(|(_, known)| *known != Known::Nothing)
            .map(|(n, known)| {
                let id = self.recipient(*n).as_db();
                let local = if *known == Known::Refused { 2 } else { 1 };
                let registry = match known {
                    Known::Confirmed => format!("1, {checked}, 77"),
                    _ => "0, NULL, NULL".to_owned(),
                };
                format!(
                    "({}, {id}, 1, 1, {local}, {said}, {said}, {id}, 0, 0, {registry})",
                    self.brand.as_db()
                )
            })
            .peekable();
        rows.peek()?;
        let into = "consent_state (brand_id, recipient_id, channel, kind, local_status, local_us, \
             local_recorded_us, local_event_id, local_citizen, verdict_citizen, verdict, checked_us, \
             registry_batch_id)";
        Some(insert(into, rows))
    }

    /// May this audience be sent text messages, commercially, to consumers?
    pub(crate) fn question(&self, db: &TestDatabase, audience: Audience) -> AudienceQuestion {
        AudienceQuestion {
            firm: self.firm,
            brand: self.brand,
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
            basis: Basis::Commercial,
            policy: BrandPolicy {
                mode: RegistryMode::Sync,
                off_reason_signed: false,
                freshness_us: DAY_US,
                feed: domain::gate::FeedTrust::default(),
                window: SendingWindow::ALWAYS,
                closed: domain::hours::ClosedDays::default(),
            },
            now: db.store.clock().now(),
            audience,
            segment: None,
            variables: Vec::new(),
            for_everyone: None,
            muted_purpose: None,
            promotion: None,
            shape: store::audience_shape::Shape::default(),
        }
    }

    pub(crate) const fn about(&self) -> FactsAbout {
        FactsAbout {
            firm: self.firm,
            brand: self.brand,
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
        }
    }

    pub(crate) fn new_campaign(&self, name: &str, batch_size: i64) -> NewCampaign {
        NewCampaign {
            promotion: None,
            brand: self.brand,
            name: name.into(),
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
            basis: Basis::Commercial,
            purpose: "duyuru".into(),
            template: None,
            body: "Marka: yaz indirimi. RET MARKA yaz 3338'e gönder.".into(),
            sender: "MARKA".into(),
            connector: self.connector,
            audience: Audience::All,
            batch_size,
            plan: domain::plan::Plan::default(),
        }
    }

    /// A campaign for everyone of the firm that waits to be frozen.
    pub(crate) async fn launching(&self, db: &TestDatabase, batch_size: i64) -> Campaign {
        let mut writer = db.store.write().await.expect("a transaction");
        let new = self.new_campaign("Yaz", batch_size);
        let draft = writer
            .create_campaign(self.firm, &new, "ayse")
            .await
            .expect("a draft");
        let launching = CampaignState::Launching;
        let campaign = writer
            .move_campaign(
                self.firm,
                draft.id,
                &[CampaignState::Draft],
                launching,
                None,
            )
            .await
            .expect("launching");
        writer.commit().await.expect("commits");
        campaign
    }

    /// Freezes a launching campaign for the given audience.
    pub(crate) async fn freeze(
        &self,
        db: &TestDatabase,
        campaign: &Campaign,
        audience: Audience,
    ) -> Snapshot {
        let question = self.question(db, audience);
        let mut writer = db.store.write().await.expect("a transaction");
        let snapshot = writer
            .freeze_audience(
                campaign.id,
                self.connector,
                &question,
                campaign.batch_size,
                b"hash",
            )
            .await
            .expect("frozen");
        writer.commit().await.expect("commits");
        snapshot
    }

    /// A campaign for everyone of the firm whose batches wait.
    pub(crate) async fn running(&self, db: &TestDatabase, batch_size: i64) -> Campaign {
        let campaign = self.launching(db, batch_size).await;
        self.freeze(db, &campaign, Audience::All).await;
        let mut reader = db.store.read().await.expect("a reader");
        reader
            .campaign_at_work(campaign.id)
            .await
            .expect("the campaign")
    }

    /// Pauses, resumes or stops a campaign as the engine does.
    pub(crate) async fn move_to(&self, db: &TestDatabase, campaign: CampaignId, to: CampaignState) {
        let mut writer = db.store.write().await.expect("a transaction");
        self.move_in(&mut writer, campaign, to).await;
        writer.commit().await.expect("commits");
    }

    pub(crate) async fn move_in(
        &self,
        writer: &mut store::Writer,
        campaign: CampaignId,
        to: CampaignState,
    ) {
        let from = [CampaignState::Running, CampaignState::Paused];
        writer
            .move_campaign(self.firm, campaign, &from, to, None)
            .await
            .expect("moves");
        if to != CampaignState::Stopped {
            let paused = to == CampaignState::Paused;
            writer
                .pause_batches(campaign, paused)
                .await
                .expect("batches follow");
        }
    }

    /// Claims up to `limit` batches of the scene's account for an hour, in a
    /// transaction of its own, in the order of their numbers.
    pub(crate) async fn claim(
        &self,
        db: &TestDatabase,
        worker: &str,
        limit: usize,
    ) -> Vec<PickedBatch> {
        let lease = db.store.clock().now().plus_micros(HOUR_US);
        let mut writer = db.store.write().await.expect("a transaction");
        let mut picked = writer
            .pick_batches(self.connector, worker, lease, limit)
            .await
            .expect("picks");
        writer.commit().await.expect("commits");
        picked.sort_by_key(|batch| batch.key);
        picked
    }

    pub(crate) fn message(&self, batch: BatchKey, n: u32) -> MessageRef {
        MessageRef {
            campaign: batch.campaign,
            batch_no: batch.number,
            recipient: self.recipient(n),
        }
    }
}

fn insert(into: &str, rows: impl Iterator<Item = String>) -> String {
    let mut sql = format!("INSERT INTO {into} VALUES ");
    for (i, row) in rows.enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(sql, "{comma}{row}").expect("a text grows");
    }
    sql
}

/// Someone whom the provider turned down.
pub(crate) fn turned_down(recipient: RecipientId) -> SendException {
    SendException {
        recipient,
        code: None,
        class: ExceptionClass::Permanent,
        provider_code: Some("EC_INVALID".into()),
        provider_text: Some("Geçersiz numara".into()),
    }
}

/// Someone whom the last gate took out.
pub(crate) fn taken_out(recipient: RecipientId, code: domain::ReasonCode) -> SendException {
    SendException {
        recipient,
        code: Some(code),
        class: ExceptionClass::Gate,
        provider_code: None,
        provider_text: None,
    }
}

/// Asks the same random questions of both databases, one after the other.
pub(crate) fn holds_on_each<S, F>(cases: u32, strategy: &S, check: F)
where
    S: Strategy,
    S::Value: Debug,
    F: AsyncFn(&TestDatabase, S::Value) + Copy,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let _entered = runtime.enter();
    for db in runtime.block_on(store::testing::each()) {
        let config = Config {
            cases,
            failure_persistence: None,
            max_shrink_iters: 100,
            ..Config::default()
        };
        let asked = TestRunner::new(config).run(strategy, |value| {
            runtime.block_on(check(&db, value));
            Ok(())
        });
        asked.unwrap_or_else(|failure| panic!("{}: {failure}", db.name));
    }
}

/// Starts `second`, makes sure that it waits for what the caller holds, and
/// gives it back under way. SQLite has one writer, so there it waits by nature.
pub(crate) async fn start_and_wait<T: Send + 'static>(
    db: &TestDatabase,
    second: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    let task = tokio::spawn(second);
    if db.name == "postgres" {
        let mut window = Window::on(db).await;
        let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
             WHERE NOT l.granted AND a.datname = current_database()";
        let is_waiting = async {
            while window.number(waiting).await == 0 {
                assert!(!task.is_finished(), "it should have waited");
                tokio::task::yield_now().await;
            }
        };
        in_time(is_waiting).await;
    }
    task
}

/// Nothing in these tests may take longer than this.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future)
        .await
        .expect("nobody waits for ever")
}

pub(crate) fn addresses(numbers: impl IntoIterator<Item = u32>) -> Vec<Recipient> {
    numbers.into_iter().map(phone).collect()
}
