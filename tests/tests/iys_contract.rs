//! İYS's client against İYS's simulator, which knows none of its types: what
//! one says and the other refuses is a mistake of one of them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use domain::time::{HOUR_US, ManualClock};
use domain::{Recipient, RecipientKind, Source, Status};
use jiff::civil::date;
use registry::partner::ChannelRight;
use registry::retailer::{NewRetailer, Place};
use registry::via::{Verification, ViaCode, ViaConsent, ViaOutcome, ViaStart, ViaTitle};
use registry::wire::{AddAnswer, BrandAddress, ConsentRecord, Feed, RegisteredChannel};
use registry::{
    Account, CallError, Class, Client, Credentials, HttpSettings, Limiter, Limits, MemoryVault,
    TokenRules,
};
use serde_json::{Value, json};
use simulators::iys::{BrandSetup, Config, IysSim};
use simulators::{Clock, Running};
use tokio::net::TcpListener;

const NOW: &str = "2026-03-04T12:00:00+03:00";
const BRAND: BrandAddress = BrandAddress {
    iys_code: 690_001,
    brand_code: 690_002,
};
const MESAJ: RegisteredChannel = RegisteredChannel::MESAJ;
const BIREYSEL: RecipientKind = RecipientKind::Bireysel;

struct Pair {
    client: Client,
    clock: Arc<ManualClock>,
    theirs: Clock,
    http: reqwest::Client,
    sim: Running,
}

impl Pair {
    async fn start(brand: Value) -> Result<Self> {
        let theirs = Clock::frozen_at(NOW.parse()?);
        let mut setup = json!({
            "iysCode": 690_001, "brandCode": 690_002, "name": "ORNEK",
            "username": "api@ornek.example", "password": "sifre",
            "permissions": {
                "ARAMA": "write", "MESAJ": "write", "EPOSTA": "write",
                "agreementControl": true, "viaControl": true,
            },
        });
        if let (Value::Object(setup), Value::Object(brand)) = (&mut setup, brand) {
            setup.extend(brand);
        }
        let setup: BrandSetup = serde_json::from_value(setup)?;
        let mut config = Config {
            clock: theirs.clone(),
            brands: vec![setup],
            ..Config::default()
        };
        config.options.limits = None;
        let sim = IysSim::start(config, TcpListener::bind("127.0.0.1:0").await?).await?;
        let clock = Arc::new(ManualClock::new(NOW.parse()?));
        let http = registry::http_client(&HttpSettings::default())?;
        let limits = Limits {
            calls_per_second: 0,
            ..Limits::default()
        };
        let account = Account {
            base_url: sim.url(),
            credentials: Credentials {
                username: "api@ornek.example".into(),
                password: "sifre".into(),
            },
            timeout: Duration::from_secs(20),
            token_rules: TokenRules::default(),
        };
        let client = Client::new(
            http.clone(),
            account,
            Arc::new(Limiter::new(limits, clock.clone())),
            Arc::new(MemoryVault::default()),
            clock.clone(),
        );
        Ok(Self {
            client,
            clock,
            theirs,
            http,
            sim,
        })
    }

    async fn tell(&self, path: &str, body: Value) -> Result<Value> {
        let answer = self
            .http
            .post(format!("{}{path}", self.sim.url()))
            .json(&body)
            .send()
            .await?;
        ensure!(
            answer.status().is_success(),
            "{path}: {}",
            answer.text().await?
        );
        Ok(answer.json().await?)
    }

    async fn ask(&self, path: &str) -> Result<Value> {
        let url = format!("{}{path}", self.sim.url());
        Ok(self.http.get(url).send().await?.json().await?)
    }

    /// Lets the same time pass for both.
    fn pass(&self, us: i64) -> Result<()> {
        use domain::Clock as _;
        self.clock.advance(us);
        self.theirs
            .move_to(self.clock.now().to_string().parse()?, true);
        Ok(())
    }
}

fn phone(n: u32) -> Result<Recipient> {
    Recipient::from_normalised(&format!("+90532{n:07}"))
        .ok()
        .context("a number")
}

