//! A campaign leaves as its plan says: not on quiet days, not after its time,
//! the rest only behind a sound canary, over another route when the first is
//! gone, and not at all once somebody pressed stop.

use std::sync::Arc;

use domain::consent::Origin;
use domain::gate::Basis;
use domain::hours::SendingRules;
use domain::ids::{BrandId, CampaignId, ConnectorId, FirmId};
use domain::plan::{Canary, Part, Plan};
use domain::time::{HOUR_US, SECOND_US};
use domain::{Channel, ReasonCode, Recipient, RecipientKind, Source, Status, Timestamp};
use engine::campaigns::HaltOf;
use engine::{Engine, Identity, Settings, Step};
use serde_json::json;
use store::brands::NewBrand;
use store::campaigns::{Audience, CampaignState, NewCampaign};
use store::connectors::ConnectorState;
use store::consent::{ApplyContext, IncomingRecord, Said};
use store::testing::TestDatabase;

const TEXT: &str = "Yaz kampanyası. Örnek A.Ş. Mersis 0123456789012345 RET ORNEK yaz 3338";
const WHO: &str = "user:usr_1";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// A firm that sends on local consent over accounts where nobody listens.
struct House {
    engine: Arc<Engine>,
    firm: FirmId,
    brand: BrandId,
    accounts: [ConnectorId; 2],
}

impl House {
    async fn with(db: &TestDatabase, people: u32) -> Self {
        db.clock.set(at("2026-07-14T12:00:00+03:00"));
        let identity = Identity {
            worker: "test".into(),
            public_url: "https://izinli.ornek".into(),
        };
        let engine =
            Engine::new(db.store.clone(), Settings::default(), identity).expect("an engine");
        let mut writer = db.store.write().await.expect("a transaction");
        let firm = writer.create_firm("Firma").await.expect("a firm").id;
        let new = NewBrand {
            name: "Örnek".into(),
            short_name: "ORNEK".into(),
            trade_name: "Örnek A.Ş.".into(),
            mersis: "0123456789012345".into(),
            path_key: "anahtar".into(),
        };
        let mut brand = writer.create_brand(firm, new).await.expect("a brand");
        brand.off_reason = Some("yazılı gerekçe".into());
        (brand.iys_code, brand.brand_code) = (Some(700_001), Some(700_002));
        writer.save_brand(&brand).await.expect("saved");
        writer.commit().await.expect("commits");
        let mut accounts = Vec::new();
        for name in ["Asıl", "Yedek"] {
            let config = account();
            let made = engine
                .create_connector(firm, "infobip", name, &config, WHO)
                .await
                .expect("an account");
            let mut writer = db.store.write().await.expect("a transaction");
            writer
                .set_connector_state(made.id, made.version, ConnectorState::Active, None)
                .await
                .expect("active");
            writer.commit().await.expect("commits");
            accounts.push(made.id);
        }
        let house = Self {
            engine,
            firm,
            brand: brand.id,
            accounts: [accounts[0], accounts[1]],
        };
        house.consents(db, people).await;
        house
    }

    async fn consents(&self, db: &TestDatabase, people: u32) {
        let records: Vec<IncomingRecord> = (1..=people)
            .map(|n| IncomingRecord {
                line: i64::from(n),
                recipient: Recipient::from_normalised(&format!("+90532{n:07}")).expect("a phone"),
                external_id: None,
                token: None,
                name: None,
                kind: RecipientKind::Bireysel,
                consent: Some(Said {
                    channel: Channel::Mesaj,
                    status: Status::Onay,
                    date: at("2026-06-20T12:00:00+03:00"),
                    source: Source::HS_WEB,
                }),
                evidence: None,
                attributes: Vec::new(),
                standing: None,
            })
            .collect();
        let context = ApplyContext {
            firm: self.firm,
            brand: self.brand,
            origin: Origin::Upload,
            origin_id: Some(5),
            actor: WHO.into(),
            now: db.store.clock().now(),
        };
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .apply_records(&context, &records)
            .await
            .expect("applies");
        writer.commit().await.expect("commits");
    }

