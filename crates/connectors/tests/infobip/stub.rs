//! A stand-in for Infobip at the level of bytes, so that it can also hang up,
//! stay silent or cut an answer short.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the stand-in does after it has read a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with a status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Resets the connection.
    Reset,
    /// Says nothing.
    Silence,
    /// Promises a longer body than it sends.
    CutShort(String),
}

impl Reply {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a test reads better without the borrow"
    )]
    pub(crate) fn json(status: u16, body: impl ToString) -> Self {
        Self::Answer(status, Vec::new(), body.to_string())
    }
}

/// One request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// `POST /sms/3/messages`
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Stub {
    /// Gives these replies in turn, the last one for ever.
    pub(crate) async fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<Reply> = replies.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let record = Arc::clone(&seen);
        let server = tokio::spawn(async move {
            // One connection at a time; each is closed after its reply.
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read_request(&mut stream).await else {
                    continue;
                };
                let nth = {
                    let mut seen = record.lock().unwrap();
                    seen.push(request);
                    seen.len() - 1
                };
                act(stream, &replies[nth.min(replies.len() - 1)]).await;
            }
        });
        Self {
            base_url,
            seen,
            server,
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(|n| n.trim().parse().unwrap())
        })
        .unwrap_or(0_usize);
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let line = head
        .lines()
        .next()?
        .trim_end_matches(" HTTP/1.1")
        .to_owned();
    Some(Seen {
        line,
        body: bytes[head_end..].to_vec(),
        head,
    })
}

async fn act(mut stream: TcpStream, reply: &Reply) {
    let (status, headers, body, promised) = match reply {
        Reply::Answer(status, headers, body) => (*status, headers.clone(), body, body.len()),
        Reply::CutShort(body) => (200, Vec::new(), body, body.len() + 100),
        Reply::Reset => {
            let _ = stream.set_zero_linger();
            return;
        }
        Reply::Silence => {
            // Held open until the client gives up and closes its end.
            let _ = stream.read(&mut [0; 1]).await;
            return;
        }
    };
    let mut answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {promised}\r\nconnection: close\r\n"
    );
    for (name, value) in headers {
        answer.extend([name, ": ", &value, "\r\n"]);
    }
    answer.push_str("\r\n");
    answer.push_str(body);
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
