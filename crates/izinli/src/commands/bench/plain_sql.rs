//! Baselines in plain SQL on the same engine with the same durability.

use std::path::Path;
use std::str::FromStr as _;

use anyhow::Context;
use domain::ids::{BrandId, CampaignId, FirmId};
use encoding_rs::WINDOWS_1254;
use sqlx::postgres::{PgConnectOptions, PgPoolCopyExt as _, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, QueryBuilder, Sqlite, SqlitePool};

use super::lines::timed;

/// Columns of the generated file; a change has one less.
const COLUMNS: usize = 9;
/// Rows of one statement on SQLite.
const STATEMENT_ROWS: usize = 500;
/// Rows of one transaction on SQLite.
const TRANSACTION_ROWS: usize = 10_000;
/// Messages claimed, and marked, at a time.
const CLAIM_ROWS: i64 = 1_000;

/// A database without a store over it.
#[derive(Debug)]
pub(crate) enum Plain {
    /// A file, as durable as ours.
    Sqlite(SqlitePool),
    /// A database on the server.
    Postgres(PgPool),
}

/// Runs one body for either database.
macro_rules! either {
    ($plain:expr, $pool:ident => $body:expr) => {
        match $plain {
            Plain::Sqlite($pool) => $body,
            Plain::Postgres($pool) => $body,
        }
    };
}

impl Plain {
    /// Opens `sqlite:FILE` or `postgres://…`.
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        if let Some(file) = url.strip_prefix("sqlite:") {
            let options = SqliteConnectOptions::new()
                .filename(file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(std::time::Duration::from_secs(30))
                .pragma("cache_size", "-16000");
            return Ok(Self::Sqlite(
                SqlitePoolOptions::new()
                    .max_connections(1)
                    .connect_with(options)
                    .await?,
            ));
        }
        let options = PgConnectOptions::from_str(url)?;
        Ok(Self::Postgres(
            PgPoolOptions::new()
                .max_connections(2)
                .connect_with(options)
                .await?,
        ))
    }

    /// Closes it.
    pub(crate) async fn close(self) {
        either!(&self, pool => pool.close().await);
    }

    /// Loads the file's rows into one table with a unique phone; seconds.
    ///
    /// PostgreSQL: `COPY` into an unlogged stage, one upsert from there.
    /// SQLite: prepared inserts, a transaction for each 10,000 rows.
    pub(crate) async fn load(&self, file: &Path) -> anyhow::Result<f64> {
        let columns = "external_id TEXT, full_name TEXT, phone TEXT, email TEXT, status TEXT, consent_date TEXT, \
                       channel TEXT, source TEXT, kind TEXT";
        let flat = format!("CREATE TABLE flat ({columns}, UNIQUE (phone))");
        let began = std::time::Instant::now();
        let bytes = std::fs::read(file)?;
        let (text, _, _) = WINDOWS_1254.decode(&bytes);
        match self {
            Self::Postgres(pool) => {
                let stage = format!("CREATE UNLOGGED TABLE stage ({columns})");
                for sql in [flat, stage] {
                    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(pool).await?;
                }
                let mut copy = pool
                    .copy_in_raw("COPY stage FROM STDIN (FORMAT csv, DELIMITER ';', HEADER)")
                    .await?;
                copy.send(text.as_bytes()).await?;
                copy.finish().await?;
                let upsert = "INSERT INTO flat SELECT * FROM stage ON CONFLICT (phone) \
                     DO UPDATE SET status = excluded.status, consent_date = excluded.consent_date";
                sqlx::query(upsert).execute(pool).await?;
            }
            Self::Sqlite(pool) => {
                sqlx::query(sqlx::AssertSqlSafe(flat)).execute(pool).await?;
                let lines: Vec<&str> = text.lines().skip(1).collect();
                for slice in lines.chunks(TRANSACTION_ROWS) {
                    let changed = "ON CONFLICT (phone) DO UPDATE SET status = excluded.status, \
                         consent_date = excluded.consent_date";
                    insert_slice(pool, "flat", slice, changed).await?;
                }
            }
        }
        Ok(began.elapsed().as_secs_f64())
    }

    /// Counts the audience by the join that a preview needs; seconds.
    pub(crate) async fn count_audience(&self, firm: FirmId, brand: BrandId) -> anyhow::Result<f64> {
        let sql = "SELECT count(*) FROM recipient r LEFT JOIN consent_state s \
             ON s.brand_id = $1 AND s.recipient_id = r.id AND s.channel = 1 AND s.kind = 1 WHERE r.firm_id = $2";
        let (seconds, _): (f64, i64) = timed(async {
            Ok(either!(self, pool => sqlx::query_scalar(sql).bind(brand.as_db()).bind(firm.as_db()).fetch_one(pool).await?))
        })
        .await?;
        Ok(seconds)
    }

