//! The XML inside a workbook, event by event, within limits: no element is
//! nested without end, no text is larger than a cell can be, and what was
//! unpacked is counted against the file's budget.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::file::CHUNK_BYTES;
use crate::file::kind;
use crate::file::packing::Budget;
use crate::file::scan::ScanEnd;
use crate::verdict::Refusal;
use domain::ReasonCode;

/// Bytes of one tag or one text; the text of a cell is a quarter of it.
const EVENT_BYTES_MAX: usize = 256 << 10;

/// Elements inside each other; a sheet needs ten.
const DEPTH_MAX: u32 = 64;

/// A part of a workbook, read once from its beginning.
pub(super) struct Xml<'b, R: Read> {
    reader: Reader<Bounded<BufReader<Metered<'b, R>>>>,
    buffer: Vec<u8>,
    depth: u32,
}

impl<'b, R: Read> Xml<'b, R> {
    pub(super) fn new(part: R, budget: &'b Budget) -> Self {
        let metered = Metered {
            inner: part,
            budget,
        };
        let mut reader = Reader::from_reader(Bounded {
            inner: BufReader::with_capacity(CHUNK_BYTES, metered),
            run: 0,
        });
        reader.config_mut().check_end_names = false;
        Self {
            reader,
            buffer: Vec::new(),
            depth: 0,
        }
    }

    /// The next event; `Event::Eof` at the end.
    pub(super) fn next(&mut self) -> Result<Event<'_>, ScanEnd> {
        self.buffer.clear();
        self.reader.get_mut().run = 0;
        let event = self
            .reader
            .read_event_into(&mut self.buffer)
            .map_err(unreadable)?;
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > DEPTH_MAX {
            return Err(Refusal::new(ReasonCode::F109).into());
        }
        Ok(event)
    }
}

/// A value of a tag, with its entities resolved.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let mut found = attributes.with_checks(false).flatten();
    let value = found
        .find(|attribute| attribute.key.as_ref() == name.as_bytes())?
        .value;
    let text = String::from_utf8_lossy(&value).into_owned();
    Some(match quick_xml::escape::unescape(&text) {
        Ok(plain) => plain.into_owned(),
        Err(_) => text,
    })
}

/// A value of a tag, where its bytes are all that is needed; `read` gets them.
pub(super) fn attribute_bytes<T>(
    tag: &BytesStart<'_>,
    name: &[u8],
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Option<T> {
    let mut attributes = tag.attributes();
    let mut found = attributes.with_checks(false).flatten();
    read(
        &found
            .find(|attribute| attribute.key.as_ref() == name)?
            .value,
    )
}

/// A whole number in decimal digits.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.trim().parse().ok()
}

/// Whether a switch such as `hidden="1"` is on.
pub(super) fn is_on(tag: &BytesStart<'_>, name: &[u8]) -> bool {
    attribute_bytes(tag, name, |value| Some(matches!(value, b"1" | b"true"))).unwrap_or(false)
}

/// Appends what an event adds to a text, up to `bytes_max`.
pub(super) fn append_text(text: &mut String, event: &Event<'_>, bytes_max: usize) {
    let left = bytes_max.saturating_sub(text.len());
    match event {
        Event::Text(piece) => push_lossy(text, piece, left),
        Event::CData(piece) => push_lossy(text, piece, left),
        Event::GeneralRef(entity) => {
            let letter = match &**entity {
                b"amp" => Some('&'),
                b"lt" => Some('<'),
                b"gt" => Some('>'),
                b"quot" => Some('"'),
                b"apos" => Some('\''),
                _ => entity.resolve_char_ref().ok().flatten(),
            };
            text.extend(letter.filter(|_| left > 0));
        }
        _ => {}
    }
}

fn push_lossy(text: &mut String, piece: &[u8], left: usize) {
    let piece = &piece[..piece.len().min(left)];
    match str::from_utf8(piece) {
        Ok(piece) => text.push_str(piece),
        Err(_) => text.push_str(&String::from_utf8_lossy(piece)),
    }
}

/// Writes the letters that a workbook spells `_x000D_` as themselves. What no
/// text holds (a zero) becomes the mark for a lost letter.
pub(super) fn unescape_letters(text: &mut String) {
    if !text.contains("_x") {
        return;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        if let Some(letter) = spelled_letter(from) {
            plain.push(if letter == '\0' {
                char::REPLACEMENT_CHARACTER
            } else {
                letter
            });
            rest = &from[7..];
        } else {
            plain.push_str("_x");
            rest = &from[2..];
        }
    }
    plain.push_str(rest);
    *text = plain;
}

fn spelled_letter(text: &str) -> Option<char> {
    let spelled = text.get(..7)?;
    let digits = spelled.strip_prefix("_x")?.strip_suffix('_')?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex
        .then(|| u32::from_str_radix(digits, 16).ok())?
        .and_then(char::from_u32)
}

/// XML that is none is a damaged workbook; beyond the limits it is F109.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err calls")]
fn unreadable(error: quick_xml::Error) -> ScanEnd {
    match &error {
        quick_xml::Error::Io(cause) if cause.kind() == io::ErrorKind::QuotaExceeded => {
            Refusal::new(ReasonCode::F109).into()
        }
        _ => Refusal::unsupported(kind::BROKEN_WORKBOOK).into(),
    }
}

/// Counts unpacked bytes.
struct Metered<'b, R> {
    inner: R,
    budget: &'b Budget,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        match self.budget.spend(len as u64) {
            Ok(()) => Ok(len),
            Err(_) => Err(io::ErrorKind::QuotaExceeded.into()),
        }
    }
}

/// Refuses to go on inside one event without end.
struct Bounded<B> {
    inner: B,
    /// Bytes taken for the present event.
    run: usize,
}

impl<B: BufRead> Read for Bounded<B> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let len = available.len().min(out.len());
        out[..len].copy_from_slice(&available[..len]);
        self.consume(len);
        Ok(len)
    }
}

impl<B: BufRead> BufRead for Bounded<B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.run > EVENT_BYTES_MAX {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.run += amount;
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_a_workbook_spells_out_become_letters() {
        let plain = |text: &str| {
            let mut text = text.to_owned();
            unescape_letters(&mut text);
            text
        };
        assert_eq!(plain("a_x000D_b"), "a\rb");
        assert_eq!(plain("_x005F_x0041_"), "_x0041_");
        assert_eq!(plain("_x0000_"), "\u{fffd}");
        for untouched in ["a_b", "_x12", "_xğüşi_", "_x00zz_", "_xD800_"] {
            assert_eq!(plain(untouched), untouched);
        }
    }
}