    async fn campaign(&self, plan: Plan) -> CampaignId {
        let new = NewCampaign {
            brand: self.brand,
            name: "Yaz".into(),
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
            basis: Basis::Commercial,
            purpose: "kampanya".into(),
            template: None,
            body: TEXT.into(),
            sender: "ORNEK".into(),
            connector: self.accounts[0],
            audience: Audience::All,
            batch_size: 10,
            plan,
        };
        let made = self
            .engine
            .create_campaign(self.firm, new, WHO)
            .await
            .expect("a draft");
        self.engine
            .launch(self.firm, made.id, WHO)
            .await
            .expect("launched");
        while self.engine.step_launch().await.expect("a step") == Step::Did {}
        made.id
    }

    async fn dispatch(&self) {
        self.engine.step_dispatch().await.expect("a step");
    }
}

fn account() -> serde_json::Value {
    let fields = engine::connector_kinds()
        .iter()
        .find(|kind| kind.kind == "infobip")
        .expect("a kind")
        .fields;
    let filled = fields
        .iter()
        .filter(|field| field.is_required)
        .map(|field| {
            let is_url = field.name.contains("url");
            (
                field.name,
                if is_url {
                    "http://127.0.0.1:9"
                } else {
                    "gizli"
                },
            )
        });
    json!(filled.collect::<std::collections::BTreeMap<_, _>>())
}

