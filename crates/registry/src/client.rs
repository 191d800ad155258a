//! The calls to İYS, one method each.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Recipient, RecipientKind};
use secrecy::SecretString;

use crate::call_error::CallError;
use crate::codes::Class;
use crate::limiter::{CallKind, Limiter};
use crate::read;
use crate::token::{Credentials, TokenKeeper, TokenRules};
use crate::transport::{Answer, Download, Request, Transport};
use crate::vault::TokenVault;
use crate::wire::{
    Accepted, BrandAddress, BrandInfo, ChangesPage, Confirmed, ConsentRecord, Feed, HeldRecord,
    HistoryPage, Package, Recorded, RegisteredChannel, ResultRow, SingleQuery, StatusQuery,
};

/// Records of one list, addresses of one status query, rows of one page.
pub const LIST_MAX: usize = 1_000;
/// Movements on one page of an address's history.
pub const HISTORY_MAX: usize = 100;

/// Longest time the download of a file may take: a day's movements of a large
/// brand are some hundred megabytes.
const DOWNLOAD_WITHIN: Duration = Duration::from_secs(15 * 60);

/// One account at İYS: where it is and who logs in.
#[derive(Debug, Clone)]
pub struct Account {
    /// `https://api.iys.org.tr` in production.
    pub base_url: String,
    /// The API user.
    pub credentials: Credentials,
    /// Longest wait for the answer to one call.
    pub timeout: Duration,
    /// Limits of the token call.
    pub token_rules: TokenRules,
}

