//! A refusal that is recorded before a request is claimed keeps the person out
//! of it, however far the campaign had come.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use domain::ReasonCode;
use domain::ids::CampaignId;
use domain::plan::Plan;
use domain::time::{MINUTE_US, SECOND_US};
use engine::Step;
use store::testing::TestDatabase;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::house::{House, WHO, at};

/// How far a campaign has come when somebody refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Stage {
    Drafted,
    DryRun,
    Submitted,
    Approved,
    Launched,
    Frozen,
    Paused,
    Resumed,
    TriedInVain,
    WaitsForTheMorning,
}

const STAGES: [Stage; 10] = [
    Stage::Drafted,
    Stage::DryRun,
    Stage::Submitted,
    Stage::Approved,
    Stage::Launched,
    Stage::Frozen,
    Stage::Paused,
    Stage::Resumed,
    Stage::TriedInVain,
    Stage::WaitsForTheMorning,
];

/// A port where nobody listens until the test does.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Somebody who hears requests to their end and hangs up without an answer.
struct Provider {
    heard: Arc<Mutex<Vec<u8>>>,
    listening: tokio::task::JoinHandle<()>,
}

impl Provider {
    async fn listen(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.expect("the port is still free");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&heard);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let request = whole_request(stream).await;
                all.lock().expect("nobody panics here").extend(request);
            }
        });
        Self { heard, listening }
    }

    fn heard(&self) -> String {
        let heard = self.heard.lock().expect("nobody panics here");
        String::from_utf8_lossy(&heard).into_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn whole_request(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = [0_u8; 4_096];
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let is_whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let length = length.and_then(|length| length.trim().parse().ok());
            body.len() >= length.unwrap_or(0)
        });
        if is_whole {
            return bytes;
        }
        match stream.read(&mut piece).await {
            Ok(count @ 1..) => bytes.extend_from_slice(&piece[..count]),
            _ => return bytes,
        }
    }
}

/// Brings a draft on to a stage, through all that lie before it.
async fn bring_to(db: &TestDatabase, house: &House, id: CampaignId, stage: Stage) {
    let (engine, firm) = (&house.engine, house.firm);
    if stage >= Stage::DryRun {
        let run = engine.dry_run(firm, id).await.expect("a dry run");
        assert_eq!(run.sendable + run.held, 10, "{} {stage:?}", db.name);
    }
    if stage >= Stage::Submitted {
        engine.submit(firm, id, WHO).await.expect("submitted");
    }
    if stage >= Stage::Approved {
        let other = "user:usr_2";
        engine
            .approve(firm, id, None, other)
            .await
            .expect("approved");
    }
    if stage >= Stage::Launched {
        engine.launch(firm, id, WHO).await.expect("launched");
    }
    if stage >= Stage::Frozen {
        assert_eq!(engine.step_launch().await.expect("a step"), Step::Did);
    }
    if matches!(stage, Stage::Paused | Stage::Resumed) {
        engine.pause(firm, id, WHO).await.expect("paused");
    }
    if stage == Stage::Resumed {
        engine.resume(firm, id, WHO).await.expect("resumed");
    }
    if stage >= Stage::TriedInVain {
        // Nobody listens: the request surely did not leave and waits again.
        house.dispatch().await;
    }
    if stage == Stage::WaitsForTheMorning {
        db.clock.set(at("2026-07-14T22:00:00+03:00"));
        house.dispatch().await;
    }
}

/// Lets the campaign go on from a stage until its request is claimed.
async fn go_on(db: &TestDatabase, house: &House, id: CampaignId, stage: Stage) {
    let (engine, firm) = (&house.engine, house.firm);
    if stage < Stage::Launched {
        engine.launch(firm, id, WHO).await.expect("launched");
    }
    while engine.step_launch().await.expect("a step") == Step::Did {}
    if stage == Stage::Paused {
        engine.resume(firm, id, WHO).await.expect("resumed");
    }
    if stage == Stage::WaitsForTheMorning {
        db.clock.set(at("2026-07-15T10:00:00+03:00"));
    }
    db.clock.advance(30 * SECOND_US);
    house.dispatch().await;
}

#[tokio::test]
async fn whoever_refuses_before_the_claim_stands_in_no_request_at_any_stage() {
    for db in store::testing::each().await {
        for stage in STAGES {
            let port = free_port();
            let house = House::at(&db, 10, &format!("http://127.0.0.1:{port}")).await;
            let id = house.draft(Plan::default()).await;
            bring_to(&db, &house, id, stage).await;
            house.refuses(&db, 1, house.engine.now()).await;
            db.clock.advance(MINUTE_US);
            let provider = Provider::listen(port).await;
            go_on(&db, &house, id, stage).await;
            let report = house.engine.report(house.firm, id).await.expect("a report");
            assert_eq!(
                report.excluded.get(&ReasonCode::S103),
                Some(&1),
                "{} {stage:?}: {report:?}",
                db.name
            );
            let text = provider.heard();
            assert!(
                !text.contains("5320000001") && text.contains("5320000002"),
                "{} {stage:?}: {text}",
                db.name
            );
            assert!(report.reconciles(), "{} {stage:?}", db.name);
        }
    }
}
