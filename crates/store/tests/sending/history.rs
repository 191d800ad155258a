//! Whatever happens to a campaign, the report and the people behind its
//! numbers agree with a slow twin that follows each person by hand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::ReasonCode;
use domain::ids::{BatchKey, CampaignId};
use domain::time::HOUR_US;
use proptest::prelude::*;
use store::campaigns::{CampaignState, Exclusions};
use store::dispatch::{FailedAs, PickedBatch, SendException};
use store::reporting::{CampaignPerson, Failed, Held, PersonFilter, PersonState, Report};
use store::testing::TestDatabase;

use crate::reporting::{pages, receive, report};

use crate::support::sending::*;
use crate::support::*;

/// What chance does with a batch once it was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Delayed,
    Returned,
    InFlight,
    Accepted,
    Failed,
    InDoubt,
    Unresolved,
}

/// A batch's fate: how it ends, and whom the gate and the provider keep back,
/// by place in the batch.
#[derive(Debug, Clone)]
struct BatchPlan {
    end: End,
    gate: Vec<bool>,
    provider: Vec<bool>,
}

/// A campaign's history as chance wills.
#[derive(Debug, Clone)]
struct History {
    people: Vec<Known>,
    batch_size: i64,
    batches: Vec<BatchPlan>,
    moved: Option<CampaignState>,
    receipts: Vec<(u32, i64)>,
}

const BATCH_MOST: usize = 6;

fn a_batch() -> impl Strategy<Value = BatchPlan> {
    let end = prop_oneof![
        4 => Just(End::Accepted),
        1 => Just(End::Delayed),
        1 => Just(End::Returned),
        1 => Just(End::InFlight),
        1 => Just(End::Failed),
        1 => Just(End::InDoubt),
        1 => Just(End::Unresolved),
    ];
    let some = || proptest::collection::vec(proptest::bool::weighted(0.25), BATCH_MOST);
    (end, some(), some()).prop_map(|(end, gate, provider)| BatchPlan {
        end,
        gate,
        provider,
    })
}

fn a_history() -> impl Strategy<Value = History> {
    let known = prop_oneof![
        6 => Just(Known::Confirmed),
        1 => Just(Known::LocalOnly),
        1 => Just(Known::Refused),
        1 => Just(Known::Nothing),
    ];
    let people = proptest::collection::vec(known, 0..40);
    let batches = proptest::collection::vec(a_batch(), 40);
    let moved = prop_oneof![
        2 => Just(None),
        1 => Just(Some(CampaignState::Paused)),
        1 => Just(Some(CampaignState::Stopped)),
    ];
    let receipts = proptest::collection::vec((0_u32..40, 1_i64..=6), 0..60);
    (people, 1..=6_i64, batches, moved, receipts).prop_map(
        |(people, batch_size, batches, moved, receipts)| History {
            people,
            batch_size,
            batches,
            moved,
            receipts,
        },
    )
}

/// What should be told of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fate {
    n: u32,
    frozen: i64,
    state: PersonState,
    code: Option<ReasonCode>,
    /// Which number of the report holds the person.
    counted: &'static str,
}

/// The slow twin of the report: follows each person by hand.
fn fates(history: &History) -> Vec<Fate> {
    let receipts = strongest(&history.receipts);
    let mut planned = 0_usize;
    let size = usize::try_from(history.batch_size).expect("a small size");
    let mut fates: Vec<Fate> = (0..)
        .zip(&history.people)
        .map(|(n, known)| {
            let fate = |state, code: Option<ReasonCode>, counted| Fate {
                n,
                frozen: 0,
                state,
                code,
                counted,
            };
            let excluded = |code: ReasonCode| fate(PersonState::Excluded, Some(code), "excluded");
            let failed = |code: ReasonCode, counted| fate(PersonState::Failed, Some(code), counted);
            let frozen = match known {
                Known::Confirmed => None,
                Known::LocalOnly => Some(ReasonCode::S102),
                Known::Refused => Some(ReasonCode::S103),
                Known::Nothing => Some(ReasonCode::S101),
            };
            if let Some(code) = frozen {
                return Fate {
                    frozen: code.as_db(),
                    ..excluded(code)
                };
            }
            let (batch, place) = (&history.batches[planned / size], planned % size);
            planned += 1;
            let is_forgotten = matches!(batch.end, End::Delayed | End::Returned);
            if batch.gate[place] && !is_forgotten {
                return excluded(gate_code(place));
            }
            match batch.end {
                End::Delayed | End::Returned if history.moved == Some(CampaignState::Stopped) => {
                    fate(PersonState::Waiting, None, "cancelled")
                }
                End::Delayed | End::Returned | End::InFlight => {
                    fate(PersonState::Waiting, None, "waiting")
                }
                End::InDoubt | End::Unresolved => fate(PersonState::Uncertain, None, "uncertain"),
                End::Failed => failed(ReasonCode::S504, "refused"),
                End::Accepted if batch.provider[place] => failed(ReasonCode::S508, "refused"),
                End::Accepted => match receipts.get(&n) {
                    Some(6) => fate(PersonState::Delivered, None, "delivered"),
                    Some(5) => failed(ReasonCode::S603, "rejected"),
                    Some(4) => failed(ReasonCode::S602, "undelivered"),
                    Some(3) => failed(ReasonCode::S601, "expired"),
                    _ => fate(PersonState::Sent, None, "open"),
                },
            }
        })
        .collect();
    fates.sort_by_key(|fate| (fate.frozen, fate.n));
    fates
}

