//! What is owed to İYS and to people who complained, and the alarms about it.

mod support;

use domain::alarm::{AlarmCode, Severity};
use domain::deadline::Duty;
use domain::time::{DAY_US, HOUR_US};
use domain::{Source, Status, Timestamp};
use store::alarms::{AlarmDetail, AlarmFigures, AlarmKey};
use store::blacklist::{NewStop, StopCause};
use store::consent::{IncomingRecord, Said};
use store::deadlines::{DutyRange, OpenDuty};
use store::testing::TestDatabase;
use support::*;

const ALL: DutyRange = DutyRange {
    only: None,
    consents_from: Timestamp::from_micros(i64::MIN),
    consents_to: Timestamp::from_micros(i64::MAX),
};

async fn owed(db: &TestDatabase, range: DutyRange) -> Vec<OpenDuty> {
    let mut reader = db.store.read().await.expect("a reader");
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = reader
            .open_duties(FIRM, BRAND, range, after, 3)
            .await
            .expect("a page");
        let Some(last) = page.last() else { return all };
        after = Some(last.cursor());
        all.extend(page);
    }
}

fn short(duties: &[OpenDuty]) -> Vec<(Duty, String)> {
    duties
        .iter()
        .map(|owed| (owed.duty, owed.address.to_string()))
        .collect()
}

#[tokio::test]
async fn consents_refusals_and_complaints_are_listed_together_the_oldest_first() {
    for db in store::testing::each().await {
        let citizen = IncomingRecord {
            consent: Some(Said {
                source: Source::IYS_WEB,
                ..said(Status::Ret, june(12))
            }),
            ..person(6, phone(6))
        };
        apply(
            &db,
            &[
                declared(2, phone(1), Status::Onay, june(20)),
                declared(3, phone(2), Status::Ret, june(19)),
                declared(4, phone(3), Status::Onay, june(18)),
                declared(5, phone(4), Status::Ret, june(20)),
                citizen,
            ],
        )
        .await;
        let mut writer = db.store.write().await.expect("a transaction");
        let ids = writer
            .recipient_ids(FIRM, &[phone(3)])
            .await
            .expect("numbers");
        let third = ids[0].expect("known");
        let stop = NewStop {
            channel: None,
            cause: StopCause::Complaint,
            spares_mandatory: false,
            note: None,
            actor: "usr_1",
        };
        writer.add_stops(FIRM, &[third], stop).await.expect("stops");
        writer.commit().await.expect("commits");

        let found = owed(&db, ALL).await;
        let (onay, ret) = (Duty::Consent, Duty::Refusal);
        let expected = [
            (onay, phone(3)),
            (ret, phone(2)),
            (onay, phone(1)),
            (ret, phone(4)),
            (Duty::Complaint, phone(3)),
        ];
        let expected = expected.map(|(duty, address)| (duty, address.to_string()));
        assert_eq!(short(&found), expected, "{}", db.name);
        assert_eq!(found[4].event_at, db.store.clock().now());

        let young = DutyRange {
            only: Some(onay),
            consents_from: june(19),
            ..ALL
        };
        assert_eq!(
            short(&owed(&db, young).await),
            [(onay, phone(1).to_string())]
        );

        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .handle_complaint(FIRM, third, None, "usr_2")
            .await
            .expect("closes");
        let again = writer.handle_complaint(FIRM, third, None, "usr_2").await;
        assert!(again.is_err(), "a closed complaint is not closed twice");
        writer.commit().await.expect("commits");
        assert_eq!(owed(&db, ALL).await.len(), 4, "{}", db.name);
    }
}

