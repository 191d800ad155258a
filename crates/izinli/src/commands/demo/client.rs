//! A customer's view: the programming interface over HTTP.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::world::World;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(1_800);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// An HTTP client that stays on this machine.
pub(crate) fn http() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(120))
        .build()?)
}

/// Calls the server under test with its API key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

impl Client {
    /// A client for the demo's server.
    pub(crate) fn new(world: &World) -> anyhow::Result<Self> {
        Ok(Self {
            http: http()?,
            base: format!("{}/api/v1", world.url),
            key: world.key.clone(),
        })
    }

    /// GET.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self
            .http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.key);
        read(request, path).await
    }

    /// POST with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.key)
            .json(body);
        read(request, path).await
    }

    /// Uploads a file.
    pub(crate) async fn upload(&self, file: &Path, meta: &Value) -> anyhow::Result<Value> {
        let part = reqwest::multipart::Part::file(file)
            .await
            .with_context(|| format!("{} cannot be read", file.display()))?;
        let form = reqwest::multipart::Form::new()
            .text("meta", meta.to_string())
            .part("file", part);
        let request = self
            .http
            .post(format!("{}/uploads", self.base))
            .bearer_auth(&self.key)
            .multipart(form);
        read(request, "/uploads").await
    }

    /// Looks again and again until `done` says so.
    pub(crate) async fn wait(
        &self,
        path: &str,
        mut done: impl FnMut(&Value) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Value> {
        let began = Instant::now();
        loop {
            let seen = self.get(path).await?;
            if done(&seen)? {
                return Ok(seen);
            }
            if began.elapsed() > PATIENCE {
                bail!("{path} did not come to an end: {seen}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn read(request: reqwest::RequestBuilder, path: &str) -> anyhow::Result<Value> {
    let answer = request
        .send()
        .await
        .with_context(|| format!("{path} did not answer"))?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        bail!("{path} answered {status}: {text}");
    }
    if text.is_empty() {
        return Ok(json!(null));
    }
    serde_json::from_str(&text).with_context(|| format!("{path} answered no JSON: {text}"))
}
