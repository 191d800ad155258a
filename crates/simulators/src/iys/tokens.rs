//! Access and refresh tokens.

use std::collections::HashMap;

use super::accounts::UserNo;
use crate::dice::mix;

/// A pair as the token endpoint gives it out.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

#[derive(Debug, Clone, Copy)]
struct Grant {
    user: UserNo,
    expires_ms: i64,
}

/// The tokens in force. Expired ones are forgotten when a new pair is made.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    access: HashMap<String, Grant>,
    refresh: HashMap<String, Grant>,
    issued: u64,
}

/// Lives of a pair, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lives {
    pub(crate) access_s: u32,
    pub(crate) refresh_s: u32,
}

impl Tokens {
    pub(crate) fn issue(&mut self, user: UserNo, lives: Lives, seed: u64, now_ms: i64) -> Pair {
        self.access.retain(|_, grant| grant.expires_ms > now_ms);
        self.refresh.retain(|_, grant| grant.expires_ms > now_ms);
        self.issued += 1;
        let pair = Pair {
            access: token(seed ^ self.issued, "access"),
            refresh: token(seed ^ self.issued, "refresh"),
        };
        let grant = |life_s: u32| Grant {
            user,
            expires_ms: now_ms + i64::from(life_s) * 1_000,
        };
        self.access
            .insert(pair.access.clone(), grant(lives.access_s));
        self.refresh
            .insert(pair.refresh.clone(), grant(lives.refresh_s));
        pair
    }

    pub(crate) fn user(&self, access: &str, now_ms: i64) -> Option<UserNo> {
        let grant = self.access.get(access)?;
        (grant.expires_ms > now_ms).then_some(grant.user)
    }

    /// Takes a refresh token in; it cannot be used a second time.
    pub(crate) fn redeem(&mut self, refresh: &str, now_ms: i64) -> Option<UserNo> {
        let grant = self.refresh.remove(refresh)?;
        (grant.expires_ms > now_ms).then_some(grant.user)
    }
}

/// A text in the shape of a JWT. Nothing can be read out of it, on purpose.
fn token(seed: u64, purpose: &str) -> String {
    let first = mix(seed ^ u64::try_from(purpose.len()).unwrap_or(0) << 48);
    let words: Vec<u64> =
        std::iter::successors(Some(first), |word| Some(mix(word.wrapping_add(1))))
            .take(6)
            .collect();
    format!(
        "eyJ{:016x}.eyJ{:016x}{:016x}.{:016x}{:016x}{:016x}",
        words[0], words[1], words[2], words[3], words[4], words[5]
    )
}
