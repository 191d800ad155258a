use domain::time::{DAY_US, HOUR_US, MINUTE_US};
use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_micros(100 * DAY_US);
const RULES: Rules = Rules {
    mode: RegistryMode::Integrator,
    sends_renewals: false,
    freshness_us: DAY_US,
};
const SYNC: Rules = Rules {
    mode: RegistryMode::Sync,
    ..RULES
};

fn phone() -> Recipient {
    Recipient::from_normalised("+905321234567").unwrap()
}

fn ago(us: i64) -> Timestamp {
    NOW.plus_micros(-us)
}

fn said(status: Status, at: Timestamp) -> Fact {
    Fact {
        status,
        consent_date: at,
        source: Source::HS_WEB,
    }
}

fn holds(verdict: Verdict, date: Option<Timestamp>) -> RegistryView {
    RegistryView {
        verdict,
        consent_date: date,
        checked_at: Some(ago(MINUTE_US)),
        ..RegistryView::UNASKED
    }
}

fn step(rules: &Rules, local: Option<&Fact>, mirror: &RegistryView, trigger: Trigger) -> Step {
    let recipient = phone();
    let key = KeyState {
        recipient: &recipient,
        channel: Channel::Mesaj,
        kind: RecipientKind::Bireysel,
        local,
        mirror,
    };
    next_step(rules, &key, trigger, NOW)
}

#[test]
fn every_address_is_asked_about_first_and_nothing_is_asked_when_not_connected() {
    let fact = said(Status::Onay, ago(HOUR_US));
    for local in [None, Some(&fact)] {
        for rules in [RULES, SYNC] {
            assert_eq!(
                step(&rules, local, &RegistryView::UNASKED, Trigger::NewFact),
                Step::Ask
            );
        }
        for mode in [RegistryMode::Off, RegistryMode::Provider] {
            let rules = Rules { mode, ..RULES };
            assert_eq!(
                step(&rules, local, &RegistryView::UNASKED, Trigger::NewFact),
                Step::Rest
            );
        }
    }
}

#[test]
fn a_consent_is_sent_only_where_a_look_up_found_no_record() {
    let fact = said(Status::Onay, ago(HOUR_US));
    let answer = |mirror: &RegistryView| step(&RULES, Some(&fact), mirror, Trigger::Answer);
    assert_eq!(answer(&holds(Verdict::NotConfirmed, None)), Step::LookUp);
    assert_eq!(answer(&holds(Verdict::NoRecord, None)), Step::Add);
    let before_it = RegistryView {
        checked_at: Some(ago(4 * HOUR_US)),
        ..holds(Verdict::NoRecord, None)
    };
    assert_eq!(
        answer(&before_it),
        Step::LookUp,
        "a citizen may have refused between the look and the consent"
    );
}

#[test]
fn synchronisation_creates_no_record() {
    let fact = said(Status::Onay, ago(HOUR_US));
    let nothing_there = holds(Verdict::NoRecord, None);
    assert_eq!(
        step(&SYNC, Some(&fact), &nothing_there, Trigger::Answer),
        Step::KeepLocal(ReasonCode::I200)
    );
}

#[test]
fn a_citizens_refusal_is_never_overwritten_by_a_consent_of_ours() {
    for (date, code) in [
        (ago(2 * HOUR_US), ReasonCode::R807),
        (ago(1), ReasonCode::R806),
    ] {
        let refused = RegistryView {
            citizen: true,
            ..holds(Verdict::Ret, Some(date))
        };
        let fact = said(Status::Onay, ago(HOUR_US));
        for trigger in [Trigger::NewFact, Trigger::Answer] {
            assert_eq!(
                step(&RULES, Some(&fact), &refused, trigger),
                Step::KeepLocal(code)
            );
        }
    }
}

#[test]
fn the_firms_own_older_refusal_gives_way_to_a_newer_consent_in_both_modes() {
    let fact = said(Status::Onay, ago(HOUR_US));
    for rules in [RULES, SYNC] {
        let older = holds(Verdict::Ret, Some(ago(2 * HOUR_US)));
        assert_eq!(
            step(&rules, Some(&fact), &older, Trigger::NewFact),
            Step::Add
        );
        let unseen = RegistryView {
            checked_at: Some(ago(90 * MINUTE_US)),
            ..older
        };
        assert_eq!(
            step(&rules, Some(&fact), &unseen, Trigger::NewFact),
            Step::LookUp
        );
        let newer = holds(Verdict::Ret, Some(ago(1)));
        assert_eq!(
            step(&rules, Some(&fact), &newer, Trigger::NewFact),
            Step::KeepLocal(ReasonCode::R806)
        );
        let undated = holds(Verdict::Ret, None);
        assert_eq!(
            step(&rules, Some(&fact), &undated, Trigger::NewFact),
            Step::LookUp
        );
        assert_eq!(
            step(&rules, Some(&fact), &undated, Trigger::Answer),
            Step::KeepLocal(ReasonCode::R806)
        );
    }
}