fn record(n: u32, status: Status, date: &str) -> Result<ConsentRecord> {
    Ok(ConsentRecord {
        recipient: phone(n)?,
        channel: MESAJ,
        recipient_type: BIREYSEL,
        source: Source::HS_WEB,
        status,
        consent_date: date.parse()?,
        retailer_code: None,
    })
}

fn code(outcome: Result<impl Sized, CallError>) -> Option<String> {
    outcome.err().and_then(|error| error.code)
}

#[tokio::test]
async fn a_list_is_taken_decided_later_in_another_order_and_recognised_when_sent_again()
-> Result<()> {
    let pair = Pair::start(json!({})).await?;
    let records = [
        record(1, Status::Onay, "2026-03-04T11:00:00+03:00")?,
        record(2, Status::Ret, "2026-03-04T11:00:00+03:00")?,
        record(3, Status::Onay, "2026-03-04T11:00:00+03:00")?,
    ];
    let mut sent = Vec::new();
    for _ in 0..2 {
        let accepted = pair.client.add_list(BRAND, &records).await?;
        let rows = pair.client.results(BRAND, &accepted.request_id).await?;
        ensure!(
            rows.iter().all(|row| row.answer == AddAnswer::Enqueued),
            "too soon"
        );
        pair.pass(HOUR_US)?;
        let rows = pair.client.results(BRAND, &accepted.request_id).await?;
        let mut answers = Vec::new();
        for sub in &accepted.sub_requests {
            let row = rows
                .iter()
                .find(|row| row.sub_request.as_ref() == Some(&sub.id));
            answers.push((
                sub.recipient.clone(),
                row.context("its row")?.answer.clone(),
            ));
        }
        sent.push(answers);
    }
    let transactions = |answers: &[(Option<Recipient>, AddAnswer)]| -> Vec<Option<String>> {
        answers
            .iter()
            .map(|(_, answer)| match answer {
                AddAnswer::Recorded(recorded) => recorded.transaction.clone(),
                _ => None,
            })
            .collect()
    };
    assert_eq!(
        transactions(&sent[0]),
        transactions(&sent[1]),
        "the same records"
    );
    assert!(matches!(&sent[0][1].1, AddAnswer::Failed { code: Some(code), .. } if code == "H175"));
    assert_eq!(pair.ask("/_sim/stats").await?["movements"], 2);
    Ok(())
}

#[tokio::test]
async fn the_rules_of_acceptance_reach_us_as_their_classes() -> Result<()> {
    let pair = Pair::start(json!({ "consentLimit": 2 })).await?;
    let client = &pair.client;
    let at = |hour: u32| format!("2026-03-04T{hour:02}:00:00+03:00");
    let first = record(1, Status::Onay, &at(9))?;
    let transaction = client.add_one(BRAND, &first).await?.transaction;
    assert_eq!(
        client.add_one(BRAND, &first).await?.transaction,
        transaction
    );
    for (record, wanted, class) in [
        (record(2, Status::Ret, &at(9))?, "H175", Class::Business),
        (record(1, Status::Ret, &at(8))?, "H178", Class::Business),
        (
            record(3, Status::Onay, "2026-02-20T09:00:00+03:00")?,
            "H467",
            Class::Business,
        ),
        (
            record(3, Status::Onay, "2026-03-04T13:00:00+03:00")?,
            "H162",
            Class::Data,
        ),
        (
            record(3, Status::Onay, "2014-03-04T13:00:00+03:00")?,
            "H156",
            Class::Data,
        ),
        (
            ConsentRecord {
                channel: RegisteredChannel::EPOSTA,
                ..record(3, Status::Onay, &at(9))?
            },
            "H464",
            Class::Data,
        ),
        (
            ConsentRecord {
                retailer_code: Some(77),
                ..record(3, Status::Onay, &at(9))?
            },
            "H180",
            Class::Data,
        ),
    ] {
        let error = client.add_one(BRAND, &record).await.expect_err(wanted);
        assert_eq!(
            (error.code.as_deref(), error.class),
            (Some(wanted), class),
            "{error}"
        );
    }
    client
        .add_one(BRAND, &record(4, Status::Onay, &at(9))?)
        .await?;
    let full = client
        .add_one(BRAND, &record(5, Status::Onay, &at(9))?)
        .await;
    assert_eq!(code(full).as_deref(), Some("H525"));
    client
        .add_one(BRAND, &record(1, Status::Ret, &at(10))?)
        .await
        .context("a refusal is taken although the package is full")?;
    let again = client
        .add_one(BRAND, &record(1, Status::Ret, &at(11))?)
        .await;
    assert_eq!(code(again).as_deref(), Some("H174"));
    Ok(())
}

