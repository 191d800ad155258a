//! An answer about an audience is given again as long as nothing changed, and
//! never longer: after each change a store that remembers says what one that
//! has just begun does.

use domain::consent::Origin;
use domain::ids::{RecipientId, RegistryBatchId};
use domain::registry::RegistryView;
use domain::time::DAY_US;
use domain::{Channel, ReasonCode, RecipientKind, Status, Verdict};
use store::Writer;
use store::audience::{AudienceQuestion, Judged};
use store::blacklist::{NewStop, StopCause};
use store::campaigns::Audience;
use store::consent::{ApplyContext, IncomingRecord};
use store::registry_work::ConfirmedList;
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

async fn judged(db: &TestDatabase, question: &AudienceQuestion) -> Judged {
    let mut reader = db.store.read().await.expect("a reader");
    reader.judge_audience(question).await.expect("counts")
}

/// What everybody's decisions come to, which is never remembered.
async fn counted(db: &TestDatabase, question: &AudienceQuestion) -> Judged {
    let mut reader = db.store.read().await.expect("a reader");
    let decisions = reader
        .audience_decisions(question, 1_000)
        .await
        .expect("decisions");
    let mut out = Judged {
        target: 0,
        sendable: 0,
        excluded: store::campaigns::Exclusions::new(),
    };
    for (_, code) in decisions {
        out.target += 1;
        match code {
            None => out.sendable += 1,
            Some(code) => *out.excluded.entry(code).or_default() += 1,
        }
    }
    out
}

/// A change that people make, in a transaction of its own.
#[derive(Debug, Clone, Copy)]
enum Change {
    NewPerson,
    Refusal,
    OtherName,
    Stop,
    Lifted,
    OffTheBlacklist,
    Told,
    Confirmed,
    Tagged,
    Untagged,
    TagForgotten,
}

const CHANGES: [Change; 11] = [
    Change::NewPerson,
    Change::Refusal,
    Change::OtherName,
    Change::Stop,
    Change::Lifted,
    Change::Stop,
    Change::OffTheBlacklist,
    Change::Told,
    Change::Confirmed,
    Change::Tagged,
    Change::Untagged,
];

impl Change {
    async fn make(self, db: &TestDatabase, scene: &Scene) {
        let mut writer = db.store.write().await.expect("a transaction");
        self.write(&mut writer, db, scene).await;
        writer.commit().await.expect("commits");
    }

    async fn write(self, writer: &mut Writer, db: &TestDatabase, scene: &Scene) {
        let one = [scene.recipient(1)];
        match self {
            Self::NewPerson => apply_one(writer, db, scene, person(1, phone(900))).await,
            Self::Refusal => {
                let ret = declared(1, phone(2), Status::Ret, db.store.clock().now());
                apply_one(writer, db, scene, ret).await;
            }
            Self::OtherName => {
                let mut named = person(1, phone(3));
                named.external_id = Some("M3".into());
                named.name = Some("Başka Ad".into());
                apply_one(writer, db, scene, named).await;
            }
            Self::Stop => stop(writer, scene, &one).await,
            Self::Lifted => writer
                .lift_stop(scene.firm, one[0], None, StopCause::Blacklist)
                .await
                .expect("lifted"),
            Self::OffTheBlacklist => {
                let lifted = writer.lift_blacklist(scene.firm, &one, None).await;
                assert_eq!(lifted.expect("lifted"), 1);
            }
            Self::Told => told(writer, scene, db).await,
            Self::Confirmed => confirmed(writer, scene, db).await,
            Self::Tagged => {
                let tag = writer.ensure_tag(scene.firm, "vip").await.expect("a tag");
                let added = writer.add_to_tag(tag, &one).await;
                assert_eq!(added.expect("tagged"), 1);
            }
            Self::Untagged => {
                let tag = writer.ensure_tag(scene.firm, "vip").await.expect("a tag");
                let removed = writer.remove_from_tag(tag, &one).await;
                assert_eq!(removed.expect("untagged"), 1);
            }
            Self::TagForgotten => {
                let tag = writer.ensure_tag(scene.firm, "vip").await.expect("a tag");
                writer.delete_tag(scene.firm, tag).await.expect("forgotten");
            }
        }
    }
}

async fn apply_one(writer: &mut Writer, db: &TestDatabase, scene: &Scene, record: IncomingRecord) {
    let context = ApplyContext {
        firm: scene.firm,
        brand: scene.brand,
        origin: Origin::Upload,
        origin_id: Some(77),
        actor: "ayse@ornek.com.tr".into(),
        now: db.store.clock().now(),
    };
    writer
        .apply_records(&context, &[record])
        .await
        .expect("applies");
}

async fn stop(writer: &mut Writer, scene: &Scene, recipients: &[RecipientId]) {
    let stop = NewStop {
        channel: None,
        cause: StopCause::Blacklist,
        spares_mandatory: false,
        note: None,
        actor: "ayse",
    };
    let added = writer.add_stops(scene.firm, recipients, stop).await;
    assert_eq!(added.expect("stopped"), 1);
}

