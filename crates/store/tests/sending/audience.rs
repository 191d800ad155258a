//! An audience judged as a set agrees with the gate about each of its people,
//! and is frozen whole or not at all.

use domain::gate::{Basis, BrandPolicy, MessageFacts, Question, RouteFacts, SendingWindow, decide};
use domain::ids::{BrandId, FirmId, RecipientId};
use domain::time::DAY_US;
use domain::{Channel, ReasonCode, Recipient, RecipientKind, RegistryMode, Status, Verdict};
use proptest::prelude::*;
use store::audience::{AudienceQuestion, Judged};
use store::audience_people::JudgedGroup;
use store::campaigns::{Audience, Exclusions};
use store::person::{FactsAbout, Person};
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

/// What is on record for one key.
#[derive(Debug, Clone)]
struct DrawnKey {
    local: i64,
    citizen: bool,
    verdict: i64,
    /// Age of the last answer, measured from the oldest that may be relied on:
    /// above zero is too old.
    checked: Option<i64>,
}

/// A person as chance wills.
#[derive(Debug, Clone)]
struct Drawn {
    own: Option<DrawnKey>,
    other: Option<DrawnKey>,
    /// For every channel, and for the channel in question: 0 no stop, 1
    /// blacklist, 2 complaint, 3 both.
    stops: (i64, i64),
    /// 0 reachable, 1 dead, 2 keeps failing.
    undeliverable: i64,
    name: Option<&'static str>,
    number: Option<&'static str>,
    city: Option<&'static str>,
    is_listed: bool,
}

/// What is asked about the people.
#[derive(Debug, Clone)]
struct Asked {
    kind: RecipientKind,
    basis: Basis,
    mode: RegistryMode,
    is_signed: bool,
    variables: Vec<&'static str>,
    obstacle: Option<ReasonCode>,
    listing: u8,
}

fn a_key() -> impl Strategy<Value = Option<DrawnKey>> {
    let age = prop_oneof![
        Just(-DAY_US),
        Just(-1),
        Just(0),
        Just(1),
        Just(DAY_US),
        -5_i64..5
    ];
    let local = prop_oneof![1 => Just(0_i64), 3 => Just(1), 1 => Just(2)];
    let verdict = prop_oneof![1 => Just(Verdict::Onay.as_db()), 1 => 0_i64..=6];
    let key = (
        local,
        any::<bool>(),
        verdict,
        proptest::option::weighted(0.8, age),
    )
        .prop_map(|(local, citizen, verdict, checked)| DrawnKey {
            local,
            citizen,
            verdict,
            checked,
        });
    proptest::option::weighted(0.85, key)
}

fn a_value(word: &'static str) -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![
        4 => Just(Some(word)),
        1 => Just(None),
        1 => Just(Some("")),
        1 => Just(Some(" \t")),
        1 => Just(Some("\u{a0}\u{2009}\u{3000}")),
    ]
}

fn a_person() -> impl Strategy<Value = Drawn> {
    let stop = || prop_oneof![6 => Just(0_i64), 1 => 1_i64..=3];
    let values = (a_value("Şükrü"), a_value("M1"), a_value("Iğdır \"merkez\""));
    let undeliverable = prop_oneof![8 => Just(0_i64), 1 => 1_i64..=2];
    let stops = (stop(), stop(), undeliverable);
    (a_key(), a_key(), stops, values, any::<bool>()).prop_map(
        |(own, other, (all, one, undeliverable), (name, number, city), is_listed)| Drawn {
            own,
            other,
            stops: (all, one),
            undeliverable,
            name,
            number,
            city,
            is_listed,
        },
    )
}