    /// Copies every consent state into a table with a key; seconds.
    pub(crate) async fn insert_select(&self, brand: BrandId) -> anyhow::Result<f64> {
        let make = "CREATE TABLE bench_snapshot (campaign_id BIGINT NOT NULL, code BIGINT NOT NULL, recipient_id BIGINT NOT NULL, \
             batch_no BIGINT NOT NULL, event_id BIGINT, checked_us BIGINT, PRIMARY KEY (campaign_id, code, recipient_id))";
        let fill = "INSERT INTO bench_snapshot SELECT 1, 0, recipient_id, 1, local_event_id, checked_us \
             FROM consent_state WHERE brand_id = $1 AND channel = 1 AND kind = 1";
        either!(self, pool => {
            sqlx::query("DROP TABLE IF EXISTS bench_snapshot").execute(pool).await?;
            sqlx::query(make).execute(pool).await?;
            let (seconds, _) = timed(async { Ok(sqlx::query(fill).bind(brand.as_db()).execute(pool).await?) }).await?;
            sqlx::query("DROP TABLE bench_snapshot").execute(pool).await?;
            Ok(seconds)
        })
    }

    /// Upserts a change for each address, in their order, into one table with a
    /// unique phone that holds all of them; by the means of [`Plain::load`]. Seconds.
    pub(crate) async fn upsert_changes(&self, people: &[String]) -> anyhow::Result<f64> {
        let columns = "phone TEXT, channel TEXT, kind TEXT, status TEXT, consent_date TEXT, source TEXT, \
                       created TEXT, transaction_id TEXT";
        let change = |(n, phone): (usize, &String)| {
            format!(
                "{phone};MESAJ;BIREYSEL;ONAY;2025-06-22 08:00:00;IYS_WEB;2025-06-22 08:00:01;{n:064x}"
            )
        };
        let changes: Vec<String> = people.iter().enumerate().map(change).collect();
        let mut known = changes.clone();
        known.sort_unstable();
        either!(self, pool => {
            sqlx::query("DROP TABLE IF EXISTS bench_mirror").execute(pool).await?;
            let make = format!("CREATE TABLE bench_mirror ({columns}, UNIQUE (phone))");
            sqlx::query(sqlx::AssertSqlSafe(make)).execute(pool).await?;
        });
        self.upsert_lines(&known, columns).await?;
        let (seconds, ()) = timed(self.upsert_lines(&changes, columns)).await?;
        either!(self, pool => sqlx::query("DROP TABLE bench_mirror").execute(pool).await.map(drop))?;
        Ok(seconds)
    }

    async fn upsert_lines(&self, lines: &[String], columns: &str) -> anyhow::Result<()> {
        let changed = "ON CONFLICT (phone) DO UPDATE SET status = excluded.status, \
             consent_date = excluded.consent_date, source = excluded.source, created = excluded.created, \
             transaction_id = excluded.transaction_id";
        match self {
            Self::Postgres(pool) => {
                let stage = format!("CREATE UNLOGGED TABLE bench_stage ({columns})");
                sqlx::query(sqlx::AssertSqlSafe(stage))
                    .execute(pool)
                    .await?;
                let mut copy = pool
                    .copy_in_raw("COPY bench_stage FROM STDIN (FORMAT csv, DELIMITER ';')")
                    .await?;
                for part in lines.chunks(TRANSACTION_ROWS) {
                    copy.send((part.join("\n") + "\n").as_bytes()).await?;
                }
                copy.finish().await?;
                let upsert =
                    format!("INSERT INTO bench_mirror SELECT * FROM bench_stage {changed}");
                sqlx::query(sqlx::AssertSqlSafe(upsert))
                    .execute(pool)
                    .await?;
                sqlx::query("DROP TABLE bench_stage").execute(pool).await?;
            }
            Self::Sqlite(pool) => {
                let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                for slice in lines.chunks(TRANSACTION_ROWS) {
                    insert_slice(pool, "bench_mirror", slice, changed).await?;
                }
            }
        }
        Ok(())
    }