#[test]
fn a_refusal_is_sent_where_iys_confirms_consent_and_nowhere_else() {
    let fact = said(Status::Ret, ago(HOUR_US));
    let expected = [
        (holds(Verdict::Onay, None), Step::Add),
        (holds(Verdict::Onay, Some(ago(2 * HOUR_US))), Step::Add),
        (
            holds(Verdict::Onay, Some(ago(1))),
            Step::KeepLocal(ReasonCode::I178),
        ),
        (holds(Verdict::Ret, None), Step::Rest),
        (
            holds(Verdict::NotConfirmed, None),
            Step::KeepLocal(ReasonCode::I175),
        ),
        (
            holds(Verdict::NoRecord, None),
            Step::KeepLocal(ReasonCode::I175),
        ),
        (holds(Verdict::Pending, None), Step::Wait),
    ];
    for (mirror, step_expected) in expected {
        for rules in [RULES, SYNC] {
            assert_eq!(
                step(&rules, Some(&fact), &mirror, Trigger::NewFact),
                step_expected,
                "{mirror:?}"
            );
        }
    }
    let old = RegistryView {
        checked_at: Some(ago(2 * DAY_US)),
        ..holds(Verdict::NotConfirmed, None)
    };
    assert_eq!(
        step(&RULES, Some(&fact), &old, Trigger::NewFact),
        Step::Ask,
        "a consent may have come up since"
    );
}

#[test]
fn a_renewal_is_sent_only_by_brands_that_ask_for_it() {
    let fact = said(Status::Onay, ago(HOUR_US));
    let renewing = Rules {
        sends_renewals: true,
        ..RULES
    };
    let confirmed = holds(Verdict::Onay, Some(ago(2 * HOUR_US)));
    assert_eq!(
        step(&RULES, Some(&fact), &confirmed, Trigger::NewFact),
        Step::Rest
    );
    assert_eq!(
        step(&renewing, Some(&fact), &confirmed, Trigger::NewFact),
        Step::Add
    );
    let before_it = RegistryView {
        checked_at: Some(ago(90 * MINUTE_US)),
        ..confirmed.clone()
    };
    assert_eq!(
        step(&renewing, Some(&fact), &before_it, Trigger::NewFact),
        Step::Ask
    );
    let too_old = RegistryView {
        code: Some(ReasonCode::I606),
        ..confirmed
    };
    assert_eq!(
        step(&renewing, Some(&fact), &too_old, Trigger::Answer),
        Step::Rest
    );
    let same_second = holds(Verdict::Onay, Some(fact.consent_date));
    let fact = said(Status::Onay, fact.consent_date.plus_micros(999_999));
    assert_eq!(
        step(&renewing, Some(&fact), &same_second, Trigger::NewFact),
        Step::Rest
    );
}

#[test]
fn a_date_younger_than_a_minute_waits_because_clocks_differ() {
    let fact = said(Status::Onay, ago(20 * SECOND_US));
    let just_seen = RegistryView {
        checked_at: Some(ago(10 * SECOND_US)),
        ..holds(Verdict::NoRecord, None)
    };
    let step = step(&RULES, Some(&fact), &just_seen, Trigger::Answer);
    assert_eq!(step, Step::WaitUntil(NOW.plus_micros(40 * SECOND_US)));
}

#[test]
fn a_young_consent_that_iys_does_not_confirm_is_asked_about_again_and_not_sent_unseen() {
    let fact = said(Status::Onay, ago(20 * SECOND_US));
    let unconfirmed = RegistryView {
        checked_at: Some(ago(10 * SECOND_US)),
        ..holds(Verdict::NotConfirmed, None)
    };
    let step = step(&RULES, Some(&fact), &unconfirmed, Trigger::Answer);
    assert_eq!(step, Step::AskAt(NOW.plus_micros(40 * SECOND_US)));
}

#[test]
fn the_firms_own_decision_to_stop_never_carries_a_consent() {
    let decided = Fact {
        source: Source::HS_KARAR,
        ..said(Status::Onay, ago(HOUR_US))
    };
    let step_of =
        |fact: &Fact, verdict| step(&RULES, Some(fact), &holds(verdict, None), Trigger::NewFact);
    assert_eq!(
        step_of(&decided, Verdict::NoRecord),
        Step::KeepLocal(ReasonCode::R704)
    );
    let stop = Fact {
        status: Status::Ret,
        ..decided
    };
    assert_eq!(step_of(&stop, Verdict::Onay), Step::Add);
    assert_eq!(
        step_of(&stop, Verdict::NoRecord),
        Step::KeepLocal(ReasonCode::I175)
    );
}

#[test]
fn what_iys_would_not_take_is_not_sent_again_until_something_new_is_said() {
    let fact = said(Status::Onay, ago(HOUR_US));
    let refused = RegistryView {
        code: Some(ReasonCode::I606),
        ..holds(Verdict::Refused, None)
    };
    assert_eq!(
        step(&RULES, Some(&fact), &refused, Trigger::Answer),
        Step::KeepLocal(ReasonCode::I606)
    );
    assert_eq!(
        step(&RULES, Some(&fact), &refused, Trigger::NewFact),
        Step::LookUp
    );
    let argued = RegistryView {
        code: Some(ReasonCode::I178),
        ..holds(Verdict::Ret, Some(ago(2 * HOUR_US)))
    };
    assert_eq!(
        step(&RULES, Some(&fact), &argued, Trigger::Answer),
        Step::KeepLocal(ReasonCode::I178)
    );
    assert_eq!(
        step(&RULES, Some(&fact), &argued, Trigger::NewFact),
        Step::Add
    );
}

