//! One quick pass over the whole file before a record is read: is it text, how
//! are its letters coded, do its quotes close, how do its lines end.
//!
//! Deciding for the whole file at once keeps promises that a row-by-row reader
//! cannot: the encoding is never guessed anew in the middle, and an open quote
//! never swallows the rest of a large file into memory.

mod letters;
mod shape;

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use domain::ReasonCode;

use self::letters::Letters;
use self::shape::Shape;
use super::encoding::{Decoder, Encoding};
use super::text::{LineEnds, TextFile, TextReader};
use super::{CHUNK_BYTES, kind};
use crate::verdict::Refusal;

/// What the pass has found out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanned {
    pub(crate) decoder: Decoder,
    pub(crate) line_ends: LineEnds,
    /// Whether the letters may well be coded otherwise.
    pub(crate) is_doubtful: bool,
}

/// Why the pass ended without a finding.
#[derive(Debug)]
pub(crate) enum ScanEnd {
    /// The file is no table that can be read.
    Refused(Refusal),
    /// The caller asked to stop.
    Cancelled,
    /// The file could not be read.
    Io(io::Error),
}

impl From<io::Error> for ScanEnd {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Refusal> for ScanEnd {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Reads the text once. `forced` is an encoding that a person chose;
/// `go_on` is asked after every piece.
pub(crate) fn scan(
    file: &TextFile,
    delimiter: u8,
    record_bytes_max: usize,
    forced: Option<Encoding>,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Scanned, ScanEnd> {
    let is_over = AtomicBool::new(false);
    let (letters, shape) = thread::scope(|scope| {
        // Two passes of like length, side by side.
        let shaping = scope.spawn(|| shape_of(file, delimiter, record_bytes_max as u64, &is_over));
        let letters = letters_of(file, go_on);
        is_over.store(letters.is_err(), Ordering::Relaxed);
        let shape = shaping
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (letters, shape)
    });
    let mut letters = letters?;
    let has_lone_cr = match shape? {
        Ok(has_lone_cr) => has_lone_cr,
        Err(fault) => return Err(shape_refusal(file, fault)?.into()),
    };
    let decoder = match letters.finish(file.stated, forced) {
        Ok(decoder) => decoder,
        Err(letters::Undecided::Unknown) => return Err(Refusal::new(ReasonCode::F104).into()),
        Err(letters::Undecided::MixedFrom(offset)) => {
            let line = line_at(file, offset)?;
            return Err(Refusal::new(ReasonCode::F103).at_line(line).into());
        }
    };
    let is_doubtful =
        forced.is_none() && decoder.encoding == Encoding::Windows1254 && letters.is_doubtful();
    let line_ends = if has_lone_cr {
        LineEnds::LoneCr
    } else {
        LineEnds::AsTheyAre
    };
    Ok(Scanned {
        decoder,
        line_ends,
        is_doubtful,
    })
}

/// How the letters of the text are coded; binary data has none.
fn letters_of(file: &TextFile, go_on: &mut dyn FnMut() -> bool) -> Result<Letters, ScanEnd> {
    let mut letters = Letters::default();
    let mut pieces = Pieces::of(file)?;
    while let Some(piece) = pieces.next()? {
        if any_byte(piece, |byte| byte == 0) {
            return Err(Refusal::unsupported(kind::BINARY).into());
        }
        letters.feed(piece);
        if !go_on() {
            return Err(ScanEnd::Cancelled);
        }
    }
    Ok(letters)
}

/// Whether the text has lone carriage returns; a fault where it is no table.
/// Nobody wants to know any more once `is_over`.
fn shape_of(
    file: &TextFile,
    delimiter: u8,
    record_bytes_max: u64,
    is_over: &AtomicBool,
) -> io::Result<Result<bool, shape::Fault>> {
    let mut shape = Shape::new(delimiter, record_bytes_max);
    let mut pieces = Pieces::of(file)?;
    while let Some(piece) = pieces.next()? {
        if let Err(fault) = shape.feed(piece) {
            return Ok(Err(fault));
        }
        if is_over.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(shape.finish().map(|()| shape.has_lone_cr()))
}

/// A text in pieces.
struct Pieces {
    reader: TextReader,
    chunk: Vec<u8>,
}

impl Pieces {
    fn of(file: &TextFile) -> io::Result<Self> {
        Ok(Self {
            reader: file.open()?,
            chunk: vec![0; CHUNK_BYTES],
        })
    }

    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        let len = self.reader.read(&mut self.chunk)?;
        Ok((len > 0).then(|| &self.chunk[..len]))
    }
}

fn shape_refusal(file: &TextFile, fault: shape::Fault) -> io::Result<Refusal> {
    Ok(match fault {
        shape::Fault::OpenQuote(offset) => {
            Refusal::new(ReasonCode::F105).at_line(line_at(file, offset)?)
        }
        shape::Fault::EndlessRecord => Refusal::unsupported(kind::ENDLESS_LINE),
    })
}

/// The line of this offset of the text, from 1.
fn line_at(file: &TextFile, offset: u64) -> io::Result<u64> {
    let mut reader = io::BufReader::with_capacity(CHUNK_BYTES, file.open()?).take(offset);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut line = 1;
    let mut after_cr = false;
    loop {
        let len = reader.read(&mut chunk)?;
        if len == 0 {
            return Ok(line);
        }
        for &byte in &chunk[..len] {
            if byte == b'\r' || (byte == b'\n' && !after_cr) {
                line += 1;
            }
            after_cr = byte == b'\r';
        }
    }
}

/// Whether any byte satisfies a test. Without an early exit inside a block the
/// compiler uses wide registers, and the common case (none does) runs at the
/// speed of memory.
fn any_byte(bytes: &[u8], is_wanted: impl Fn(u8) -> bool) -> bool {
    const BLOCK: usize = 4 << 10;
    bytes.chunks(BLOCK).any(|block| {
        block
            .iter()
            .fold(false, |found, &byte| found | is_wanted(byte))
    })
}

/// The place of the first byte that satisfies a test, skipping blocks without one.
fn find_byte(bytes: &[u8], is_wanted: impl Fn(u8) -> bool) -> Option<usize> {
    const BLOCK: usize = 64;
    bytes.chunks(BLOCK).enumerate().find_map(|(i, block)| {
        let holds_one = block
            .iter()
            .fold(false, |found, &byte| found | is_wanted(byte));
        let at = holds_one.then(|| block.iter().position(|&byte| is_wanted(byte)))??;
        Some(i * BLOCK + at)
    })
}

#[cfg(test)]
impl Scanned {
    /// Plain UTF-8, before anything is known.
    pub(crate) const ASSUMED: Self = Self {
        decoder: Decoder {
            encoding: Encoding::Utf8,
            repair: super::Repair::None,
        },
        line_ends: LineEnds::AsTheyAre,
        is_doubtful: false,
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Repair;

    fn scanned(bytes: &[u8]) -> Result<Scanned, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.csv");
        std::fs::write(&path, bytes).unwrap();
        let file = TextFile::inspect(&path, bytes.len() as u64, None).unwrap();
        scan(&file, b';', 1_000, None, &mut || true).map_err(|end| match end {
            ScanEnd::Refused(refusal) => match refusal.line {
                Some(line) => format!("{} {line}", refusal.code),
                None => refusal.code.to_string(),
            },
            other => format!("{other:?}"),
        })
    }

    fn encoding(bytes: &[u8]) -> (Encoding, Repair) {
        let decoder = scanned(bytes).unwrap().decoder;
        (decoder.encoding, decoder.repair)
    }

    fn refusal(bytes: &[u8]) -> String {
        scanned(bytes).unwrap_err()
    }

    #[test]
    fn the_encoding_is_decided_once_for_the_whole_file() {
        assert_eq!(encoding(b"Telefon;Ad\n"), (Encoding::Utf8, Repair::None));
        assert_eq!(
            encoding("Ad\nŞükrü Çağ\n".as_bytes()),
            (Encoding::Utf8, Repair::None)
        );
        assert_eq!(
            encoding(b"\xddzin\n"),
            (Encoding::Windows1254, Repair::None)
        );
        // Ü followed by a closing quote of Windows-1254 is UTF-8 by chance.
        assert_eq!(
            encoding(b"\xdc\x93;\xfe\n"),
            (Encoding::Windows1254, Repair::None)
        );
        assert_eq!(
            encoding("Ýzin;bakým\n".as_bytes()),
            (Encoding::Utf8, Repair::IcelandicLetters)
        );
        assert_eq!(
            encoding("Guðrún Ýr\n".as_bytes()),
            (Encoding::Utf8, Repair::None)
        );
        assert_eq!(
            encoding("Ä°zin;ÅŸÃ¼phe\n".as_bytes()),
            (Encoding::Utf8, Repair::TwiceEncoded)
        );
    }

    #[test]
    fn old_codings_are_chosen_only_where_their_letters_are_beyond_doubt() {
        let dos = b"Ad;\x98zin\n\x9e\x81kr\x81;var\n";
        assert_eq!(encoding(dos), (Encoding::Cp857, Repair::None));
        let mac = b"Ad;\xdczin\n\xde\x9fkr\x9f \x8da\xdb;var\n";
        assert_eq!(encoding(mac), (Encoding::MacTurkish, Repair::None));
        for (text, is_doubtful) in [
            (&b"100\x80;50\x80\n"[..], true),
            (b"Marka\x99\n", true),
            (b"\xddzin;100\x80\n", false),
        ] {
            let found = scanned(text).unwrap();
            assert_eq!(found.decoder.encoding, Encoding::Windows1254);
            assert_eq!(found.is_doubtful, is_doubtful, "{text:?}");
        }
    }

    #[test]
    fn a_letter_cut_by_the_edge_of_a_piece_is_still_one_letter() {
        for shift in 0..4 {
            let text = format!("{}\n{}", "x".repeat(shift), "ş€\n".repeat(CHUNK_BYTES));
            let short_lines = encoding(text.as_bytes());
            assert_eq!(short_lines, (Encoding::Utf8, Repair::None));
        }
    }

    #[test]
    fn mixed_and_unknown_encodings_stop_the_file() {
        assert_eq!(
            refusal(
                "a\nŞükrü\n"
                    .as_bytes()
                    .iter()
                    .chain(b"\xddzin\n")
                    .copied()
                    .collect::<Vec<_>>()
                    .as_slice()
            ),
            "F103 3"
        );
        assert_eq!(refusal(b"\xddzin\nb\n\xc5\x9f\n"), "F103 3");
        assert_eq!(refusal(b"\xef\xbb\xbfa\nb\n\xddzin\n"), "F103 3");
        assert_eq!(refusal(b"Ad;\xff\x9e\x8d\xff\n"), "F104");
        assert_eq!(refusal(b"a;b\n\0;c\n"), "F107");
    }

    #[test]
    fn a_quote_that_never_closes_is_reported_where_it_opened() {
        assert_eq!(refusal(b"a;b\nc;d\ne;\"f\ng;h\n"), "F105 3");
        assert_eq!(
            refusal(format!("a\n\"b{}\"\n", "x".repeat(2_000)).as_bytes()),
            "F105 2"
        );
        for closed in [
            "a;\"b\"\n",
            "a;\"b\"\"\n\"\n",
            "a;5\" boru\n",
            "\"\"\n",
            "a;\"b\"c\"d\n",
            "\"a\r\n;\"\r\n",
        ] {
            assert!(scanned(closed.as_bytes()).is_ok(), "{closed}");
        }
    }

    #[test]
    fn a_text_without_lines_is_not_read_as_a_table() {
        let endless = "x".repeat(3 * CHUNK_BYTES);
        assert_eq!(refusal(endless.as_bytes()), "F107");
        assert!(scanned(format!("{}\n", "x".repeat(100)).repeat(5_000).as_bytes()).is_ok());
    }

    #[test]
    fn lone_carriage_returns_are_noticed_and_crlf_is_none() {
        let line_ends = |text: &str| scanned(text.as_bytes()).unwrap().line_ends;
        assert_eq!(line_ends("a\r\nb\r\n"), LineEnds::AsTheyAre);
        assert_eq!(line_ends("a\rb\r"), LineEnds::LoneCr);
        assert_eq!(line_ends("a\r\nb\r"), LineEnds::LoneCr);
    }
}