#[tokio::test]
async fn a_refusal_that_waits_for_a_person_is_not_owed_before_they_have_looked() {
    for db in store::testing::each().await {
        let refused = declared(2, phone(2), Status::Ret, june(19));
        let consented = declared(3, phone(1), Status::Onay, june(20));
        let applied = apply(&db, &[refused, consented]).await;
        let event = applied.touched.iter().find_map(|touched| {
            let said = touched.said.as_ref()?;
            touched.event.filter(|_| said.status == Status::Ret)
        });
        let event = event.expect("the refusal's event");
        let count = async |db: &TestDatabase| {
            let mut reader = db.store.read().await.expect("a reader");
            let (from, to) = (june(1), june(30));
            let count = reader.count_owed(BRAND, Duty::Refusal, from, to).await;
            count.expect("a count")
        };
        let mut writer = db.store.write().await.expect("a transaction");
        writer.withhold(BRAND, &[event]).await.expect("withheld");
        writer.commit().await.expect("commits");
        let owing = [(Duty::Consent, phone(1).to_string())];
        assert_eq!(short(&owed(&db, ALL).await), owing, "{}", db.name);
        assert_eq!(count(&db).await, 0, "{}", db.name);

        let mut writer = db.store.write().await.expect("a transaction");
        let released = writer.release_withheld(BRAND, &[event]).await;
        assert_eq!(released.expect("released"), 1);
        writer.commit().await.expect("commits");
        assert_eq!(owed(&db, ALL).await.len(), 2, "{}", db.name);
        assert_eq!(count(&db).await, 1, "{}", db.name);
    }
}

#[tokio::test]
async fn whatever_iys_confirmed_or_will_never_take_is_owed_no_more() {
    for db in store::testing::each().await {
        let mut window = Window::on(&db).await;
        apply(
            &db,
            &[
                declared(2, phone(1), Status::Onay, june(20)),
                declared(3, phone(2), Status::Ret, june(20)),
            ],
        )
        .await;
        // verdict, its date relative to ours, code: is the consent owed, is the refusal owed
        let cases = [
            ("0", "NULL", "NULL", true, true),
            ("3", "NULL", "NULL", true, true),
            ("1", "NULL", "NULL", false, true),
            ("1", "local_us - 1", "NULL", false, true),
            ("1", "local_us + 1", "NULL", false, false),
            ("2", "local_us - 1", "NULL", true, false),
            ("2", "local_us + 1", "NULL", false, false),
            ("4", "NULL", "NULL", true, false),
            ("5", "NULL", "NULL", true, false),
            ("6", "NULL", "4120", true, true),
            ("6", "NULL", "4606", false, true),
            ("6", "NULL", "4175", true, false),
        ];
        for (verdict, date, code, consent, refusal) in cases {
            let set = format!(
                "UPDATE consent_state SET verdict = {verdict}, verdict_us = {date}, verdict_code = {code}"
            );
            assert_eq!(window.run(&set).await, 2);
            let found = owed(&db, ALL).await;
            let has = |duty| found.iter().any(|owed| owed.duty == duty);
            assert_eq!(
                (has(Duty::Consent), has(Duty::Refusal)),
                (consent, refusal),
                "{}: {set}",
                db.name
            );
            let mut reader = db.store.read().await.expect("a reader");
            let count = reader
                .count_owed(BRAND, Duty::Consent, june(20), june(21))
                .await
                .expect("a count");
            assert_eq!(count, i64::from(consent));
            let first = reader
                .first_owed(BRAND, Duty::Refusal, june(1), june(30))
                .await
                .expect("an answer");
            assert_eq!(first, refusal.then(|| june(20)));
        }
    }
}