#[tokio::test]
async fn nothing_leaves_on_a_quiet_date_and_the_next_morning_is_proposed_before() {
    for db in store::testing::each().await {
        let house = House::with(&db, 20).await;
        let rules = SendingRules {
            quiet_dates: vec!["2026-07-15".into()],
            ..SendingRules::default()
        };
        let engine = &house.engine;
        engine
            .set_sending_rules(house.firm, house.brand, &rules, WHO)
            .await
            .expect("set");
        db.clock.set(at("2026-07-15T12:00:00+03:00"));
        let id = house.campaign(Plan::default()).await;
        let run = engine.dry_run(house.firm, id).await.expect("a dry run");
        let morning = at("2026-07-16T09:00:00+03:00");
        assert_eq!(
            (run.held, run.held_until, run.starts_at),
            (20, Some(morning), morning),
            "{}",
            db.name
        );
        house.dispatch().await;
        let report = engine.report(house.firm, id).await.expect("a report");
        assert_eq!(
            (report.held.waiting, report.batches.next_at),
            (20, Some(morning)),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn what_has_not_left_when_its_time_is_over_never_does() {
    for db in store::testing::each().await {
        let house = House::with(&db, 20).await;
        let plan = Plan {
            expires_at: Some(at("2026-07-14T13:00:00+03:00")),
            ..Plan::default()
        };
        let id = house.campaign(plan).await;
        db.clock.advance(HOUR_US);
        house.engine.step_watch().await.expect("a step");
        house.dispatch().await;
        house.engine.step_finish().await.expect("a step");
        let report = house.engine.report(house.firm, id).await.expect("a report");
        assert_eq!(
            report.excluded.get(&ReasonCode::S306),
            Some(&20),
            "{}",
            db.name
        );
        assert!(report.reconciles());
        assert_eq!(report.campaign.state, CampaignState::Finished);
    }
}

#[tokio::test]
async fn a_failed_canary_pauses_the_campaign_and_a_person_lets_the_rest_go() {
    for db in store::testing::each().await {
        let house = House::with(&db, 40).await;
        let canary = Canary {
            percent: 10,
            wait_minutes: 30,
            brake_percent: 30,
        };
        let id = house
            .campaign(Plan {
                canary: Some(canary),
                ..Plan::default()
            })
            .await;
        let engine = &house.engine;
        assert_eq!(
            engine.step_watch().await.expect("a step"),
            Step::Idle,
            "nothing has come back"
        );
        let mut writer = db.store.write().await.expect("a transaction");
        let lease = writer.now().plus_micros(HOUR_US);
        let picked = writer
            .pick_batches(house.accounts[0], "test", lease, 100)
            .await
            .expect("picked");
        assert_eq!(
            picked.iter().map(|batch| batch.size).sum::<i64>(),
            4,
            "{}",
            db.name
        );
        for batch in &picked {
            writer
                .settle_failed(batch, "REJECTED")
                .await
                .expect("settled");
        }
        writer.commit().await.expect("commits");
        assert_eq!(engine.step_watch().await.expect("a step"), Step::Did);
        let held = engine.campaign(house.firm, id).await.expect("the campaign");
        assert_eq!(held.state, CampaignState::Paused, "{}", db.name);
        assert_eq!(
            held.progress.canary.map(|end| (end.passed, end.failed)),
            Some((false, 4))
        );
        engine.resume(house.firm, id, WHO).await.expect("resumed");
        let parts = engine.parts(house.firm, id).await.expect("parts");
        assert_eq!(
            parts
                .iter()
                .map(|(part, count)| (*part, count.planned))
                .collect::<Vec<_>>(),
            [(Part::Canary, 4), (Part::Whole, 36)]
        );
        let waiting = db
            .store
            .read()
            .await
            .expect("a reader")
            .connectors_with_work(db.store.clock().now())
            .await;
        assert_eq!(waiting.expect("work"), [house.accounts[0]], "{}", db.name);
    }
}

#[tokio::test]
async fn a_campaign_goes_over_to_the_next_route_when_nobody_answers_on_the_first() {
    for db in store::testing::each().await {
        let house = House::with(&db, 20).await;
        let plan = Plan {
            fallbacks: vec![house.accounts[1]],
            ..Plan::default()
        };
        let id = house.campaign(plan).await;
        let routes = async || {
            let mut reader = db.store.read().await.expect("a reader");
            reader.waiting_routes(id).await.expect("routes")
        };
        for _ in 0..3 {
            assert_eq!(routes().await, [house.accounts[0]], "{}", db.name);
            house.dispatch().await;
            house.engine.step_watch().await.expect("a step");
            db.clock.advance(10 * SECOND_US);
        }
        assert_eq!(routes().await, [house.accounts[1]], "{}", db.name);
        // Nobody answers there either: forward only, never in a circle.
        house.dispatch().await;
        house.engine.step_watch().await.expect("a step");
        assert_eq!(routes().await, [house.accounts[1]], "{}", db.name);
        assert!(
            house
                .engine
                .report(house.firm, id)
                .await
                .expect("a report")
                .reconciles()
        );
    }
}

#[tokio::test]
async fn a_pressed_switch_pauses_a_brand_and_moves_a_route_and_says_how_much_is_left() {
    for db in store::testing::each().await {
        let house = House::with(&db, 20).await;
        let engine = &house.engine;
        let id = house
            .campaign(Plan {
                fallbacks: vec![house.accounts[1]],
                ..Plan::default()
            })
            .await;
        let route = HaltOf::Connector(house.accounts[0]);
        let halted = engine
            .halt(house.firm, route, "yanlış rota", WHO)
            .await
            .expect("halted");
        assert_eq!(halted.campaigns.len(), 1, "{}", db.name);
        assert_eq!(halted.campaigns[0].2.waiting, 20);
        engine.step_watch().await.expect("a step");
        let waiting = db
            .store
            .read()
            .await
            .expect("a reader")
            .waiting_routes(id)
            .await
            .expect("routes");
        assert_eq!(
            waiting,
            [house.accounts[1]],
            "the other route steps in, {}",
            db.name
        );

        let brand = HaltOf::Brand(house.brand);
        engine
            .halt(house.firm, brand, "yanlış metin", WHO)
            .await
            .expect("halted");
        let held = engine.campaign(house.firm, id).await.expect("the campaign");
        assert_eq!(held.state, CampaignState::Paused);
        assert!(
            engine.resume(house.firm, id, WHO).await.is_err(),
            "not while it is pressed"
        );
        engine
            .release(house.firm, brand, WHO)
            .await
            .expect("released");
        engine.resume(house.firm, id, WHO).await.expect("resumed");
        let stopped = engine.stop(house.firm, id, WHO).await.expect("stopped");
        assert_eq!(
            (stopped.left.handed_over, stopped.left.waiting),
            (0, 20),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn the_longest_text_over_real_people_is_found_page_by_page() {
    for db in store::testing::each().await {
        let house = House::with(&db, 3).await;
        let id = house.campaign(Plan::default()).await;
        let measured = house
            .engine
            .measure(house.firm, id)
            .await
            .expect("measured");
        assert_eq!(
            (measured.people, measured.parts_total),
            (3, 3),
            "{}",
            db.name
        );
        assert_eq!(measured.longest.as_deref(), Some(TEXT));
    }
}
