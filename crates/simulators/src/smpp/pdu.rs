//! The wire, as the standard writes it.

use tokio::io::{AsyncRead, AsyncReadExt};

const PDU_BYTES_MAX: usize = 64 * 1024;

pub(super) const BIND_RECEIVER: u32 = 0x01;
pub(super) const BIND_TRANSMITTER: u32 = 0x02;
pub(super) const SUBMIT_SM: u32 = 0x04;
pub(super) const DELIVER_SM: u32 = 0x05;
pub(super) const UNBIND: u32 = 0x06;
pub(super) const BIND_TRANSCEIVER: u32 = 0x09;
pub(super) const ENQUIRE_LINK: u32 = 0x15;
pub(super) const ANSWER: u32 = 0x8000_0000;

#[derive(Debug)]
pub(super) struct Pdu {
    pub(super) command: u32,
    pub(super) status: u32,
    pub(super) sequence: u32,
    pub(super) body: Vec<u8>,
}

pub(super) fn frame(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    let words = [length, command, status, sequence];
    let mut frame: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    frame.extend_from_slice(body);
    frame
}

/// The next message; none at the end, or for a length that cannot be.
pub(super) async fn next(reader: &mut (impl AsyncRead + Unpin)) -> Option<Pdu> {
    let length = usize::try_from(reader.read_u32().await.ok()?).ok()?;
    if !(16..=PDU_BYTES_MAX).contains(&length) {
        return None;
    }
    let command = reader.read_u32().await.ok()?;
    let status = reader.read_u32().await.ok()?;
    let sequence = reader.read_u32().await.ok()?;
    let mut body = vec![0; length - 16];
    reader.read_exact(&mut body).await.ok()?;
    Some(Pdu {
        command,
        status,
        sequence,
        body,
    })
}

/// Fields in their order.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// A text that ends with a zero and has `max` octets at most, that one included.
    pub(super) fn text(&mut self, max: usize) -> Option<String> {
        let end = self.0.iter().position(|octet| *octet == 0)?;
        let text = self.0[..end].to_vec();
        self.0 = &self.0[end + 1..];
        (end < max && text.is_ascii()).then(|| String::from_utf8(text).ok())?
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.0.get(..count)?;
        self.0 = &self.0[count..];
        Some(taken)
    }

    /// The next optional field; none at the end. The error: it was cut.
    pub(super) fn tlv(&mut self) -> Result<Option<(u16, &'a [u8])>, ()> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let head = self.octets(4).ok_or(())?;
        let tag = u16::from_be_bytes([head[0], head[1]]);
        let length = u16::from_be_bytes([head[2], head[3]]);
        let value = self.octets(usize::from(length)).ok_or(())?;
        Ok(Some((tag, value)))
    }
}

pub(super) fn put_text(body: &mut Vec<u8>, text: &str) {
    body.extend_from_slice(text.as_bytes());
    body.push(0);
}

pub(super) fn put_tlv(body: &mut Vec<u8>, tag: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&tag.to_be_bytes());
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(value);
}
