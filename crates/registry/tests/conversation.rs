//! The plan against a small İYS that keeps its real rules of acceptance: from
//! any start, and with a citizen who may refuse at any moment, the conversation
//! ends, both sides agree as far as the rules allow, and no refusal of a
//! citizen is ever overwritten by what we knew before.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::ids::{EventId, RecipientId, RegistryBatchId};
use domain::time::{DAY_US, HOUR_US, MINUTE_US};
use domain::{
    Channel, Recipient, RecipientKind, RegistryMode, RegistryView, Source, Status, Timestamp,
    Verdict,
};
use proptest::prelude::*;
use registry::plan::{
    AddItem, Answered, Fact, KeyState, Rules, Settled, Step, Trigger, after_add, after_look_up,
    after_sending, after_status, next_step,
};
use registry::wire::{AddAnswer, HeldRecord, Recorded};

const START: Timestamp = Timestamp::from_micros(100 * DAY_US);
const BATCH: RegistryBatchId = RegistryBatchId::from_db(1);

/// İYS, for one key.
#[derive(Debug, Clone, Default)]
struct Iys {
    record: Option<HeldRecord>,
}

impl Iys {
    fn holds(status: Status, at: Timestamp, source: Source) -> HeldRecord {
        HeldRecord {
            status,
            consent_date: Some(at),
            source: Some(source),
            created: Some(at),
            transaction: Some("t".into()),
        }
    }

    /// İYS API, rules of acceptance for a new movement.
    fn add(&mut self, item: &AddItem, now: Timestamp) -> AddAnswer {
        let held = self.record.as_ref();
        let refusal = match held.map(|held| (held.status, held.consent_date.unwrap())) {
            None if item.status == Status::Ret => Some("H175"),
            Some((Status::Ret, _)) if item.status == Status::Ret => Some("H174"),
            Some((_, date)) if item.consent_date <= date => Some("H178"),
            _ => None,
        };
        if let Some(code) = refusal {
            return AddAnswer::Failed {
                code: Some(code.to_owned()),
                message: String::new(),
            };
        }
        self.record = Some(Self::holds(
            item.status,
            item.consent_date,
            item.source.clone(),
        ));
        AddAnswer::Recorded(Recorded {
            transaction: Some("t".into()),
            created: Some(now),
        })
    }
}

#[derive(Debug, Clone)]
struct Start {
    rules: Rules,
    fact: Option<Fact>,
    iys: Iys,
    mirror: RegistryView,
    /// The citizen refuses at İYS before this step.
    refuses_before: Option<usize>,
}

#[derive(Debug, Default)]
struct Log {
    sent: Vec<Status>,
    steps: usize,
}

