//! Connections that can be cut: how a fault closes the line without an answer.
//!
//! An HTTP framework always answers. A provider that dies does not. So the
//! listener hands out streams that share a small switch with the handler; once
//! it is thrown, nothing more can be written and the server drops the
//! connection.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

/// The handler's hold on the connection its request came in on.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    peer: SocketAddr,
    switch: Arc<AtomicU8>,
}

impl Wire {
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Closes the connection as a process does that ends: no more bytes, then FIN.
    pub(crate) fn hang_up(&self) {
        self.switch.store(CLOSED, Ordering::Release);
    }

    /// Closes the connection with a TCP reset.
    pub(crate) fn reset(&self) {
        self.switch.store(RESET, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Lines>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        Self {
            peer: *stream.remote_addr(),
            switch: Arc::clone(&stream.io().switch),
        }
    }
}

/// A TCP listener whose connections can be cut.
#[derive(Debug)]
pub(crate) struct Lines(pub(crate) TcpListener);

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers on this connection may wait for Nagle");
        }
        let switch = Arc::new(AtomicU8::new(OPEN));
        (Line { stream, switch }, peer)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    switch: Arc<AtomicU8>,
}

impl Line {
    fn state(&self) -> u8 {
        self.switch.load(Ordering::Acquire)
    }

    fn refuse(&self) -> io::Error {
        if self.state() == RESET
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "the connection ends with FIN instead of RST");
        }
        io::ErrorKind::ConnectionAborted.into()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.state() == OPEN {
            Pin::new(&mut self.stream).poll_read(cx, buf)
        } else {
            Poll::Ready(Err(self.refuse()))
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.state() == OPEN {
            Pin::new(&mut self.stream).poll_write(cx, buf)
        } else {
            Poll::Ready(Err(self.refuse()))
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.state() == OPEN {
            Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
        } else {
            Poll::Ready(Err(self.refuse()))
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state() == OPEN {
            Pin::new(&mut self.stream).poll_flush(cx)
        } else {
            Poll::Ready(Err(self.refuse()))
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state() == RESET {
            // A FIN first would turn the reset into an orderly end.
            return Poll::Ready(Err(self.refuse()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
