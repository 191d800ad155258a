//! How the server behaves towards the outside.

use std::time::Duration;

use store::access::SessionLimits;

/// Settings of the HTTP side; the engine has its own.
#[derive(Debug, Clone)]
pub struct ApiOptions {
    /// How the outside reaches this server, without a slash at the end.
    pub public_url: String,
    /// Whether cookies travel over HTTPS only, and browsers are told to stay on it.
    pub secure_cookies: bool,
    /// Whether the process clock does not show the real time; the panel then says so.
    pub clock_is_simulated: bool,
    /// Whether the panel is served.
    pub serve_panel: bool,
    /// Whether a trusted proxy in front names the caller in `X-Forwarded-For`.
    pub trust_forwarded_for: bool,
    /// Whether an owner may make further firms through the API. Off, because on a
    /// shared installation a tenant would make tenants; the command line always may.
    pub firms_by_api: bool,
    /// Largest body of each kind of call.
    pub body_limits: BodyLimits,
    /// How long a session lasts.
    pub sessions: SessionLimits,
    /// Longest time for an answer that is not a stream or a file.
    pub answer_within: Duration,
    /// Streams of server-sent events open at a time.
    pub streams_max: usize,
    /// How long calls under way may take to end at shutdown.
    pub shutdown_within: Duration,
}

/// Largest bodies, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// A JSON call.
    pub json: usize,
    /// A file with its meta; the engine counts the file itself (F102).
    pub upload: usize,
    /// A push from a provider.
    pub push: usize,
}

impl Default for BodyLimits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            json: 2 * MIB,
            upload: 4 * 1024 * MIB,
            push: 4 * MIB,
        }
    }
}

impl ApiOptions {
    /// The documented defaults for a server that is reached at `public_url`.
    pub fn new(public_url: impl Into<String>) -> Self {
        Self {
            public_url: public_url.into().trim_end_matches('/').to_owned(),
            secure_cookies: true,
            clock_is_simulated: false,
            serve_panel: true,
            trust_forwarded_for: false,
            firms_by_api: false,
            body_limits: BodyLimits::default(),
            sessions: SessionLimits::default(),
            answer_within: Duration::from_secs(30),
            streams_max: 256,
            shutdown_within: Duration::from_secs(20),
        }
    }
}