fn asked() -> impl Strategy<Value = Asked> {
    let kind = proptest::sample::select(RecipientKind::ALL);
    let basis = prop_oneof![3 => Just(Basis::Commercial), 1 => Just(Basis::Informational), 1 => Just(Basis::Otp)];
    let variables = proptest::sample::subsequence(vec!["ad", "musteri_no", "şehir", "yok"], 0..=3);
    let obstacle = prop_oneof![
        2 => Just(None),
        1 => Just(Some(ReasonCode::S404)),
        1 => Just(Some(ReasonCode::S501)),
        1 => Just(Some(ReasonCode::S503)),
    ];
    let mode = proptest::sample::select(RegistryMode::ALL);
    (
        kind,
        basis,
        mode,
        any::<bool>(),
        variables,
        obstacle,
        0_u8..3,
    )
        .prop_map(
            |(kind, basis, mode, is_signed, variables, obstacle, listing)| Asked {
                kind,
                basis,
                mode,
                is_signed,
                variables,
                // Incomplete content is no obstacle to what is not commercial.
                obstacle: obstacle
                    .filter(|code| *code != ReasonCode::S404 || basis == Basis::Commercial),
                listing,
            },
        )
}

const FIRST: i64 = 5_000;
const ELSEWHERE: FirmId = FirmId::from_db(21);
const OTHER_BRAND: BrandId = BrandId::from_db(13);

fn number(place: usize) -> i64 {
    FIRST + i64::try_from(place).expect("a small place")
}

fn address(channel: Channel, place: usize) -> Recipient {
    if channel.is_phone() {
        phone(u32::try_from(place).expect("a small place"))
    } else {
        email(&format!("kişi{place}").replace('ş', "s").replace('ı', "i"))
    }
}

fn quoted(text: Option<&str>) -> String {
    text.map_or_else(
        || "NULL".to_owned(),
        |text| format!("'{}'", text.replace('\'', "''")),
    )
}

/// Writes the people for one channel, with everything beside it that must not
/// matter: another firm with the same addresses, another brand, another channel.
async fn write_people(db: &TestDatabase, channel: Channel, people: &[Drawn]) {
    let mut window = Window::on(db).await;
    for table in [
        "recipient",
        "contact",
        "consent_state",
        "blacklist",
        "tag",
        "tag_member",
    ] {
        window.run(&format!("DELETE FROM {table}")).await;
    }
    window.run(&changed(FIRM)).await;
    let limit = db.store.clock().now().plus_micros(-DAY_US).as_micros();
    let other_channel = if channel == Channel::Mesaj {
        Channel::Arama
    } else {
        Channel::Mesaj
    };
    let mut contacts = Vec::new();
    let mut recipients = Vec::new();
    let mut states = Vec::new();
    let mut stops = Vec::new();
    let mut members = Vec::new();
    for (place, person) in people.iter().enumerate() {
        let id = number(place);
        let attributes = serde_json::json!({ "ad": "başka", "semt": "x" });
        let mut attributes = attributes.as_object().cloned().expect("an object");
        attributes.extend(person.city.map(|city| ("şehir".to_owned(), city.into())));
        let attributes = serde_json::to_string(&attributes).expect("a text");
        let external = person.number.map(|number| match number {
            "M1" => format!("M{place}"),
            blank => format!("{blank}{}", " ".repeat(place)),
        });
        contacts.push(format!(
            "({id}, {}, {}, {}, '', {}, 0, 0)",
            FIRM.as_db(),
            quoted(external.as_deref()),
            quoted(person.name),
            quoted(Some(&attributes)),
        ));
        let form = if channel.is_phone() { 1 } else { 2 };
        let text = address(channel, place);
        recipients.push(format!(
            "({id}, {}, {form}, '{text}', {id}, 0, {})",
            FIRM.as_db(),
            person.undeliverable,
        ));
        recipients.push(format!(
            "({}, {}, {form}, '{text}', {id}, 0, 1)",
            id + 1_000,
            ELSEWHERE.as_db()
        ));
        for (kind, key) in [(1, &person.own), (2, &person.other)] {
            if let Some(key) = key {
                states.push(state_row(BRAND, id, channel, kind, key, limit));
            }
            let confirmed = DrawnKey {
                local: 1,
                citizen: false,
                verdict: 1,
                checked: Some(-1),
            };
            let refused = DrawnKey {
                local: 2,
                citizen: true,
                verdict: 2,
                checked: Some(-1),
            };
            let (noise, more) = if place % 2 == 0 {
                (&confirmed, &refused)
            } else {
                (&refused, &confirmed)
            };
            states.push(state_row(OTHER_BRAND, id, channel, kind, noise, limit));
            states.push(state_row(BRAND, id, other_channel, kind, more, limit));
        }
        for (of, cause) in [(0, person.stops.0), (channel.as_db(), person.stops.1)] {
            if cause > 0 {
                let (cause, also) = if cause == 3 { (1, 1) } else { (cause, 0) };
                stops.push(format!(
                    "({}, {id}, {of}, {cause}, {also}, 'ayse', 0)",
                    FIRM.as_db()
                ));
            }
        }
        stops.push(format!(
            "({}, {}, 0, 1, 0, 'ayse', 0)",
            ELSEWHERE.as_db(),
            id + 1_000
        ));
        stops.push(format!(
            "({}, {id}, {}, 1, 0, 'ayse', 0)",
            FIRM.as_db(),
            other_channel.as_db()
        ));
        if person.is_listed {
            members.push(format!("(1, {id})"));
        }
        members.push(format!("(2, {})", id + 1_000));
    }
    let tags = vec![
        format!("(1, {}, 'yaz', 0, 0)", FIRM.as_db()),
        format!("(2, {}, 'yaz', 0, 0)", ELSEWHERE.as_db()),
    ];
    for (into, rows) in [
        (
            "contact (id, firm_id, external_id, full_name, name_fold, attributes, created_us, updated_us)",
            contacts,
        ),
        (
            "recipient (id, firm_id, form, address, contact_id, created_us, undeliverable)",
            recipients,
        ),
        (
            "consent_state (brand_id, recipient_id, channel, kind, local_status, local_us, local_recorded_us, \
             local_event_id, local_citizen, verdict, verdict_citizen, verdict_us, checked_us, registry_batch_id)",
            states,
        ),
        (
            "blacklist (firm_id, recipient_id, channel, cause, also_complaint, actor, created_us)",
            stops,
        ),
        ("tag (id, firm_id, name, member_count, created_us)", tags),
        ("tag_member (tag_id, recipient_id)", members),
    ] {
        window
            .run(&format!("INSERT INTO {into} VALUES {}", rows.join(", ")))
            .await;
    }
}

