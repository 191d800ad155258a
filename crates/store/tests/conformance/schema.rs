//! The two schemas are one schema in two dialects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, SqliteConnection};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../migrations")
        .join(name)
}

fn files(name: &str) -> BTreeSet<String> {
    std::fs::read_dir(folder(name))
        .expect("a folder of migrations")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("a plain name")
        })
        .collect()
}

#[test]
fn both_folders_hold_the_same_steps() {
    assert!(!files("sqlite").is_empty());
    assert_eq!(files("sqlite"), files("postgres"));
}

#[test]
fn the_texts_differ_only_in_the_names_of_types() {
    for file in files("sqlite") {
        let read =
            |dialect| std::fs::read_to_string(folder(dialect).join(&file)).expect("readable");
        let from_sqlite = read("sqlite")
            .replace(") STRICT, WITHOUT ROWID;", ");")
            .replace(") STRICT;", ");")
            .replace(" INTEGER", " BIGINT")
            .replace(" BLOB", " BYTEA");
        let from_postgres = read("postgres").replace(" COLLATE \"C\"", "");
        for (number, (ours, theirs)) in from_sqlite.lines().zip(from_postgres.lines()).enumerate() {
            assert_eq!(ours, theirs, "{file}, line {}", number + 1);
        }
        assert_eq!(
            from_sqlite.lines().count(),
            from_postgres.lines().count(),
            "{file}"
        );
    }
}

/// Every text is compared byte by byte, so that both databases sort alike.
#[test]
fn every_text_of_postgresql_has_the_plain_collation() {
    for file in files("postgres") {
        let text = std::fs::read_to_string(folder("postgres").join(&file)).expect("readable");
        for (number, line) in text.lines().enumerate() {
            let column = line.split("--").next().unwrap_or_default();
            if column.contains(" TEXT") {
                assert!(
                    column.contains(" TEXT COLLATE \"C\""),
                    "{file}, line {}",
                    number + 1
                );
            }
        }
    }
}

/// One column or index as a line of text: the same words for both databases.
async fn sqlite_shape(connection: &mut SqliteConnection) -> BTreeSet<String> {
    let columns = "SELECT m.name || '.' || p.name || ' ' || p.type || ' ' || \
         CASE WHEN p.\"notnull\" = 1 THEN 'filled' ELSE 'empty' END || ' ' || \
         CASE WHEN p.pk > 0 THEN 'key ' || p.pk ELSE '' END \
         FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' \
         AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    let indexes = "SELECT l.name || ' on ' || m.name || ' (' || \
         (SELECT group_concat(i.name, ', ') FROM pragma_index_info(l.name) i) || ') ' || \
         CASE WHEN l.\"unique\" = 1 THEN 'unique ' ELSE '' END || \
         CASE WHEN l.partial = 1 THEN 'partial' ELSE '' END \
         FROM sqlite_master m, pragma_index_list(m.name) l \
         WHERE m.type = 'table' AND l.origin = 'c'";
    let mut shape = BTreeSet::new();
    for sql in [columns, indexes] {
        let rows: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(&mut *connection)
            .await
            .expect("a shape");
        shape.extend(rows);
    }
    shape
}

async fn postgres_shape(pool: &sqlx::PgPool) -> BTreeSet<String> {
    let columns = "SELECT c.table_name || '.' || c.column_name || ' ' || \
         CASE c.data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'text' THEN 'TEXT' \
         WHEN 'bytea' THEN 'BLOB' ELSE c.data_type END || ' ' || \
         CASE c.is_nullable WHEN 'NO' THEN 'filled' ELSE 'empty' END || ' ' || \
         coalesce((SELECT 'key ' || k.ordinal_position FROM information_schema.key_column_usage k \
            JOIN information_schema.table_constraints t ON t.constraint_name = k.constraint_name \
            AND t.table_name = k.table_name AND t.constraint_type = 'PRIMARY KEY' \
            WHERE k.table_name = c.table_name AND k.column_name = c.column_name), '') \
         FROM information_schema.columns c WHERE c.table_schema = 'public' \
         AND c.table_name NOT LIKE '\\_sqlx%'";
    let indexes = "SELECT i.relname || ' on ' || t.relname || ' (' || \
         (SELECT string_agg(a.attname, ', ' ORDER BY k.position) \
            FROM unnest(x.indkey) WITH ORDINALITY AS k(attnum, position) \
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum) || ') ' || \
         CASE WHEN x.indisunique THEN 'unique ' ELSE '' END || \
         CASE WHEN x.indpred IS NOT NULL THEN 'partial' ELSE '' END \
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
         JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public' \
         WHERE NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid)";
    let mut shape = BTreeSet::new();
    for sql in [columns, indexes] {
        let rows: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(pool)
            .await
            .expect("a shape");
        shape.extend(rows);
    }
    shape
}

#[tokio::test]
async fn the_migrations_make_the_same_tables_columns_and_indexes_of_an_empty_database() {
    let sqlite = store::testing::sqlite().await;
    let options: sqlx::sqlite::SqliteConnectOptions = sqlite.url.parse().expect("an address");
    let mut connection = options.connect().await.expect("a connection");
    let ours = sqlite_shape(&mut connection).await;
    assert!(ours.contains("upload.id INTEGER filled key 1"), "{ours:#?}");
    let Some(postgres) = store::testing::postgres().await else {
        return;
    };
    let theirs = postgres_shape(postgres.store.postgres().expect("a pool")).await;
    let differing: Vec<_> = ours.symmetric_difference(&theirs).collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    for db in store::testing::each().await {
        let before = crate::support::Window::on(&db)
            .await
            .count("_sqlx_migrations")
            .await;
        db.store.migrate().await.expect("harmless");
        let after = crate::support::Window::on(&db)
            .await
            .count("_sqlx_migrations")
            .await;
        let steps = i64::try_from(files("sqlite").len()).expect("a few");
        assert_eq!((before, after), (steps, before));
    }
}

/// With one page cache of all, two connections that read take as long as one
/// after the other: `.cargo/config.toml` builds SQLite without.
#[tokio::test]
async fn connections_of_sqlite_share_neither_a_page_cache_nor_a_count_of_memory() {
    let sqlite = store::testing::sqlite().await;
    let options: sqlx::sqlite::SqliteConnectOptions = sqlite.url.parse().expect("an address");
    let mut connection = options.connect().await.expect("a connection");
    let built: Vec<String> =
        sqlx::query_scalar("SELECT compile_options FROM pragma_compile_options")
            .fetch_all(&mut connection)
            .await
            .expect("a list");
    assert!(built.iter().any(|one| one == "THREADSAFE=1"), "{built:?}");
    let shared = |one: &String| one == "ENABLE_MEMORY_MANAGEMENT";
    assert!(!built.iter().any(shared), "{built:?}");
    let uncounted = |one: &String| one == "DEFAULT_MEMSTATUS=0";
    assert!(built.iter().any(uncounted), "{built:?}");
}
