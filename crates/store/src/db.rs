//! The two databases behind one face: pools, readers, writers and the macro
//! that runs one body for both.
//!
//! SQLite has one writer connection and every transaction on it begins
//! IMMEDIATE: a deferred one that reads first and writes later fails at once
//! when another writer came between (measured: 583 of 800), and the busy
//! timeout is not consulted.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::Clock;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{
    PgPool, Postgres, SqlSafeStr as _, Sqlite, SqlitePool, Transaction, pool::PoolConnection,
};

use crate::audience_memory::AudienceMemory;
use crate::durability::Durability;
use crate::error::{Doing, StoreError};
use crate::ids::IdBlocks;
use crate::secret::Keys;

/// A borrowed connection to either database.
#[derive(Debug)]
pub(crate) enum Conn<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

/// Runs one body for both databases: `on!(session, conn => expression)`.
///
/// Inside, `conn` is a mutable reference to the driver's connection, so
/// `sqlx::query(…).execute(&mut *conn)` finds its database by inference. Both
/// drivers accept `$1`; texts therefore use it.
#[macro_export]
#[doc(hidden)]
macro_rules! on {
    ($session:expr, $conn:ident => $body:expr) => {
        match $session.conn() {
            $crate::db::Conn::Sqlite($conn) => $body,
            $crate::db::Conn::Postgres($conn) => $body,
        }
    };
}

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Connections that read (SQLite), or in all (PostgreSQL).
    pub connections_max: u32,
    /// How long a writer waits for another before it gives up.
    pub busy_timeout: Duration,
    /// Which part of a larger installation this database is; upper bits of every id.
    pub shard: u16,
}

impl StoreOptions {
    /// The documented defaults for a database at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections_max: 12,
            busy_timeout: Duration::from_secs(30),
            shard: 0,
        }
    }
}

#[derive(Debug, Clone)]
enum Pools {
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        file: PathBuf,
        /// The writer's commits do not wait for the disk.
        is_behind: Arc<AtomicBool>,
    },
    Postgres {
        pool: PgPool,
        /// Reached by a socket of this machine instead of over TCP.
        is_local: bool,
    },
}

/// A database of this product: cheap to clone, shared by everything.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Pools,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdBlocks>,
    /// How many wait for a transaction in this process.
    awaited: Arc<AtomicUsize>,
    audiences: Arc<AudienceMemory>,
}

/// One that waits for a transaction, counted until it has one or gives up.
struct Awaiting(Arc<AtomicUsize>);

impl Awaiting {
    fn counted(by: &Arc<AtomicUsize>) -> Self {
        by.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(by))
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Which database engine serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite: one file, one writer.
    Sqlite,
    /// PostgreSQL: many processes may share it.
    Postgres,
}

/// How long look-ups wait for a second connection before they do without.
const BESIDE_WITHIN: Duration = Duration::from_millis(100);

static SQLITE_MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/postgres");

impl Store {
    /// Opens the database, creating the SQLite file if there is none. The
    /// schema is not touched; see [`Store::migrate`].
    ///
    /// # Errors
    /// [`StoreError::Configuration`] when the address cannot be read,
    /// [`StoreError::Unavailable`] when the server cannot be reached.
    pub async fn open(
        options: &StoreOptions,
        keys: Keys,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let pools = if options.url.starts_with("postgres") {
            open_postgres(options).await?
        } else {
            open_sqlite(options).await?
        };
        let ids = Arc::new(IdBlocks::new(options.shard));
        Ok(Self {
            pools,
            keys: Arc::new(keys),
            clock,
            ids,
            awaited: Arc::default(),
            audiences: Arc::default(),
        })
    }

