//! Messages that programs ask for by a template's key: on the template's ground,
//! within its limits and hours, and with nothing said otherwise than it allows.

use std::collections::BTreeSet;

use domain::api_message::{ApiMessage, Overridable};
use domain::gate::{Basis, SendingWindow};
use domain::ids::TemplateId;
use domain::time::HOUR_US;
use domain::{Channel, Recipient, RecipientKind};
use engine::campaigns::{Addressee, ApiMessages, Asked, Overrides};
use engine::{EngineError, Step};
use store::templates::NewTemplate;
use store::testing::TestDatabase;

use crate::house::{House, WHO, at};
use crate::provider::{Provider, Says};

const KEY: &str = "siparis.kargoda";
const STRANGER: &str = "+905559990001";

fn settings(house: &House) -> ApiMessage {
    ApiMessage {
        key: KEY.into(),
        basis: Basis::Informational,
        purpose: "siparis".into(),
        kind: RecipientKind::Bireysel,
        sender: "ORNEK".into(),
        connector: house.accounts[0],
        overridable: BTreeSet::new(),
        total_limit: None,
        person_limit: None,
        limit_hours: 24,
        window: None,
        expires_minutes: None,
    }
}

async fn template(db: &TestDatabase, house: &House, body: &str) -> TemplateId {
    let new = NewTemplate {
        brand: house.brand,
        name: "Kargo".into(),
        channel: Channel::Mesaj,
        body: body.into(),
        health_approved_by: None,
    };
    let mut writer = db.store.write().await.expect("a transaction");
    let made = writer.create_template(house.firm, new).await.expect("made");
    writer.commit().await.expect("commits");
    made.id
}

/// A template that programs may send as `settings` say.
async fn keyed(db: &TestDatabase, house: &House, settings: &ApiMessage) -> TemplateId {
    let id = template(db, house, "Siparişiniz {{p_no}} kargoya verildi.").await;
    let set = house.engine.set_api_message(house.firm, id, settings, WHO);
    set.await.expect("set");
    id
}

fn call(people: &[&str], overrides: Overrides) -> ApiMessages {
    let people = people.iter().map(|to| Addressee {
        to: Recipient::from_normalised(to).expect("an address"),
        parameters: [("p_no".to_owned(), "A-1".to_owned())].into(),
    });
    ApiMessages {
        key: KEY.into(),
        people: people.collect(),
        overrides,
    }
}

async fn asked(house: &House, call: ApiMessages) -> Result<Vec<Asked>, EngineError> {
    let asked = house.engine.send_by_key(house.firm, call, WHO).await?;
    while house.engine.step_launch().await? == Step::Did {}
    Ok(asked)
}

/// The code of what a limit kept back; `taken` for what is on its way.
fn codes(asked: &[Asked]) -> Vec<&'static str> {
    let code = |one: &Asked| match one {
        Asked::Taken(_) => "taken",
        Asked::Refused(fault) => fault.code,
    };
    asked.iter().map(code).collect()
}