/// İYS holds a refusal of a person whom we took for confirmed.
async fn told(writer: &mut Writer, scene: &Scene, db: &TestDatabase) {
    let now = db.store.clock().now();
    let view = RegistryView {
        verdict: Verdict::Ret,
        citizen: true,
        consent_date: Some(now),
        checked_at: Some(now),
        batch: Some(RegistryBatchId::from_db(1)),
        transaction: None,
        code: None,
    };
    writer
        .update_mirror(
            scene.firm,
            scene.brand,
            Channel::Mesaj,
            RecipientKind::Bireysel,
            &[scene.recipient(4)],
            |_, _| Some(view.clone()),
        )
        .await
        .expect("told");
}

/// İYS confirms a person whom it was never asked about.
async fn confirmed(writer: &mut Writer, scene: &Scene, db: &TestDatabase) {
    let recipients = [scene.recipient(5)];
    let list = ConfirmedList {
        brand: scene.brand,
        channel: Channel::Mesaj,
        kind: RecipientKind::Bireysel,
        recipients: &recipients,
        asked_at: db.store.clock().now(),
        batch: RegistryBatchId::from_db(1),
        renews: false,
    };
    assert_eq!(writer.confirm_plainly(&list).await.expect("written"), 1);
}

async fn people(db: &TestDatabase) -> Scene {
    let scene = Scene::on(db).await;
    let known = (1..=5).map(|n| {
        let known = if n == 5 {
            Known::LocalOnly
        } else {
            Known::Confirmed
        };
        (n, known)
    });
    scene.add_people(db, known).await;
    scene
}

#[tokio::test]
async fn each_change_of_people_stops_and_consents_is_seen_by_the_next_preview() {
    for db in store::testing::each().await {
        let scene = people(&db).await;
        let everybody = scene.question(&db, Audience::All);
        let tag = "vip".to_owned();
        let tagged = scene.question(&db, Audience::Tag { tag });
        let mut before = (judged(&db, &everybody).await, judged(&db, &tagged).await);
        for change in CHANGES {
            change.make(&db, &scene).await;
            let after = (judged(&db, &everybody).await, judged(&db, &tagged).await);
            let looked = (counted(&db, &everybody).await, counted(&db, &tagged).await);
            assert_eq!(after, looked, "{} after {change:?}", db.name);
            let is_seen = !matches!(change, Change::OtherName);
            assert_eq!(
                after != before,
                is_seen,
                "{} {change:?} changes the counts",
                db.name
            );
            before = after;
        }
        Change::Tagged.make(&db, &scene).await;
        assert_eq!(judged(&db, &tagged).await.target, 1, "{}", db.name);
        Change::TagForgotten.make(&db, &scene).await;
        assert_eq!(judged(&db, &tagged).await.target, 0, "{}", db.name);
    }
}

#[tokio::test]
async fn a_name_that_is_filled_in_is_seen_where_the_text_wants_it() {
    for db in store::testing::each().await {
        let scene = people(&db).await;
        let mut question = scene.question(&db, Audience::All);
        question.variables = vec!["ad".into(), "semt".into()];
        let before = judged(&db, &question).await;
        assert_eq!(
            before.excluded.get(&ReasonCode::S401),
            Some(&4),
            "{}",
            db.name
        );
        let mut writer = db.store.write().await.expect("a transaction");
        let mut record = person(1, phone(1));
        record.external_id = Some("M1".into());
        record.attributes = [("semt".to_owned(), "Moda".to_owned())].into();
        apply_one(&mut writer, &db, &scene, record).await;
        writer.commit().await.expect("commits");
        let after = judged(&db, &question).await;
        assert_eq!(
            after.excluded.get(&ReasonCode::S401),
            Some(&3),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn what_nobody_changed_is_not_judged_again_until_an_answer_of_iys_is_too_old() {
    for db in store::testing::each().await {
        let scene = people(&db).await;
        let mut question = scene.question(&db, Audience::All);
        let before = judged(&db, &question).await;
        // Behind the store's back, which shows who is looked at.
        let mut window = Window::on(&db).await;
        window.run("DELETE FROM consent_state").await;
        assert_eq!(judged(&db, &question).await, before, "{}", db.name);
        let mut other = question.clone();
        other.basis = domain::gate::Basis::Informational;
        assert_eq!(judged(&db, &other).await.sendable, 5, "{}", db.name);
        question.now = question.now.plus_micros(DAY_US);
        let later = judged(&db, &question).await;
        assert_eq!(later.sendable, 0, "{}: it looked", db.name);
    }
}

#[tokio::test]
async fn a_transaction_that_is_given_up_changes_no_answer() {
    for db in store::testing::each().await {
        let scene = people(&db).await;
        let question = scene.question(&db, Audience::All);
        let before = judged(&db, &question).await;
        let mut writer = db.store.write().await.expect("a transaction");
        Change::Stop.write(&mut writer, &db, &scene).await;
        drop(writer);
        let mut window = Window::on(&db).await;
        window.run("DELETE FROM consent_state").await;
        assert_eq!(judged(&db, &question).await, before, "{}", db.name);
    }
}