/// Runs until the plan rests.
fn converse(start: &Start) -> (RegistryView, Iys, Log) {
    let recipient = Recipient::from_normalised("+905321234567").unwrap();
    let (mut mirror, mut iys, mut log) = (start.mirror.clone(), start.iys.clone(), Log::default());
    let (mut now, mut trigger) = (START, Trigger::NewFact);
    loop {
        log.steps += 1;
        assert!(
            log.steps < 20,
            "the conversation goes in circles: {start:?} {mirror:?}"
        );
        now = now.plus_micros(MINUTE_US);
        if start.refuses_before == Some(log.steps) {
            iys.record = Some(Iys::holds(Status::Ret, now, Source::IYS_KISAMESAJ));
        }
        let key = KeyState {
            recipient: &recipient,
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
            local: start.fact.as_ref(),
            mirror: &mirror,
        };
        let answered = Answered {
            asked_at: now,
            batch: BATCH,
        };
        match next_step(&start.rules, &key, trigger, now) {
            Step::Rest | Step::KeepLocal(_) => return (mirror, iys, log),
            Step::Wait => panic!("nothing is under way"),
            Step::WaitUntil(at) | Step::AskAt(at) => now = at,
            Step::Ask => {
                let is_listed = iys
                    .record
                    .as_ref()
                    .is_some_and(|held| held.status == Status::Onay);
                let local = start.fact.as_ref().map(|fact| fact.status);
                mirror = after_status(&mirror, local, is_listed, answered).unwrap_or(mirror);
            }
            Step::LookUp => {
                mirror = after_look_up(&mirror, iys.record.as_ref(), answered).unwrap_or(mirror);
            }
            Step::Add => {
                let fact = start.fact.as_ref().unwrap();
                let item = AddItem {
                    id: RecipientId::from_db(1),
                    recipient: recipient.clone(),
                    status: fact.status,
                    consent_date: fact.consent_date,
                    source: fact.source.clone(),
                    event: EventId::from_db(1),
                    retailer: None,
                };
                log.sent.push(item.status);
                let pending = after_sending(&mirror, item.status);
                match after_add(&pending, &item, &iys.add(&item, now), answered) {
                    Settled::Known(view) => mirror = view,
                    Settled::LookUp(view) => {
                        mirror =
                            after_look_up(&view, iys.record.as_ref(), answered).unwrap_or(view);
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        trigger = Trigger::Answer;
    }
}

fn any_start() -> impl Strategy<Value = Start> {
    let hour = 1_i64..6;
    // A date an hour ahead is a wrong clock, which must not end in a circle either.
    let fact = prop::option::of((any::<bool>(), -1_i64..6));
    let held = prop::option::of((any::<bool>(), any::<bool>(), hour.clone()));
    let known = prop::option::of(prop::option::of(any::<bool>()));
    (
        fact,
        held,
        known,
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec![MINUTE_US, DAY_US]),
        prop::option::of(1_usize..6),
    )
        .prop_map(
            |(fact, held, known, sync, sends_renewals, freshness_us, refuses_before)| {
                let status = |is_ret| if is_ret { Status::Ret } else { Status::Onay };
                let ago = |hours: i64| START.plus_micros(-hours * HOUR_US);
                let source = |citizen| {
                    if citizen {
                        Source::IYS_WEB
                    } else {
                        Source::HS_WEB
                    }
                };
                let mode = if sync {
                    RegistryMode::Sync
                } else {
                    RegistryMode::Integrator
                };
                Start {
                    rules: Rules {
                        mode,
                        sends_renewals,
                        freshness_us,
                    },
                    fact: fact.map(|(is_ret, hours)| Fact {
                        status: status(is_ret),
                        consent_date: ago(hours),
                        source: Source::HS_WEB,
                    }),
                    iys: Iys {
                        record: held.map(|(is_ret, citizen, hours)| {
                            Iys::holds(status(is_ret), ago(hours), source(citizen))
                        }),
                    },
                    mirror: known.map_or(RegistryView::UNASKED, |seen| {
                        earlier_look(seen, held.map(|(_, _, hours)| hours))
                    }),
                    refuses_before,
                }
            },
        )
}

/// What a look half an hour before the present record was made showed: another
/// record of the firm, or none; or, where there is no record, that there was none.
fn earlier_look(seen: Option<bool>, held_hours: Option<i64>) -> RegistryView {
    let looked = START.plus_micros(-held_hours.unwrap_or(1) * HOUR_US - HOUR_US / 2);
    let verdict = match seen.filter(|_| held_hours.is_some()) {
        None => Verdict::NoRecord,
        Some(true) => Verdict::Ret,
        Some(false) => Verdict::Onay,
    };
    RegistryView {
        verdict,
        consent_date: (verdict != Verdict::NoRecord).then(|| looked.plus_micros(-HOUR_US)),
        checked_at: Some(looked),
        ..RegistryView::UNASKED
    }
}

fn is_citizen_refusal(iys: &Iys) -> bool {
    iys.record.as_ref().is_some_and(|held| {
        held.status == Status::Ret && held.source.as_ref().is_some_and(Source::is_registry)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_conversation_ends_and_leaves_the_citizens_refusal_in_place(start in any_start()) {
        let (mirror, iys, log) = converse(&start);
        prop_assert!(log.sent.len() <= 1, "nothing is sent twice: {:?}", log.sent);
        if is_citizen_refusal(&start.iys) || start.refuses_before.is_some_and(|step| step <= log.steps) {
            prop_assert!(is_citizen_refusal(&iys), "{iys:?} after {start:?}");
        }
        // What may be sent on rests on what İYS really holds, unless the citizen
        // spoke after we asked.
        if mirror.verdict == Verdict::Onay && mirror.batch.is_some() && start.refuses_before.is_none() {
            prop_assert_eq!(iys.record.as_ref().map(|held| held.status), Some(Status::Onay));
        }
        if start.rules.mode == RegistryMode::Sync && start.iys.record.is_none() && start.refuses_before.is_none() {
            prop_assert!(iys.record.is_none(), "synchronisation made a record");
        }
    }

    #[test]
    fn without_a_refusal_of_the_citizen_the_newer_word_stands_at_iys(start in any_start()) {
        let start = Start { refuses_before: None, mirror: RegistryView::UNASKED, ..start };
        if is_citizen_refusal(&start.iys) {
            return Ok(()); // the other property's matter
        }
        let (_, iys, _) = converse(&start);
        let (Some(fact), Some(held)) = (&start.fact, &start.iys.record) else { return Ok(()) };
        if held.consent_date.is_some_and(|date| fact.consent_date > date) {
            prop_assert_eq!(iys.record.map(|held| held.status), Some(fact.status));
        }
    }
}
