//! What leaves the house as evidence can be checked without it, and a changed
//! byte anywhere is named.

use std::path::Path;
use std::sync::Arc;

use domain::consent::Origin;
use domain::ids::FirmId;
use domain::ledger::Fault;
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};
use engine::evidence::{BLOCKS, Difference, EVENTS, TRAIL, verify_export};
use engine::{Engine, Identity, Settings};
use store::brands::{Brand, NewBrand};
use store::consent::{ApplyContext, IncomingRecord, Said};
use store::testing::TestDatabase;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// A firm whose brand holds two blocks of consents.
async fn house(db: &TestDatabase) -> (Arc<Engine>, FirmId, Brand) {
    let identity = Identity {
        worker: "test".into(),
        public_url: "https://izinli.ornek".into(),
    };
    let engine = Engine::new(db.store.clone(), Settings::default(), identity).expect("an engine");
    let mut writer = db.store.write().await.expect("a transaction");
    let firm = writer.create_firm("Firma").await.expect("a firm").id;
    let brand = NewBrand {
        name: "Örnek".into(),
        short_name: "ORNEK".into(),
        trade_name: "Örnek A.Ş.".into(),
        mersis: "0123456789012345".into(),
        path_key: "anahtar".into(),
    };
    let brand = writer.create_brand(firm, brand).await.expect("a brand");
    writer.commit().await.expect("commits");
    for (status, day) in [(Status::Onay, 20), (Status::Ret, 21)] {
        let records: Vec<IncomingRecord> = (1..=300_u32)
            .map(|n| IncomingRecord {
                line: i64::from(n),
                recipient: Recipient::from_normalised(&format!("+90532{n:07}")).expect("a phone"),
                external_id: None,
                token: None,
                name: None,
                kind: RecipientKind::Bireysel,
                consent: Some(Said {
                    channel: Channel::Mesaj,
                    status,
                    date: at(&format!("2025-06-{day}T12:00:00+03:00")),
                    source: Source::HS_WEB,
                }),
                evidence: (n % 2 == 0).then(|| format!("form {n}")),
                attributes: Vec::new(),
                standing: None,
            })
            .collect();
        let context = ApplyContext {
            firm,
            brand: brand.id,
            origin: Origin::Upload,
            origin_id: Some(5),
            actor: "user:usr_1".into(),
            now: db.store.clock().now(),
        };
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .apply_records(&context, &records)
            .await
            .expect("applies");
        writer
            .append_audit(
                firm,
                "user:usr_1",
                "upload.apply",
                "upl_5",
                &serde_json::json!({}),
            )
            .await
            .expect("noted");
        writer.commit().await.expect("commits");
    }
    (engine, firm, brand)
}

/// Replaces the first occurrence of a text in a file by one of equal length.
fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).expect("readable");
    assert!(text.contains(from), "{file} holds {from}");
    std::fs::write(&path, text.replacen(from, to, 1)).expect("writable");
}

#[tokio::test]
async fn an_export_is_verified_from_its_files_alone_and_a_changed_byte_is_named() {
    for db in store::testing::each().await {
        let (engine, firm, brand) = house(&db).await;
        let folder = tempfile::tempdir().expect("a folder");
        let whole = folder.path().join("whole");
        let manifest = engine
            .export_ledger(firm, &brand, &whole, "user:usr_1")
            .await
            .expect("exports");
        assert_eq!(
            (manifest.blocks, manifest.events, manifest.audit_entries),
            (2, 600, 2),
            "{}",
            db.name
        );
        let check = verify_export(&whole).expect("reads");
        assert_eq!(check.difference, None);
        assert_eq!((check.blocks, check.events, check.entries), (2, 600, 2));
        let again = engine
            .export_ledger(firm, &brand, &whole, "user:usr_1")
            .await;
        assert!(again.is_err(), "an export is never written over");

        let cases = [
            (EVENTS, "\"status\":\"ONAY\"", "\"status\":\"RET\""),
            (EVENTS, "+905320000007", "+905320000008"),
            (EVENTS, "HS_WEB", "HS_ATM"),
            (EVENTS, "2025-06-20T12:00:00", "2025-06-20T12:00:01"),
            (EVENTS, "\"evidence\":null", "\"evidence\":\"\""),
            (EVENTS, "user:usr_1", "user:usr_2"),
            (BLOCKS, "\"count\":300", "\"count\":299"),
            (BLOCKS, "\"number\":2", "\"number\":3"),
            (TRAIL, "upload.apply", "upload.appIy"),
            (TRAIL, "{}", "{ }"),
        ];
        for (file, from, to) in cases {
            let copy = folder.path().join("copy");
            std::fs::create_dir_all(&copy).expect("a folder");
            for name in [EVENTS, BLOCKS, TRAIL, "manifest.json"] {
                std::fs::copy(whole.join(name), copy.join(name)).expect("copied");
            }
            change(&copy, file, from, to);
            let found = verify_export(&copy).expect("reads").difference;
            let is_named = match &found {
                Some(Difference::Chain(fault)) => file != TRAIL && !fault.text_tr().is_empty(),
                Some(Difference::Entry { number, .. }) => file == TRAIL && *number == 1,
                _ => false,
            };
            assert!(is_named, "{}: {file}: {from} → {to}: {found:?}", db.name);
        }
        let cut = folder.path().join("cut");
        std::fs::create_dir_all(&cut).expect("a folder");
        for name in [EVENTS, TRAIL, "manifest.json"] {
            std::fs::copy(whole.join(name), cut.join(name)).expect("copied");
        }
        let blocks = std::fs::read_to_string(whole.join(BLOCKS)).expect("readable");
        let first = blocks.lines().next().expect("a block");
        std::fs::write(cut.join(BLOCKS), format!("{first}\n")).expect("writable");
        let found = verify_export(&cut).expect("reads").difference;
        assert_eq!(
            found,
            Some(Difference::Chain(Fault::HeadDiffers { head: 2 }))
        );
    }
}

#[tokio::test]
async fn the_trail_is_verified_with_its_seals_and_an_export_stands_in_it() {
    for db in store::testing::each().await {
        let (engine, firm, brand) = house(&db).await;
        let folder = tempfile::tempdir().expect("a folder");
        engine
            .export_ledger(firm, &brand, &folder.path().join("out"), "user:usr_9")
            .await
            .expect("exports");
        let check = engine.verify_trail(firm).await.expect("verifies");
        assert_eq!(check.trail.broken, None, "{}", db.name);
        assert_eq!((check.trail.entries, check.seals), (3, 0));
        let mut reader = db.store.read().await.expect("a reader");
        let newest = reader
            .audit_trail(firm, store::audit::AuditFilter::default(), None, 1)
            .await
            .expect("a trail");
        assert_eq!(newest[0].action, "ledger.export");
        assert_eq!(newest[0].actor, "user:usr_9");
    }
}
