//! Receipts come back: pushes are kept as they came and answered at once; the
//! mapping follows, and a message's state only moves forward.

mod hear;
mod pull;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use connectors::{AddressedReceipt, Class, Connector, Push, Receipt, ReceiptState};
use domain::ids::{BatchKey, ConnectorId, FirmId, RecipientId};
use http::HeaderMap;
use store::StoreError;
use store::bounces::{Bounce, Says};
use store::connectors::ConnectorState;
use store::receipts::{ReceiptRow, WaitingPush};

use crate::error::EngineError;
use crate::group::Group;
use crate::{Engine, Step};

pub(crate) use pull::Pulls;

/// Pushes kept in one transaction.
const KEPT_TOGETHER_MAX: usize = 256;
/// Receipts mapped in one transaction, but for the last push; a claim that
/// waits for it on SQLite should wait about a tenth of a second.
const MAPPED_TOGETHER_MAX: usize = 20_000;
/// Addresses of accounts that are remembered; beyond it they are asked anew.
const ADDRESSES_MAX: usize = 1_000;

/// Why a push was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PushRefusal {
    /// No account has this address.
    #[error("no such address")]
    Unknown,
    /// It does not come from the provider.
    #[error("the push could not be authenticated")]
    Unauthenticated,
    /// It could not be kept; the provider should send it again.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Where pushes come in: accounts by the address they are pushed to, and those
/// who wait for the same commit.
#[derive(Debug)]
pub(crate) struct Desk {
    accounts: Mutex<HashMap<String, Addressee>>,
    keeping: Group<Arrived, Kept>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            accounts: Mutex::default(),
            keeping: Group::of(KEPT_TOGETHER_MAX),
        }
    }
}

/// An account as it was when its address was asked last.
#[derive(Debug, Clone)]
struct Addressee {
    id: ConnectorId,
    version: i64,
    url: String,
    connector: Arc<dyn Connector>,
}

/// A push on its way into the database.
#[derive(Debug, Clone)]
struct Arrived {
    account: ConnectorId,
    /// The version of the account's settings that authenticated it.
    version: i64,
    packed: Arc<[u8]>,
}

/// What became of it.
#[derive(Debug, Clone)]
enum Kept {
    Safe,
    /// The account was changed since: its new settings must authenticate it.
    Outdated,
    Failed(Arc<StoreError>),
}

impl Desk {
    fn known(&self, path_key: &str) -> Option<Addressee> {
        self.lock().get(path_key).cloned()
    }

    fn remember(&self, path_key: &str, addressee: &Addressee) {
        let mut accounts = self.lock();
        if accounts.len() >= ADDRESSES_MAX {
            accounts.clear();
        }
        accounts.insert(path_key.to_owned(), addressee.clone());
    }

