//! An export as one file to carry away: a tar archive (ustar), read as it is
//! sent, so that nothing is held in memory.

use std::fs::File;
use std::path::Path;

use super::{BLOCKS, EVENTS, MANIFEST, TRAIL};
use crate::error::EngineError;

const OPENING: &str = "opening the export";
const BLOCK: usize = 512;
const BLOCK_BYTES: u64 = 512;
/// An archive ends with two empty blocks.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// Eleven octal digits.
const OCTAL_MAX: u64 = 0o77_777_777_777;

/// One file of the archive.
#[derive(Debug)]
pub struct Part {
    /// What stands before its bytes.
    pub header: [u8; BLOCK],
    /// Its bytes.
    pub file: File,
    /// How many.
    pub bytes: u64,
    /// Zeros behind them.
    pub padding: usize,
}

/// Opens the files of an export. The folder may be removed afterwards: open
/// files stay readable.
///
/// # Errors
/// [`EngineError::File`] when one cannot be opened.
pub fn parts(folder: &Path) -> Result<Vec<Part>, EngineError> {
    [MANIFEST, EVENTS, BLOCKS, TRAIL]
        .into_iter()
        .map(|name| {
            let file = File::open(folder.join(name)).map_err(EngineError::file(OPENING))?;
            let bytes = file.metadata().map_err(EngineError::file(OPENING))?.len();
            let over = usize::try_from(bytes % BLOCK_BYTES).unwrap_or(0);
            Ok(Part {
                header: header(name, bytes),
                file,
                bytes,
                padding: (BLOCK - over) % BLOCK,
            })
        })
        .collect()
}

/// Bytes of the whole archive.
pub fn length(parts: &[Part]) -> u64 {
    let inner: u64 = parts
        .iter()
        .map(|part| BLOCK_BYTES + part.bytes.next_multiple_of(BLOCK_BYTES))
        .sum();
    inner + 2 * BLOCK_BYTES
}

fn header(name: &str, bytes: u64) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| {
        for (place, byte) in header.iter_mut().skip(at).zip(text) {
            *place = *byte;
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    if bytes <= OCTAL_MAX {
        put(124, format!("{bytes:011o}\0").as_bytes());
    } else {
        // Larger than octal digits can say: binary, marked by the first bit.
        put(124, &[0x80, 0, 0, 0]);
        put(128, &bytes.to_be_bytes());
    }
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    for (place, byte) in header.iter_mut().skip(148).zip(sum.as_bytes()) {
        *place = *byte;
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_name_and_size_and_its_sum_fits() {
        let header = header("events.jsonl", 1_234);
        assert!(header.starts_with(b"events.jsonl\0"));
        assert_eq!(&header[124..135], b"00000002322");
        let said = std::str::from_utf8(&header[148..154]).unwrap();
        let said = u32::from_str_radix(said, 8).unwrap();
        let mut without = header;
        without[148..156].copy_from_slice(b"        ");
        let sum: u32 = without.iter().map(|byte| u32::from(*byte)).sum();
        assert_eq!(said, sum);
    }

    #[test]
    fn a_file_beyond_eight_gigabytes_says_its_size_in_binary() {
        let header = header("events.jsonl", 10_000_000_000);
        assert_eq!(header[124], 0x80);
        assert_eq!(header[128..136], 10_000_000_000_u64.to_be_bytes());
    }
}
