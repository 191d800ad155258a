//! The text of a file as a stream of bytes: marks at its ends taken off,
//! UTF-16 turned into UTF-8, lone carriage returns turned into line feeds.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use encoding_rs::{UTF_16BE, UTF_16LE};

use super::CHUNK_BYTES;
use super::encoding::Encoding;

/// Where the text of a file lies; opening it twice gives the same bytes twice.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    pub(crate) path: PathBuf,
    /// The encoding that a byte order mark states.
    pub(crate) stated: Option<Encoding>,
    /// Bytes of the byte order mark.
    mark_bytes: u64,
    /// Bytes between the mark and the end, or the Ctrl-Z that old programs put there.
    text_bytes: u64,
}

impl TextFile {
    /// Looks at both ends of a file of `file_bytes` bytes. `forced` is an
    /// encoding that a person chose.
    pub(crate) fn inspect(
        path: &Path,
        file_bytes: u64,
        forced: Option<Encoding>,
    ) -> io::Result<Self> {
        const HEAD_BYTES: u64 = 256;
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        (&mut file).take(HEAD_BYTES).read_to_end(&mut head)?;
        let (stated, mark_bytes) = match head.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => (Some(Encoding::Utf8), 3),
            [0xff, 0xfe, ..] => (Some(Encoding::Utf16Le), 2),
            [0xfe, 0xff, ..] => (Some(Encoding::Utf16Be), 2),
            _ if matches!(forced, Some(Encoding::Utf16Le | Encoding::Utf16Be)) => (forced, 0),
            head => (unmarked_utf16(head), 0),
        };
        let end_mark: &[u8] = match stated {
            Some(Encoding::Utf16Le) => &[0x1a, 0],
            Some(Encoding::Utf16Be) => &[0, 0x1a],
            _ => &[0x1a],
        };
        let end_mark_bytes = end_mark.len() as u64;
        let mut text_bytes = file_bytes - mark_bytes.min(file_bytes);
        if text_bytes >= end_mark_bytes {
            let mut tail = Vec::with_capacity(end_mark.len());
            file.seek(SeekFrom::Start(file_bytes - end_mark_bytes))?;
            (&mut file).take(end_mark_bytes).read_to_end(&mut tail)?;
            if tail == end_mark {
                text_bytes -= end_mark_bytes;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            stated,
            mark_bytes,
            text_bytes,
        })
    }

    /// Opens the text from its beginning, line ends as they are.
    pub(crate) fn open(&self) -> io::Result<TextReader> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.mark_bytes))?;
        let bytes = file.take(self.text_bytes);
        let input = match self.stated {
            Some(Encoding::Utf16Le) => Input::Wide(Wide::new(bytes, UTF_16LE)),
            Some(Encoding::Utf16Be) => Input::Wide(Wide::new(bytes, UTF_16BE)),
            _ => Input::Narrow(bytes),
        };
        Ok(TextReader {
            input,
            line_ends: LineEnds::AsTheyAre,
            held_cr: false,
            recent: Vec::new(),
            recent_end: 0,
            run: Run::default(),
            run_is_open: true,
        })
    }
}

/// UTF-16 without the mark it should have, as some databases export it: in
/// Turkish text nearly every other byte is zero, on one side only.
fn unmarked_utf16(head: &[u8]) -> Option<Encoding> {
    const ENOUGH: usize = 8;
    let pairs = head.chunks_exact(2);
    let (first, second) = pairs.clone().fold((0, 0), |(first, second), pair| {
        (
            first + usize::from(pair[0] == 0),
            second + usize::from(pair[1] == 0),
        )
    });
    let nearly_all = |zeros: usize| pairs.len() >= ENOUGH && zeros * 4 >= pairs.len() * 3;
    match (first, second) {
        (0, zeros) if nearly_all(zeros) => Some(Encoding::Utf16Le),
        (zeros, 0) if nearly_all(zeros) => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// Whether a carriage return alone ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnds {
    /// Only line feeds do; nothing is changed.
    AsTheyAre,
    /// Old Mac files: a lone carriage return is delivered as a line feed.
    LoneCr,
}

/// A run of line-end bytes between two records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
}

impl Run {
    /// Adds the line-end bytes at the front of `bytes`; whether they are all of it.
    fn extend_over(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            match byte {
                b'\n' => self.lines += 1,
                b'\r' => {}
                _ => return false,
            }
            self.bytes += 1;
        }
        true
    }
}

/// The bytes of a text, remembering the last piece it delivered.
///
/// The memory serves line numbers: the csv reader stands before the line ends
/// that precede a record (a `\n` left over from CRLF, blank lines) and counts
/// its line from there, so those have to be seen and added.
#[derive(Debug)]
pub(crate) struct TextReader {
    input: Input,
    line_ends: LineEnds,
    /// A carriage return at the end of a piece, until the next byte is known.
    held_cr: bool,
    recent: Vec<u8>,
    recent_end: u64,
    /// What later pieces added to the last run that was asked for.
    run: Run,
    /// Whether that run may still go on in the next piece.
    run_is_open: bool,
}

impl TextReader {
    /// The same text with this reading of line ends.
    pub(crate) fn with_line_ends(mut self, line_ends: LineEnds) -> Self {
        self.line_ends = line_ends;
        self
    }