    /// Brings the schema up to date; harmless when it is.
    ///
    /// # Errors
    /// [`StoreError::Migration`] when a step fails or an applied one was edited.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => SQLITE_MIGRATIONS.run(write).await,
            Pools::Postgres { pool, .. } => POSTGRES_MIGRATIONS.run(pool).await,
        }
        .map_err(StoreError::Migration)
    }

    /// A connection for queries.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none can be had.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        let session = match &self.pools {
            Pools::Sqlite { read, .. } => {
                Session::SqliteConnection(read.acquire().await.doing("opening a reader")?)
            }
            Pools::Postgres { pool, .. } => {
                Session::PostgresConnection(pool.acquire().await.doing("opening a reader")?)
            }
        };
        Ok(Reader {
            session,
            store: self.clone(),
        })
    }

    /// One transaction, with ids at hand for [`crate::ids::IDS_PER_WRITE`] rows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Busy`] when none can be had.
    pub async fn write(&self) -> Result<Writer, StoreError> {
        self.ids.ensure(self).await?;
        self.begin().await
    }

    /// Whether bulk work may stay in its transaction for another slice: on
    /// SQLite, where a commit writes every page that was touched and others wait
    /// for the one writer, as long as nobody in this process does and it finds
    /// as many ids as in a new one. On PostgreSQL nobody waits and locks should
    /// be short, so never.
    pub fn may_go_on(&self) -> bool {
        self.engine() == Engine::Sqlite
            && self.awaited.load(Ordering::Relaxed) == 0
            && self.ids.has_enough()
    }

    /// [`Store::write`] whose commit does not wait for the disk. For bulk work
    /// that keeps its progress in the same transaction and says that it is done
    /// by an ordinary one: after a power cut it finds rows and progress as they
    /// were some commits before, and goes on there.
    ///
    /// Whatever is told to the outside about these rows stands behind an ordinary
    /// commit (a claim before a message or a call leaves), and that one takes all
    /// commits before it to the disk: both databases write one log in order.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_behind(&self) -> Result<Writer, StoreError> {
        self.ids.ensure(self).await?;
        self.begin_as(Durability::Behind).await
    }

    pub(crate) async fn begin(&self) -> Result<Writer, StoreError> {
        self.begin_as(Durability::AtCommit).await
    }

    async fn begin_as(&self, durability: Durability) -> Result<Writer, StoreError> {
        let _awaiting = Awaiting::counted(&self.awaited);
        let session = match &self.pools {
            Pools::Sqlite {
                write, is_behind, ..
            } => {
                let mut conn = write.acquire().await.doing("opening a transaction")?;
                let wanted = durability == Durability::Behind;
                // Who holds the one connection holds this flag.
                if is_behind.load(Ordering::Acquire) != wanted {
                    sqlx::query(durability.pragma())
                        .execute(&mut *conn)
                        .await
                        .doing("opening a transaction")?;
                    is_behind.store(wanted, Ordering::Release);
                }
                let begin = Some("BEGIN IMMEDIATE".into_sql_str());
                let transaction = Transaction::begin(conn, begin).await;
                Session::SqliteTransaction(transaction.doing("opening a transaction")?)
            }
            Pools::Postgres { pool, .. } => {
                let transaction = pool.begin_with(durability.begin()).await;
                Session::PostgresTransaction(transaction.doing("opening a transaction")?)
            }
        };
        Ok(Writer {
            reader: Reader {
                session,
                store: self.clone(),
            },
            has_applied: false,
            changed_scopes: BTreeSet::new(),
        })
    }

    /// A second connection for look-ups beside a transaction that holds the
    /// locks of what is looked up; none when it cannot be had at once.
    ///
    /// On PostgreSQL it keeps to index look-ups (see [`crate::locks`]).
    pub(crate) async fn read_beside(&self) -> Option<Reader> {
        let session = match &self.pools {
            Pools::Sqlite { read, .. } => {
                let connection = tokio::time::timeout(BESIDE_WITHIN, read.acquire()).await;
                Session::SqliteConnection(connection.ok()?.ok()?)
            }
            Pools::Postgres { pool, .. } => {
                let transaction = tokio::time::timeout(BESIDE_WITHIN, pool.begin()).await;
                let mut transaction = transaction.ok()?.ok()?;
                let sql = "SELECT set_config('enable_hashjoin', 'off', true), \
                     set_config('enable_mergejoin', 'off', true), \
                     set_config('enable_seqscan', 'off', true)";
                sqlx::query(sql).execute(&mut *transaction).await.ok()?;
                Session::PostgresTransaction(transaction)
            }
        };
        Some(Reader {
            session,
            store: self.clone(),
        })
    }

    /// Which engine serves.
    pub const fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres { .. } => Engine::Postgres,
        }
    }

    /// Whether PostgreSQL is reached by a socket of this machine.
    pub(crate) const fn is_local_postgres(&self) -> bool {
        matches!(self.pools, Pools::Postgres { is_local: true, .. })
    }

    /// The SQLite file; none on PostgreSQL.
    pub fn file(&self) -> Option<&std::path::Path> {
        match &self.pools {
            Pools::Sqlite { file, .. } => Some(file),
            Pools::Postgres { .. } => None,
        }
    }

    /// The pool of a PostgreSQL database, for listening and bulk loading.
    pub const fn postgres(&self) -> Option<&PgPool> {
        match &self.pools {
            Pools::Postgres { pool, .. } => Some(pool),
            Pools::Sqlite { .. } => None,
        }
    }

    pub(crate) fn audiences(&self) -> &AudienceMemory {
        &self.audiences
    }

    /// The keys that seal personal data.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The clock that stamps rows.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Waits for transactions under way and closes every connection.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }
}

