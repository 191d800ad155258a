//! Dispatch by SMTP: a mail server that takes everything and keeps nothing, a
//! load generator that only speaks SMTP, and our own sending beside it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, bail};
use domain::gate::Basis;
use domain::{Channel, RecipientKind};
use serde_json::json;
use store::campaigns::{Audience, NewCampaign};
use store::connectors::ConnectorState;
use store::mail_content::MailContent;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::child::{Job, measure, per_second};
use super::ground::{Place, Surroundings};
use super::lines::{LONG_SECONDS, RUNS, median};
use super::table::{Row, Table, Target, rate};
use crate::session::ACTOR;

/// Sessions on both sides.
const SESSIONS: usize = 20;
/// Bytes read at a time.
const PIECE: usize = 16 * 1024;
const TEXT: &str = "Sayın müşterimiz, siparişiniz kargoya verildi. ORNEK PERAKENDE AS";
const HTML: &str = "<html><body><p>Sayın müşterimiz, siparişiniz <b>kargoya verildi</b>.</p>\
                    <p>ORNEK PERAKENDE AS</p></body></html>";

/// Takes mail and keeps nothing, until it is stopped.
pub(crate) async fn sink(announce: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("no free port")?;
    announce(listener.local_addr()?);
    let mut talks = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        while talks.try_join_next().is_some() {}
        talks.spawn(async move {
            // A client that goes away in the middle is its own affair.
            drop(swallow(stream).await);
        });
    }
}

/// Answers line by line; what came together is answered together.
async fn swallow(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink ESMTP\r\n").await?;
    let (mut held, mut said, mut in_content) = (Vec::new(), Vec::new(), false);
    loop {
        let mut from = 0;
        while let Some(length) = held[from..].iter().position(|byte| *byte == b'\n') {
            let line: &[u8] = &held[from..=from + length];
            from += length + 1;
            if in_content {
                if line == b".\r\n" {
                    in_content = false;
                    said.extend_from_slice(b"250 2.0.0 taken\r\n");
                }
                continue;
            }
            let answer: &[u8] = match line.get(..4) {
                Some(b"EHLO") => b"250-sink\r\n250 PIPELINING\r\n",
                Some(b"DATA") => {
                    in_content = true;
                    b"354 go on\r\n"
                }
                Some(b"QUIT") => b"221 2.0.0 bye\r\n",
                _ => b"250 2.0.0 ok\r\n",
            };
            said.extend_from_slice(answer);
        }
        held.drain(..from);
        if !said.is_empty() {
            stream.write_all(&said).await?;
            said.clear();
        }
        if held.capacity() - held.len() < PIECE {
            held.reserve(PIECE);
        }
        if stream.read_buf(&mut held).await? == 0 {
            return Ok(());
        }
    }
}

/// Sends `count` messages of a size over the sessions; returns the seconds.
async fn load(address: &str, count: usize, content: &str) -> anyhow::Result<f64> {
    let next = Arc::new(AtomicUsize::new(0));
    let transaction: Arc<str> = content.into();
    let mut sessions = JoinSet::new();
    let began = Instant::now();
    for _ in 0..SESSIONS {
        let (next, transaction) = (Arc::clone(&next), Arc::clone(&transaction));
        let address = address.to_owned();
        sessions.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            expect(&mut stream, 1).await?;
            stream.write_all(b"EHLO bench\r\n").await?;
            expect(&mut stream, 2).await?;
            while next.fetch_add(1, Ordering::Relaxed) < count {
                stream
                    .write_all(b"MAIL FROM:<a@ornek.com>\r\nRCPT TO:<b@ornek.com>\r\nDATA\r\n")
                    .await?;
                expect(&mut stream, 3).await?;
                stream.write_all(transaction.as_bytes()).await?;
                expect(&mut stream, 1).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = sessions.join_next().await {
        ended??;
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Reads so many lines.
async fn expect(stream: &mut TcpStream, lines: usize) -> anyhow::Result<()> {
    let mut piece = [0; 512];
    let mut seen = 0;
    while seen < lines {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            bail!("the sink hung up");
        }
        seen += piece[..length]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
    }
    Ok(())
}

/// Adds the row: everybody with an e-mail address, one message each.
pub(crate) async fn row(
    around: &Surroundings,
    place: &Place,
    database: &'static str,
    table: &mut Table,
) -> anyhow::Result<()> {
    let sink = super::child::Server::start(&around.order(Job::Sink, None)).await?;
    let address = sink.url.trim_start_matches("http://").to_owned();
    let engine = place.engine(around.clock).await?;
    let settings = json!({
        "base_url": format!("smtp://{address}"), "sessions": SESSIONS, "requests_per_second": 0,
    });
    let account = engine
        .create_connector(place.firm, "smtp", "SMTP", &settings, ACTOR)
        .await?;
    let mut writer = engine.store().write().await?;
    writer
        .set_connector_state(account.id, account.version, ConnectorState::Active, None)
        .await?;
    writer.commit().await?;
    let place = Place {
        connector: account.id,
        concurrency: SESSIONS,
        ..place.clone()
    };
    let (mut ours, mut bares, mut count) = (Vec::new(), Vec::new(), 0);
    for _ in 0..RUNS {
        let new = NewCampaign {
            promotion: None,
            brand: place.brand,
            name: "bench".into(),
            channel: Channel::Eposta,
            kind: RecipientKind::Bireysel,
            basis: Basis::Informational,
            purpose: "bilgilendirme".into(),
            template: None,
            body: TEXT.into(),
            sender: "Örnek <bilgi@ornek.com>".into(),
            connector: place.connector,
            audience: Audience::All,
            batch_size: 1,
            plan: domain::plan::Plan::default(),
        };
        let made = engine.create_campaign(place.firm, new, ACTOR).await?;
        let mail = MailContent {
            subject: "Siparişiniz kargoya verildi".into(),
            html: Some(HTML.into()),
            reply_to: None,
            preheader: None,
        };
        engine
            .set_campaign_mail(place.firm, made.id, &mail, ACTOR)
            .await?;
        measure(&around.order(Job::Launch(made.id), Some(&place))).await?;
        let sent = measure(&around.order(Job::Dispatch(made.id), Some(&place))).await?;
        count = sent.count;
        ours.push(sent.seconds);
        bares.push(load(&address, usize::try_from(count)?, &written()).await?);
        if sent.seconds > LONG_SECONDS {
            break;
        }
    }
    engine.store().close().await;
    let (ours, base) = (
        per_second(count, median(ours)),
        per_second(count, median(bares)),
    );
    table.add(Row {
        work: format!("dispatch by SMTP, {SESSIONS} sessions"),
        database,
        ours: rate(ours, "messages"),
        baseline: format!("load generator {}", rate(base, "messages")),
        ratio: ours / base,
        target: Target::AtLeast(0.6),
    })
}

/// A message as long as ours.
fn written() -> String {
    let line = "a".repeat(70);
    let body = format!("{line}\r\n").repeat(14);
    format!("From: a@ornek.com\r\nSubject: a\r\n\r\n{body}.\r\n")
}
