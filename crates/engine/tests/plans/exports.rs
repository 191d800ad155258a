//! What leaves a campaign as a file is everybody once, in the order and the
//! columns wished, masked where it must be.

use domain::ReasonCode;
use domain::plan::Plan;
use domain::time::HOUR_US;
use engine::exports::{ExportForm, ExportOf, PeopleColumn, Wish};
use store::campaigns::Campaign;
use store::dispatch::{ExceptionClass, SendException};
use store::reporting::{PersonFilter, PersonState};
use store::testing::TestDatabase;

use crate::house::{House, WHO};

fn wish(form: ExportForm, masked: bool) -> Wish {
    Wish {
        form,
        masked,
        actor: WHO.into(),
    }
}

fn people(state: Option<PersonState>, columns: &[&str]) -> ExportOf {
    ExportOf::People {
        filter: PersonFilter { code: None, state },
        columns: columns
            .iter()
            .map(|name| PeopleColumn::parse(name).expect("a column"))
            .collect(),
    }
}

/// 25 people in three requests: one refused by the provider, one taken out by
/// the last gate, one request that waits.
async fn half_sent(db: &TestDatabase, house: &House) -> Campaign {
    let id = house.campaign(Plan::default()).await;
    let mut writer = db.store.write().await.expect("a transaction");
    let lease = writer.now().plus_micros(HOUR_US);
    let picked = writer
        .pick_batches(house.accounts[0], "test", lease, 2)
        .await
        .expect("picked");
    for (at, batch) in picked.iter().enumerate() {
        let gone = SendException {
            recipient: batch.people.0,
            code: Some(ReasonCode::S103),
            class: ExceptionClass::Gate,
            provider_code: None,
            provider_text: None,
        };
        let gone = if at == 0 { vec![gone] } else { Vec::new() };
        writer
            .hand_over(batch, "izn-1", b"metin", &gone)
            .await
            .expect("stored");
        let refused = SendException {
            recipient: batch.people.1,
            code: None,
            class: ExceptionClass::Permanent,
            provider_code: Some("EC_5".into()),
            provider_text: Some("=unknown; number".into()),
        };
        let refused = if at == 0 { vec![refused] } else { Vec::new() };
        writer
            .settle_accepted(batch, "ref", 8, &refused)
            .await
            .expect("settled");
    }
    writer.commit().await.expect("commits");
    house.engine.campaign(house.firm, id).await.expect("held")
}

async fn written(house: &House, campaign: &Campaign, of: &ExportOf, wish: &Wish) -> Vec<u8> {
    let mut bytes = Vec::new();
    house
        .engine
        .export_campaign(house.firm, campaign.id, of, wish, &mut bytes)
        .await
        .expect("an export");
    bytes
}

fn lines(bytes: Vec<u8>) -> Vec<String> {
    let text = String::from_utf8(bytes).expect("UTF-8");
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn everybody_of_a_campaign_leaves_once_in_the_columns_that_were_chosen() {
    for db in store::testing::each().await {
        let house = House::with(&db, 25).await;
        let campaign = half_sent(&db, &house).await;
        let chosen = people(None, &["durum_kodu", "alici", "kod", "hata_sinifi"]);
        let csv = written(&house, &campaign, &chosen, &wish(ExportForm::Csv, false)).await;
        let csv = lines(csv);
        assert_eq!(csv[0], "durum_kodu;alici;kod;hata_sinifi", "{}", db.name);
        let mut addresses: Vec<&str> = csv[1..]
            .iter()
            .filter_map(|line| line.split(';').nth(1))
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), 25, "{}", db.name);
        let count = |state: &str| csv.iter().filter(|line| line.starts_with(state)).count();
        assert_eq!(
            ["excluded;", "waiting;", "sent;", "failed;"].map(count),
            [1, 5, 18, 1],
            "{}",
            db.name
        );
        assert!(csv.iter().any(|line| line.ends_with(";S103;")));

        let masked = written(&house, &campaign, &chosen, &wish(ExportForm::Csv, true)).await;
        let masked = lines(masked);
        assert!(
            masked[1..].iter().all(|line| line.contains("'+90532*****")),
            "{}",
            db.name
        );
        let reader = &mut db.store.read().await.expect("a reader");
        let trail = reader
            .audit_trail(house.firm, store::audit::AuditFilter::default(), None, 10)
            .await
            .expect("the trail");
        let exports: Vec<_> = trail
            .iter()
            .filter(|entry| entry.action == "campaign.export")
            .map(|entry| entry.detail["masked"].clone())
            .collect();
        assert_eq!(exports, [true, false], "{}", db.name);
    }
}

#[tokio::test]
async fn a_failure_is_told_in_our_class_and_in_the_providers_words_and_runs_in_no_spreadsheet() {
    for db in store::testing::each().await {
        let house = House::with(&db, 25).await;
        let campaign = half_sent(&db, &house).await;
        let failed = people(
            Some(PersonState::Failed),
            &["hata_sinifi", "saglayici_kodu", "saglayici_metni"],
        );
        let csv = written(&house, &campaign, &failed, &wish(ExportForm::Csv, false)).await;
        assert_eq!(
            lines(csv)[1..],
            ["refused_permanent;EC_5;\"'=unknown; number\""],
            "{}",
            db.name
        );
        let excluded = people(Some(PersonState::Excluded), &["kod"]);
        let csv = written(&house, &campaign, &excluded, &wish(ExportForm::Csv, false)).await;
        assert_eq!(lines(csv), ["kod", "S103"], "{}", db.name);
        for (form, begins) in [
            (ExportForm::Xlsx, &b"PK"[..]),
            (ExportForm::Parquet, &b"PAR1"[..]),
        ] {
            let all = written(
                &house,
                &campaign,
                &ExportOf::everybody(),
                &wish(form, false),
            )
            .await;
            assert!(all.starts_with(begins), "{} {form:?}", db.name);
        }
    }
}

#[tokio::test]
async fn the_numbers_leave_with_what_the_campaign_has_cost() {
    for db in store::testing::each().await {
        let house = House::with(&db, 25).await;
        let rules = domain::hours::SendingRules {
            part_price_micros: Some(250_000),
            ..domain::hours::SendingRules::default()
        };
        house
            .engine
            .set_sending_rules(house.firm, house.brand, &rules, WHO)
            .await
            .expect("set");
        let campaign = half_sent(&db, &house).await;
        let cost = house
            .engine
            .campaign_cost(house.firm, campaign.id)
            .await
            .expect("a cost");
        // Of the first ten one was kept back and one refused.
        assert_eq!(
            (cost.parts, cost.uncertain_parts),
            (Some(18), 0),
            "{}",
            db.name
        );
        assert_eq!(cost.micros, Some(18 * 250_000));
        let as_csv = wish(ExportForm::Csv, false);
        let csv = written(&house, &campaign, &ExportOf::Report, &as_csv).await;
        let csv = lines(csv);
        for line in [
            "Hedef kitle;target;;25",
            "Dışarıda kalan;excluded;;1",
            "Bekleyen;held_waiting;;5",
            "Gönderilen;sent;;19",
            "Sağlayıcının kabul etmediği;failed_refused;;1",
            "Gönderilen boy;parts;;18",
            "Tutar (kuruş);cost_kurus;;450",
        ] {
            assert!(
                csv.contains(&line.to_owned()),
                "{}: {line} in {csv:?}",
                db.name
            );
        }
    }
}