/// Field and code of a refused call.
fn refusal(refused: Result<Vec<Asked>, EngineError>) -> (&'static str, &'static str) {
    match refused {
        Err(EngineError::Faults(faults)) => (faults[0].field, faults[0].code),
        Err(EngineError::Invalid { field, .. }) => (field, "invalid"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_leaves_with_its_parameters_even_to_somebody_whom_nobody_knew() {
    for db in store::testing::each().await {
        let provider = Provider::that(|_| Says::Takes(Vec::new())).await;
        let house = House::at(&db, 1, &provider.url).await;
        keyed(&db, &house, &settings(&house)).await;
        let asked = asked(&house, call(&[STRANGER], Overrides::default())).await;
        assert_eq!(codes(&asked.expect("asked")), ["taken"], "{}", db.name);
        house.dispatch().await;
        let requests = provider.requests();
        assert_eq!(requests.len(), 1, "{}", db.name);
        assert_eq!(requests[0].text(), "Siparişiniz A-1 kargoya verildi.");
        assert!(requests[0].has(&STRANGER[1..]), "{:?}", requests[0].people);
        let mut reader = db.store.read().await.expect("a reader");
        let listed = reader.campaigns(house.firm, None, 10).await;
        assert!(listed.expect("read").is_empty(), "{}: no campaign", db.name);
    }
}

#[tokio::test]
async fn what_the_template_does_not_let_a_call_say_is_refused_with_a_code() {
    for db in store::testing::each().await {
        let house = House::with(&db, 1).await;
        let id = keyed(&db, &house, &settings(&house)).await;
        let text = || Overrides {
            text: Some("Randevunuz {{p_no}} yarin.".into()),
            ..Overrides::default()
        };
        let all = [
            ("overrides.text", text()),
            (
                "overrides.sender",
                Overrides {
                    sender: Some("BASKA".into()),
                    ..Overrides::default()
                },
            ),
            (
                "overrides.ignores_limits",
                Overrides {
                    ignores_limits: true,
                    ..Overrides::default()
                },
            ),
        ];
        for (field, overrides) in all {
            let refused = asked(&house, call(&[STRANGER], overrides)).await;
            let expected = (field, "override_not_allowed");
            assert_eq!(refusal(refused), expected, "{}", db.name);
        }
        let mut allowed = settings(&house);
        allowed.overridable.insert(Overridable::Text);
        let set = house.engine.set_api_message(house.firm, id, &allowed, WHO);
        set.await.expect("set");
        let taken = asked(&house, call(&[STRANGER], text())).await;
        assert_eq!(codes(&taken.expect("asked")), ["taken"], "{}", db.name);
    }
}

#[tokio::test]
async fn limits_keep_back_what_is_too_much_for_one_person_or_altogether() {
    for db in store::testing::each().await {
        let house = House::with(&db, 1).await;
        let mut limited = settings(&house);
        (limited.person_limit, limited.total_limit) = (Some(1), Some(3));
        limited.overridable.insert(Overridable::Limits);
        keyed(&db, &house, &limited).await;
        let others = ["+905559990002", "+905559990003", "+905559990004"];
        let send = async |people: &[&str], ignores_limits| {
            let overrides = Overrides {
                ignores_limits,
                ..Overrides::default()
            };
            codes(&asked(&house, call(people, overrides)).await.expect("asked"))
        };
        assert_eq!(send(&[STRANGER], false).await, ["taken"], "{}", db.name);
        assert_eq!(send(&[STRANGER], false).await, ["person_limit"]);
        let rest = send(&others, false).await;
        assert_eq!(rest, ["taken", "taken", "total_limit"], "{}", db.name);
        assert_eq!(send(&[STRANGER], true).await, ["taken"], "{}", db.name);
        db.clock.advance(25 * HOUR_US);
        assert_eq!(send(&others[2..], false).await, ["taken"], "{}", db.name);
    }
}

#[tokio::test]
async fn what_is_asked_for_at_night_leaves_in_the_morning_unless_the_call_may_say_otherwise() {
    for db in store::testing::each().await {
        let provider = Provider::that(|_| Says::Takes(Vec::new())).await;
        let house = House::at(&db, 1, &provider.url).await;
        let mut hours = settings(&house);
        hours.window = Some(SendingWindow::CUSTOMARY);
        hours.overridable.insert(Overridable::Window);
        keyed(&db, &house, &hours).await;
        db.clock.set(at("2026-07-14T22:30:00+03:00"));
        let morning = at("2026-07-15T09:00:00+03:00");
        let waits = asked(&house, call(&[STRANGER], Overrides::default())).await;
        let waits = waits.expect("asked");
        assert!(
            matches!(&waits[..], [Asked::Taken(taken)] if taken.leaves_at == Some(morning)),
            "{}: {waits:?}",
            db.name
        );
        house.dispatch().await;
        assert_eq!(provider.reached(), 0, "{}", db.name);

        let now = Overrides {
            ignores_window: true,
            ..Overrides::default()
        };
        let at_once = asked(&house, call(&["+905559990002"], now)).await;
        assert_eq!(codes(&at_once.expect("asked")), ["taken"]);
        house.dispatch().await;
        assert_eq!(provider.reached(), 1, "{}", db.name);

        db.clock.set(morning);
        while house.engine.step_launch().await.expect("a step") == Step::Did {}
        house.dispatch().await;
        assert_eq!(provider.reached(), 2, "{}", db.name);
    }
}

#[tokio::test]
async fn an_advertisement_does_not_pass_for_information_by_any_part_of_it() {
    for db in store::testing::each().await {
        let house = House::with(&db, 1).await;
        let promoting = template(&db, &house, "Yaz indirimi %20, kaçırmayın!").await;
        let engine = &house.engine;
        let usual = settings(&house);
        let refused = engine.set_api_message(house.firm, promoting, &usual, WHO);
        let refused = refused.await.map(|_| Vec::new());
        assert_eq!(refusal(refused), ("template", "promotion"), "{}", db.name);
        let mut commercial = settings(&house);
        commercial.basis = Basis::Commercial;
        let refused = engine.set_api_message(house.firm, promoting, &commercial, WHO);
        let refused = refused.await.map(|_| Vec::new());
        assert_eq!(refusal(refused), ("basis", "invalid"), "{}", db.name);

        let mut free = settings(&house);
        free.overridable.insert(Overridable::Text);
        keyed(&db, &house, &free).await;
        let text = Overrides {
            text: Some("Büyük indirim! {{p_no}}".into()),
            ..Overrides::default()
        };
        let refused = asked(&house, call(&[STRANGER], text)).await;
        assert_eq!(refusal(refused), ("overrides.text", "promotion"));
        let mut by_value = call(&[STRANGER], Overrides::default());
        let value = "A-1, hediye kuponunuz hazır";
        by_value.people[0].parameters = [("p_no".to_owned(), value.to_owned())].into();
        let refused = asked(&house, by_value).await;
        assert_eq!(refusal(refused), ("messages.parameters", "promotion"));
    }
}

#[tokio::test]
async fn a_call_gives_exactly_the_parameters_of_the_text_and_each_person_once() {
    for db in store::testing::each().await {
        let house = House::with(&db, 1).await;
        keyed(&db, &house, &settings(&house)).await;
        let with = |parameters: &[(&str, &str)]| {
            let mut call = call(&[STRANGER], Overrides::default());
            let given = parameters.iter();
            let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            call.people[0].parameters = given.collect();
            call
        };
        for wrong in [
            with(&[]),
            with(&[("p_no", " ")]),
            with(&[("p_no", "A-1"), ("p_baska", "x")]),
            with(&[("p_no", "A-1"), ("ad", "Ali")]),
        ] {
            let refused = refusal(asked(&house, wrong).await);
            assert_eq!(refused, ("messages.parameters", "invalid"), "{}", db.name);
        }
        let twice = call(&[STRANGER, STRANGER], Overrides::default());
        assert_eq!(refusal(asked(&house, twice).await), ("messages", "invalid"));
        let mut other = call(&[STRANGER], Overrides::default());
        other.key = "olmayan".into();
        let unknown = asked(&house, other).await;
        assert!(matches!(unknown, Err(EngineError::NotFound { .. })));
    }
}
