use proptest::prelude::*;

use super::*;

const NOW: &str = "2025-06-23T10:00:00+03:00";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a valid instant")
}

fn phone(last: u8) -> Recipient {
    Recipient::from_normalised(&format!("+90532123456{last}")).expect("a phone")
}

fn policy(mode: RegistryMode) -> BrandPolicy {
    BrandPolicy {
        mode,
        off_reason_signed: false,
        freshness_us: DAY_US,
        feed: FeedTrust::default(),
        window: SendingWindow::CUSTOMARY,
        closed: crate::hours::ClosedDays::default(),
    }
}

const SMS: MessageFacts = MessageFacts {
    channel: Channel::Mesaj,
    kind: RecipientKind::Bireysel,
    basis: Basis::Commercial,
    content_incomplete: false,
};

fn said(status: Status, citizen: bool) -> LocalState {
    LocalState {
        status,
        consent_date: at("2025-06-20T14:05:00+03:00"),
        recorded_at: at("2025-06-20T14:06:00+03:00"),
        event: EventId::from_db(7),
        citizen,
    }
}

fn held(verdict: Verdict) -> RegistryView {
    RegistryView {
        verdict,
        checked_at: Some(at("2025-06-23T09:00:00+03:00")),
        batch: Some(RegistryBatchId::from_db(3)),
        ..RegistryView::UNASKED
    }
}

fn person(last: u8) -> PersonFacts {
    PersonFacts::unknown(RecipientId::from_db(i64::from(last)), phone(last))
}

fn confirmed(last: u8) -> PersonFacts {
    PersonFacts {
        local: Some(said(Status::Onay, false)),
        registry: held(Verdict::Onay),
        ..person(last)
    }
}

fn ask(person: &PersonFacts, message: &MessageFacts, mode: RegistryMode) -> Decision {
    decide(&Question {
        now: at(NOW),
        policy: &policy(mode),
        message,
        person,
        route: &RouteFacts::CLEAR,
    })
}

#[test]
fn of_the_six_contacts_only_the_confirmed_consumer_may_be_messaged() {
    let k2 = PersonFacts {
        registry: RegistryView {
            citizen: true,
            ..held(Verdict::Ret)
        },
        ..person(2)
    };
    let k4 = PersonFacts {
        blacklisted: true,
        ..confirmed(4)
    };
    let k5 = PersonFacts {
        local: Some(said(Status::Onay, false)),
        registry: held(Verdict::Pending),
        ..person(5)
    };
    let k6 = PersonFacts {
        consents_as_other_kind: true,
        ..person(6)
    };
    let cases = [
        (confirmed(1), None),
        (k2, Some(ReasonCode::S103)),
        (person(3), Some(ReasonCode::S101)),
        (k4, Some(ReasonCode::S201)),
        (k5, Some(ReasonCode::S102)),
        (k6, Some(ReasonCode::S105)),
    ];
    for mode in [RegistryMode::Sync, RegistryMode::Integrator] {
        for (person, expected) in &cases {
            assert_eq!(
                ask(person, &SMS, mode).headline(),
                *expected,
                "{}",
                person.recipient
            );
        }
    }
}

#[test]
fn an_answer_of_the_registry_is_relied_on_only_while_it_is_fresh() {
    let mut person = confirmed(1);
    person.registry.checked_at = Some(at("2025-06-22T10:00:00+03:00"));
    assert_eq!(ask(&person, &SMS, RegistryMode::Sync).headline(), None);
    person.registry.checked_at = Some(at("2025-06-22T09:59:59+03:00"));
    assert_eq!(
        ask(&person, &SMS, RegistryMode::Sync).headline(),
        Some(ReasonCode::S104)
    );
    person.registry.checked_at = None;
    assert_eq!(
        ask(&person, &SMS, RegistryMode::Sync).headline(),
        Some(ReasonCode::S104)
    );
}

#[test]
fn without_a_connection_to_the_registry_nothing_commercial_leaves_unless_the_owner_signed() {
    let person = confirmed(1);
    assert_eq!(
        ask(&person, &SMS, RegistryMode::Off).headline(),
        Some(ReasonCode::S102)
    );
    let signed = BrandPolicy {
        off_reason_signed: true,
        ..policy(RegistryMode::Off)
    };
    let question = Question {
        now: at(NOW),
        policy: &signed,
        message: &SMS,
        person: &person,
        route: &RouteFacts::CLEAR,
    };
    assert_eq!(decide(&question).headline(), None);
}

#[test]
fn an_exempt_message_needs_no_consent_but_respects_the_blacklist() {
    let notice = MessageFacts {
        basis: Basis::Informational,
        ..SMS
    };
    assert_eq!(
        ask(&person(3), &notice, RegistryMode::Sync).headline(),
        None
    );
    let listed = PersonFacts {
        blacklisted: true,
        ..person(3)
    };
    assert_eq!(
        ask(&listed, &notice, RegistryMode::Sync).headline(),
        Some(ReasonCode::S201)
    );
}

#[test]
fn a_message_in_quiet_hours_waits_for_the_next_morning() {
    let person = confirmed(1);
    let ask_at = |now: &str| {
        let mut fresh = person.clone();
        fresh.registry.checked_at = Some(at(now));
        decide(&Question {
            now: at(now),
            policy: &policy(RegistryMode::Sync),
            message: &SMS,
            person: &fresh,
            route: &RouteFacts::CLEAR,
        })
    };
    for (now, opens) in [
        ("2025-06-23T20:00:00+03:00", "2025-06-24T09:00:00+03:00"),
        ("2025-06-23T08:59:59+03:00", "2025-06-23T09:00:00+03:00"),
        ("2025-06-23T00:30:00+03:00", "2025-06-23T09:00:00+03:00"),
    ] {
        match ask_at(now) {
            Decision::Hold { until, reason } => {
                assert_eq!((until, reason), (at(opens), ReasonCode::S303), "{now}");
            }
            other => panic!("{now}: {other:?}"),
        }
    }
    assert_eq!(ask_at("2025-06-23T19:59:59+03:00").headline(), None);
}

