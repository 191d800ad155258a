//! ViA: İYS asks the person itself. Requests live here; answers are the
//! control's to give, for there is no person.

use std::collections::HashMap;

use super::address::Address;
use super::book::{BrandNo, Key};
use super::words::{Channel, Kind};

/// A code is wrong three times at most and is valid for three minutes.
pub(crate) const TRIES_MAX: u32 = 3;
pub(crate) const CODE_LIVES_MS: i64 = 3 * 60_000;
pub(crate) const LINK_LIVES_MS: i64 = 24 * 3_600_000;
/// No new request for a person within three minutes, and two in a day.
pub(crate) const PAUSE_MS: i64 = 3 * 60_000;
pub(crate) const DAY_MS: i64 = 24 * 3_600_000;
pub(crate) const PER_DAY_MAX: usize = 2;

/// One request to ask a person.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) iys_code: u64,
    pub(crate) recipient: Address,
    pub(crate) verification: String,
    pub(crate) code: String,
    pub(crate) wrong: u32,
    pub(crate) at_ms: i64,
    pub(crate) keys: Vec<(BrandNo, Key)>,
    pub(crate) is_done: bool,
}

impl Asked {
    pub(crate) fn has_code(&self) -> bool {
        self.verification.ends_with("_OTP")
    }

    pub(crate) fn is_over(&self, now_ms: i64) -> bool {
        let life = if self.has_code() {
            CODE_LIVES_MS
        } else {
            LINK_LIVES_MS
        };
        now_ms - self.at_ms > life
    }
}

#[derive(Debug, Default)]
pub(crate) struct Via {
    pub(crate) requests: HashMap<String, Asked>,
}

impl Via {
    /// Requests for a person within `span_ms`.
    pub(crate) fn recent(&self, recipient: &Address, now_ms: i64, span_ms: i64) -> usize {
        self.requests
            .values()
            .filter(|asked| asked.recipient == *recipient && now_ms - asked.at_ms < span_ms)
            .count()
    }
}

/// The keys of a request: every brand with every channel that fits the address.
pub(crate) fn keys(
    brands: &[BrandNo],
    channels: &[Channel],
    kind: Kind,
    recipient: &Address,
) -> Vec<(BrandNo, Key)> {
    let mut keys = Vec::new();
    for brand in brands {
        for channel in channels {
            let key = Key {
                address: recipient.clone(),
                kind,
                channel: *channel,
            };
            keys.push((*brand, key));
        }
    }
    keys
}
