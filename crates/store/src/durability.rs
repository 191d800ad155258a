//! When a commit is on the disk.

/// When a commit is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// When it returns.
    AtCommit,
    /// With the next one that waits for it; see [`crate::Store::write_behind`].
    Behind,
}

impl Durability {
    /// On SQLite, for a connection.
    pub(crate) const fn pragma(self) -> &'static str {
        match self {
            Self::AtCommit => "PRAGMA synchronous = FULL",
            Self::Behind => "PRAGMA synchronous = NORMAL",
        }
    }

    /// On PostgreSQL, for a transaction.
    pub(crate) const fn begin(self) -> &'static str {
        match self {
            Self::AtCommit => "BEGIN",
            Self::Behind => "BEGIN; SET LOCAL synchronous_commit = off",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::db::{Conn, Writer};
    use crate::testing;

    /// Whether the database would wait for the disk at a commit.
    async fn waits(writer: &mut Writer) -> bool {
        match writer.conn() {
            Conn::Sqlite(conn) => {
                let mode: i64 = sqlx::query_scalar("PRAGMA synchronous")
                    .fetch_one(conn)
                    .await
                    .expect("a mode");
                mode == 2
            }
            Conn::Postgres(conn) => {
                let mode: String = sqlx::query_scalar("SHOW synchronous_commit")
                    .fetch_one(conn)
                    .await
                    .expect("a mode");
                mode == "on"
            }
        }
    }

    #[tokio::test]
    async fn only_the_bulk_transaction_itself_does_without_the_disk() {
        for db in testing::each().await {
            for _ in 0..2 {
                let mut ordinary = db.store.write().await.expect("a transaction");
                assert!(waits(&mut ordinary).await, "{}", db.name);
                ordinary.commit().await.expect("commits");
                let mut behind = db.store.write_behind().await.expect("a transaction");
                assert!(!waits(&mut behind).await, "{}", db.name);
                behind.commit().await.expect("commits");
            }
            // One that is given up leaves nothing of it behind either.
            drop(db.store.write_behind().await.expect("a transaction"));
            let mut ordinary = db.store.write().await.expect("a transaction");
            assert!(waits(&mut ordinary).await, "{}", db.name);
        }
    }
}
