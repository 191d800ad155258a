//! Who is alive: a killed worker's work is taken over at once, not when its
//! lease runs out.
//!
//! A worker holds a lock that the system takes from it when it dies: an
//! advisory lock of its own PostgreSQL connection, or a lock on a file beside
//! the SQLite database. Whoever can take the lock of another knows that other
//! is gone. Leases remain the bound for a worker that lives but hangs.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use sqlx::{Connection, PgConnection};

use crate::db::{Engine, Reader, Store};
use crate::error::{Doing, StoreError};

/// Keeps our advisory locks apart from those of other programs.
const LOCK_SPACE: i64 = 0x1213_4e11;

/// A living worker; dropping it, or dying, gives its work free.
#[derive(Debug)]
pub struct WorkerGuard {
    name: String,
    hold: Hold,
}

#[derive(Debug)]
enum Hold {
    File { file: File, path: PathBuf },
    Connection(Box<PgConnection>),
}

impl WorkerGuard {
    /// The worker's name, as leased rows carry it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the lock is still held: a PostgreSQL connection may have been
    /// cut while the process lives.
    pub async fn is_held(&mut self) -> bool {
        match &mut self.hold {
            Hold::File { file, .. } => file.metadata().is_ok(),
            Hold::Connection(connection) => connection.ping().await.is_ok(),
        }
    }
}

impl Drop for WorkerGuard {
    fn drop(&mut self) {
        if let Hold::File { path, .. } = &self.hold {
            drop(std::fs::remove_file(path));
        }
    }
}

impl Store {
    /// Announces a worker under a name that no other process uses.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when a living worker has this name.
    pub async fn register_worker(&self, name: &str) -> Result<WorkerGuard, StoreError> {
        let taken = || StoreError::Exists {
            what: "a worker of this name",
        };
        let hold = if let Some(pool) = self.postgres() {
            let mut connection = pool.acquire().await.doing("announcing a worker")?.detach();
            let got: bool =
                sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, $2))")
                    .bind(name)
                    .bind(LOCK_SPACE)
                    .fetch_one(&mut connection)
                    .await
                    .doing("announcing a worker")?;
            if !got {
                return Err(taken());
            }
            Hold::Connection(Box::new(connection))
        } else {
            let path = self.worker_file(name)?;
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(file_trouble)?;
            }
            let file = lock_file(&path)?.ok_or_else(taken)?;
            Hold::File { file, path }
        };
        Ok(WorkerGuard {
            name: name.to_owned(),
            hold,
        })
    }

    fn worker_file(&self, name: &str) -> Result<PathBuf, StoreError> {
        let database = self
            .file()
            .ok_or_else(|| StoreError::Configuration("no database file".into()))?;
        let mut folder = database.as_os_str().to_owned();
        folder.push("-workers");
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        };
        Ok(PathBuf::from(folder).join(name.chars().map(safe).collect::<String>()))
    }
}

/// Locks the file of this name; `None` when somebody living holds it.
fn lock_file(path: &Path) -> Result<Option<File>, StoreError> {
    loop {
        let file = File::create(path).map_err(file_trouble)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(file_trouble(error)),
        }
        // Whoever found the dead worker's file may have removed it after we
        // opened it: our lock would guard a file without a name.
        let seen = File::open(path).map(|same| same.try_lock_shared());
        if matches!(seen, Ok(Err(TryLockError::WouldBlock))) {
            return Ok(Some(file));
        }
    }
}

fn file_trouble(error: std::io::Error) -> StoreError {
    StoreError::Unavailable {
        doing: "locking a worker file",
        source: sqlx::Error::Io(error),
    }
}

impl Reader {
    /// Whether the worker of this name is gone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be told; its work is then left alone.
    pub async fn is_worker_gone(&mut self, name: &str) -> Result<bool, StoreError> {
        match self.engine() {
            Engine::Sqlite => {
                let path = self.store().worker_file(name)?;
                let file = match File::open(&path) {
                    Ok(file) => file,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
                    Err(error) => return Err(file_trouble(error)),
                };
                match file.try_lock() {
                    Ok(()) => {
                        drop(std::fs::remove_file(&path));
                        Ok(true)
                    }
                    Err(TryLockError::WouldBlock) => Ok(false),
                    Err(TryLockError::Error(error)) => Err(file_trouble(error)),
                }
            }
            Engine::Postgres => {
                // A shared lock is refused while the worker holds its exclusive
                // one, and does not keep other askers from the same answer.
                let sql = "SELECT pg_try_advisory_xact_lock_shared(hashtextextended($1, $2))";
                on!(self, conn => sqlx::query_scalar(sql)
                    .bind(name)
                    .bind(LOCK_SPACE)
                    .fetch_one(&mut *conn)
                    .await)
                .doing("asking whether a worker lives")
            }
        }
    }
}