fn state_row(
    brand: BrandId,
    id: i64,
    channel: Channel,
    kind: i64,
    key: &DrawnKey,
    limit: i64,
) -> String {
    let said = if key.local == 0 {
        "NULL, NULL, NULL".to_owned()
    } else {
        format!("{limit}, {limit}, {}", id + 7)
    };
    let checked = key
        .checked
        .map_or_else(|| "NULL".to_owned(), |age| (limit - age).to_string());
    let citizen = i64::from(key.citizen);
    format!(
        "({}, {id}, {}, {kind}, {}, {said}, {citizen}, {}, {citizen}, {checked}, {checked}, 9)",
        brand.as_db(),
        channel.as_db(),
        key.local,
        key.verdict,
    )
}

fn question(
    db: &TestDatabase,
    channel: Channel,
    asked: &Asked,
    people: &[Drawn],
) -> AudienceQuestion {
    let audience = match asked.listing {
        0 => Audience::All,
        1 => Audience::Tag { tag: "yaz".into() },
        _ => {
            let known = (0..people.len()).filter(|place| people[*place].is_listed);
            let mut addresses: Vec<Recipient> =
                known.map(|place| address(channel, place)).collect();
            // Listed twice, unknown to the firm, of the other form.
            addresses.extend(addresses.first().cloned());
            addresses.extend([phone(9_999_999), email("yabanci")]);
            Audience::Addresses { addresses }
        }
    };
    AudienceQuestion {
        promotion: None,
        firm: FIRM,
        brand: BRAND,
        channel,
        kind: asked.kind,
        basis: asked.basis,
        policy: BrandPolicy {
            mode: asked.mode,
            off_reason_signed: asked.is_signed,
            freshness_us: DAY_US,
            feed: domain::gate::FeedTrust::default(),
            window: SendingWindow::ALWAYS,
            closed: domain::hours::ClosedDays::default(),
        },
        now: db.store.clock().now(),
        audience,
        segment: None,
        variables: asked
            .variables
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        for_everyone: asked.obstacle,
        muted_purpose: None,
        shape: store::audience_shape::Shape::default(),
    }
}

