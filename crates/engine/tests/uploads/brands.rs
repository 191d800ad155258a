//! Files that say whose consent it is.

use crate::desk::{self, work};

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_call_the_brand_by_its_name_or_short_name_are_taken_and_those_of_another_are_not()
{
    for desk in desk::each().await {
        let (engine, _guard) = desk.engine("w1", |_| {}).await;
        let text = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı;marka\n\
            0532 100 00 01;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;Marka\n\
            0532 100 00 02;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;MARKA\n\
            0532 100 00 03;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;Başka Mağaza\n";
        let upload = engine
            .receive(desk.file("marka"), text.as_bytes())
            .await
            .unwrap();
        work(&engine).await;
        let judged = engine.upload(desk.firm, upload.id).await.unwrap();
        assert_eq!(
            (judged.progress.pairs_judged, judged.progress.pairs_rejected),
            (3, 1),
            "{}",
            desk.db.name
        );
        let codes = judged.summary["codes"].as_array().unwrap();
        let refused = codes.iter().find(|counted| counted["code"] == "R709");
        assert_eq!(refused.expect("R709")["count"], 1, "{}", desk.db.name);
    }
}
