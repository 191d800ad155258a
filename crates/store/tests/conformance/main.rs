//! Every operation around the main job (tenants, access, uploads, groups,
//! audit) on both databases. Each test looks at what is left in the tables,
//! not only at what a call returned.

#[path = "../support/mod.rs"]
mod support;

mod access;
mod audit;
mod blacklist;
mod connectors;
mod idempotency;
mod registry_accounts;
mod rejections;
mod schema;
mod tags;
mod templates;
mod tenants;
mod uploads;

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
    let brand = writer.create_brand(firm, new_brand(name, seed)).await.expect("a brand").id;
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

/// A transaction that does one thing.
async fn now<T>(store: &Store, change: impl AsyncFnOnce(&mut Writer) -> T) -> T {
    let mut writer = store.write().await.expect("a transaction");
    let done = change(&mut writer).await;
    writer.commit().await.expect("commits");
    done
}
