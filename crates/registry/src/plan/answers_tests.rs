use domain::ids::{EventId, RecipientId};
use domain::time::{HOUR_US, SECOND_US};
use domain::{Recipient, RecipientKind, Source};
use proptest::prelude::*;

use super::*;
use crate::wire::RegisteredChannel;

const BATCH: RegistryBatchId = RegistryBatchId::from_db(7);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * SECOND_US)
}

fn asked(seconds: i64) -> Answered {
    Answered {
        asked_at: at(seconds),
        batch: BATCH,
    }
}

fn mirror(verdict: Verdict, checked: i64) -> RegistryView {
    RegistryView {
        verdict,
        checked_at: Some(at(checked)),
        ..RegistryView::UNASKED
    }
}

fn item(status: Status, date: i64) -> AddItem {
    AddItem {
        id: RecipientId::from_db(1),
        recipient: Recipient::from_normalised("+905321234567").unwrap(),
        status,
        consent_date: at(date),
        source: Source::HS_WEB,
        event: EventId::from_db(1),
        retailer: None,
    }
}

fn failed(code: &str) -> AddAnswer {
    AddAnswer::Failed {
        code: Some(code.to_owned()),
        message: String::new(),
    }
}

fn recorded(created: i64) -> AddAnswer {
    AddAnswer::Recorded(Recorded {
        transaction: Some("9f2c".into()),
        created: Some(at(created)),
    })
}

fn change(status: Status, date: Option<i64>, created: i64, source: Source) -> Change {
    Change {
        recipient: Recipient::from_normalised("+905321234567").unwrap(),
        channel: RegisteredChannel::MESAJ,
        kind: RecipientKind::Bireysel,
        held: HeldRecord {
            status,
            consent_date: date.map(at),
            source: Some(source),
            created: Some(at(created)),
            transaction: Some(format!("{created:x}")),
        },
    }
}

#[test]
fn a_listed_address_is_confirmed_and_a_missing_one_is_not() {
    let expected = [
        (
            Verdict::Unasked,
            Some(Verdict::Onay),
            Some(Verdict::NotConfirmed),
        ),
        (
            Verdict::Onay,
            Some(Verdict::Onay),
            Some(Verdict::NotConfirmed),
        ),
        (
            Verdict::NotConfirmed,
            Some(Verdict::Onay),
            Some(Verdict::NotConfirmed),
        ),
        (Verdict::Ret, Some(Verdict::Onay), Some(Verdict::Ret)),
        (Verdict::Pending, Some(Verdict::Onay), None),
        (Verdict::NoRecord, Some(Verdict::Onay), None),
        (Verdict::Refused, Some(Verdict::Onay), None),
    ];
    for (before, listed, missing) in expected {
        for (is_listed, after) in [(true, listed), (false, missing)] {
            let view = after_status(
                &mirror(before, 10),
                Some(Status::Onay),
                is_listed,
                asked(20),
            );
            assert_eq!(
                view.as_ref().map(|view| view.verdict),
                after,
                "{before} listed: {is_listed}"
            );
            if let Some(view) = view {
                assert_eq!((view.checked_at, view.batch), (Some(at(20)), Some(BATCH)));
            }
        }
    }
}

#[test]
fn an_answer_never_undoes_one_that_was_asked_for_later() {
    let refused = RegistryView {
        citizen: true,
        ..mirror(Verdict::Ret, 30)
    };
    assert_eq!(after_status(&refused, None, true, asked(20)), None);
    let held = change(Status::Onay, Some(1), 1, Source::HS_WEB).held;
    assert_eq!(after_look_up(&refused, Some(&held), asked(20)), None);
    assert_eq!(
        after_refused_address(&refused, Some("H121"), asked(20)),
        None
    );
}

#[test]
fn while_our_refusal_is_under_way_a_listing_is_what_it_is_about_to_replace() {
    assert_eq!(
        after_status(
            &mirror(Verdict::Pending, 10),
            Some(Status::Ret),
            true,
            asked(20)
        ),
        None
    );
}

#[test]
fn a_look_up_tells_the_record_its_maker_and_its_absence() {
    let before = mirror(Verdict::NotConfirmed, 10);
    let refused = change(Status::Ret, Some(5), 6, Source::IYS_WEB).held;
    let view = after_look_up(&before, Some(&refused), asked(20)).unwrap();
    assert!(view.is_citizen_refusal());
    assert_eq!(view.consent_date, Some(at(5)));
    let none = after_look_up(&before, None, asked(20)).unwrap();
    assert_eq!(none.verdict, Verdict::NoRecord);
    assert_eq!(
        after_look_up(&mirror(Verdict::Pending, 10), None, asked(20)),
        None,
        "ours is in the queue there"
    );
}

