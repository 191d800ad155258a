//! For tests: how each database would run a hot query. A query that stops
//! using its index works on a hundred rows and stands still on ten million.

use sqlx::{AssertSqlSafe, Row};

use crate::db::{Conn, Engine, Store};

/// Asserts that the text walks `index` on both databases. PostgreSQL is not
/// allowed to prefer reading a whole table because it is empty.
pub(crate) async fn walks(sql_of: fn(Engine) -> &'static str, index: Index) {
    for db in crate::testing::each().await {
        let (sql, expected) = (sql_of(db.store.engine()), index.on(db.store.engine()));
        let steps = plan(&db.store, sql).await;
        let is_walked = steps.iter().any(|step| step.contains(expected));
        assert!(
            is_walked,
            "{}: no {expected} in {steps:#?} of {sql}",
            db.name
        );
    }
}

/// [`walks`], and the rows come out in the order they are asked for, so that a
/// page costs its own rows and not those before it.
pub(crate) async fn walks_in_order(sql_of: fn(Engine) -> &'static str, index: Index) {
    walks(sql_of, index).await;
    for db in crate::testing::each().await {
        let sql = sql_of(db.store.engine());
        let steps = plan(&db.store, sql).await;
        let sorts = |step: &String| step.contains("TEMP B-TREE") || step.contains("Sort");
        assert!(
            !steps.iter().any(sorts),
            "{}: sorts in {steps:#?} of {sql}",
            db.name
        );
    }
}

async fn plan(store: &Store, sql: &str) -> Vec<String> {
    let mut reader = store.read().await.expect("a reader");
    match reader.conn() {
        Conn::Sqlite(conn) => {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let rows = sqlx::raw_sql(explain)
                .fetch_all(conn)
                .await
                .expect("a plan");
            rows.iter().map(|row| row.get("detail")).collect()
        }
        Conn::Postgres(conn) => {
            let count = (1..=99)
                .take_while(|n| sql.contains(&format!("${n}")))
                .count();
            let nothing = vec!["NULL"; count].join(", ");
            let explain = AssertSqlSafe(format!(
                "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; \
                 PREPARE hot AS {sql}; EXPLAIN EXECUTE hot({nothing})"
            ));
            let rows = sqlx::raw_sql(explain)
                .fetch_all(conn)
                .await
                .expect("a plan");
            rows.iter().map(|row| row.get(0)).collect()
        }
    }
}

/// An index under the names it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Index {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Index {
    const fn on(self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }

    /// One that the migration names.
    pub(crate) const fn named(name: &'static str) -> Self {
        Self {
            sqlite: name,
            postgres: name,
        }
    }

    /// One that the databases name.
    pub(crate) const fn of_key(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }
}
