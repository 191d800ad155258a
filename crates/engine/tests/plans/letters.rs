//! Characters leave as their campaign, or else its account, says, and whoever
//! writes the text sees which ones are replaced.

use domain::Channel;
use domain::lettering::Lettering;
use domain::plan::Plan;
use engine::EngineError;
use serde_json::json;
use store::campaigns::NewCampaign;

use crate::house::{House, TEXT, WHO};
use crate::provider::{Provider, Says};

/// A typographic dash, a no-break space and Turkish letters.
fn text(house: &House, lettering: Option<Lettering>) -> NewCampaign {
    let plan = Plan {
        lettering,
        ..Plan::default()
    };
    NewCampaign {
        body: format!("{{{{ad}}}} – %20\u{a0}ışıl ışıl {TEXT}"),
        batch_size: 1,
        ..house.text(plan)
    }
}

/// What the person of this name was sent.
async fn sent(house: &House, provider: &Provider, new: NewCampaign) -> String {
    let engine = &house.engine;
    let made = engine.create_campaign(house.firm, new, WHO).await;
    let id = made.expect("a draft").id;
    engine.launch(house.firm, id, WHO).await.expect("launched");
    while engine.step_launch().await.expect("a step") == engine::Step::Did {}
    let before = provider.requests().len();
    house.dispatch().await;
    let requests = provider.requests();
    let mut texts = requests[before..].iter().map(|request| request.text());
    let text = texts.find(|text| text.starts_with("Ali"));
    text.expect("somebody was sent it").to_owned()
}

#[tokio::test]
async fn characters_leave_as_the_campaign_says_and_as_the_account_does_where_it_says_nothing() {
    for db in store::testing::each().await {
        let provider = Provider::that(|_| Says::Takes(Vec::new())).await;
        provider.holds(100.0);
        let house = House::at(&db, 2, &provider.url).await;
        let written = format!("Ali – %20\u{a0}ışıl ışıl {TEXT}");
        let plain = written.replace('–', "-").replace('\u{a0}', " ");
        let as_written = sent(&house, &provider, text(&house, None)).await;
        assert_eq!(as_written, written, "{}", db.name);
        let clean = text(&house, Some(Lettering::Clean));
        assert_eq!(sent(&house, &provider, clean).await, plain, "{}", db.name);

        let setting = json!({ "lettering": "transliterate" });
        let changed = house.engine.change_connector(
            house.firm,
            house.accounts[0],
            None,
            setting.as_object(),
            WHO,
        );
        changed.await.expect("changed");
        let ascii = plain.replace('ı', "i").replace('ş', "s").replace('Ş', "S");
        let by_account = sent(&house, &provider, text(&house, None)).await;
        assert_eq!(by_account, ascii, "{}", db.name);
        let own = text(&house, Some(Lettering::AsWritten));
        assert_eq!(sent(&house, &provider, own).await, written, "{}", db.name);
    }
}

#[tokio::test]
async fn what_is_replaced_is_told_before_anything_leaves() {
    for db in store::testing::each().await {
        let house = House::with(&db, 3).await;
        let engine = &house.engine;
        let told = async |lettering| {
            let new = text(&house, lettering);
            let made = engine.create_campaign(house.firm, new, WHO).await;
            let id = made.expect("a draft").id;
            let run = engine.dry_run(house.firm, id).await.expect("a dry run");
            let measured = engine.measure(house.firm, id).await.expect("measured");
            (run, measured)
        };
        let (run, measured) = told(None).await;
        assert!(run.changes.is_empty() && measured.changes.is_empty());
        assert_eq!(measured.by_encoding.get("UCS-2"), Some(&3), "{}", db.name);

        let (run, measured) = told(Some(Lettering::Clean)).await;
        let changes: Vec<(char, &str, u32)> = run
            .changes
            .iter()
            .map(|change| (change.from, change.to, change.count))
            .collect();
        assert_eq!(changes, [('\u{a0}', " ", 1), ('–', "-", 1)], "{}", db.name);
        // In the text of each of the three.
        assert_eq!(measured.letters_changed, 6, "{}", db.name);
        assert_eq!(measured.by_encoding.get("GSM-7-TR"), Some(&3));
        let findings = run.findings.iter().map(|found| found.finding);
        assert!(
            findings
                .clone()
                .all(|one| one != domain::lint::Finding::Ucs2)
        );

        let (_, measured) = told(Some(Lettering::Ascii)).await;
        assert_eq!(measured.by_encoding.get("GSM-7"), Some(&3));
        assert!(measured.longest.is_some_and(|text| text.is_ascii()));
    }
}

#[tokio::test]
async fn only_a_text_message_pays_by_its_letters() {
    for db in store::testing::each().await {
        let house = House::with(&db, 1).await;
        let mail = NewCampaign {
            channel: Channel::Eposta,
            sender: "bilgi@ornek.com".into(),
            ..text(&house, Some(Lettering::Clean))
        };
        let refused = house.engine.create_campaign(house.firm, mail, WHO).await;
        assert!(
            matches!(&refused, Err(EngineError::Invalid { field, .. }) if *field == "plan.lettering"),
            "{}: {refused:?}",
            db.name
        );
    }
}