    /// Claims and marks one row per message, 1,000 at a time; seconds.
    pub(crate) async fn claim_and_mark(&self, messages: u64) -> anyhow::Result<f64> {
        let make = "CREATE TABLE bench_message (id BIGINT NOT NULL PRIMARY KEY, state BIGINT NOT NULL, worker TEXT)";
        let index = "CREATE INDEX bench_message_state ON bench_message (state, id)";
        let fill = "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
             INSERT INTO bench_message (id, state) SELECT i, 1 FROM n";
        let claim = match self {
            Self::Sqlite(_) => {
                "UPDATE bench_message SET state = 2, worker = 'w' WHERE id IN \
                 (SELECT id FROM bench_message WHERE state = 1 ORDER BY id LIMIT $1) RETURNING id"
            }
            Self::Postgres(_) => {
                "UPDATE bench_message SET state = 2, worker = 'w' WHERE id IN \
                 (SELECT id FROM bench_message WHERE state = 1 ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id"
            }
        };
        let mark = "UPDATE bench_message SET state = 3 WHERE id BETWEEN $1 AND $2 AND state = 2";
        either!(self, pool => {
            sqlx::query("DROP TABLE IF EXISTS bench_message").execute(pool).await?;
            sqlx::query(make).execute(pool).await?;
            sqlx::query(index).execute(pool).await?;
            sqlx::query(fill).bind(i64::try_from(messages)?).execute(pool).await?;
            let (seconds, ()) = timed(async {
                loop {
                    let ids: Vec<i64> = sqlx::query_scalar(claim).bind(CLAIM_ROWS).fetch_all(pool).await?;
                    let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) else { return Ok(()) };
                    sqlx::query(mark).bind(*first).bind(*last).execute(pool).await?;
                }
            })
            .await?;
            sqlx::query("DROP TABLE bench_message").execute(pool).await?;
            Ok(seconds)
        })
    }

    /// Addresses of people whom İYS confirmed, or of anybody; at most `limit`.
    pub(crate) async fn addresses(
        &self,
        brand: BrandId,
        only_confirmed: bool,
        limit: i64,
    ) -> anyhow::Result<Vec<String>> {
        let sql = "SELECT r.address FROM consent_state s JOIN recipient r ON r.id = s.recipient_id \
             WHERE s.brand_id = $1 AND (s.verdict = 1 OR $2 = 0) AND s.local_status = 1 ORDER BY r.id LIMIT $3";
        Ok(either!(self, pool => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind(i64::from(only_confirmed))
            .bind(limit)
            .fetch_all(pool)
            .await?))
    }

    /// Batch and recipient of every message of a campaign.
    pub(crate) async fn messages(&self, campaign: CampaignId) -> anyhow::Result<Vec<(i64, i64)>> {
        let sql = "SELECT batch_no, recipient_id FROM campaign_recipient WHERE campaign_id = $1 AND code = 0 \
             ORDER BY recipient_id";
        Ok(either!(self, pool => sqlx::query_as(sql).bind(campaign.as_db()).fetch_all(pool).await?))
    }

    /// Whether a push waits to be mapped.
    pub(crate) async fn has_waiting_pushes(&self) -> anyhow::Result<bool> {
        let sql = "SELECT id FROM receipt_push WHERE state = 1 ORDER BY id LIMIT 1";
        let found: Option<i64> =
            either!(self, pool => sqlx::query_scalar(sql).fetch_optional(pool).await?);
        Ok(found.is_some())
    }

    /// Receipts that were mapped.
    pub(crate) async fn receipt_count(&self) -> anyhow::Result<i64> {
        Ok(
            either!(self, pool => sqlx::query_scalar("SELECT count(*) FROM receipt").fetch_one(pool).await?),
        )
    }

    /// What a nightly cleaning would do, so that no row pays for the one before it.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(pool) => drop(
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                    .execute(pool)
                    .await?,
            ),
            Self::Postgres(pool) => {
                sqlx::query("VACUUM ANALYZE")
                    .execute(pool)
                    .await
                    .context("VACUUM")?;
                sqlx::query("CHECKPOINT")
                    .execute(pool)
                    .await
                    .context("CHECKPOINT")?;
            }
        }
        Ok(())
    }
}

async fn insert_slice(
    pool: &SqlitePool,
    table: &str,
    slice: &[&str],
    on_conflict: &str,
) -> anyhow::Result<()> {
    let mut transaction = pool.begin().await?;
    for rows in slice.chunks(STATEMENT_ROWS) {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(format!("INSERT INTO {table} "));
        query.push_values(rows, |mut values, line| {
            for cell in line.split(';').take(COLUMNS) {
                values.push_bind(cell.to_owned());
            }
        });
        query.push(" ").push(on_conflict);
        query.build().execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}