/// The last gate's reason for the person at this place of a batch.
fn gate_code(place: usize) -> ReasonCode {
    [ReasonCode::S103, ReasonCode::S201, ReasonCode::S104][place % 3]
}

/// The first of the strongest receipts of each person.
fn strongest(receipts: &[(u32, i64)]) -> BTreeMap<u32, i64> {
    let rank = |state: i64| [0, 1, 2, 3, 3, 3, 4][usize::try_from(state).expect("a state")];
    let mut held = BTreeMap::new();
    for (n, state) in receipts {
        let before = held.entry(*n).or_insert(*state);
        if rank(*state) > rank(*before) {
            *before = *state;
        }
    }
    held
}

/// Lives the history through; the report must add up after every step.
async fn live(db: &TestDatabase, scene: Scene, history: &History) -> CampaignId {
    scene
        .add_people(db, (0..).zip(history.people.iter().copied()))
        .await;
    let campaign = scene.running(db, history.batch_size).await;
    assert_eq!(
        report(db, scene, campaign.id).await.discrepancy(),
        0,
        "{}: frozen",
        db.name
    );
    for (number, plan) in (1..=campaign.batches).zip(&history.batches) {
        let batch = scene
            .claim(db, "w1", 1)
            .await
            .pop()
            .expect("a batch is due");
        assert_eq!(batch.key.number, number, "in order");
        end_batch(db, scene, history, &batch, plan).await;
        assert_eq!(
            report(db, scene, campaign.id).await.discrepancy(),
            0,
            "{}: {plan:?}",
            db.name
        );
    }
    if let Some(to) = history.moved {
        scene.move_to(db, campaign.id, to).await;
        assert_eq!(
            report(db, scene, campaign.id).await.discrepancy(),
            0,
            "{}: {to}",
            db.name
        );
    }
    let planned: Vec<u32> = (0..)
        .zip(&history.people)
        .filter(|(_, known)| **known == Known::Confirmed)
        .map(|(n, _)| n)
        .collect();
    for (n, state) in &history.receipts {
        let place = planned.iter().position(|other| other == n).unwrap_or(0);
        let number = i64::try_from(place).expect("small") / history.batch_size + 1;
        let key = BatchKey {
            campaign: campaign.id,
            number,
        };
        receive(db, scene, &[(key, *n, *state)]).await;
    }
    campaign.id
}

async fn end_batch(
    db: &TestDatabase,
    scene: Scene,
    history: &History,
    batch: &PickedBatch,
    plan: &BatchPlan,
) {
    let confirmed = (0..)
        .zip(&history.people)
        .filter(|(_, known)| **known == Known::Confirmed);
    let people: Vec<_> = confirmed
        .map(|(n, _)| scene.recipient(n))
        .filter(|id| (batch.people.0..=batch.people.1).contains(id))
        .collect();
    let chosen = |marks: &[bool], why: &dyn Fn(usize) -> SendException| -> Vec<SendException> {
        (0..people.len())
            .filter(|place| marks[*place])
            .map(why)
            .collect()
    };
    let gate = chosen(&plan.gate, &|place| {
        taken_out(people[place], gate_code(place))
    });
    let refused = chosen(&plan.provider, &|place| turned_down(people[place]));
    let later = db.store.clock().now().plus_micros(HOUR_US);
    let mut writer = db.store.write().await.expect("a transaction");
    if plan.end != End::Delayed {
        writer
            .hand_over(batch, "key", b"request", &gate)
            .await
            .expect("handed over");
    }
    match plan.end {
        End::Delayed => writer.delay_batch(batch, later).await,
        End::Returned => writer.return_to_pending(batch, later, "refused").await,
        End::InFlight => Ok(()),
        End::Accepted => {
            writer
                .settle_accepted(batch, "PRV", batch.size, &refused)
                .await
        }
        End::Failed => {
            writer
                .settle_failed(batch, FailedAs::Refused, "bad sender")
                .await
        }
        End::InDoubt => writer.mark_in_doubt(batch, later, "timeout").await,
        End::Unresolved => writer.settle_unresolved(batch, "nobody knows").await,
    }
    .expect("settles");
    writer.commit().await.expect("commits");
}