#[test]
fn every_reason_is_listed_and_the_first_in_order_is_the_headline() {
    let person = PersonFacts {
        blacklisted: true,
        over_frequency_cap: true,
        ..person(3)
    };
    let Decision::Exclude(reasons) = ask(&person, &SMS, RegistryMode::Sync) else {
        panic!("must be excluded");
    };
    let codes: Vec<_> = reasons.all().collect();
    assert_eq!(
        codes,
        [ReasonCode::S201, ReasonCode::S101, ReasonCode::S301]
    );
}

#[derive(Debug)]
struct Letter(RecipientId);

impl Addressed for Letter {
    fn recipient(&self) -> RecipientId {
        self.0
    }
    fn channel(&self) -> Channel {
        Channel::Mesaj
    }
}

#[test]
fn a_clearance_covers_only_the_person_it_was_given_for() {
    let Decision::Send(clearance) = ask(&confirmed(1), &SMS, RegistryMode::Sync) else {
        panic!("must be cleared");
    };
    assert!(clearance.seal(Letter(RecipientId::from_db(2))).is_err());
    let Decision::Send(clearance) = ask(&confirmed(1), &SMS, RegistryMode::Sync) else {
        panic!("must be cleared");
    };
    let cleared = clearance
        .seal(Letter(RecipientId::from_db(1)))
        .expect("the same person");
    assert_eq!(cleared.clearance().event(), Some(EventId::from_db(7)));
    assert_eq!(
        cleared.clearance().registry_batch(),
        Some(RegistryBatchId::from_db(3))
    );
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    proptest::sample::select(Verdict::ALL)
}

proptest! {
    #[test]
    fn a_commercial_message_in_a_connected_brand_leaves_only_on_a_fresh_confirmed_consent(
        verdict in any_verdict(),
        local in proptest::option::of(any::<bool>()),
        age_hours in 0_i64..48,
        blacklisted in any::<bool>(),
        other_kind in any::<bool>(),
        integrator in any::<bool>(),
    ) {
        let now = at(NOW);
        let person = PersonFacts {
            local: local.map(|ret| said(if ret { Status::Ret } else { Status::Onay }, false)),
            registry: RegistryView {
                checked_at: Some(now.plus_micros(-age_hours * HOUR_US)),
                ..held(verdict)
            },
            blacklisted,
            consents_as_other_kind: other_kind,
            ..person(1)
        };
        let mode = if integrator { RegistryMode::Integrator } else { RegistryMode::Sync };
        let sent = ask(&person, &SMS, mode).headline().is_none();
        let allowed = verdict == Verdict::Onay && local != Some(true) && age_hours <= 24 && !blacklisted;
        prop_assert_eq!(sent, allowed);
    }
}

#[test]
fn answers_from_before_a_comparison_began_do_not_count_however_patient_the_brand_is() {
    let person = confirmed(1);
    let patient = |feed| BrandPolicy {
        freshness_us: 365 * DAY_US,
        feed,
        ..policy(RegistryMode::Sync)
    };
    let headline = |feed| {
        decide(&Question {
            now: at(NOW),
            policy: &patient(feed),
            message: &SMS,
            person: &person,
            route: &RouteFacts::CLEAR,
        })
        .headline()
    };
    let checked = person.registry.checked_at.expect("a checked person");
    let trusts = |before| FeedTrust {
        complete_at: Some(at(NOW)),
        distrusts_before: Some(before),
    };
    assert_eq!(headline(trusts(checked)), None);
    assert_eq!(
        headline(trusts(checked.plus_micros(1))),
        Some(ReasonCode::S104)
    );
}

#[test]
fn when_the_feed_went_unread_for_longer_than_it_shows_nobody_is_sendable() {
    let person = confirmed(1);
    let read = |hours: i64| FeedTrust {
        complete_at: Some(at(NOW).plus_micros(-hours * crate::time::HOUR_US)),
        distrusts_before: None,
    };
    for (hours, expected) in [(167, None), (168, Some(ReasonCode::S104))] {
        let question = Question {
            now: at(NOW),
            policy: &BrandPolicy {
                feed: read(hours),
                ..policy(RegistryMode::Integrator)
            },
            message: &SMS,
            person: &person,
            route: &RouteFacts::CLEAR,
        };
        assert_eq!(decide(&question).headline(), expected, "{hours} hours");
    }
}

#[test]
fn a_mailbox_that_keeps_failing_gets_no_advertisements_and_still_what_was_asked_for() {
    let information = MessageFacts {
        basis: Basis::Informational,
        ..SMS
    };
    for (undeliverable, keeps_failing, commercial, asked_for) in [
        (false, false, None, None),
        (false, true, Some(ReasonCode::S204), None),
        (true, false, Some(ReasonCode::S204), Some(ReasonCode::S204)),
    ] {
        let person = PersonFacts {
            undeliverable,
            keeps_failing,
            ..confirmed(1)
        };
        let headline = |message| ask(&person, message, RegistryMode::Sync).headline();
        assert_eq!(headline(&SMS), commercial);
        assert_eq!(headline(&information), asked_for);
    }
}
