//! What a file is packed in: gzip, or a zip of exactly one file. Unpacking
//! streams to a work file and stops at named limits, so that a small file that
//! unpacks to a huge one costs no more than the limits say (F109).

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use domain::ReasonCode;
use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;

use super::CHUNK_BYTES;
use super::kind::{self, KindName};
use super::scan::ScanEnd;
use crate::options::Limits;
use crate::spill::TempFile;
use crate::summary::{FileFormat, Packing};
use crate::verdict::Refusal;

/// A file as it is read: unpacked, and told apart.
#[derive(Debug)]
pub(crate) struct Unpacked {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) format: FileFormat,
    pub(crate) packing: Option<Packing>,
    /// The work file behind `path`; it goes when this goes.
    _work: Option<TempFile>,
}

/// Opens a file, unpacking it into `work_dir` where it is packed. `go_on` is
/// asked after every piece.
pub(crate) fn unpack(
    path: &Path,
    bytes: u64,
    work_dir: &Path,
    limits: &Limits,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Unpacked, ScanEnd> {
    let plain = |format| Unpacked {
        path: path.to_owned(),
        bytes,
        format,
        packing: None,
        _work: None,
    };
    let work = work_dir.join("unpacked.work");
    match Container::of(path)? {
        Container::None => Ok(plain(FileFormat::Text)),
        Container::Gzip => {
            let input = BufReader::with_capacity(CHUNK_BYTES, File::open(path)?);
            let mut unpacker = Unpacker::create(work, bytes, limits, go_on)?;
            unpacker.copy(&mut MultiGzDecoder::new(input), Packing::Gzip)?;
            unpacker.finish(Packing::Gzip)
        }
        Container::Zip => {
            let mut archive = open_archive(path, limits)?;
            match Content::of(&mut archive)? {
                Content::Workbook => Ok(plain(FileFormat::Workbook)),
                Content::One(index) => {
                    let mut unpacker = Unpacker::create(work, bytes, limits, go_on)?;
                    let mut part = archive.by_index(index).map_err(broken)?;
                    unpacker.copy(&mut part, Packing::Zip)?;
                    unpacker.finish(Packing::Zip)
                }
            }
        }
    }
}

/// What the first bytes of a file announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    None,
    Gzip,
    Zip,
}

impl Container {
    fn of(path: &Path) -> io::Result<Self> {
        let mut head = Vec::with_capacity(4);
        File::open(path)?.take(4).read_to_end(&mut head)?;
        Ok(match head.as_slice() {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => Self::Zip,
            _ => Self::None,
        })
    }
}

/// What a zip holds.
enum Content {
    Workbook,
    /// The only file in it.
    One(usize),
}

impl Content {
    fn of(archive: &mut ZipArchive<BufReader<File>>) -> Result<Self, ScanEnd> {
        const OTHERS: [(&str, KindName); 5] = [
            ("xl/workbook.bin", kind::BINARY_WORKBOOK),
            ("content.xml", kind::OPEN_DOCUMENT),
            ("word/document.xml", kind::WORD_DOCUMENT),
            ("ppt/presentation.xml", kind::PRESENTATION),
            ("Index/Document.iwa", kind::APPLE_DOCUMENT),
        ];
        let names = &*archive;
        let holds = |name: &str| names.index_for_name(name).is_some();
        if let Some((_, kind)) = OTHERS.iter().find(|(name, _)| holds(name)) {
            return Err(Refusal::unsupported(*kind).into());
        }
        if holds("[Content_Types].xml") || holds("xl/workbook.xml") {
            return Ok(Self::Workbook);
        }
        let mut only = None;
        for index in 0..archive.len() {
            let part = archive.by_index_raw(index).map_err(broken)?;
            let name = part.name().map_err(broken)?.into_owned();
            if part.is_dir() || is_left_by_a_system(&name) {
                continue;
            }
            if part.encrypted() {
                return Err(Refusal::unsupported(kind::LOCKED_ARCHIVE).into());
            }
            if only.replace(index).is_some() {
                return Err(Refusal::unsupported(kind::ARCHIVE_OF_SEVERAL).into());
            }
        }
        only.map(Self::One)
            .ok_or_else(|| Refusal::new(ReasonCode::F101).into())
    }
}