fn assert_reported(report: &Report, fates: &[Fate]) {
    let count = |counted: &str| {
        i64::try_from(fates.iter().filter(|fate| fate.counted == counted).count()).expect("small")
    };
    let mut excluded = Exclusions::new();
    let kept_out = fates
        .iter()
        .filter(|fate| fate.state == PersonState::Excluded);
    for code in kept_out.filter_map(|fate| fate.code) {
        *excluded.entry(code).or_default() += 1;
    }
    assert!(report.reconciles());
    assert_eq!(report.target, i64::try_from(fates.len()).expect("small"));
    assert_eq!(report.excluded, excluded);
    let [waiting, uncertain, cancelled] = ["waiting", "uncertain", "cancelled"].map(count);
    assert_eq!(
        report.held,
        Held {
            waiting,
            uncertain,
            cancelled
        }
    );
    let [refused, undelivered, expired, rejected] =
        ["refused", "undelivered", "expired", "rejected"].map(count);
    assert_eq!(
        report.failed,
        Failed {
            refused,
            undelivered,
            expired,
            rejected
        }
    );
    assert_eq!(
        (report.delivered, report.open),
        (count("delivered"), count("open"))
    );
    assert_eq!(
        report.sent,
        report.delivered + report.open + report.failed.total()
    );
}

#[test]
fn the_report_and_the_people_behind_it_agree_with_any_history() {
    static PLACE: AtomicI64 = AtomicI64::new(0);
    holds_on_each(16, &a_history(), async |db, history| {
        let scene = Scene::numbered(db, PLACE.fetch_add(1, Ordering::Relaxed)).await;
        let campaign = live(db, scene, &history).await;
        let fates = fates(&history);
        assert_reported(&report(db, scene, campaign).await, &fates);

        let brief = |people: &[CampaignPerson]| -> Vec<_> {
            people
                .iter()
                .map(|p| (p.recipient, p.address.clone(), p.state, p.code))
                .collect()
        };
        let expected = |keep: &dyn Fn(&Fate) -> bool| -> Vec<_> {
            let kept = fates.iter().filter(|fate| keep(fate));
            kept.map(|f| {
                (
                    scene.recipient(f.n),
                    phone(f.n).to_string(),
                    f.state,
                    f.code,
                )
            })
            .collect()
        };
        let everyone = pages(db, campaign, PersonFilter::default(), 7).await;
        assert_eq!(brief(&everyone), expected(&|_| true), "{}", db.name);
        let states = [
            PersonState::Excluded,
            PersonState::Waiting,
            PersonState::Sent,
            PersonState::Delivered,
            PersonState::Failed,
            PersonState::Uncertain,
        ];
        for state in states {
            let filter = PersonFilter {
                state: Some(state),
                code: None,
            };
            let people = pages(db, campaign, filter, 5).await;
            assert_eq!(
                brief(&people),
                expected(&|fate| fate.state == state),
                "{} {state:?}",
                db.name
            );
        }
        for (code, state) in [
            (ReasonCode::S101, PersonState::Excluded),
            (ReasonCode::S103, PersonState::Excluded),
            (ReasonCode::S201, PersonState::Excluded),
            (ReasonCode::S301, PersonState::Excluded),
            (ReasonCode::S504, PersonState::Failed),
            (ReasonCode::S508, PersonState::Failed),
            (ReasonCode::S601, PersonState::Failed),
            (ReasonCode::S602, PersonState::Failed),
        ] {
            let filter = PersonFilter {
                state: None,
                code: Some(code),
            };
            let people = pages(db, campaign, filter, 3).await;
            assert_eq!(
                brief(&people),
                expected(&|fate| fate.code == Some(code)),
                "{} {code}",
                db.name
            );
            let filter = PersonFilter {
                state: Some(state),
                code: Some(code),
            };
            assert_eq!(
                pages(db, campaign, filter, 3).await,
                people,
                "{} {code}",
                db.name
            );
            let filter = PersonFilter {
                state: Some(PersonState::Sent),
                code: Some(code),
            };
            assert!(
                pages(db, campaign, filter, 3).await.is_empty(),
                "{} {code}",
                db.name
            );
        }
    });
}
