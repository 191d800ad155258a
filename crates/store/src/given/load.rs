//! Loading rows into a table: plain additions that cannot collide, because
//! their numbers are fresh and a lock keeps others from the same keys; and
//! rows that may be there already.

use std::sync::Arc;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments as _, AssertSqlSafe, Sqlite, query_with};

use super::{BindGiven as _, Column, Given, Same};
use crate::db::{Conn, Engine, Writer};
use crate::error::{Doing, StoreError, exactly};

/// Rows of one statement on SQLite: few enough that its text stays short.
const INSERT_ROWS: usize = 100;
/// Rows from which PostgreSQL takes a COPY over TCP. A COPY is a row of small
/// messages that nobody answers until its end, so without `TCP_NODELAY`, which
/// sqlx does not set, each one stands still for the 40 ms of a delayed
/// acknowledgement: 43 ms for 40 rows as for 5,000.
const COPY_FROM: usize = 30_000;
/// The same through a socket of the machine, where nothing is waited for.
const LOCAL_COPY_FROM: usize = 200;
/// Begins every binary COPY: signature, flags, length of the extension.
pub(super) const COPY_HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Ends it.
pub(super) const COPY_END: i16 = -1;
/// Bytes per message: the server works on one while the next is on its way.
const COPY_PART: usize = 32 * 1024;
/// The length that stands for NULL.
const COPY_NULL: i32 = -1;

impl Writer {
    /// Adds the rows to `table`; the columns carry the table's names.
    ///
    /// PostgreSQL takes very many by COPY, which writes whole pages where INSERT
    /// writes row by row (events with their two indexes: 2.2 µs a row instead
    /// of 3.8), and fewer by INSERT, see [`COPY_FROM`]. SQLite has only INSERT:
    /// many rows of bound values a statement; handing them over as JSON was a
    /// quarter of the writer's time.
    pub(crate) async fn load(
        &mut self,
        table: &'static str,
        given: &Given<'_>,
        doing: &'static str,
    ) -> Result<(), StoreError> {
        if given.is_empty() {
            return Ok(());
        }
        let names = given.names();
        let copy_from = if self.store().is_local_postgres() {
            LOCAL_COPY_FROM
        } else {
            COPY_FROM
        };
        let rows = match self.conn() {
            Conn::Sqlite(conn) => {
                // OR FAIL: a collision ends the transaction anyway, and without it SQLite
                // copies every page that a statement touches, to undo that statement alone.
                let begin = format!("INSERT OR FAIL INTO {table} ({names})");
                insert(conn, (&begin, ""), given, is_lasting).await
            }
            Conn::Postgres(conn) if given.len() < copy_from => {
                let body = format!("INSERT INTO {table} ({names}) SELECT {names} FROM given");
                sqlx::query(given.sql(Engine::Postgres, 1, &body))
                    .bind_given(given)
                    .execute(conn)
                    .await
                    .map(|done| done.rows_affected())
            }
            Conn::Postgres(conn) => {
                let sql = format!("COPY {table} ({names}) FROM STDIN (FORMAT BINARY)");
                copy(conn, &sql, &given.copy_bytes()).await
            }
        }
        .doing(doing)?;
        exactly(rows, given.len() as u64, doing)
    }

    /// Adds the rows to `table`, or does what `on_conflict` says with those
    /// that are there; the columns carry the table's names, the rows are sorted by their key,
    /// and none is there twice.
    ///
    /// On SQLite by bound values like [`Writer::load`]; with sixteen columns, unpacking
    /// JSON took longer than writing.
    pub(crate) async fn upsert(
        &mut self,
        table: &'static str,
        given: &Given<'_>,
        on_conflict: &'static str,
        doing: &'static str,
    ) -> Result<(), StoreError> {
        if given.is_empty() {
            return Ok(());
        }
        let names = given.names();
        let rows = match self.conn() {
            Conn::Sqlite(conn) => {
                let begin = format!("INSERT INTO {table} ({names})");
                insert(conn, (&begin, on_conflict), given, is_the_same_every_time).await
            }
            Conn::Postgres(conn) => {
                let body = format!(
                    "INSERT INTO {table} ({names}) SELECT {names} FROM given {on_conflict}"
                );
                sqlx::query(given.sql(Engine::Postgres, 1, &body))
                    .bind_given(given)
                    .execute(conn)
                    .await
                    .map(|done| done.rows_affected())
            }
        }
        .doing(doing)?;
        exactly(rows, given.len() as u64, doing)
    }
}

