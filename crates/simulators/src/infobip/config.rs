//! How an Infobip simulator is set up.

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::plan::Population;
use crate::clock::Clock;

/// What a simulator starts with, and returns to on reset.
#[derive(Debug, Clone)]
pub struct Config {
    /// What time it is.
    pub clock: Clock,
    /// Seed of generated ids.
    pub seed: u64,
    /// API keys that are let in; empty: every key.
    pub api_keys: Vec<String>,
    /// Balance and price.
    pub account: Account,
    /// Fates by rule.
    pub population: Population,
    /// Behaviour, changeable while it runs.
    pub options: Options,
    /// Delivery reports under way at a time.
    pub push_concurrency: usize,
    /// Memory for the texts of messages, bytes. Texts beyond it are not kept;
    /// ids, destinations and states always are.
    pub text_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            clock: Clock::real(),
            seed: 1,
            api_keys: Vec::new(),
            account: Account::default(),
            population: Population::default(),
            options: Options::default(),
            push_concurrency: 4,
            text_bytes_max: 16 << 20,
        }
    }
}

/// Behaviour that can be changed through `POST /_sim/options`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Call limits; none: unlimited, for benches.
    pub limits: Option<Limits>,
    /// Milliseconds on the simulator's clock from acceptance to the final report.
    pub report_delay_ms: u64,
    /// Reports in one push, 1–2,000; the service's default is 100.
    pub push_items_max: usize,
    /// The unit of the retry schedule, milliseconds: the n-th retry waits
    /// `unit + unit × n²`. The service's unit is a minute; default 100.
    pub push_retry_unit_ms: u64,
    /// Retries before a push is given up; its reports can then be pulled.
    pub push_retries_max: u32,
    /// How long a receiver may take to answer a push, real milliseconds.
    pub push_timeout_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Some(Limits::default()),
            report_delay_ms: 200,
            push_items_max: 100,
            push_retry_unit_ms: 100,
            push_retries_max: 50,
            push_timeout_ms: 5_000,
        }
    }
}

/// How many calls the account may make. Absent: no limit of that kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Log queries; documented: 120.
    pub logs_per_minute: Option<usize>,
    /// Send requests; the service publishes none.
    pub sends_per_second: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            logs_per_minute: Some(120),
            sends_per_second: None,
        }
    }
}
