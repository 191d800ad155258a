//! Files that say which retailer took a consent.

use engine::uploads::LeaveOpen;

use crate::desk::{self, work};

#[tokio::test(flavor = "multi_thread")]
async fn the_retailer_of_a_row_is_kept_with_its_event_and_in_its_evidence() {
    for desk in desk::each().await {
        let name = desk.db.name;
        let (engine, _guard) = desk.engine("w1", |_| {}).await;
        let text = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı;İYS Bayi Kodu;bayi\n\
            0532 100 00 01;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;66438915;Moda\n\
            0532 100 00 02;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;;Bebek\n\
            0532 100 00 03;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;B-3;\n";
        let upload = engine
            .receive(desk.file("bayi"), text.as_bytes())
            .await
            .unwrap();
        work(&engine).await;
        let judged = engine.upload(desk.firm, upload.id).await.unwrap();
        assert_eq!(judged.progress.pairs_rejected, 0, "{name}");
        let codes = judged.summary["codes"].as_array().unwrap();
        let noted = codes.iter().find(|counted| counted["code"] == "W704");
        assert_eq!(noted.expect("W704")["count"], 1, "{name}");
        engine
            .approve_upload(desk.firm, upload.id, "usr_can", &LeaveOpen::All)
            .await
            .expect("approved");
        work(&engine).await;
        assert_eq!(desk.events().await, 3, "{name}");

        let mut reader = desk.db.store.read().await.unwrap();
        let blocks = reader.ledger_blocks(desk.brand, 0).await.unwrap();
        let events: Vec<_> = blocks.iter().flat_map(|block| &block.events).collect();
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        let taken = reader.event_retailers(&ids).await.unwrap();
        assert_eq!(taken.len(), 1, "{name}");
        for event in events {
            let code = taken.get(&event.id).copied();
            let is_first = event.origin_line == Some(2);
            assert_eq!(code, is_first.then_some(66_438_915), "{name}");
            let evidence = is_first.then_some("bayi 66438915");
            assert_eq!(event.evidence.as_deref(), evidence, "{name}");
        }
        let branches = reader.branch_scores(desk.firm, desk.brand).await.unwrap();
        let mut named: Vec<_> = branches.iter().map(|one| one.name.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, ["B-3", "Bebek", "Moda"], "{name}");
    }
}