#[test]
fn sending_unconfirms_nobody_but_whose_status_changes() {
    let confirmed = mirror(Verdict::Onay, 10);
    assert_eq!(after_sending(&confirmed, Status::Onay), confirmed);
    assert_eq!(
        after_sending(&confirmed, Status::Ret).verdict,
        Verdict::Pending
    );
    assert_eq!(
        after_sending(&mirror(Verdict::NoRecord, 10), Status::Onay).verdict,
        Verdict::Pending
    );
}

#[test]
fn only_a_record_with_its_transaction_opens_sending() {
    let pending = mirror(Verdict::Pending, 10);
    let onay = item(Status::Onay, 5);
    let Settled::Known(view) = after_add(&pending, &onay, &recorded(15), asked(400)) else {
        panic!()
    };
    assert_eq!(
        (view.verdict, view.consent_date, view.citizen),
        (Verdict::Onay, Some(at(5)), false)
    );
    assert_eq!(
        view.checked_at,
        Some(at(15)),
        "what İYS recorded then may be refused since"
    );
    assert_eq!(
        after_add(&pending, &onay, &AddAnswer::Enqueued, asked(400)),
        Settled::Waiting
    );
}

#[test]
fn the_result_of_an_older_consent_does_not_reopen_a_refusal_that_came_meanwhile() {
    let refused = RegistryView {
        citizen: true,
        consent_date: Some(at(100)),
        ..mirror(Verdict::Ret, 101)
    };
    let Settled::Known(view) =
        after_add(&refused, &item(Status::Onay, 5), &recorded(15), asked(400))
    else {
        panic!()
    };
    assert_eq!(view, refused);
    let undated = RegistryView {
        consent_date: None,
        ..refused
    };
    let Settled::Known(view) =
        after_add(&undated, &item(Status::Onay, 5), &recorded(15), asked(400))
    else {
        panic!()
    };
    assert_eq!(view, undated);
}

#[test]
fn each_class_of_refusal_settles_a_record_in_its_own_way() {
    let pending = mirror(Verdict::Pending, 10);
    let known = |verdict, code| {
        Settled::Known(RegistryView {
            verdict,
            code: Some(code),
            ..bare(asked(400))
        })
    };
    let look_up = |code| {
        Settled::LookUp(RegistryView {
            verdict: Verdict::NotConfirmed,
            code: Some(code),
            ..bare(asked(400))
        })
    };
    let (onay, ret) = (item(Status::Onay, 5), item(Status::Ret, 5));
    let expected = [
        (&ret, "H174", known(Verdict::Ret, ReasonCode::I174)),
        (&ret, "H175", known(Verdict::NoRecord, ReasonCode::I175)),
        (&ret, "H178", look_up(ReasonCode::I178)),
        (&onay, "H174", look_up(ReasonCode::I174)),
        (&onay, "H178", look_up(ReasonCode::I178)),
        (&onay, "H467", known(Verdict::Refused, ReasonCode::I606)),
        (&onay, "H121", known(Verdict::Refused, ReasonCode::I120)),
        (&onay, "H486", known(Verdict::Refused, ReasonCode::I110)),
        (&onay, "H525", known(Verdict::Refused, ReasonCode::I525)),
        (&onay, "H353", known(Verdict::Refused, ReasonCode::I300)),
        (&onay, "H999", known(Verdict::Refused, ReasonCode::I900)),
        (&onay, "H412", Settled::SendAgain),
        (&onay, "H124", Settled::SendAgain),
    ];
    for (item, code, settled) in expected {
        assert_eq!(
            after_add(&pending, item, &failed(code), asked(400)),
            settled,
            "{} {code}",
            item.status
        );
    }
}

#[test]
fn a_failed_renewal_leaves_the_confirmed_record_standing() {
    let confirmed = RegistryView {
        consent_date: Some(at(1)),
        ..mirror(Verdict::Onay, 10)
    };
    let Settled::Known(view) = after_add(
        &confirmed,
        &item(Status::Onay, 5),
        &failed("H467"),
        asked(400),
    ) else {
        panic!()
    };
    assert_eq!(
        view,
        RegistryView {
            code: Some(ReasonCode::I606),
            ..confirmed
        }
    );
}