async fn open_sqlite(options: &StoreOptions) -> Result<Pools, StoreError> {
    let path = options
        .url
        .strip_prefix("sqlite://")
        .or_else(|| options.url.strip_prefix("sqlite:"))
        .ok_or_else(|| {
            StoreError::Configuration(format!(
                "database.url `{}` begins with neither sqlite: nor postgres://",
                options.url
            ))
        })?;
    let file = PathBuf::from(path);
    let connect = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // The ledger is evidence: a commit is on the disk when it returns.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(options.busy_timeout)
        // Each reader has its own: twelve of them stay below the writer's.
        .pragma("cache_size", "-4000")
        .pragma("temp_store", "FILE")
        .statement_cache_capacity(256);
    // An import touches pages all over its indexes: the writer keeps more of
    // them, and moves them from the log into the file once in 256 MB instead of
    // after every slice, so that a page touched by ten slices is moved once.
    let writer = connect
        .clone()
        .pragma("cache_size", "-48000")
        .pragma("wal_autocheckpoint", "64000");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(options.busy_timeout)
        .connect_with(writer)
        .await
        .doing("opening the SQLite file")?;
    let read = SqlitePoolOptions::new()
        .max_connections(options.connections_max)
        .acquire_timeout(options.busy_timeout)
        .connect_with(connect.read_only(true))
        .await
        .doing("opening the SQLite file")?;
    let is_behind = Arc::default();
    Ok(Pools::Sqlite {
        write,
        read,
        file,
        is_behind,
    })
}

async fn open_postgres(options: &StoreOptions) -> Result<Pools, StoreError> {
    let connect = PgConnectOptions::from_str(&options.url)
        .map_err(|error| StoreError::Configuration(format!("database.url: {error}")))?
        .application_name("izinli")
        // Plans are made for the values at hand: a generic plan made on an
        // empty table was kept after it had filled.
        .options([("plan_cache_mode", "force_custom_plan"), ("jit", "off")])
        // An audience joins whole tables: with 4 MB their hashes go to disk.
        .options([("work_mem", "32MB")]);
    let is_local = connect.get_socket().is_some();
    let pool = PgPoolOptions::new()
        .max_connections(options.connections_max)
        .acquire_timeout(options.busy_timeout)
        .connect_with(connect)
        .await
        .doing("connecting to PostgreSQL")?;
    Ok(Pools::Postgres { pool, is_local })
}

#[derive(Debug)]
enum Session {
    SqliteConnection(PoolConnection<Sqlite>),
    SqliteTransaction(Transaction<'static, Sqlite>),
    PostgresConnection(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'static, Postgres>),
}

/// A connection that asks. Queries of each noun are methods of it.
#[derive(Debug)]
pub struct Reader {
    session: Session,
    store: Store,
}

/// One transaction: nothing is visible to others until [`Writer::commit`],
/// and everything is undone when it is dropped without. Reads see its own
/// writes.
#[derive(Debug)]
#[must_use = "a transaction that is not committed changes nothing"]
pub struct Writer {
    reader: Reader,
    has_applied: bool,
    /// Firms and brands whose audiences may come out otherwise from the commit on.
    changed_scopes: BTreeSet<i64>,
}

impl Reader {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match &mut self.session {
            Session::SqliteConnection(c) => Conn::Sqlite(c),
            Session::SqliteTransaction(t) => Conn::Sqlite(t),
            Session::PostgresConnection(c) => Conn::Postgres(c),
            Session::PostgresTransaction(t) => Conn::Postgres(t),
        }
    }

    /// The store this connection belongs to.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Which engine serves.
    pub const fn engine(&self) -> Engine {
        self.store.engine()
    }

    /// The present instant, by the store's clock.
    pub fn now(&self) -> domain::Timestamp {
        self.store.clock.now()
    }
}

impl Writer {
    /// Makes everything visible and durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database could not: the outcome is
    /// then unknown until the rows are read again.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.count_changes().await?;
        match self.reader.session {
            Session::SqliteTransaction(t) => t.commit().await,
            Session::PostgresTransaction(t) => t.commit().await,
            Session::SqliteConnection(_) | Session::PostgresConnection(_) => Ok(()),
        }
        .doing("committing")
    }

    pub(crate) const fn changed_scopes(&mut self) -> &mut BTreeSet<i64> {
        &mut self.changed_scopes
    }

    /// Notes that this transaction applies records; whether it did before.
    pub(crate) const fn note_applied(&mut self) -> bool {
        std::mem::replace(&mut self.has_applied, true)
    }

    /// A fresh id.
    ///
    /// # Errors
    /// [`StoreError::OutOfIds`] when the transaction used more than it may.
    pub(crate) fn next_id(&self) -> Result<i64, StoreError> {
        self.reader.store.ids.take(1)
    }

    /// The first of `count` consecutive fresh ids.
    ///
    /// # Errors
    /// [`StoreError::OutOfIds`] when the transaction used more than it may.
    pub(crate) fn next_ids(&self, count: usize) -> Result<i64, StoreError> {
        self.reader.store.ids.take(count)
    }
}

impl std::ops::Deref for Writer {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl std::ops::DerefMut for Writer {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}