/// Calls İYS for one account.
///
/// Every call waits for its turn, carries a valid token, is repeated once with
/// a new token when İYS turned the old one down (H351), and reports what
/// became of it to the limiter.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    keeper: TokenKeeper,
    limiter: Arc<Limiter>,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// A client over a shared HTTP client (see [`crate::http_client`]), a
    /// limiter shared by all accounts, and this account's vault.
    pub fn new(
        http: reqwest::Client,
        account: Account,
        limiter: Arc<Limiter>,
        vault: Arc<dyn TokenVault>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let transport = Transport::new(http, &account.base_url, account.timeout);
        let keeper = TokenKeeper::new(
            transport.clone(),
            account.credentials,
            account.token_rules,
            vault,
            Arc::clone(&limiter),
            Arc::clone(&clock),
        );
        Self {
            transport,
            keeper,
            limiter,
            clock,
        }
    }

    /// Which of these addresses İYS confirms: at most [`LIST_MAX`], each once.
    ///
    /// # Errors
    /// [`CallError`]; one bad address fails the whole query and is named in its rows.
    pub async fn confirmed(
        &self,
        brand: BrandAddress,
        channel: RegisteredChannel,
        kind: RecipientKind,
        recipients: &[Recipient],
    ) -> Result<Confirmed, CallError> {
        let path = format!("{}/consents/{kind}/status/{channel}", prefix(brand));
        let request = Request::post(path, &StatusQuery { recipients });
        self.read(CallKind::StatusQuery, &request, read::confirmed)
            .await
    }

    /// The record of one address; `None` where İYS holds none.
    ///
    /// # Errors
    /// [`CallError`]. An answer that might mean something else than "no
    /// record" is an error: a refusal must not be mistaken for absence.
    pub async fn held(
        &self,
        brand: BrandAddress,
        channel: RegisteredChannel,
        kind: RecipientKind,
        recipient: &Recipient,
    ) -> Result<Option<HeldRecord>, CallError> {
        let path = format!("{}/consents/status", prefix(brand));
        let request = Request::post(
            path,
            &SingleQuery {
                recipient,
                recipient_type: kind,
                channel,
            },
        );
        match self
            .read(CallKind::SingleStatus, &request, read::held)
            .await
        {
            Err(error) if is_absence(&error) => Ok(None),
            outcome => outcome,
        }
    }

    /// Hands in at most [`LIST_MAX`] records, no key twice. Nothing is
    /// recorded until [`Client::results`] says so. The same list may be handed
    /// in again: İYS recognises records it took before (`/v2`).
    ///
    /// # Errors
    /// [`CallError`]; when its rows name records, nothing of the list was taken.
    pub async fn add_list(
        &self,
        brand: BrandAddress,
        records: &[ConsentRecord],
    ) -> Result<Accepted, CallError> {
        let request = Request::post(format!("/v2{}/consents/request", prefix(brand)), &records);
        self.read(CallKind::AddList, &request, read::accepted).await
    }

    /// What became of the records of a list, as far as decided. Empty is no failure.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn results(
        &self,
        brand: BrandAddress,
        request_id: &str,
    ) -> Result<Vec<ResultRow>, CallError> {
        let request = Request::get(format!(
            "/v2{}/consents/request/{request_id}",
            prefix(brand)
        ));
        self.read(CallKind::AddResults, &request, read::results)
            .await
    }

    /// Records one consent at once. The same record may be sent again: İYS
    /// answers with the transaction of the first time (`/v2`).
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn add_one(
        &self,
        brand: BrandAddress,
        record: &ConsentRecord,
    ) -> Result<Recorded, CallError> {
        let request = Request::post(format!("/v2{}/consents", prefix(brand)), record);
        self.read(CallKind::AddOne, &request, read::recorded).await
    }

    /// The movements of one address, newest consent date first; `offset` counts
    /// from 0, `limit` is at most [`HISTORY_MAX`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn history(
        &self,
        brand: BrandAddress,
        channel: RegisteredChannel,
        kind: RecipientKind,
        recipient: &Recipient,
        page: (usize, usize),
    ) -> Result<HistoryPage, CallError> {
        let query = SingleQuery {
            recipient,
            recipient_type: kind,
            channel,
        };
        let mut request = Request::post(format!("{}/consents/history", prefix(brand)), &query);
        // Both always: İYS's own default for the offset is its page size.
        request.query.extend([
            ("limit", page.1.min(HISTORY_MAX).to_string()),
            ("offset", page.0.to_string()),
        ]);
        self.read(CallKind::History, &request, read::history).await
    }

    /// The next page of movements, from seven days ago to one hour ago.
    /// `after` is the cursor of the page before; `limit` is at most [`LIST_MAX`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn changes(
        &self,
        brand: BrandAddress,
        feed: Feed,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ChangesPage, CallError> {
        let mut request = Request::get(format!("{}/consents/changes", prefix(brand)));
        request.query.extend([
            ("source", feed.as_str().to_owned()),
            ("limit", limit.to_string()),
        ]);
        request
            .query
            .extend(after.map(|cursor| ("after", cursor.to_owned())));
        let answer = self.call(CallKind::Changes, &request).await?;
        if answer.status == 204 {
            return Ok(ChangesPage {
                after: None,
                changes: Vec::new(),
                unreadable: Vec::new(),
            });
        }
        // A full page takes milliseconds to read.
        let body = answer.body;
        tokio::task::spawn_blocking(move || read::changes(&body))
            .await
            .unwrap_or_else(|_| Err("reading it was stopped".to_owned()))
            .map_err(|problem| CallError::unreadable(answer.status, &problem))
    }

    /// The firm's brands, with İYS's own totals.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn brands(&self, iys_code: i64) -> Result<Vec<BrandInfo>, CallError> {
        let request = Request::get(format!("/sps/{iys_code}/brands"));
        self.read(CallKind::Account, &request, read::brands).await
    }

    /// State of the firm's package, and how full it is. A partner that asks for
    /// a firm is told the state only.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn subscription(&self, iys_code: i64) -> Result<Package, CallError> {
        let request = Request::get(format!("/sps/{iys_code}/subscription"));
        self.read(CallKind::Account, &request, read::subscription)
            .await
    }

    pub(crate) async fn read<T>(
        &self,
        kind: CallKind,
        request: &Request,
        reader: fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, CallError> {
        let answer = self.call(kind, request).await?;
        reader(&answer.body).map_err(|problem| CallError::unreadable(answer.status, &problem))
    }

    /// As [`Client::read`], for calls that answer 204 where there is nothing.
    pub(crate) async fn read_if_any<T>(
        &self,
        kind: CallKind,
        request: &Request,
        reader: fn(&[u8]) -> Result<T, String>,
    ) -> Result<Option<T>, CallError> {
        let answer = self.call(kind, request).await?;
        if answer.status == 204 {
            return Ok(None);
        }
        reader(&answer.body)
            .map(Some)
            .map_err(|problem| CallError::unreadable(answer.status, &problem))
    }

    pub(crate) async fn call(
        &self,
        kind: CallKind,
        request: &Request,
    ) -> Result<Answer, CallError> {
        let timeout = self.transport.timeout();
        self.open(kind, request, timeout).await?.whole().await
    }

    /// A file, read piece by piece; `None` where İYS answers 204.
    pub(crate) async fn download(
        &self,
        kind: CallKind,
        request: &Request,
    ) -> Result<Option<Download>, CallError> {
        let download = self.open(kind, request, DOWNLOAD_WITHIN).await?;
        Ok((!download.is_empty()).then_some(download))
    }

    async fn open(
        &self,
        kind: CallKind,
        request: &Request,
        timeout: Duration,
    ) -> Result<Download, CallError> {
        let bearer = self.keeper.bearer(None).await?;
        match self.open_once(kind, request, &bearer, timeout).await {
            Err(error) if error.class == Class::Auth => {
                tracing::info!(%error, ?kind, "the token was turned down; trying once with another");
                let fresh = self.keeper.bearer(Some(&bearer)).await?;
                self.open_once(kind, request, &fresh, timeout).await
            }
            outcome => outcome,
        }
    }

    async fn open_once(
        &self,
        kind: CallKind,
        request: &Request,
        bearer: &SecretString,
        timeout: Duration,
    ) -> Result<Download, CallError> {
        self.limiter.pass(kind).await?;
        let outcome = self
            .transport
            .open(request, Some(bearer), self.clock.now(), timeout)
            .await;
        self.limiter
            .observe(kind, outcome.as_ref().map(|_| ()))
            .await;
        outcome
    }
}

pub(crate) fn prefix(brand: BrandAddress) -> String {
    format!("/sps/{}/brands/{}", brand.iys_code, brand.brand_code)
}

/// How İYS answers for an unknown address is not documented. A 404 is taken for
/// it, unless its code says that the firm, the brand or a right is missing, or
/// it was a web page and not İYS that spoke.
fn is_absence(error: &CallError) -> bool {
    error.http == Some(404) && matches!(error.class, Class::Data | Class::Business)
}
