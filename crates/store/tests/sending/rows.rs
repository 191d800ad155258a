//! The ledger of requests as it lies in the tables, and short ways to change it.

use domain::ReasonCode;
use domain::ids::CampaignId;
use store::StoreError;
use store::dispatch::{BatchState, PickedBatch};
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

/// A row of the ledger as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) batch_no: i64,
    pub(crate) state: i64,
    pub(crate) attempt: i64,
    pub(crate) request_key: Option<String>,
    pub(crate) provider_reference: Option<String>,
    pub(crate) accepted_count: i64,
    pub(crate) next_us: i64,
    pub(crate) lease_until_us: Option<i64>,
    pub(crate) worker: Option<String>,
    pub(crate) last_error: Option<String>,
    pub(crate) claimed_us: Option<i64>,
    pub(crate) settled_us: Option<i64>,
}

impl Row {
    pub(crate) fn state(&self) -> BatchState {
        BatchState::from_db(self.state).expect("a known state")
    }
}

/// Everything that sending writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) batches: Vec<Row>,
    pub(crate) contents: Vec<(i64, Vec<u8>)>,
    pub(crate) exceptions: Vec<Exception>,
}

/// Batch, person, code, class, the provider's code and words.
pub(crate) type Exception = (i64, i64, i64, i64, Option<String>, Option<String>);

pub(crate) async fn left(db: &TestDatabase, campaign: CampaignId) -> Left {
    let mut window = Window::on(db).await;
    let id = campaign.as_db();
    Left {
        batches: window
            .rows(&format!("SELECT * FROM send_batch WHERE campaign_id = {id} ORDER BY batch_no"))
            .await,
        contents: window
            .rows(&format!(
                "SELECT batch_no, content FROM send_content WHERE campaign_id = {id} ORDER BY batch_no"
            ))
            .await,
        exceptions: window
            .rows(&format!(
                "SELECT batch_no, recipient_id, code, class, provider_code, provider_text \
                 FROM send_exception WHERE campaign_id = {id} ORDER BY batch_no, recipient_id"
            ))
            .await,
    }
}

pub(crate) async fn states(db: &TestDatabase, campaign: CampaignId) -> Vec<BatchState> {
    left(db, campaign)
        .await
        .batches
        .iter()
        .map(Row::state)
        .collect()
}

/// A firm with `people` confirmed people and a campaign for them.
pub(crate) async fn sending(
    db: &TestDatabase,
    people: u32,
    batch_size: i64,
) -> (Scene, CampaignId) {
    let scene = Scene::on(db).await;
    scene
        .add_people(db, (1..=people).map(|n| (n, Known::Confirmed)))
        .await;
    let campaign = scene.running(db, batch_size).await;
    (scene, campaign.id)
}

pub(crate) fn is_lost<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Lost { .. }))
}

/// A batch that was claimed and handed over, without its first person.
pub(crate) async fn in_flight(scene: &Scene, db: &TestDatabase, worker: &str) -> PickedBatch {
    let batch = scene
        .claim(db, worker, 1)
        .await
        .pop()
        .expect("a batch is due");
    let taken = [taken_out(batch.people.0, ReasonCode::S103)];
    let mut writer = db.store.write().await.expect("a transaction");
    let key = format!("{}-{}", batch.key, batch.attempt);
    writer
        .hand_over(&batch, &key, b"request", &taken)
        .await
        .expect("handed over");
    writer.commit().await.expect("commits");
    batch
}

/// One change in a transaction of its own.
macro_rules! commit {
    ($db:expr, $writer:ident => $change:expr) => {{
        let mut $writer = $db.store.write().await.expect("a transaction");
        let answer = $change.await;
        $writer.commit().await.expect("commits");
        answer
    }};
}
pub(crate) use commit;
