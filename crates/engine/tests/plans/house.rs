//! A firm that sends on local consent over accounts where nobody listens.

use std::sync::Arc;

use domain::consent::Origin;
use domain::gate::Basis;
use domain::ids::{BrandId, CampaignId, ConnectorId, FirmId};
use domain::plan::Plan;
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};
use engine::{Engine, Identity, Settings, Step};
use serde_json::json;
use store::brands::NewBrand;
use store::campaigns::{Audience, NewCampaign};
use store::connectors::ConnectorState;
use store::consent::{ApplyContext, IncomingRecord, Said};
use store::testing::TestDatabase;

pub(crate) const TEXT: &str =
    "Yaz kampanyası. Örnek A.Ş. Mersis 0123456789012345 RET ORNEK yaz 3338";
/// The name of the first person.
pub(crate) const LONG_NAME: &str =
    "Abdurrahman Gazi Alemdar Mustafa Pasa Kopruluzade Abdurrahman Gazi Alemdar Mustafa Pasa";
pub(crate) const WHO: &str = "user:usr_1";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// See the module.
pub(crate) struct House {
    pub(crate) engine: Arc<Engine>,
    pub(crate) firm: FirmId,
    pub(crate) brand: BrandId,
    pub(crate) accounts: [ConnectorId; 2],
}

impl House {
    pub(crate) async fn with(db: &TestDatabase, people: u32) -> Self {
        Self::at(db, people, "http://127.0.0.1:9").await
    }

    /// The same with accounts at a provider of the test's own.
    pub(crate) async fn at(db: &TestDatabase, people: u32, provider: &str) -> Self {
        db.clock.set(at("2026-07-14T12:00:00+03:00"));
        let identity = Identity {
            worker: "test".into(),
            public_url: "https://izinli.ornek".into(),
        };
        let engine =
            Engine::new(db.store.clone(), Settings::default(), identity).expect("an engine");
        let mut writer = db.store.write().await.expect("a transaction");
        let named = format!("Firma {provider}");
        let firm = writer.create_firm(&named).await.expect("a firm").id;
        let new = NewBrand {
            name: "Örnek".into(),
            short_name: "ORNEK".into(),
            trade_name: "Örnek A.Ş.".into(),
            mersis: "0123456789012345".into(),
            path_key: format!("anahtar-{provider}"),
        };
        let mut brand = writer.create_brand(firm, new).await.expect("a brand");
        brand.off_reason = Some("yazılı gerekçe".into());
        (brand.iys_code, brand.brand_code) = (Some(700_001), Some(700_002));
        writer.save_brand(&brand).await.expect("saved");
        writer.commit().await.expect("commits");
        let mut accounts = Vec::new();
        for name in ["Asıl", "Yedek"] {
            let config = account(provider);
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

    pub(crate) async fn consents(&self, db: &TestDatabase, people: u32) {
        let given = at("2026-06-20T12:00:00+03:00");
        self.said(db, 1..=people, Status::Onay, given).await;
    }

    pub(crate) async fn refuses(&self, db: &TestDatabase, person: u32, when: Timestamp) {
        db.clock.set(when.plus_micros(domain::time::MINUTE_US));
        self.said(db, person..=person, Status::Ret, when).await;
    }

    async fn said(
        &self,
        db: &TestDatabase,
        people: std::ops::RangeInclusive<u32>,
        status: Status,
        date: Timestamp,
    ) {
        let records: Vec<IncomingRecord> = people.map(|n| record(n, status, date)).collect();
        self.apply(db, &records).await;
    }

    /// Somebody with a number of the firm's own, on both channels.
    pub(crate) async fn account(&self, db: &TestDatabase, n: u32, code: &str) {
        let given = at("2026-06-20T12:00:00+03:00");
        let mut by_phone = record(n, Status::Onay, given);
        by_phone.external_id = Some(code.to_owned());
        let mut by_mail = by_phone.clone();
        let mail = format!("kisi{n}@ornek.com");
        by_mail.recipient = Recipient::from_normalised(&mail).expect("an address");
        if let Some(said) = &mut by_mail.consent {
            said.channel = Channel::Eposta;
        }
        self.apply(db, &[by_phone]).await;
        self.apply(db, &[by_mail]).await;
    }

    async fn apply(&self, db: &TestDatabase, records: &[IncomingRecord]) {
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
            .apply_records(&context, records)
            .await
            .expect("applies");
        writer.commit().await.expect("commits");
    }

    pub(crate) fn text(&self, plan: Plan) -> NewCampaign {
        NewCampaign {
            promotion: None,
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
        }
    }

    pub(crate) async fn draft(&self, plan: Plan) -> CampaignId {
        let made = self
            .engine
            .create_campaign(self.firm, self.text(plan), WHO)
            .await
            .expect("a draft");
        made.id
    }

    pub(crate) async fn campaign(&self, plan: Plan) -> CampaignId {
        let id = self.draft(plan).await;
        self.engine
            .launch(self.firm, id, WHO)
            .await
            .expect("launched");
        while self.engine.step_launch().await.expect("a step") == Step::Did {}
        id
    }

    pub(crate) async fn dispatch(&self) {
        self.engine.step_dispatch().await.expect("a step");
    }
}

fn record(n: u32, status: Status, date: Timestamp) -> IncomingRecord {
    IncomingRecord {
        line: i64::from(n),
        recipient: Recipient::from_normalised(&format!("+90532{n:07}")).expect("a phone"),
        external_id: None,
        token: None,
        name: Some(if n == 1 { LONG_NAME } else { "Ali" }.to_owned()),
        kind: RecipientKind::Bireysel,
        consent: Some(Said {
            channel: Channel::Mesaj,
            status,
            date,
            source: Source::HS_WEB,
        }),
        evidence: None,
        attributes: Vec::new(),
        standing: None,
    }
}

fn account(provider: &str) -> serde_json::Value {
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
            (field.name, if is_url { provider } else { "gizli" })
        });
    json!(filled.collect::<std::collections::BTreeMap<_, _>>())
}