/// Times differ from one load to the next.
fn is_lasting(column: &str) -> bool {
    !column.ends_with("_us")
}

/// Numbers of calls and events do too.
fn is_the_same_every_time(column: &str) -> bool {
    is_lasting(column) && (column == "brand_id" || !column.ends_with("_id"))
}

/// Adds the rows in statements of [`INSERT_ROWS`], each made while the one
/// before it runs; a statement begins and ends as given, its rows in between.
async fn insert(
    conn: &mut SqliteConnection,
    (begin, end): (&str, &str),
    given: &Given<'_>,
    is_lasting: fn(&str) -> bool,
) -> Result<u64, sqlx::Error> {
    let cells = given.cells(is_lasting);
    let values = row_of(&cells);
    let text = |rows: usize| -> Arc<str> {
        let rows = vec![values.as_str(); rows].join(",");
        format!("{begin} VALUES {rows} {end}").into()
    };
    let (whole, rest) = (given.len() / INSERT_ROWS, given.len() % INSERT_ROWS);
    let sizes: Vec<usize> = std::iter::repeat_n(INSERT_ROWS, whole)
        .chain((rest > 0).then_some(rest))
        .collect();
    let sql = text(INSERT_ROWS);
    let statement = |number: usize, rows: usize| -> Result<Insert, sqlx::Error> {
        let first = number * INSERT_ROWS;
        let arguments = given.arguments(&cells, first, first + rows)?;
        Ok(if rows == INSERT_ROWS {
            query_with(AssertSqlSafe(Arc::clone(&sql)), arguments)
        } else {
            // Single rows come again, other numbers seldom.
            query_with(AssertSqlSafe(text(rows)), arguments).persistent(given.len() == 1)
        })
    };
    let mut done = 0;
    let mut sizes = sizes.into_iter().enumerate();
    let mut next = sizes.next().map(|(number, rows)| statement(number, rows));
    while let Some(now) = next {
        let running = now?.execute(&mut *conn);
        let preparing = async { sizes.next().map(|(number, rows)| statement(number, rows)) };
        let (ran, prepared) = tokio::join!(running, preparing);
        done += ran?.rows_affected();
        next = prepared;
    }
    Ok(done)
}

/// `(?,NULL,…)`.
fn row_of(cells: &[Option<String>]) -> String {
    let written: Vec<&str> = cells
        .iter()
        .map(|cell| cell.as_deref().unwrap_or("?"))
        .collect();
    format!("({})", written.join(","))
}

async fn copy(conn: &mut PgConnection, sql: &str, bytes: &[u8]) -> Result<u64, sqlx::Error> {
    let mut stream = conn.copy_in_raw(sql).await?;
    for part in bytes.chunks(COPY_PART) {
        if let Err(error) = stream.send(part).await {
            stream.abort("the rows could not be sent").await?;
            return Err(error);
        }
    }
    stream.finish().await
}

type Insert = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

