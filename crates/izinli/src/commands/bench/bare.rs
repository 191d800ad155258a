//! Baselines over HTTP: a client that only posts, a server that only answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::ground::{IYS_CODE, IYS_PASSWORD, IYS_USER};

/// A client that stays on this machine.
pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .http1_only()
        .timeout(Duration::from_secs(120))
        .build()?)
}

/// Posts `count` bodies, `concurrency` at a time; returns the seconds it took.
pub(crate) async fn post_all(
    url: &str,
    headers: HeaderMap,
    count: usize,
    concurrency: usize,
    body: impl Fn(usize) -> String + Send + Sync + 'static,
) -> anyhow::Result<f64> {
    let client = client()?;
    let (next, body) = (Arc::new(AtomicUsize::new(0)), Arc::new(body));
    let mut senders = JoinSet::new();
    let began = Instant::now();
    for _ in 0..concurrency {
        let (client, next, body) = (client.clone(), Arc::clone(&next), Arc::clone(&body));
        let (url, headers) = (url.to_owned(), headers.clone());
        senders.spawn(async move {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return anyhow::Ok(());
                }
                let request = client
                    .post(&url)
                    .headers(headers.clone())
                    .header(CONTENT_TYPE, "application/json");
                let answer = request.body(body(at)).send().await?;
                let status = answer.status();
                let text = answer.bytes().await?;
                if !status.is_success() {
                    bail!(
                        "{url} answered {status}: {}",
                        String::from_utf8_lossy(&text)
                    );
                }
            }
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended??;
    }
    Ok(began.elapsed().as_secs_f64())
}

/// One message as the connector writes it.
pub(crate) fn message(at: usize) -> String {
    let text = "Sayın Ayşe Yılmaz, yaz indirimi başladı! ORNEK PERAKENDE AS Mersis 0123456789012345. \
                İstemiyorsanız RET ORNEK yazıp 3338'e gönderin.";
    json!({
        "messages": [{
            "sender": "ORNEK",
            "destinations": [{ "to": format!("9053{at:08}"), "messageId": format!("1a2b3-{at}-4c5d6e") }],
            "content": { "text": text, "language": { "languageCode": "TR" } },
            "options": { "regional": { "turkeyIys": { "brandCode": IYS_CODE, "recipientType": "BIREYSEL" } } },
            "webhooks": {
                "delivery": { "url": "http://127.0.0.1:9/in/0123456789abcdef/receipts" },
                "contentType": "application/json",
            },
        }],
        "options": { "schedule": { "bulkId": format!("izn-1a2b3-{at}-1") }, "includeSmsCountInResponse": true },
    })
    .to_string()
}

/// Asks İYS about these addresses, 1,000 a call; returns the seconds of the calls.
pub(crate) async fn ask_registry(
    base: &str,
    addresses: &[String],
    concurrency: usize,
) -> anyhow::Result<f64> {
    let login = json!({ "username": IYS_USER, "password": IYS_PASSWORD, "grant_type": "password" });
    let answer = client()?
        .post(format!("{base}/oauth2/token"))
        .json(&login)
        .send()
        .await?;
    let said: Value = answer
        .json()
        .await
        .context("the token call was not answered")?;
    let token = said["access_token"]
        .as_str()
        .with_context(|| format!("no token: {said}"))?;
    let mut headers = HeaderMap::new();
    headers.insert(
        AUTHORIZATION,
        HeaderValue::from_str(&format!("Bearer {token}"))?,
    );
    let bodies: Vec<String> = addresses
        .chunks(1_000)
        .map(|list| json!({ "recipients": list }).to_string())
        .collect();
    let url = format!("{base}/sps/{IYS_CODE}/brands/{IYS_CODE}/consents/BIREYSEL/status/MESAJ");
    post_all(&url, headers, bodies.len(), concurrency, move |at| {
        bodies[at].clone()
    })
    .await
}

/// Answers 200 to every POST.
pub(crate) async fn serve_blank(announce: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("no free port")?;
    announce(listener.local_addr()?);
    let router = Router::new().fallback(post(|body: Bytes| async move { body.len().to_string() }));
    Ok(axum::serve(listener, router).await?)
}