#[tokio::test]
async fn every_code_that_can_be_scripted_arrives_with_the_class_of_the_table() -> Result<()> {
    let pair = Pair::start(json!({})).await?;
    let mut classes = std::collections::BTreeSet::new();
    // H568 stands inside an answer that went well.
    let codes = registry::codes::all().iter();
    let codes = codes.filter(|info| info.code != "H568");
    for (n, info) in (1_u32..).zip(codes) {
        let recipient = phone(n)?;
        let script = json!({ "recipient": recipient, "status": { "code": info.code } });
        if pair.tell("/_sim/script", script).await.is_err() {
            // The simulator has no such code.
            continue;
        }
        let asked = [recipient];
        let outcome = pair.client.confirmed(BRAND, MESAJ, BIREYSEL, &asked).await;
        let error = outcome.expect_err(info.code);
        assert_eq!(error.code.as_deref(), Some(info.code));
        let expected = registry::codes::judge(info.code, &error.message).context("known")?;
        match (error.class, expected.class) {
            (Class::Window { seconds: told }, Class::Window { seconds }) => {
                assert!(told >= seconds, "{}", info.code);
                pair.pass(25 * HOUR_US)?;
            }
            (told, class) => assert_eq!(told, class, "{}", info.code),
        }
        classes.insert(format!("{:?}", error.class).chars().next());
    }
    let classes: String = classes.into_iter().flatten().collect();
    assert_eq!(classes, "ABCDTW", "a code of every class was tried");
    Ok(())
}