impl Given<'_> {
    /// Each cell of a row of VALUES. A number that is the same in all rows, or
    /// absent in all, is written out: binding a value is a good part of what a
    /// row costs. What differs from one load to the next is bound all the same:
    /// each text is a statement that is kept.
    fn cells(&self, is_lasting: fn(&str) -> bool) -> Vec<Option<String>> {
        let is_lasting = |name: &str| self.len() >= INSERT_ROWS && is_lasting(name);
        let columns = self
            .columns
            .iter()
            .map(|(name, column)| is_lasting(name).then(|| column.written()).flatten());
        let same = self.same.iter().map(|(name, same)| match same {
            Same::Int(number) if is_lasting(name) => Some(number.to_string()),
            Same::Int(_) | Same::Text(_) => None,
        });
        columns.chain(same).collect()
    }

    /// The values of these rows that are not written out.
    fn arguments(
        &self,
        cells: &[Option<String>],
        from: usize,
        to: usize,
    ) -> Result<SqliteArguments, sqlx::Error> {
        let columns = self.columns.iter().map(|(_, column)| column).zip(cells);
        let bound: Vec<&Column<'_>> = columns
            .filter(|(_, cell)| cell.is_none())
            .map(|(column, _)| column)
            .collect();
        let same: Vec<&Same<'_>> = self
            .same
            .iter()
            .map(|(_, same)| same)
            .zip(cells.iter().skip(self.columns.len()))
            .filter(|(_, cell)| cell.is_none())
            .map(|(same, _)| same)
            .collect();
        let mut arguments = SqliteArguments::default();
        arguments.reserve((to - from) * (bound.len() + same.len()), 0);
        for row in from..to {
            for column in &bound {
                column.bind(row, &mut arguments)?;
            }
            for value in &same {
                match value {
                    Same::Int(number) => arguments.add(*number),
                    Same::Text(text) => arguments.add(*text),
                }
                .map_err(sqlx::Error::Encode)?;
            }
        }
        Ok(arguments)
    }

    fn copy_bytes(&self) -> Vec<u8> {
        let rows = self.len();
        let mut out = Vec::with_capacity(COPY_HEAD.len() + rows * self.columns.len() * 16);
        out.extend_from_slice(COPY_HEAD);
        let columns = i16::try_from(self.columns.len() + self.same.len()).unwrap_or(i16::MAX);
        for row in 0..rows {
            out.extend_from_slice(&columns.to_be_bytes());
            for (_, column) in &self.columns {
                column.write_binary(row, &mut out);
            }
            for (_, same) in &self.same {
                match same {
                    Same::Int(number) => field(&mut out, Some(&number.to_be_bytes())),
                    Same::Text(text) => field(&mut out, Some(text)),
                }
            }
        }
        out.extend_from_slice(&COPY_END.to_be_bytes());
        out
    }
}

impl Column<'_> {
    /// The value of every row as SQL writes it, when it is one number or none.
    fn written(&self) -> Option<String> {
        fn one<T: Copy + PartialEq>(values: &[T]) -> Option<T> {
            let (first, rest) = values.split_first()?;
            rest.iter().all(|value| value == first).then_some(*first)
        }
        let null = || "NULL".to_owned();
        match self {
            Self::Int(values) => one(values).map(|number| number.to_string()),
            Self::IntOrNull(values) => {
                one(values).map(|number| number.map_or_else(null, |number| number.to_string()))
            }
            Self::TextOrNull(values) => one(values).filter(Option::is_none).map(|_| null()),
            Self::Text(_) | Self::Bytes(_) => None,
        }
    }

    fn bind(&self, row: usize, to: &mut SqliteArguments) -> Result<(), sqlx::Error> {
        match self {
            Self::Int(values) => to.add(values.get(row).copied()),
            Self::IntOrNull(values) => to.add(values.get(row).copied().flatten()),
            Self::Text(values) => to.add(values.get(row).copied()),
            Self::TextOrNull(values) => to.add(values.get(row).copied().flatten()),
            Self::Bytes(values) => to.add(values.get(row).copied()),
        }
        .map_err(sqlx::Error::Encode)
    }

    fn write_binary(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Int(values) => field(out, values.get(row).map(|v| v.to_be_bytes()).as_ref()),
            Self::IntOrNull(values) => {
                field(
                    out,
                    values
                        .get(row)
                        .copied()
                        .flatten()
                        .map(i64::to_be_bytes)
                        .as_ref(),
                );
            }
            Self::Text(values) => field(out, values.get(row)),
            Self::TextOrNull(values) => field(out, values.get(row).copied().flatten().as_ref()),
            Self::Bytes(values) => field(out, values.get(row)),
        }
    }
}

fn field(out: &mut Vec<u8>, value: Option<&impl AsRef<[u8]>>) {
    let Some(value) = value else {
        out.extend_from_slice(&COPY_NULL.to_be_bytes());
        return;
    };
    let bytes = value.as_ref();
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}