/// The gate's own decision, as the engine asks for it.
fn decided(question: &AudienceQuestion, person: &Person) -> Option<ReasonCode> {
    let mut facts = person.facts.clone();
    facts.variable_missing = question.variables.iter().any(|name| {
        person
            .values
            .get(name)
            .is_none_or(|value| value.trim().is_empty())
    });
    let message = MessageFacts {
        channel: question.channel,
        kind: question.kind,
        basis: question.basis,
        content_incomplete: question.for_everyone == Some(ReasonCode::S404),
    };
    let route = RouteFacts {
        available: question.for_everyone != Some(ReasonCode::S501),
        sender_approved: question.for_everyone != Some(ReasonCode::S503),
        ..RouteFacts::CLEAR
    };
    let (now, policy) = (question.now, &question.policy);
    decide(&Question {
        now,
        policy,
        message: &message,
        person: &facts,
        route: &route,
    })
    .headline()
}

/// What the store reads of a person is what was written.
fn assert_read_right(person: &Person, drawn: &Drawn, kind: RecipientKind) {
    let (own, other) = match kind {
        RecipientKind::Bireysel => (&drawn.own, &drawn.other),
        RecipientKind::Tacir => (&drawn.other, &drawn.own),
    };
    let facts = &person.facts;
    let (all, channel) = drawn.stops;
    assert_eq!(
        facts.blacklisted,
        all % 2 == 1 || channel % 2 == 1,
        "{drawn:?}"
    );
    assert_eq!(facts.complaint_stop, all >= 2 || channel >= 2, "{drawn:?}");
    let said = own.as_ref().and_then(|key| Status::from_db(key.local));
    assert_eq!(facts.local.map(|held| held.status), said, "{drawn:?}");
    let verdict = own
        .as_ref()
        .map_or(Verdict::Unasked.as_db(), |key| key.verdict);
    assert_eq!(facts.registry.verdict.as_db(), verdict, "{drawn:?}");
    let consents =
        |key: &DrawnKey| key.local != 2 && key.verdict != 2 && (key.local == 1 || key.verdict == 1);
    assert_eq!(
        facts.consents_as_other_kind,
        other.as_ref().is_some_and(consents),
        "{drawn:?}"
    );
}

async fn everyone(
    db: &TestDatabase,
    channel: Channel,
    kind: RecipientKind,
    people: &[Drawn],
) -> Vec<Person> {
    let about = FactsAbout {
        firm: FIRM,
        brand: BRAND,
        channel,
        kind,
    };
    let mut reader = db.store.read().await.expect("a reader");
    let mut read = Vec::new();
    for (place, drawn) in people.iter().enumerate() {
        let person = reader
            .person_facts(about, &address(channel, place))
            .await
            .expect("facts");
        let person = person.expect("a person of the firm");
        assert_read_right(&person, drawn, kind);
        read.push(person);
    }
    read
}

#[test]
fn the_set_decides_about_each_person_as_the_gate_does() {
    let channel = proptest::sample::select(Channel::ALL);
    let people = proptest::collection::vec(a_person(), 1..40);
    let questions = proptest::collection::vec(asked(), 10..16);
    holds_on_each(
        24,
        &(channel, people, questions),
        async |db, (channel, people, questions)| {
            write_people(db, channel, &people).await;
            let consumers = everyone(db, channel, RecipientKind::Bireysel, &people).await;
            let merchants = everyone(db, channel, RecipientKind::Tacir, &people).await;
            let mut reader = db.store.read().await.expect("a reader");
            for asked in &questions {
                let question = question(db, channel, asked, &people);
                let read = if asked.kind == RecipientKind::Bireysel {
                    &consumers
                } else {
                    &merchants
                };
                let expected: Vec<(RecipientId, Option<ReasonCode>)> = read
                    .iter()
                    .zip(&people)
                    .filter(|(_, drawn)| asked.listing == 0 || drawn.is_listed)
                    .map(|(person, _)| (person.facts.id, decided(&question, person)))
                    .collect();
                let decisions = reader
                    .audience_decisions(&question, 1_000)
                    .await
                    .expect("decisions");
                assert_eq!(decisions, expected, "{} {asked:?}", db.name);
                let judged = reader.judge_audience(&question).await.expect("counts");
                assert_eq!(judged, counted(&expected), "{} {asked:?}", db.name);
                let everyone = people_behind(&mut reader, &question, JudgedGroup::All).await;
                assert_eq!(everyone, expected, "{} {asked:?}", db.name);
                let sendable = people_behind(&mut reader, &question, JudgedGroup::Sendable).await;
                let let_pass = expected.iter().copied().filter(|(_, code)| code.is_none());
                assert_eq!(
                    sendable,
                    let_pass.collect::<Vec<_>>(),
                    "{} {asked:?}",
                    db.name
                );
            }
        },
    );
}

