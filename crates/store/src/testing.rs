//! Empty databases for tests: a SQLite file in a temporary folder, and a fresh
//! database in the PostgreSQL server named by `IZINLI_TEST_POSTGRES_URL`
//! (`cargo xtask test` starts one).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::time::ManualClock;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::db::{Store, StoreOptions};
use crate::secret::Keys;

/// Where the tests' PostgreSQL server is.
pub const POSTGRES_URL: &str = "IZINLI_TEST_POSTGRES_URL";

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// An empty, migrated database that is removed with its value.
#[derive(Debug)]
pub struct TestDatabase {
    /// The open store.
    pub store: Store,
    /// The clock that the store stamps rows with.
    pub clock: Arc<ManualClock>,
    /// `sqlite` or `postgres`, for messages.
    pub name: &'static str,
    /// The address, for a second store or another process.
    pub url: String,
    folder: Option<PathBuf>,
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

/// Monday 2025-06-23 10:00 Turkish time: the day all checks assume.
pub fn fixture_clock() -> Arc<ManualClock> {
    let start = "2025-06-23T10:00:00+03:00"
        .parse()
        .expect("a valid instant");
    Arc::new(ManualClock::new(start))
}

fn unique() -> String {
    format!(
        "{}_{}",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::SeqCst)
    )
}

/// The address of an empty SQLite file, with the folder it lies in.
pub fn sqlite_url() -> (String, PathBuf) {
    let folder = std::env::temp_dir().join(format!("izinli_test_{}", unique()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    (
        format!("sqlite:{}", folder.join("izinli.db").display()),
        folder,
    )
}

/// The address of an empty PostgreSQL database; `None`, said loudly, when the
/// tests have no server.
pub async fn postgres_url() -> Option<String> {
    let Ok(server) = std::env::var(POSTGRES_URL) else {
        eprintln!("SKIPPED ON POSTGRESQL: {POSTGRES_URL} is not set; `cargo xtask test` sets it");
        return None;
    };
    let name = format!("t_{}", unique());
    let mut connection = PgConnection::connect(&server)
        .await
        .expect("the tests' PostgreSQL server");
    sqlx::query(AssertSqlSafe(format!(
        "CREATE DATABASE {name} TEMPLATE template0"
    )))
    .execute(&mut connection)
    .await
    .expect("a fresh database");
    let (base, _) = server
        .rsplit_once('/')
        .expect("an address with a database name");
    Some(format!("{base}/{name}"))
}

async fn open(name: &'static str, url: String, folder: Option<PathBuf>) -> TestDatabase {
    let clock = fixture_clock();
    let mut options = StoreOptions::new(url.clone());
    options.connections_max = 6;
    let store = Store::open(&options, Keys::new(&[42; 32]), clock.clone())
        .await
        .expect("an empty database opens");
    store
        .migrate()
        .await
        .expect("the migrations apply to an empty database");
    TestDatabase {
        store,
        clock,
        name,
        url,
        folder,
    }
}

/// An empty SQLite database.
pub async fn sqlite() -> TestDatabase {
    let (url, folder) = sqlite_url();
    open("sqlite", url, Some(folder)).await
}

/// An empty PostgreSQL database, if the tests have a server.
pub async fn postgres() -> Option<TestDatabase> {
    Some(open("postgres", postgres_url().await?, None).await)
}

/// Changes rows behind the store's back, as somebody with the database in their
/// hands could; how many.
pub async fn tamper(store: &Store, sql: String) -> u64 {
    let mut writer = store.write().await.expect("a transaction");
    let rows = on!(writer, conn => sqlx::query(AssertSqlSafe(sql))
        .execute(&mut *conn)
        .await
        .map(|done| done.rows_affected()))
    .expect("runs");
    writer.commit().await.expect("commits");
    rows
}

/// Empty databases of every engine the tests have.
pub async fn each() -> Vec<TestDatabase> {
    let mut all = vec![sqlite().await];
    all.extend(postgres().await);
    all
}
