//! Cases of complaints: what lies sealed, what a hold keeps, and what a closed
//! one does not let happen.

use domain::Timestamp;
use domain::ids::{BrandId, CaseId, FirmId, RecipientId};
use store::StoreError;
use store::complaint_cases::{CaseChange, NewCase};

use crate::support::Window;
use crate::{addresses, now, sealed, tenant};

const TEXT: &str = "İzin vermedim, neden geldi?";

async fn opened(store: &store::Store, firm: FirmId, brand: BrandId, number: i64) -> CaseId {
    let at = Timestamp::from_micros(0);
    let public_key = format!("anahtar-{number}");
    let new = NewCase {
        firm,
        brand,
        recipient: RecipientId::from_db(number),
        public_key: &public_key,
        sender: "ORNEK",
        happened_at: at,
        text: TEXT,
        picture: None,
        is_trader: false,
        received_at: at,
        actor: "citizen",
    };
    now(store, async |w| w.open_case(&new).await.expect("a case")).await
}

async fn pushed(store: &store::Store, brand: BrandId) {
    now(store, async |w| {
        w.store_registry_push(brand, &[1; 32], b"{}")
            .await
            .expect("kept")
    })
    .await;
}

#[tokio::test]
async fn what_iys_told_about_a_brand_is_kept_while_a_complaint_of_it_is_held() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Tutulan").await;
        let (other, free) = tenant(&db, "Serbest").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..2).await;
        addresses(&mut window, other, 2..3).await;
        let held = opened(&db.store, firm, brand, 1).await;
        opened(&db.store, other, free, 2).await;
        pushed(&db.store, brand).await;
        pushed(&db.store, free).await;
        assert_eq!(window.run("UPDATE registry_push SET state = 2").await, 2);
        let hold = async |on| {
            now(&db.store, async |w| {
                w.change_case(firm, held, &CaseChange::Hold(on)).await
            })
            .await
        };
        hold(true).await.expect("held");
        let later = db.store.clock().now().plus_micros(1_000_000);
        let forget = async || {
            now(&db.store, async |w| {
                w.forget_pushes_before(later).await.expect("forgotten")
            })
            .await
        };
        assert_eq!(forget().await, 1, "{}: only the free one", db.name);
        hold(false).await.expect("released");
        assert_eq!(forget().await, 1, "{}: released", db.name);
    }
}

#[tokio::test]
async fn what_a_citizen_wrote_lies_sealed_and_a_closed_case_is_not_answered() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Firma").await;
        let (stranger, _) = tenant(&db, "Yabancı").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..2).await;
        let id = opened(&db.store, firm, brand, 1).await;
        let length = window
            .number("SELECT CAST(length(body) AS BIGINT) FROM complaint_case")
            .await;
        assert_eq!(length, sealed(TEXT), "{}", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        let case = reader.case(firm, id).await.expect("read").expect("there");
        assert_eq!(case.text, TEXT);
        assert!(reader.case(stranger, id).await.expect("read").is_none());
        drop(reader);
        let change = async |of: FirmId, change: CaseChange<'static>| {
            now(&db.store, async |w| w.change_case(of, id, &change).await).await
        };
        assert!(matches!(
            change(stranger, CaseChange::Solved).await,
            Err(StoreError::Lost { .. })
        ));
        change(firm, CaseChange::Assigned("usr_murat"))
            .await
            .expect("taken");
        change(firm, CaseChange::Solved).await.expect("closed");
        for late in [
            CaseChange::Answered,
            CaseChange::Informed,
            CaseChange::Solved,
            CaseChange::Assigned("usr_can"),
        ] {
            assert!(
                matches!(change(firm, late).await, Err(StoreError::Lost { .. })),
                "{}",
                db.name
            );
        }
        change(firm, CaseChange::Hold(true))
            .await
            .expect("held all the same");
    }
}