#[tokio::test]
async fn a_complaint_beside_a_blacklist_entry_has_its_own_clock_that_ends_when_it_is_lifted() {
    for db in store::testing::each().await {
        apply(&db, &[person(2, phone(1))]).await;
        let mut reader = db.store.read().await.expect("a reader");
        let ids = reader
            .recipient_ids(FIRM, &[phone(1)])
            .await
            .expect("numbers");
        let id = ids[0].expect("known");
        drop(reader);
        let stop = |cause| NewStop {
            channel: None,
            cause,
            spares_mandatory: false,
            note: None,
            actor: "usr_1",
        };
        let began = db.store.clock().now();
        for cause in [StopCause::Blacklist, StopCause::Complaint] {
            let mut writer = db.store.write().await.expect("a transaction");
            writer
                .add_stops(FIRM, &[id], stop(cause))
                .await
                .expect("stops");
            writer.commit().await.expect("commits");
            db.clock.advance(HOUR_US);
        }
        let found = owed(&db, ALL).await;
        assert_eq!(found.len(), 1, "{}", db.name);
        assert_eq!(found[0].event_at, began.plus_micros(HOUR_US));
        let mut reader = db.store.read().await.expect("a reader");
        let now = db.store.clock().now();
        let counted = reader.count_complaints(FIRM, now).await.expect("counts");
        assert_eq!(counted, (1, Some(began.plus_micros(HOUR_US))));
        drop(reader);
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .lift_stop(FIRM, id, None, StopCause::Complaint)
            .await
            .expect("lifts");
        writer.commit().await.expect("commits");
        assert_eq!(owed(&db, ALL).await, [], "{}", db.name);
    }
}

#[tokio::test]
async fn an_alarm_that_goes_on_is_one_row_until_its_cause_is_gone() {
    for db in store::testing::each().await {
        let key = AlarmKey {
            firm: FIRM,
            brand: Some(BRAND),
            code: AlarmCode::ConsentsLate,
            subject: "",
        };
        let detail = |count: &str| AlarmDetail::from([("count".to_owned(), count.to_owned())]);
        for count in ["1", "2", "3"] {
            let mut writer = db.store.write().await.expect("a transaction");
            writer
                .raise_alarm(key, &detail(count))
                .await
                .expect("raises");
            writer.commit().await.expect("commits");
            db.clock.advance(DAY_US);
        }
        let mut reader = db.store.read().await.expect("a reader");
        let open = reader.alarms(FIRM, false, None, 10).await.expect("alarms");
        assert_eq!(open.len(), 1, "{}", db.name);
        assert_eq!((open[0].seen, &open[0].detail), (3, &detail("3")));
        assert_eq!(open[0].severity, Severity::Critical);
        assert_eq!(open[0].last_at.since(open[0].raised_at), 2 * DAY_US);
        let figures = reader.alarm_figures().await.expect("figures");
        assert_eq!(
            figures,
            AlarmFigures {
                critical: 1,
                ..AlarmFigures::default()
            }
        );
        drop(reader);

        let mut writer = db.store.write().await.expect("a transaction");
        let id = open[0].id;
        writer
            .acknowledge_alarm(FIRM, id, "user:usr_1", Some("bakıyorum"))
            .await
            .expect("taken on");
        let again = writer.acknowledge_alarm(FIRM, id, "user:usr_2", None).await;
        assert!(again.is_err(), "one person takes it on");
        assert!(writer.clear_alarm(key).await.expect("clears"));
        assert!(!writer.clear_alarm(key).await.expect("nothing to clear"));
        writer.raise_alarm(key, &detail("9")).await.expect("raises");
        writer.commit().await.expect("commits");

        let mut reader = db.store.read().await.expect("a reader");
        let open = reader.alarms(FIRM, false, None, 10).await.expect("alarms");
        assert_eq!((open.len(), open[0].acknowledged_at), (1, None));
        let all = reader.alarms(FIRM, true, None, 1).await.expect("alarms");
        let cursor = Some((all[0].raised_at.as_micros(), all[0].id.as_db()));
        let older = reader.alarms(FIRM, true, cursor, 10).await.expect("alarms");
        assert_eq!(older.len(), 1, "{}", db.name);
        assert_eq!(older[0].acknowledged_by.as_deref(), Some("user:usr_1"));
        assert!(older[0].cleared_at.is_some());
    }
}