/// Everybody behind a number, page by page.
async fn people_behind(
    reader: &mut store::Reader,
    question: &AudienceQuestion,
    group: JudgedGroup,
) -> Vec<(RecipientId, Option<ReasonCode>)> {
    let mut met: Vec<(RecipientId, Option<ReasonCode>)> = Vec::new();
    loop {
        let after = met.last().map(|(id, _)| *id);
        let page = reader
            .audience_people(question, group, after, 5)
            .await
            .expect("people");
        if page.is_empty() {
            return met;
        }
        met.extend(page.into_iter().map(|one| (one.recipient, one.code)));
    }
}

fn counted(decisions: &[(RecipientId, Option<ReasonCode>)]) -> Judged {
    let mut excluded = Exclusions::new();
    for code in decisions.iter().filter_map(|(_, code)| *code) {
        *excluded.entry(code).or_default() += 1;
    }
    let target = i64::try_from(decisions.len()).expect("a small audience");
    Judged {
        target,
        sendable: target - excluded.values().sum::<i64>(),
        excluded,
    }
}

#[tokio::test]
async fn nothing_crosses_brands_or_firms() {
    for db in store::testing::each().await {
        let ours = Scene::numbered(&db, 0).await;
        let theirs = Scene::numbered(&db, 1).await;
        ours.add_people(&db, [(1, Known::Confirmed), (2, Known::Refused)])
            .await;
        theirs
            .add_people(
                &db,
                [
                    (1, Known::Refused),
                    (2, Known::Confirmed),
                    (3, Known::Confirmed),
                ],
            )
            .await;
        let new_brand = ours.another_brand(&db, "Yeni").await;
        let mut writer = db.store.write().await.expect("a transaction");
        let tag = writer.ensure_tag(theirs.firm, "yaz").await.expect("a tag");
        let tagged = [theirs.recipient(1), theirs.recipient(2)];
        writer.add_to_tag(tag, &tagged).await.expect("tagged");
        writer.commit().await.expect("commits");

        let mut reader = db.store.read().await.expect("a reader");
        let sendable = async |reader: &mut store::Reader, question: &AudienceQuestion| {
            let all = reader
                .audience_decisions(question, 10)
                .await
                .expect("decisions");
            let target = all.len();
            let free = all.into_iter().filter(|(_, code)| code.is_none());
            (target, free.map(|(id, _)| id).collect::<Vec<_>>())
        };
        let both = || Audience::Addresses {
            addresses: addresses([1, 2, 3]),
        };
        let tag = || Audience::Tag { tag: "yaz".into() };
        for (scene, audience, expected) in [
            (ours, Audience::All, (2, vec![ours.recipient(1)])),
            (
                theirs,
                Audience::All,
                (3, vec![theirs.recipient(2), theirs.recipient(3)]),
            ),
            (ours, both(), (2, vec![ours.recipient(1)])),
            (
                theirs,
                both(),
                (3, vec![theirs.recipient(2), theirs.recipient(3)]),
            ),
            (ours, tag(), (0, vec![])),
            (theirs, tag(), (2, vec![theirs.recipient(2)])),
            (ours.sending_for(new_brand), Audience::All, (2, vec![])),
            (ours.sending_for(theirs.brand), Audience::All, (2, vec![])),
        ] {
            let question = scene.question(&db, audience);
            assert_eq!(
                sendable(&mut reader, &question).await,
                expected,
                "{} {question:?}",
                db.name
            );
        }
    }
}