#[test]
fn a_citizens_refusal_in_the_feed_is_believed_at_once_and_a_consent_only_if_newer() {
    let refusal = change(Status::Ret, Some(50), 51, Source::IYS_KISAMESAJ);
    for before in Verdict::ALL {
        let view = after_change(&mirror(*before, 100), &refusal, at(4_000), BATCH).unwrap();
        assert!(view.is_citizen_refusal(), "{before}");
    }
    let consent = change(Status::Onay, Some(50), 51, Source::IYS_WEB);
    let newer_refusal = RegistryView {
        consent_date: Some(at(60)),
        ..mirror(Verdict::Ret, 61)
    };
    assert_eq!(
        after_change(&newer_refusal, &consent, at(4_000), BATCH),
        None
    );
    let older_refusal = RegistryView {
        consent_date: Some(at(40)),
        ..mirror(Verdict::Ret, 41)
    };
    let view = after_change(&older_refusal, &consent, at(4_000), BATCH).unwrap();
    assert_eq!(
        (view.verdict, view.checked_at),
        (Verdict::Onay, Some(at(51)))
    );
    // A later question was answered with "not confirmed": the consent is no longer the whole story.
    assert_eq!(
        after_change(
            &mirror(Verdict::NotConfirmed, 100),
            &consent,
            at(4_000),
            BATCH
        ),
        None
    );
}

#[test]
fn a_refusal_without_a_date_still_counts() {
    let closed_line = change(Status::Ret, None, 51, Source::IYS_AHS_HAT_KAPATMA);
    let confirmed = RegistryView {
        consent_date: Some(at(40)),
        ..mirror(Verdict::Onay, 41)
    };
    assert!(
        after_change(&confirmed, &closed_line, at(4_000), BATCH)
            .unwrap()
            .is_citizen_refusal()
    );
}

proptest! {
    #[test]
    fn the_feed_ends_in_the_same_view_in_whatever_order_and_number_its_rows_come(
        rows in prop::collection::vec((0_i64..8, any::<bool>(), any::<bool>()), 1..8),
        seed in any::<u64>(),
    ) {
        // One movement per second and status, as İYS hands them out.
        let mut changes: Vec<Change> = rows
            .iter()
            .map(|(date, is_ret, is_citizen)| {
                let status = if *is_ret { Status::Ret } else { Status::Onay };
                let source = if *is_citizen { Source::IYS_WEB } else { Source::HS_WEB };
                change(status, Some(*date), date * 10, source)
            })
            .collect();
        changes.sort_by_key(|change| (change.held.consent_date, change.held.status));
        changes.dedup_by_key(|change| (change.held.consent_date, change.held.status));
        let fold = |rows: &[Change]| rows.iter().fold(RegistryView::UNASKED, |view, row| {
            after_change(&view, row, at(9_999), BATCH).unwrap_or(view)
        });
        let expected = fold(&changes);
        let mut shuffled = changes.clone();
        let mut x = seed;
        for i in (1..shuffled.len()).rev() {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let j = usize::try_from(x >> 33).unwrap_or(0) % (i + 1);
            shuffled.swap(i, j);
        }
        shuffled.extend_from_within(..changes.len() / 2);
        prop_assert_eq!(fold(&shuffled), expected);
    }
}

#[test]
fn a_record_made_in_the_second_of_the_look_up_before_it_is_believed_and_not_sent_again() {
    // Looked up at 400.5 s and not there; made at once, which İYS writes as 400 s.
    let half = SECOND_US / 2;
    let looked = RegistryView {
        checked_at: Some(at(400).plus_micros(half)),
        ..mirror(Verdict::NoRecord, 400)
    };
    let after = Answered {
        asked_at: at(400).plus_micros(half + 1),
        batch: BATCH,
    };
    let Settled::Known(view) = after_add(&looked, &item(Status::Onay, 5), &recorded(400), after)
    else {
        panic!("İYS has recorded it")
    };
    assert_eq!(view.verdict, Verdict::Onay);
}

#[test]
fn a_record_that_a_later_look_up_did_not_find_is_looked_up_again_and_not_sent_again() {
    let looked = mirror(Verdict::NoRecord, 400);
    let settled = after_add(&looked, &item(Status::Onay, 5), &recorded(300), asked(401));
    assert_eq!(settled, Settled::LookUp(looked));
}

#[test]
fn a_movement_made_in_the_second_of_the_question_before_it_is_believed() {
    // Asked at 400.5 s and not confirmed; given at once, which İYS writes as 400 s.
    let asked = RegistryView {
        checked_at: Some(at(400).plus_micros(SECOND_US / 2)),
        ..mirror(Verdict::NotConfirmed, 400)
    };
    let pulled_at = at(400).plus_micros(2 * HOUR_US);
    let given = |created| change(Status::Onay, Some(created), created, Source::HS_WEB);
    let view = after_change(&asked, &given(400), pulled_at, BATCH);
    assert_eq!(view.map(|view| view.verdict), Some(Verdict::Onay));
    assert_eq!(after_change(&asked, &given(399), pulled_at, BATCH), None);
}
