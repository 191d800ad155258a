//! Every operation around the main job (tenants, access, uploads, groups,
//! audit) on both databases. Each test looks at what is left in the tables,
//! not only at what a call returned.

#[path = "../support/mod.rs"]
mod support;

mod access;
mod attributes;
mod audit;
mod blacklist;
mod complaint_cases;
mod connectors;
mod events;
mod idempotency;
mod registry_accounts;
mod registry_days;
mod registry_limits;
mod registry_rests;
mod rejections;
mod schema;
mod tags;
mod templates;
mod tenants;
mod uploads;
mod withheld;

use domain::ids::{BrandId, FirmId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use store::brands::NewBrand;
use store::testing::TestDatabase;
use store::{Store, Writer};
use support::Window;

/// Randomness that says the same every time.
fn dice(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn new_brand(name: &str, seed: u64) -> NewBrand {
    NewBrand {
        name: name.into(),
        short_name: name.to_uppercase(),
        trade_name: format!("{name} Ticaret A.Ş."),
        mersis: "0123456789012345".into(),
        path_key: store::token::path_key(&mut dice(seed)),
    }
}

/// A firm and a brand of it, committed.
async fn tenant(db: &TestDatabase, name: &str) -> (FirmId, BrandId) {
    let mut writer = db.store.write().await.expect("a transaction");
    let firm = writer.create_firm(name).await.expect("a firm").id;
    let seed = name.bytes().map(u64::from).sum();
    let brand = writer
        .create_brand(firm, new_brand(name, seed))
        .await
        .expect("a brand")
        .id;
    writer.commit().await.expect("commits");
    (firm, brand)
}

/// Addresses of a firm with these numbers, written behind the store's back.
async fn addresses(window: &mut Window, firm: FirmId, ids: std::ops::Range<i64>) {
    let rows: Vec<String> = ids
        .map(|id| format!("({id}, {}, 1, '+905{id:09}', {id}, 0)", firm.as_db()))
        .collect();
    let sql = format!(
        "INSERT INTO recipient (id, firm_id, form, address, contact_id, created_us) VALUES {}",
        rows.join(", ")
    );
    assert_eq!(window.run(&sql).await, rows.len() as u64);
}

async fn writer(db: &TestDatabase) -> Writer {
    db.store.write().await.expect("a transaction")
}

async fn commit(writer: Writer) {
    writer.commit().await.expect("commits");
}

/// Bytes of a sealed text: version, nonce and tag stand around it.
fn sealed(plain: &str) -> i64 {
    i64::try_from(plain.len() + 1 + 12 + 16).expect("a short text")
}

/// A transaction that does one thing.
async fn now<T>(store: &Store, change: impl AsyncFnOnce(&mut Writer) -> T) -> T {
    let mut writer = store.write().await.expect("a transaction");
    let done = change(&mut writer).await;
    writer.commit().await.expect("commits");
    done
}

/// Whether somebody stands at a lock. SQLite lets one transaction begin at a
/// time, so there everybody else does.
async fn somebody_waits(db: &TestDatabase, window: &mut Window) -> bool {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    db.name == "sqlite" || window.number(waiting).await > 0
}

/// Two changes at the same time: the first is made and not yet committed when
/// the second tries. Says whether the second was done; when it was refused,
/// its transaction is dropped.
async fn second_of_two<T, E>(
    db: &TestDatabase,
    first: impl AsyncFnOnce(&mut Writer) -> Result<T, E>,
    second: impl AsyncFnOnce(&mut Writer) -> Result<T, E>,
) -> bool
where
    E: std::fmt::Debug,
{
    let mut window = Window::on(db).await;
    let mut held = writer(db).await;
    assert!(
        first(&mut held).await.is_ok(),
        "{}: the first is done",
        db.name
    );
    let mut second = std::pin::pin!(async {
        let mut writer = writer(db).await;
        let done = second(&mut writer).await.is_ok();
        if done {
            commit(writer).await;
        }
        done
    });
    let deadline = std::time::Duration::from_secs(20);
    let overlap = async {
        loop {
            tokio::select! {
                biased;
                done = &mut second => break Some(done),
                waits = somebody_waits(db, &mut window) => if waits { break None },
            }
        }
    };
    let early = tokio::time::timeout(deadline, overlap)
        .await
        .expect("it ends or waits");
    commit(held).await;
    match early {
        Some(done) => done,
        None => second.await,
    }
}