    /// The line-end bytes at this offset, which lies in the last piece. A run
    /// that reaches the piece's end is continued by [`TextReader::rest_of_run`].
    pub(crate) fn run_at(&mut self, offset: u64) -> Run {
        let behind = usize::try_from(self.recent_end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let start = self.recent.len().saturating_sub(behind);
        let mut run = Run::default();
        self.run_is_open = run.extend_over(&self.recent[start..]);
        self.run = Run::default();
        run
    }

    /// What later pieces added to the last run.
    pub(crate) fn rest_of_run(&mut self) -> Run {
        self.run_is_open = false;
        std::mem::take(&mut self.run)
    }

    fn read_mending_line_ends(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let held = usize::from(self.held_cr);
        if out.len() <= held + 1 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the buffer is too small",
            ));
        }
        let read = self.input.read(&mut out[held..])?;
        if read == 0 {
            if held == 1 {
                self.held_cr = false;
                out[0] = b'\n';
            }
            return Ok(held);
        }
        if held == 1 {
            out[0] = b'\r';
            self.held_cr = false;
        }
        let mut len = held + read;
        if out[len - 1] == b'\r' {
            self.held_cr = true;
            len -= 1;
        }
        for i in 0..len {
            let followed_by_lf = i + 1 < len && out[i + 1] == b'\n';
            if out[i] == b'\r' && !followed_by_lf {
                out[i] = b'\n';
            }
        }
        if len == 0 {
            self.read_mending_line_ends(out)
        } else {
            Ok(len)
        }
    }
}

impl Read for TextReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = match self.line_ends {
            LineEnds::AsTheyAre => self.input.read(out)?,
            LineEnds::LoneCr => self.read_mending_line_ends(out)?,
        };
        let piece = &out[..len];
        self.recent.clear();
        self.recent.extend_from_slice(piece);
        self.recent_end += len as u64;
        if self.run_is_open {
            self.run_is_open = self.run.extend_over(piece);
        }
        Ok(len)
    }
}

#[derive(Debug)]
enum Input {
    /// One byte a unit: delivered as it is.
    Narrow(io::Take<File>),
    /// UTF-16: delivered as UTF-8.
    Wide(Wide),
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Narrow(file) => file.read(out),
            Self::Wide(wide) => wide.read(out),
        }
    }
}

/// UTF-16 on its way to UTF-8.
struct Wide {
    file: io::Take<File>,
    decoder: encoding_rs::Decoder,
    raw: Box<[u8]>,
    /// Bytes of `raw` not yet decoded.
    left: std::ops::Range<usize>,
    at_end: bool,
    /// Decoded text that did not fit into the reader's buffer.
    decoded: Vec<u8>,
    delivered: usize,
}

impl Wide {
    fn new(file: io::Take<File>, encoding: &'static encoding_rs::Encoding) -> Self {
        Self {
            file,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; CHUNK_BYTES].into_boxed_slice(),
            left: 0..0,
            at_end: false,
            decoded: vec![0; 2 * CHUNK_BYTES],
            delivered: 2 * CHUNK_BYTES,
        }
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.delivered == self.decoded.len() {
            if self.left.is_empty() {
                if self.at_end {
                    return Ok(0);
                }
                let read = self.file.read(&mut self.raw)?;
                self.left = 0..read;
                self.at_end = read == 0;
            }
            let source = &self.raw[self.left.clone()];
            self.decoded.resize(2 * CHUNK_BYTES, 0);
            let (_, read, written, _) =
                self.decoder
                    .decode_to_utf8(source, &mut self.decoded, self.at_end);
            self.left.start += read;
            self.decoded.truncate(written);
            self.delivered = 0;
        }
        let rest = &self.decoded[self.delivered..];
        let len = rest.len().min(out.len());
        out[..len].copy_from_slice(&rest[..len]);
        self.delivered += len;
        Ok(len)
    }
}

impl std::fmt::Debug for Wide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wide")
            .field("at_end", &self.at_end)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8], line_ends: LineEnds) -> (Option<Encoding>, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.csv");
        std::fs::write(&path, bytes).unwrap();
        let file = TextFile::inspect(&path, bytes.len() as u64, None).unwrap();
        let mut reader = file.open().unwrap().with_line_ends(line_ends);
        let mut text = Vec::new();
        let mut small = [0; 5];
        loop {
            let n = reader.read(&mut small).unwrap();
            if n == 0 {
                return (file.stated, text);
            }
            text.extend_from_slice(&small[..n]);
        }
    }

    #[test]
    fn byte_order_marks_and_the_end_mark_of_old_programs_are_no_part_of_the_text() {
        let (stated, text) = text_of(b"\xef\xbb\xbfTelefon\n\x1a", LineEnds::AsTheyAre);
        assert_eq!(
            (stated, text.as_slice()),
            (Some(Encoding::Utf8), &b"Telefon\n"[..])
        );
        assert_eq!(text_of(b"", LineEnds::AsTheyAre), (None, Vec::new()));
        assert_eq!(text_of(b"\x1a", LineEnds::AsTheyAre), (None, Vec::new()));
    }

    #[test]
    fn sixteen_bit_text_of_either_byte_order_arrives_as_utf8() {
        let units: Vec<u16> = "\u{feff}İzin\tğ\r\n".encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|u| u.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
        let expected = "İzin\tğ\r\n".as_bytes().to_vec();
        assert_eq!(
            text_of(&little, LineEnds::AsTheyAre),
            (Some(Encoding::Utf16Le), expected.clone())
        );
        assert_eq!(
            text_of(&big, LineEnds::AsTheyAre),
            (Some(Encoding::Utf16Be), expected)
        );
    }

    #[test]
    fn lone_carriage_returns_become_line_feeds_wherever_the_pieces_are_cut() {
        for shift in 0..6 {
            let padding = "x".repeat(shift);
            let raw = format!("{padding}a\rb\r\nc\r\r\nd\r");
            let (_, text) = text_of(raw.as_bytes(), LineEnds::LoneCr);
            let expected = format!("{padding}a\nb\r\nc\n\r\nd\n");
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }
}