    fn forget(&self, path_key: &str) {
        self.lock().remove(path_key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Addressee>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Keeps a push of receipts. The caller answers 200 when this returns.
    ///
    /// Pushes that arrive during a commit share the next one. An account is
    /// asked for once and remembered; the transaction that keeps the push
    /// checks that the settings which authenticated it are still the present
    /// ones.
    ///
    /// # Errors
    /// [`PushRefusal`]; only [`PushRefusal::Engine`] is worth sending again.
    pub async fn receive_push(
        &self,
        path_key: &str,
        headers: &HeaderMap,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<(), PushRefusal> {
        loop {
            let addressee = match self.desk.known(path_key) {
                Some(addressee) => addressee,
                None => self.addressee(path_key).await?,
            };
            let push = Push {
                url: &addressee.url,
                headers,
                query,
                body,
            };
            let kept = if addressee.connector.authenticate(&push) {
                let packed = lz4_flex::compress_prepend_size(&addressee.connector.kept(&push));
                let arrived = Arrived {
                    account: addressee.id,
                    version: addressee.version,
                    packed: packed.into(),
                };
                self.desk
                    .keeping
                    .join(arrived, |pushes| self.keep(pushes))
                    .await
            } else if self.is_outdated(&addressee).await? {
                Kept::Outdated
            } else {
                return Err(PushRefusal::Unauthenticated);
            };
            match kept {
                Kept::Safe => {
                    self.wake.receipts.notify_waiters();
                    if addressee.connector.brings_replies(body) {
                        // Should this fail, the provider sends it again; receipts may come twice.
                        return self.receive_replies(path_key, headers, query, body).await;
                    }
                    return Ok(());
                }
                Kept::Outdated => self.desk.forget(path_key),
                Kept::Failed(error) => return Err(EngineError::Shared(error).into()),
            }
        }
    }

    /// Answers a provider that asks whether an account's address is ours.
    ///
    /// # Errors
    /// [`PushRefusal::Unauthenticated`] when it is not the provider that asks.
    pub async fn answer_handshake(
        &self,
        path_key: &str,
        query: &str,
    ) -> Result<String, PushRefusal> {
        let addressee = self.addressee(path_key).await?;
        let answer = addressee.connector.handshake(query);
        answer.ok_or(PushRefusal::Unauthenticated)
    }

    async fn addressee(&self, path_key: &str) -> Result<Addressee, PushRefusal> {
        let mut reader = self.store.read().await.map_err(EngineError::from)?;
        let configured = reader
            .connector_by_path_key(path_key)
            .await
            .map_err(EngineError::from)?
            .ok_or(PushRefusal::Unknown)?;
        drop(reader);
        let addressee = Addressee {
            id: configured.0.id,
            version: configured.0.version,
            url: self.receipts_url(&configured.0),
            connector: self.connector(&configured)?,
        };
        self.desk.remember(path_key, &addressee);
        Ok(addressee)
    }

    async fn is_outdated(&self, addressee: &Addressee) -> Result<bool, EngineError> {
        let mut reader = self.store.read().await?;
        let version = reader.connector_version(addressee.id).await?;
        Ok(version != Some(addressee.version))
    }

    /// Keeps pushes in one transaction; each is answered for by itself.
    async fn keep(&self, pushes: Vec<Arrived>) -> Vec<Kept> {
        self.try_keep(&pushes).await.unwrap_or_else(|error| {
            let failed = Kept::Failed(Arc::new(error));
            vec![failed; pushes.len()]
        })
    }

    async fn try_keep(&self, pushes: &[Arrived]) -> Result<Vec<Kept>, StoreError> {
        let mut writer = self.store.write().await?;
        let mut present: BTreeMap<ConnectorId, Option<i64>> = BTreeMap::new();
        for push in pushes {
            if !present.contains_key(&push.account) {
                let version = writer.connector_version(push.account).await?;
                present.insert(push.account, version);
            }
        }
        let is_present = |push: &Arrived| present.get(&push.account) == Some(&Some(push.version));
        let kept: Vec<(ConnectorId, &[u8])> = pushes
            .iter()
            .filter(|push| is_present(push))
            .map(|push| (push.account, push.packed.as_ref()))
            .collect();
        if !kept.is_empty() {
            writer.store_pushes(&kept).await?;
            writer.commit().await?;
        }
        let answer = |push| {
            if is_present(push) {
                Kept::Safe
            } else {
                Kept::Outdated
            }
        };
        Ok(pushes.iter().map(answer).collect())
    }

    /// Maps pushes that wait, in one transaction with what they change: should
    /// the commit be lost, the pushes still wait.
    pub async fn step_receipts(&self) -> Result<Step, EngineError> {
        let mut writer = self.store.write_behind().await?;
        let pushes = writer
            .take_pushes(self.settings.receipts.pushes_per_transaction)
            .await?;
        let count = pushes.len();
        if count == 0 {
            return Ok(Step::Idle);
        }
        let mut connectors: BTreeMap<ConnectorId, (FirmId, Arc<dyn Connector>)> = BTreeMap::new();
        let mut told: BTreeMap<ConnectorId, Vec<(i64, ReceiptRow)>> = BTreeMap::new();
        let mut settled: Vec<(i64, Option<String>)> = Vec::with_capacity(count);
        let mut bounced: BTreeMap<FirmId, Vec<Bounce>> = BTreeMap::new();
        let mut receipts = 0;
        for push in pushes {
            if receipts >= MAPPED_TOGETHER_MAX {
                break;
            }
            let (firm, connector) = match connectors.entry(push.connector) {
                std::collections::btree_map::Entry::Occupied(held) => held.get().clone(),
                std::collections::btree_map::Entry::Vacant(free) => {
                    let configured = writer.connector_at_work(push.connector).await?;
                    let made = (configured.0.firm, self.connector(&configured)?);
                    free.insert(made).clone()
                }
            };
            let problem = match self.read_push(push.connector, &connector, &push.body) {
                Ok((mut rows, addressed, bounces)) => {
                    if !bounces.is_empty() {
                        bounced.entry(firm).or_default().extend(bounces);
                    }
                    let found = self.addressed(&mut writer, firm, push.connector, addressed);
                    rows.extend(found.await?);
                    receipts += rows.len();
                    told.entry(push.connector)
                        .or_default()
                        .extend(rows.into_iter().map(|row| (push.id, row)));
                    None
                }
                Err(problem) => Some(unreadable(&push, problem)),
            };
            settled.push((push.id, problem));
        }
        for (connector, rows) in &told {
            let rows: Vec<(i64, &ReceiptRow)> = rows.iter().map(|(id, row)| (*id, row)).collect();
            let changed = writer.apply_pushes(*connector, &rows).await?;
            metrics::counter!("izinli_receipts_total").increment(changed);
        }
        for (id, rows) in &told {
            let Some((_, connector)) = connectors.get(id) else {
                continue;
            };
            let rows = rows.iter().map(|(_, row)| row);
            if let Some(row) = blames_account(connector.as_ref(), rows) {
                self.heed_receipt(&mut writer, *id, row).await?;
            }
        }
        for (firm, bounces) in &bounced {
            writer.note_bounces(*firm, bounces).await?;
        }
        for (id, rows) in &told {
            if let Some((firm, connector)) = connectors.get(id) {
                let reached = reached_on_whatsapp(connector.as_ref(), rows);
                writer.reached_on_whatsapp(*firm, &reached).await?;
            }
        }
        let settled: Vec<(i64, Option<&str>)> = settled
            .iter()
            .map(|(id, problem)| (*id, problem.as_deref()))
            .collect();
        writer.settle_pushes(&settled).await?;
        writer.commit().await?;
        Ok(Step::Did)
    }

    /// A provider that lets us know later that the account is at fault (no
    /// credit, above all) is heard as if it had said so at once, unless somebody
    /// has put the account right since the message left.
    async fn heed_receipt(
        &self,
        writer: &mut store::Writer,
        id: ConnectorId,
        row: &ReceiptRow,
    ) -> Result<(), EngineError> {
        let (account, _) = writer.connector_at_work(id).await?;
        let batch = BatchKey {
            campaign: row.message.campaign,
            number: row.message.batch_no,
        };
        let left = writer.sent_over(id, batch).await?;
        let is_news = left.is_some_and(|left| account.tested_at.is_none_or(|at| at < left));
        if account.state != ConnectorState::Active || !is_news {
            return Ok(());
        }
        let words = row.provider_text.as_deref().unwrap_or_default();
        let error = format!("{}: {words}", row.provider_code);
        crate::dispatch::break_account(writer, id, &error).await
    }

    fn read_push(
        &self,
        id: ConnectorId,
        connector: &Arc<dyn Connector>,
        packed: &[u8],
    ) -> Result<ReadPush, String> {
        let body =
            lz4_flex::decompress_size_prepended(packed).map_err(|error| error.to_string())?;
        let receipts = connector
            .receipts(&body)
            .map_err(|error| error.to_string())?;
        let now = self.now();
        warn(id, &receipts.alerts);
        let bounces = bounces(connector.as_ref(), &receipts.receipts, now);
        let rows = receipts.receipts.into_iter();
        Ok((
            rows.map(|receipt| row(receipt, now)).collect(),
            receipts.addressed,
            bounces,
        ))
    }
}

/// Rows, receipts that name request and person, and failed deliveries.
type ReadPush = (Vec<ReceiptRow>, Vec<AddressedReceipt>, Vec<Bounce>);

/// The failed deliveries among receipts: all of e-mail, elsewhere those of
/// which the provider says that the address is dead, or is none there.
fn bounces(connector: &dyn Connector, receipts: &[Receipt], now: domain::Timestamp) -> Vec<Bounce> {
    let is_mail = connector
        .capabilities()
        .channels
        .contains(&domain::Channel::Eposta);
    receipts
        .iter()
        .filter(|receipt| {
            let is_failed = receipt.state == ReceiptState::Undelivered;
            let is_unreached = connector.is_unreached(&receipt.provider_code);
            receipt.hard_bounce || (is_failed && (is_mail || is_unreached))
        })
        .map(|receipt| Bounce {
            message: receipt.message,
            says: match (receipt.hard_bounce, is_mail) {
                (true, _) => Says::Dead,
                (false, true) => Says::NotNow,
                (false, false) => Says::NotOnWhatsapp,
            },
            code: receipt.provider_code.clone(),
            words: receipt.provider_text.clone(),
            at: receipt.happened_at.unwrap_or(now),
        })
        .collect()
}

/// Whom messages reached, where that says that WhatsApp is a way to them.
fn reached_on_whatsapp(connector: &dyn Connector, rows: &[(i64, ReceiptRow)]) -> Vec<RecipientId> {
    let channels = connector.capabilities().channels;
    if !channels.contains(&domain::Channel::Whatsapp) {
        return Vec::new();
    }
    let delivered = ReceiptState::Delivered.as_db();
    let rows = rows.iter().filter(|(_, row)| row.state == delivered);
    rows.map(|(_, row)| row.message.recipient).collect()
}

/// What a provider says that people should look at.
fn warn(id: ConnectorId, alerts: &[String]) {
    for alert in alerts {
        tracing::error!(connector.id = %id, "{alert}");
    }
}

/// The first of the receipts by which the account is at fault.
fn blames_account<'r>(
    connector: &dyn Connector,
    mut rows: impl Iterator<Item = &'r ReceiptRow>,
) -> Option<&'r ReceiptRow> {
    let failed = [ReceiptState::Rejected, ReceiptState::Undelivered].map(ReceiptState::as_db);
    rows.find(|row| {
        failed.contains(&row.state)
            && connector.receipt_class(&row.provider_code) == Some(Class::Account)
    })
}

fn unreadable(push: &WaitingPush, problem: String) -> String {
    tracing::error!(connector.id = %push.connector, push.id = push.id, "a push could not be read: {problem}");
    problem
}

fn row(receipt: Receipt, now: domain::Timestamp) -> ReceiptRow {
    ReceiptRow {
        message: receipt.message,
        state: receipt.state.as_db(),
        provider_code: receipt.provider_code,
        provider_text: Some(receipt.provider_text).filter(|text| !text.is_empty()),
        operator_code: receipt.operator_code.filter(|code| !code.is_empty()),
        happened_at: receipt.happened_at.unwrap_or(now),
    }
}
