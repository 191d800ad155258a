//! What the conformance tests share: a way to look into the tables behind the
//! store's back, and short names for people and declarations.

#![expect(dead_code, reason = "each test file uses its part")]

pub(crate) mod listening;
pub(crate) mod sending;

use domain::consent::Origin;
use domain::ids::{BrandId, FirmId};
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, SqliteConnection};
use store::consent::{Applied, ApplyContext, IncomingRecord, Said};
use store::testing::TestDatabase;

/// The firm of most tests.
pub(crate) const FIRM: FirmId = FirmId::from_db(11);
/// Its brand.
pub(crate) const BRAND: BrandId = BrandId::from_db(12);

/// A connection of our own to the same database.
pub(crate) enum Window {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Window {
    pub(crate) async fn on(db: &TestDatabase) -> Self {
        if db.name == "sqlite" {
            let options: sqlx::sqlite::SqliteConnectOptions = db.url.parse().expect("an address");
            let options = options.busy_timeout(std::time::Duration::from_secs(30));
            Self::Sqlite(options.connect().await.expect("a second connection"))
        } else {
            let options: sqlx::postgres::PgConnectOptions = db.url.parse().expect("an address");
            Self::Postgres(options.connect().await.expect("a second connection"))
        }
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn run(&mut self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(c) => sqlx::query(sql)
                .execute(c)
                .await
                .expect("runs")
                .rows_affected(),
            Self::Postgres(c) => sqlx::query(sql)
                .execute(c)
                .await
                .expect("runs")
                .rows_affected(),
        }
    }

    /// The one number that a query gives.
    pub(crate) async fn number(&mut self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(c) => sqlx::query_scalar(sql)
                .fetch_one(c)
                .await
                .expect("a number"),
            Self::Postgres(c) => sqlx::query_scalar(sql)
                .fetch_one(c)
                .await
                .expect("a number"),
        }
    }

    /// A column of numbers.
    pub(crate) async fn numbers(&mut self, sql: &str) -> Vec<i64> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(c) => sqlx::query_scalar(sql).fetch_all(c).await.expect("numbers"),
            Self::Postgres(c) => sqlx::query_scalar(sql).fetch_all(c).await.expect("numbers"),
        }
    }

    /// How many rows a table has.
    pub(crate) async fn count(&mut self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {table}")).await
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Noon in Turkey on a day of June 2025.
pub(crate) fn june(day: u8) -> Timestamp {
    at(&format!("2025-06-{day:02}T12:00:00+03:00"))
}

/// A Turkish mobile number that ends in `n`.
pub(crate) fn phone(n: u32) -> Recipient {
    Recipient::from_normalised(&format!("+90532{n:07}")).expect("a phone")
}

pub(crate) fn email(name: &str) -> Recipient {
    Recipient::from_normalised(&format!("{name}@ornek.com.tr")).expect("an address")
}

/// A record without a declaration.
pub(crate) fn person(line: i64, recipient: Recipient) -> IncomingRecord {
    IncomingRecord {
        line,
        recipient,
        external_id: None,
        token: None,
        name: None,
        kind: RecipientKind::Bireysel,
        consent: None,
        evidence: None,
        attributes: Vec::new(),
        standing: None,
    }
}

pub(crate) fn said(status: Status, date: Timestamp) -> Said {
    Said {
        channel: Channel::Mesaj,
        status,
        date,
        source: Source::HS_WEB,
    }
}

/// A record with a declaration for text messages.
pub(crate) fn declared(
    line: i64,
    recipient: Recipient,
    status: Status,
    date: Timestamp,
) -> IncomingRecord {
    IncomingRecord {
        consent: Some(said(status, date)),
        ..person(line, recipient)
    }
}

pub(crate) fn context(db: &TestDatabase) -> ApplyContext {
    ApplyContext {
        firm: FIRM,
        brand: BRAND,
        origin: Origin::Upload,
        origin_id: Some(77),
        actor: "ayse@ornek.com.tr".into(),
        now: db.store.clock().now(),
    }
}

/// Applies records in a transaction of their own.
pub(crate) async fn apply(db: &TestDatabase, records: &[IncomingRecord]) -> Applied {
    let context = context(db);
    let mut writer = db.store.write().await.expect("a transaction");
    let applied = writer
        .apply_records(&context, records)
        .await
        .expect("applies");
    writer.commit().await.expect("commits");
    assert_eq!(
        applied.created + applied.updated + applied.unchanged + applied.refused.len(),
        records.len(),
        "{}: each record is counted once",
        db.name
    );
    applied
}