/// Files that operating systems put into archives unasked.
fn is_left_by_a_system(name: &str) -> bool {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.starts_with("__MACOSX/")
        || last.starts_with("._")
        || matches!(last, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

/// Opens a zip after a look at how many parts it says it has: its list is held
/// in memory.
pub(crate) fn open_archive(
    path: &Path,
    limits: &Limits,
) -> Result<ZipArchive<BufReader<File>>, ScanEnd> {
    let mut file = File::open(path)?;
    let Some(listed) = Listed::read(&mut file)? else {
        return Err(Refusal::unsupported(kind::BROKEN_ARCHIVE).into());
    };
    if listed.parts > limits.parts_max || listed.bytes > limits.parts_list_bytes_max {
        return Err(Refusal::new(ReasonCode::F109).into());
    }
    ZipArchive::new(BufReader::with_capacity(CHUNK_BYTES, file)).map_err(broken)
}

/// A damaged archive, and one whose reader failed, are told apart.
pub(crate) fn broken(error: zip::result::ZipError) -> ScanEnd {
    match error {
        zip::result::ZipError::Io(error) if !is_about_content(&error) => ScanEnd::Io(error),
        _ => Refusal::unsupported(kind::BROKEN_ARCHIVE).into(),
    }
}

/// Whether an error of reading speaks about the bytes and not about the disk.
fn is_about_content(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::Other
    )
}

/// What the end of a zip says about its list of parts.
#[derive(Debug, Clone, Copy)]
struct Listed {
    parts: u64,
    bytes: u64,
}

impl Listed {
    /// The record that ends a zip, which a comment may follow.
    fn read(file: &mut File) -> io::Result<Option<Self>> {
        const TAIL_BYTES: u64 = 22 + 20 + (64 << 10);
        let bytes = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(bytes.saturating_sub(TAIL_BYTES)))?;
        let mut tail = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut tail)?;
        file.seek(SeekFrom::Start(0))?;
        let ends = tail
            .windows(22)
            .rev()
            .filter(|w| w.starts_with(b"PK\x05\x06"));
        // Every record that could be meant counts: a reader may take another one.
        Ok(ends.map(Self::of_end).reduce(|a, b| Self {
            parts: a.parts.max(b.parts),
            bytes: a.bytes.max(b.bytes),
        }))
    }

    fn of_end(end: &[u8]) -> Self {
        let number = |range: std::ops::Range<usize>| {
            end.get(range)
                .unwrap_or_default()
                .iter()
                .rev()
                .fold(0_u64, |number, &byte| number << 8 | u64::from(byte))
        };
        let (parts, bytes) = (number(10..12), number(12..16));
        // All ones: the true number stands in the larger form of the record,
        // which no list of people needs.
        Self {
            parts: if parts == 0xffff { u64::MAX } else { parts },
            bytes: if bytes == 0xffff_ffff {
                u64::MAX
            } else {
                bytes
            },
        }
    }
}

/// Copies unpacked bytes to a work file, within the limits.
struct Unpacker<'u> {
    work: TempFile,
    path: PathBuf,
    budget: Budget,
    go_on: &'u mut dyn FnMut() -> bool,
}

impl<'u> Unpacker<'u> {
    fn create(
        path: PathBuf,
        packed_bytes: u64,
        limits: &Limits,
        go_on: &'u mut dyn FnMut() -> bool,
    ) -> io::Result<Self> {
        Ok(Self {
            work: TempFile::create(path.clone())?,
            path,
            budget: Budget::new(packed_bytes, limits),
            go_on,
        })
    }

    fn copy(&mut self, input: &mut dyn Read, packing: Packing) -> Result<(), ScanEnd> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let len = match input.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if is_about_content(&error) => {
                    return Err(Refusal::unsupported(kind::broken(packing)).into());
                }
                Err(error) => return Err(error.into()),
            };
            self.budget.spend(len as u64)?;
            self.work.handle.write_all(&chunk[..len])?;
            if !(self.go_on)() {
                return Err(ScanEnd::Cancelled);
            }
        }
    }

    /// What was unpacked: a text or a workbook, never another archive.
    fn finish(self, packing: Packing) -> Result<Unpacked, ScanEnd> {
        let format = match Container::of(&self.path)? {
            Container::None => FileFormat::Text,
            Container::Zip if is_workbook(&self.path)? => FileFormat::Workbook,
            Container::Gzip | Container::Zip => {
                return Err(Refusal::unsupported(kind::ARCHIVE_IN_ARCHIVE).into());
            }
        };
        Ok(Unpacked {
            bytes: self.budget.spent.get(),
            path: self.path,
            format,
            packing: Some(packing),
            _work: Some(self.work),
        })
    }
}

fn is_workbook(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(4 << 10).read_to_end(&mut head)?;
    Ok(kind::is_office_archive(&head))
}

/// How much may still be unpacked.
#[derive(Debug)]
pub(crate) struct Budget {
    spent: Cell<u64>,
    bytes_max: u64,
}

impl Budget {
    /// Below this no ratio is suspicious: a short file may be mostly repeats.
    const ALWAYS_ALLOWED: u64 = 32 << 20;

