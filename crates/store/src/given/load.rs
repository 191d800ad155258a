//! Loading rows into a table: plain additions that cannot collide, because
//! their numbers are fresh and a lock keeps others from the same keys.

use std::sync::Arc;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Sqlite, query};

use super::{BindGiven, Column, Given, Same};
use crate::db::{Conn, Engine, Writer};
use crate::error::{Doing, StoreError, exactly};

/// Rows of one statement on SQLite: few enough that its text stays short.
const INSERT_ROWS: usize = 100;
/// Begins every binary COPY: signature, flags, length of the extension.
const COPY_HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Ends it.
const COPY_END: i16 = -1;
/// Bytes per message: the server works on one while the next is on its way.
const COPY_PART: usize = 32 * 1024;
/// The length that stands for NULL.
const COPY_NULL: i32 = -1;

impl Writer {
    /// Adds the rows to `table`; the columns carry the table's names.
    ///
    /// PostgreSQL takes them by COPY, which writes whole pages where INSERT
    /// writes row by row (events with their two indexes: 2.2 µs a row instead
    /// of 3.8). SQLite has only INSERT: many rows of bound values a statement,
    /// what remains through `given`, whose JSON was a quarter of the writer's time.
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
        let rows = match self.conn() {
            Conn::Sqlite(conn) => insert(conn, table, &names, given).await,
            Conn::Postgres(conn) => {
                let sql = format!("COPY {table} ({names}) FROM STDIN (FORMAT BINARY)");
                copy(conn, &sql, &given.copy_bytes()).await
            }
        }
        .doing(doing)?;
        exactly(rows, given.len() as u64, doing)
    }
}

async fn insert(
    conn: &mut SqliteConnection,
    table: &str,
    names: &str,
    given: &Given<'_>,
) -> Result<u64, sqlx::Error> {
    let whole = given.len() - given.len() % INSERT_ROWS;
    let mut done = 0;
    if whole > 0 {
        let values = vec!["?"; given.columns.len() + given.same.len()].join(",");
        let rows = vec![format!("({values})"); INSERT_ROWS].join(",");
        let sql: Arc<str> = format!("INSERT INTO {table} ({names}) VALUES {rows}").into();
        for first in (0..whole).step_by(INSERT_ROWS) {
            let mut insert = query(AssertSqlSafe(Arc::clone(&sql)));
            for row in first..first + INSERT_ROWS {
                insert = given.bind_row(insert, row);
            }
            done += insert.execute(&mut *conn).await?.rows_affected();
        }
    }
    if whole == given.len() {
        return Ok(done);
    }
    let body = format!("INSERT INTO {table} ({names}) SELECT {names} FROM given WHERE true");
    let rest = given.from_row(whole);
    let insert = query(rest.sql(Engine::Sqlite, 1, &body)).bind_given(&rest);
    done += insert.execute(&mut *conn).await?.rows_affected();
    Ok(done)
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

type Insert<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

impl<'a> Given<'a> {
    fn bind_row<'q>(&self, mut insert: Insert<'q>, row: usize) -> Insert<'q>
    where
        'a: 'q,
    {
        for (_, column) in &self.columns {
            insert = match column {
                Column::Int(values) => insert.bind(values.get(row).copied()),
                Column::IntOrNull(values) => insert.bind(values.get(row).copied().flatten()),
                Column::Text(values) => insert.bind(values.get(row).copied()),
                Column::TextOrNull(values) => insert.bind(values.get(row).copied().flatten()),
                Column::Bytes(values) => insert.bind(values.get(row).copied()),
            };
        }
        for (_, same) in &self.same {
            insert = match same {
                Same::Int(number) => insert.bind(*number),
                Same::Text(text) => insert.bind(*text),
            };
        }
        insert
    }

    /// The rows from this one on.
    fn from_row(&self, row: usize) -> Given<'a> {
        let columns = self
            .columns
            .iter()
            .map(|(name, column)| (*name, column.from_row(row)))
            .collect();
        Given {
            columns,
            same: self.same.clone(),
        }
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

impl<'a> Column<'a> {
    fn from_row(&self, row: usize) -> Column<'a> {
        fn rest<T: Clone>(values: &[T], row: usize) -> Vec<T> {
            values.get(row..).unwrap_or_default().to_vec()
        }
        match self {
            Self::Int(values) => Column::Int(rest(values, row)),
            Self::IntOrNull(values) => Column::IntOrNull(rest(values, row)),
            Self::Text(values) => Column::Text(rest(values, row)),
            Self::TextOrNull(values) => Column::TextOrNull(rest(values, row)),
            Self::Bytes(values) => Column::Bytes(rest(values, row)),
        }
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
