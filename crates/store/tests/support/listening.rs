//! Listening to the statements that the store runs, so that a changed query is
//! the one whose plan is looked at.

use std::fmt::Debug;
use std::future::Future;
use std::sync::{LazyLock, Mutex};

use sqlx::{AssertSqlSafe, Row};
use store::testing::TestDatabase;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::Window;

/// Statements that were run since [`heard`] began.
static HEARD: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);

/// Hears every statement; SQLite's run on a thread of their own, so it listens
/// to the whole process.
struct Ear;

impl Subscriber for Ear {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn event(&self, event: &Event<'_>) {
        let mut heard = Heard::default();
        event.record(&mut heard);
        let statement = if heard.statement.is_empty() {
            heard.summary
        } else {
            heard.statement
        };
        HEARD
            .lock()
            .expect("no panic while listening")
            .push(statement.trim().to_owned());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Heard {
    summary: String,
    statement: String,
}

impl Visit for Heard {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// Begins to listen; once in a process.
pub(crate) fn listen() {
    tracing::subscriber::set_global_default(Ear).expect("the only listener");
}

/// The statement with this text, of those that an operation runs.
pub(crate) async fn heard(what: &str, text: &str, operation: impl Future<Output = ()>) -> String {
    HEARD.lock().expect("no panic while listening").clear();
    operation.await;
    let all = HEARD.lock().expect("no panic while listening");
    let meant = all.iter().find(|statement| statement.contains(text));
    meant
        .cloned()
        .unwrap_or_else(|| panic!("{what}: no {text} in {all:#?}"))
}

/// How the database would run a statement without parameters.
pub(crate) async fn plan_of(db: &TestDatabase, statement: &str) -> Vec<String> {
    match Window::on(db).await {
        Window::Sqlite(mut connection) => {
            let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let rows = sqlx::raw_sql(sql)
                .fetch_all(&mut connection)
                .await
                .expect("a plan");
            rows.iter().map(|row| row.get("detail")).collect()
        }
        Window::Postgres(mut connection) => {
            // A table of a few thousand rows is read whole out of thrift.
            let sql = AssertSqlSafe(format!("SET enable_seqscan = off; EXPLAIN {statement}"));
            let rows = sqlx::raw_sql(sql)
                .fetch_all(&mut connection)
                .await
                .expect("a plan");
            rows.iter().map(|row| row.get(0)).collect()
        }
    }
}

/// The table, or list inside the query, that a step of a plan reads whole.
pub(crate) fn read_whole(step: &str) -> Option<&str> {
    ["SCAN ", "Seq Scan on "]
        .iter()
        .find_map(|scan| step.split_once(scan))
        .map(|(_, table)| table.split_whitespace().next().unwrap_or_default())
}

/// Whether a step of a plan puts rows into order, instead of finding them in it.
pub(crate) fn sorts(step: &str) -> bool {
    step.contains("FOR ORDER BY") || step.contains("Sort")
}

/// Parameters are replaced by literals, the last first: `$1` begins `$10`.
pub(crate) fn with_values(statement: &str, values: &[&str]) -> String {
    (1..=values.len())
        .rev()
        .fold(statement.to_owned(), |text, place| {
            text.replace(&format!("${place}"), values[place - 1])
        })
}
