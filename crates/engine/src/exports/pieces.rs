//! From a thread that writes to a task that sends: a slow reader slows the
//! writer, and nothing piles up.

use std::io::{self, Write};

use tokio::sync::mpsc;

/// Pieces of some kilobytes between the two.
pub(crate) const PIECES_MAX: usize = 16;

/// Hands what a thread writes to a task.
pub(crate) struct Pieces(pub(crate) mpsc::Sender<Vec<u8>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(bytes.to_vec());
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