#[test]
fn a_citizens_word_is_not_sent_back_to_where_it_came_from() {
    let fact = Fact {
        source: Source::IYS_WEB,
        ..said(Status::Ret, ago(HOUR_US))
    };
    assert_eq!(
        step(
            &RULES,
            Some(&fact),
            &holds(Verdict::Onay, None),
            Trigger::NewFact
        ),
        Step::Rest
    );
}

#[test]
fn an_address_that_would_spoil_its_list_never_enters_one() {
    let cases = [
        (
            "+902121234567",
            Channel::Mesaj,
            Step::KeepLocal(ReasonCode::I120),
        ),
        ("+902121234567", Channel::Arama, Step::Ask),
        (
            "+905321234567",
            Channel::Eposta,
            Step::KeepLocal(ReasonCode::I120),
        ),
        ("ali@ornek.com.tr", Channel::Eposta, Step::Ask),
        (
            "ali@ornek.com.tr",
            Channel::Mesaj,
            Step::KeepLocal(ReasonCode::I120),
        ),
        ("+4915112345678", Channel::Mesaj, Step::Ask),
        ("+905321234567", Channel::Whatsapp, Step::Rest),
    ];
    for (address, channel, expected) in cases {
        let recipient = Recipient::from_normalised(address).unwrap();
        let mirror = RegistryView::UNASKED;
        let key = KeyState {
            recipient: &recipient,
            channel,
            kind: RecipientKind::Tacir,
            local: None,
            mirror: &mirror,
        };
        assert_eq!(
            next_step(&RULES, &key, Trigger::NewFact, NOW),
            expected,
            "{address} {channel}"
        );
    }
}

fn any_mirror() -> impl Strategy<Value = RegistryView> {
    let verdict = prop::sample::select(Verdict::ALL);
    let code = prop::option::of(prop::sample::select(vec![
        ReasonCode::I174,
        ReasonCode::I178,
        ReasonCode::I606,
    ]));
    (
        verdict,
        any::<bool>(),
        prop::option::of(0_i64..6),
        prop::option::of(0_i64..6),
        code,
    )
        .prop_map(|(verdict, citizen, date, checked, code)| RegistryView {
            verdict,
            citizen,
            consent_date: date.map(|hours| ago(hours * HOUR_US)),
            checked_at: checked.map(|hours| ago(hours * 12 * HOUR_US)),
            code,
            ..RegistryView::UNASKED
        })
}

proptest! {
    #[test]
    fn whatever_we_know_no_consent_goes_over_a_refusal_of_the_citizen_or_into_the_dark(
        mirror in any_mirror(), hours in 0_i64..6, sync in any::<bool>(), renews in any::<bool>(),
        trigger in prop::sample::select(vec![Trigger::NewFact, Trigger::Answer, Trigger::Recheck]),
    ) {
        let rules = Rules { sends_renewals: renews, ..if sync { SYNC } else { RULES } };
        let onay = said(Status::Onay, ago(hours * HOUR_US));
        if step(&rules, Some(&onay), &mirror, trigger) == Step::Add {
            prop_assert!(!mirror.is_citizen_refusal());
            let is_known = matches!(mirror.verdict, Verdict::NoRecord | Verdict::Onay | Verdict::Ret);
            prop_assert!(is_known && mirror.checked_at > Some(onay.consent_date), "{mirror:?}");
            prop_assert!(!(sync && mirror.verdict == Verdict::NoRecord), "synchronisation creates nothing");
        }
        let ret = said(Status::Ret, ago(hours * HOUR_US));
        if step(&rules, Some(&ret), &mirror, trigger) == Step::Add {
            prop_assert_eq!(mirror.verdict, Verdict::Onay, "a refusal is never a first record");
        }
    }
}

#[test]
fn the_second_movement_of_a_key_leaves_two_seconds_after_the_first() {
    let refusal = said(Status::Ret, ago(2 * MINUTE_US));
    let just_made = RegistryView {
        consent_date: Some(ago(5 * MINUTE_US)),
        checked_at: Some(ago(SECOND_US)),
        transaction: Some("9f".into()),
        ..holds(Verdict::Onay, None)
    };
    assert_eq!(
        step(&RULES, Some(&refusal), &just_made, Trigger::NewFact),
        Step::WaitUntil(ago(-SECOND_US))
    );
    let settled = RegistryView {
        checked_at: Some(ago(3 * SECOND_US)),
        ..just_made
    };
    assert_eq!(
        step(&RULES, Some(&refusal), &settled, Trigger::NewFact),
        Step::Add
    );
}
