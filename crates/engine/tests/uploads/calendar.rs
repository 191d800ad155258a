//! Which days are business days is data, and a file is judged by it.

use domain::RegistryMode;
use engine::Action;

use crate::desk::{self, work};

#[tokio::test(flavor = "multi_thread")]
async fn a_holiday_of_the_firm_s_own_table_gives_a_consent_another_day() {
    for desk in desk::each().await {
        let mut writer = desk.db.store.write().await.unwrap();
        let mut brand = writer.brand_to_change(desk.firm, desk.brand).await.unwrap();
        brand.mode = RegistryMode::Integrator;
        (brand.iys_code, brand.brand_code) = (Some(650_001), Some(650_001));
        writer.save_brand(&brand).await.unwrap();
        writer.commit().await.unwrap();
        let table = desk.folder.path().join("tatiller.tsv");
        let builtin = include_str!("../../../domain/data/holidays.tsv");
        let day = "single\t2025-06-20\tfull\tEk tatil\tExtra holiday\n";
        std::fs::write(&table, format!("{builtin}{day}")).unwrap();
        // Wednesday morning; on Monday at ten three business days are over,
        // unless one of them was none.
        let text = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n\
            0532 100 00 01;ONAY;18.06.2025 09:00;MESAJ;HS_WEB\n";
        for (worker, holidays, rejected) in [("w1", None, 1), ("w2", Some(table), 0)] {
            let (engine, _guard) = desk
                .engine(worker, |settings| {
                    settings.deadlines.holidays_file = holidays;
                })
                .await;
            let file = engine::uploads::NewFile {
                action: Action::Push,
                ..desk.file(worker)
            };
            let upload = engine.receive(file, text.as_bytes()).await.unwrap();
            work(&engine).await;
            let judged = engine.upload(desk.firm, upload.id).await.unwrap();
            assert_eq!(
                (judged.progress.pairs_judged, judged.progress.pairs_rejected),
                (1, rejected),
                "{}, {worker}: {}",
                desk.db.name,
                judged.summary
            );
        }
    }
}
