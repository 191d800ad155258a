//! The server on a real socket: up, and down again.

use std::sync::Arc;
use std::time::Duration;

use api::ApiOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::Server;

async fn ask(address: std::net::SocketAddr, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let text = format!("{head}Host: izinli\r\n\r\n");
    stream.write_all(text.as_bytes()).await.expect("written");
    stream
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let mut buffer = [0_u8; 1024];
    while !String::from_utf8_lossy(&text).contains(end) {
        let count = stream.read(&mut buffer).await.expect("readable");
        assert!(count > 0, "ended after {}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_ends_its_streams_and_returns() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let upload = crate::tenants::upload(&server, &tenant).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let cancel = CancellationToken::new();
    let options = ApiOptions::new("https://izinli.ornek");
    let serving = api::serve(
        Arc::clone(&server.engine),
        options,
        listener,
        cancel.clone(),
    );
    let visiting = async {
        let mut alive = ask(address, "GET /healthz HTTP/1.1\r\n").await;
        assert!(
            read_until(&mut alive, "ok")
                .await
                .starts_with("HTTP/1.1 200 OK")
        );
        let head = format!(
            "GET /api/v1/uploads/{upload}/progress HTTP/1.1\r\nAuthorization: Bearer {}\r\n",
            tenant.owner
        );
        let mut watching = ask(address, &head).await;
        read_until(&mut watching, "event: progress").await;
        cancel.cancel();
        let mut rest = Vec::new();
        watching.read_to_end(&mut rest).await.expect("an end");
    };
    let both = async { tokio::join!(serving, visiting).0 };
    let outcome = tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .expect("in time");
    outcome.expect("a graceful end");
}