    pub(crate) fn new(packed_bytes: u64, limits: &Limits) -> Self {
        let by_ratio = packed_bytes.saturating_mul(limits.unpacked_ratio_max);
        Self {
            spent: Cell::new(0),
            bytes_max: limits
                .unpacked_bytes_max
                .min(by_ratio.max(Self::ALWAYS_ALLOWED)),
        }
    }

    /// # Errors
    /// F109 beyond the limits.
    pub(crate) fn spend(&self, bytes: u64) -> Result<(), Refusal> {
        self.spent.set(self.spent.get().saturating_add(bytes));
        if self.spent.get() > self.bytes_max {
            return Err(Refusal::new(ReasonCode::F109));
        }
        Ok(())
    }
}

/// Whether a document of old Office is one that is locked with a password
/// (F108), told by the name of the stream that holds the locked content.
pub(crate) fn is_locked_document(path: &Path) -> io::Result<bool> {
    const DIRECTORY_BYTES: u64 = 64 << 10;
    let mut input = BufReader::new(File::open(path)?);
    let header = input.fill_buf()?;
    let number = |at: usize| {
        let bytes = header.get(at..at + 4)?;
        Some(u64::from(u32::from_le_bytes(bytes.try_into().ok()?)))
    };
    let shift = header.get(30).copied().unwrap_or(9).clamp(7, 16);
    let first = number(48).unwrap_or(0);
    input.seek(SeekFrom::Start((first + 1) << shift))?;
    let mut directory = Vec::new();
    input.take(DIRECTORY_BYTES).read_to_end(&mut directory)?;
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    Ok(directory.windows(name.len()).any(|window| window == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(bytes: &[u8], limits: &Limits) -> Result<(Vec<u8>, FileFormat), String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("upload");
        std::fs::write(&path, bytes).unwrap();
        let found = unpack(&path, bytes.len() as u64, dir.path(), limits, &mut || true);
        match found {
            Ok(found) => Ok((std::fs::read(&found.path).unwrap(), found.format)),
            Err(ScanEnd::Refused(refusal)) => {
                Err(format!("{} {}", refusal.code, refusal.text_en()))
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    pub(super) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn a_packed_text_is_read_as_if_it_had_not_been_packed() {
        let text = b"Telefon;Ad\n0532;Ali\n".to_vec();
        let limits = Limits::default();
        let expected = Ok((text.clone(), FileFormat::Text));
        assert_eq!(unpacked(&text, &limits), expected);
        assert_eq!(unpacked(&gzip(&text), &limits), expected);
        assert_eq!(
            unpacked(&[gzip(&text[..5]), gzip(&text[5..])].concat(), &limits),
            expected
        );
        let with_litter = zip(&[
            ("klasor/", b""),
            ("__MACOSX/._liste.csv", b"x"),
            ("klasor/liste.csv", &text),
            ("klasor/.DS_Store", b"x"),
        ]);
        assert_eq!(unpacked(&with_litter, &limits), expected);
    }

    #[test]
    fn archives_of_nothing_of_several_and_of_archives_are_refused() {
        let limits = Limits::default();
        let refused = |bytes: &[u8]| unpacked(bytes, &limits).unwrap_err();
        assert!(refused(&zip(&[])).starts_with("F101"));
        assert!(refused(&zip(&[("a.csv", b"1"), ("b.csv", b"2")])).contains("several"));
        assert!(refused(&zip(&[("a.zip", &zip(&[("b", b"1")]))])).contains("archive inside"));
        assert!(refused(&gzip(&gzip(b"a"))).contains("archive inside"));
        assert!(refused(&zip(&[("content.xml", b"<a/>")])).contains("OpenDocument"));
        assert!(refused(&gzip(b"Telefon;Ad\n")[..20]).contains("damaged"));
        assert!(refused(b"PK\x03\x04 and nothing more").contains("damaged"));
    }

    #[test]
    fn a_small_file_that_unpacks_to_a_huge_one_is_stopped_at_the_limits() {
        let zeros = vec![b'1'; 40 << 20];
        let limits = Limits {
            unpacked_ratio_max: 100,
            ..Limits::default()
        };
        for bomb in [gzip(&zeros), zip(&[("a.csv", &zeros)])] {
            let refused = unpacked(&bomb, &limits).err().unwrap_or_default();
            assert!(refused.starts_with("F109"), "{refused}");
        }
        let small = Limits {
            unpacked_bytes_max: 100,
            ..limits
        };
        assert!(unpacked(&gzip(&zeros[..101]), &small).is_err());
        assert!(unpacked(&gzip(&zeros[..100]), &small).is_ok());
        let many: Vec<(String, &[u8])> = (0..300).map(|i| (format!("{i}"), &b""[..])).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(n, b)| (n.as_str(), *b)).collect();
        let few = Limits {
            parts_max: 200,
            ..limits
        };
        assert!(unpacked(&zip(&many), &few).unwrap_err().starts_with("F109"));
    }
}