#[tokio::test]
async fn a_list_with_bad_rows_names_them_and_takes_none() -> Result<()> {
    let pair = Pair::start(json!({})).await?;
    let good = record(1, Status::Onay, "2026-03-04T11:00:00+03:00")?;
    let late = record(2, Status::Onay, "2026-02-20T11:00:00+03:00")?;
    let error = pair
        .client
        .add_list(BRAND, &[good.clone(), late, good])
        .await
        .expect_err("two bad rows");
    let named: Vec<_> = error
        .rows
        .iter()
        .map(|row| (row.index, row.code.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(named, [(1, "H467"), (2, "H194")]);
    assert_eq!(pair.ask("/_sim/stats").await?["requests"], 0);
    Ok(())
}

#[tokio::test]
async fn what_citizens_do_comes_by_the_feed_and_the_history() -> Result<()> {
    let pair = Pair::start(json!({})).await?;
    let row = |n: u32, status: &str, source: &str, at: &str| {
        json!({
            "iysCode": 690_001, "brandCode": 690_002, "recipient": format!("+90532{n:07}"),
            "type": "MESAJ", "status": status, "source": source, "consentDate": at, "creationDate": at,
        })
    };
    let records = json!({ "records": [
        row(1, "ONAY", "HS_WEB", "2026-03-02 10:00:00"),
        row(1, "RET", "IYS_WEB_YENI", "2026-03-03 10:00:00"),
    ] });
    pair.tell("/_sim/state", records).await?;
    let page = pair
        .client
        .changes(BRAND, Feed::Citizen, None, 1_000)
        .await?;
    assert_eq!((page.changes.len(), page.unreadable.len()), (1, 0));
    let after = page.after.context("a cursor")?;
    let next = pair
        .client
        .changes(BRAND, Feed::Citizen, Some(&after), 1_000)
        .await?;
    assert_eq!((next.after, next.changes.len()), (None, 0));
    let history = pair
        .client
        .history(BRAND, MESAJ, BIREYSEL, &phone(1)?, (0, 100))
        .await?;
    let said: Vec<_> = history
        .movements
        .iter()
        .map(|one| one.held.status)
        .collect();
    assert_eq!(
        (said, history.total),
        (vec![Status::Ret, Status::Onay], Some(2))
    );
    assert_eq!(
        pair.client.held(BRAND, MESAJ, BIREYSEL, &phone(9)?).await?,
        None
    );
    Ok(())
}

#[tokio::test]
async fn a_day_is_counted_read_piece_by_piece_and_confirmed() -> Result<()> {
    let pair = Pair::start(json!({})).await?;
    let records = [record(1, Status::Onay, "2026-03-04T11:00:00+03:00")?];
    pair.client.add_one(BRAND, &records[0]).await?;
    let day = date(2026, 3, 4);
    assert!(
        pair.client.day_hash(BRAND, day).await?.is_none(),
        "the day goes on"
    );
    pair.pass(24 * HOUR_US)?;
    let counts = pair.client.day_counts(BRAND, day, BIREYSEL).await?;
    assert_eq!(
        (counts.len(), counts[0].approvals, counts[0].side),
        (1, 1, Feed::Firm)
    );
    let mut file = pair.client.day_file(BRAND, day).await?.context("a file")?;
    let mut text = Vec::new();
    while let Some(piece) = file.piece().await? {
        text.extend_from_slice(&piece);
    }
    let text = String::from_utf8(text)?;
    let header = registry::agreement::FILE_COLUMNS.join(",");
    assert!(
        text.starts_with(&header) && text.lines().count() == 2,
        "{text}"
    );
    let hash = pair.client.day_hash(BRAND, day).await?.context("a hash")?;
    assert_eq!(hash.value.map(|value| value.len()), Some(96));
    assert!(pair.client.day_stamp(BRAND, day).await?.is_none());
    assert!(pair.client.agree(BRAND, day).await?);
    assert!(pair.client.day_stamp(BRAND, day).await?.is_some());
    let old = pair.client.day_hash(BRAND, date(2026, 2, 20)).await;
    assert_eq!(code(old).as_deref(), Some("H502"));
    Ok(())
}

#[tokio::test]
async fn a_partner_sees_its_firms_and_a_firm_is_no_partner() -> Result<()> {
    let partner = Pair::start(json!({
        "integratorCode": 900_001, "consentLimit": 5,
        "permissions": { "MESAJ": "write", "EPOSTA": "read" },
    }))
    .await?;
    let page = partner.client.partner_brands(900_001, 0, 100).await?;
    let brand = page.brands.first().context("a brand")?;
    assert_eq!((brand.address, page.total), (BRAND, Some(1)));
    let rights = (brand.mesaj, brand.eposta, brand.arama, brand.may_agree);
    assert_eq!(
        rights,
        (
            ChannelRight::Write,
            ChannelRight::Read,
            ChannelRight::None,
            false
        )
    );
    assert_eq!(
        partner.client.partner_firm(900_001, 690_001).await?.len(),
        1
    );
    let package = partner.client.subscription(690_001).await?;
    assert_eq!(package.consent_limit, None);
    for (outcome, wanted) in [
        (code(partner.client.partner_firm(900_001, 1).await), "H245"),
        (
            code(partner.client.partner_brands(900_002, 0, 9).await),
            "H129",
        ),
        (
            code(partner.client.day_hash(BRAND, date(2026, 3, 1)).await),
            "H355",
        ),
    ] {
        assert_eq!(outcome.as_deref(), Some(wanted));
    }
    let firm = Pair::start(json!({ "consentLimit": 5 })).await?;
    let refused = firm.client.partner_subscription(900_001).await;
    assert_eq!(code(refused).as_deref(), Some("H363"));
    let package = firm.client.subscription(690_001).await?;
    assert_eq!(
        (package.consent_limit, package.consents_used),
        (Some(5), Some(0))
    );
    Ok(())
}

#[tokio::test]
async fn retailers_are_registered_listed_and_removed() -> Result<()> {
    let pair = Pair::start(json!({})).await?;
    let client = &pair.client;
    let city = client
        .provinces()
        .await?
        .first()
        .context("a province")?
        .clone();
    let town = client
        .districts()
        .await?
        .first()
        .context("a district")?
        .clone();
    assert_eq!(client.province(34).await?.len(), 1);
    assert_eq!(client.district(9_999).await?, Vec::<Place>::new());
    let retailer = NewRetailer {
        title: "Örnek Bayi".into(),
        mersis: Some("0123456789012345".into()),
        city,
        town,
        ..NewRetailer::default()
    };
    let number = client.add_retailer(BRAND, &retailer).await?;
    assert_eq!(
        code(client.add_retailer(BRAND, &retailer).await).as_deref(),
        Some("H230")
    );
    assert_eq!(client.retailer(BRAND, number).await?.title, "Örnek Bayi");
    let by_retailer = ConsentRecord {
        retailer_code: Some(number),
        ..record(1, Status::Onay, "2026-03-04T11:00:00+03:00")?
    };
    client.add_one(BRAND, &by_retailer).await?;
    assert_eq!(
        code(client.delete_retailer(BRAND, number).await).as_deref(),
        Some("H061")
    );
    let other = NewRetailer {
        mersis: None,
        ..retailer
    };
    let second = client.add_retailer(BRAND, &other).await?;
    client.delete_retailer(BRAND, second).await?;
    assert_eq!(client.retailers(BRAND, 0, 100).await?.len(), 1);
    assert_eq!(
        code(client.retailer(BRAND, second).await).as_deref(),
        Some("H058")
    );
    Ok(())
}

#[tokio::test]
async fn a_person_who_gives_the_right_code_has_consented_at_iys() -> Result<()> {
    let pair = Pair::start(json!({})).await?;
    let client = &pair.client;
    let start = ViaStart {
        form_id: "form-1".into(),
        recipient: phone(1)?,
        verification_type: Verification::SmsOtp,
        consent_types: vec![ViaConsent {
            title: ViaTitle::Etk,
            brand_codes: vec![BRAND.brand_code],
            types: vec![MESAJ],
            recipient_type: BIREYSEL,
        }],
        reference_id: "r-1".into(),
    };
    let id = client.via_start(BRAND.iys_code, &start).await?;
    let again = client.via_start(BRAND.iys_code, &start).await;
    assert_eq!(
        code(again).as_deref(),
        Some("H465"),
        "the person is left alone"
    );
    let waiting = client.via_result(BRAND.iys_code, &id).await?;
    assert_eq!(waiting.outcome, ViaOutcome::Waiting);
    let told = pair.ask("/_sim/via").await?["list"][0]["code"]
        .as_str()
        .context("a code")?
        .to_owned();
    for (text, wanted) in [("x".to_owned(), Some("H1052")), (told, None)] {
        let codes = [ViaCode {
            title: ViaTitle::Etk,
            otp_code: text,
        }];
        let outcome = client
            .via_confirm(BRAND.iys_code, &id, Verification::SmsOtp, &codes)
            .await;
        assert_eq!(code(outcome).as_deref(), wanted);
    }
    let done = client.via_result(BRAND.iys_code, &id).await?;
    assert_eq!(done.outcome, ViaOutcome::Consented);
    let held = client.held(BRAND, MESAJ, BIREYSEL, &phone(1)?).await?;
    assert_eq!(held.map(|held| held.status), Some(Status::Onay));
    let unpublished = ViaStart {
        form_id: "yok".into(),
        recipient: phone(2)?,
        ..start
    };
    let refused = client.via_start(BRAND.iys_code, &unpublished).await;
    assert_eq!(code(refused).as_deref(), Some("H1000"));
    Ok(())
}
