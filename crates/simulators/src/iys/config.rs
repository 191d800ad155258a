//! How an İYS simulator is set up.

use serde::{Deserialize, Serialize};

use super::accounts::BrandSetup;
use super::limits::Limits;
use super::population::Population;
use crate::clock::Clock;

/// What a simulator starts with, and returns to on reset.
#[derive(Debug, Clone)]
pub struct Config {
    /// What time it is.
    pub clock: Clock,
    /// Seed of ids, tokens and the order of results.
    pub seed: u64,
    /// Behaviour, changeable while it runs.
    pub options: Options,
    /// Brands and API users.
    pub brands: Vec<BrandSetup>,
    /// Records by rule.
    pub population: Option<Population>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            clock: Clock::real(),
            seed: 1,
            options: Options::default(),
            brands: Vec::new(),
            population: None,
        }
    }
}

/// Behaviour that can be changed through `POST /_sim/options`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Call limits; none: unlimited, for benches.
    pub limits: Option<Limits>,
    /// Milliseconds on the simulator's clock from an asynchronous add to its
    /// results. İYS asks for 300,000 before the first look; default 200.
    pub async_delay_ms: u64,
    /// Result queries answered with `enqueue` first, besides the delay.
    pub async_polls: u32,
    /// Whether a request without any result yet answers an empty list.
    pub empty_while_pending: bool,
    /// The answer to a single status query about an address without a record.
    pub unknown_status: UnknownStatus,
    /// Whether H467 is found when an asynchronous row is processed, instead of
    /// at once with 422 for the whole list.
    pub late_in_result: bool,
    /// Whether the source HS_KARAR is refused with H486.
    pub refuses_hs_karar: bool,
    /// Whether the document's slips are made too: the key `code:` in 403
    /// bodies, `subrequestId` in waiting rows, codes as text here and there.
    pub quirks: bool,
    /// Whether a cursor of the change feed that has left its window is refused
    /// (H098); the document is silent.
    pub refuses_old_cursors: bool,
    /// How far İYS is with the hash of a day's file.
    pub hash_state: HashState,
    /// Whether the hash of a day's file covers its header line.
    pub hash_with_header: bool,
    /// Whether the time stamp of a confirmed day is still being made.
    pub stamp_is_late: bool,
    /// Whether push connections may be plain HTTP, as on one machine they are.
    pub push_allows_http: bool,
    /// How often a push that was not taken is tried in all.
    pub push_tries: u32,
    /// How often a push is sent again although it was taken.
    pub push_repeats: u32,
    /// The ViA form that is published.
    pub via_form: String,
    /// Life of an access token, seconds.
    pub access_token_s: u32,
    /// Life of a refresh token, seconds.
    pub refresh_token_s: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Some(Limits::default()),
            async_delay_ms: 200,
            async_polls: 0,
            empty_while_pending: false,
            unknown_status: UnknownStatus::NotFound,
            late_in_result: false,
            refuses_hs_karar: false,
            quirks: true,
            refuses_old_cursors: false,
            hash_state: HashState::Completed,
            hash_with_header: true,
            stamp_is_late: false,
            push_allows_http: false,
            push_tries: 3,
            push_repeats: 0,
            via_form: "form-1".to_owned(),
            access_token_s: 7_200,
            refresh_token_s: 14_400,
        }
    }
}

/// What İYS says about an address it has no record of; the document is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownStatus {
    /// 404 with code H097.
    NotFound,
    /// 200 with `{}`.
    EmptyObject,
    /// 200 without a body.
    EmptyBody,
}

/// How far İYS is with the hash of a day's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashState {
    /// Not begun.
    Queued,
    /// Being made.
    InProgress,
    /// There.
    Completed,
    /// Failed.
    Error,
}
