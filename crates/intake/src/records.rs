//! Accepted pairs on disk, grouped by recipient, read back from any offset.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};

use crate::frame::{Encoder, Frame};
use crate::pair::{Address, Claim, Pair};
use crate::rejections::read_frame;
use crate::row::split_attributes;
use crate::spill::damaged;
use crate::standing::Standing;

/// One accepted pair: an address of a person, with what the row says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Line of the row, from 1, as an editor shows it.
    pub line: u64,
    /// The address.
    pub recipient: Recipient,
    /// The firm's own number of the person.
    pub external_id: Option<String>,
    /// A device or profile token of the person.
    pub token: Option<String>,
    /// The person's name; an empty one empties what is on record.
    pub name: Option<String>,
    /// In which capacity the address is meant.
    pub kind: RecipientKind,
    /// What the person said; `None` for a contact without a consent and for
    /// every record of a pull.
    pub consent: Option<Consent>,
    /// For a pull: the channel to ask İYS about; `None` asks every channel
    /// that fits the address.
    pub ask: Option<Channel>,
    /// Tags of the row.
    pub tags: Vec<String>,
    /// Values of the firm's attributes in their stored forms, by code; an empty
    /// cell gives none, an empty value empties what is on record.
    pub attributes: Vec<(String, String)>,
    /// The branch or dealer that the row names.
    pub branch: Option<String>,
    /// The number at İYS of the retailer that took the consent.
    pub retailer: Option<u32>,
    /// The other address of the row, given only where neither an external id
    /// nor a token ties the two together.
    pub beside: Option<Recipient>,
    /// What the record repeats, where it says nothing new.
    pub standing: Option<Standing>,
}

/// A consent that may be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The channel.
    pub channel: Channel,
    /// What was said.
    pub status: Status,
    /// When it was said; the time of judging where the file says nothing.
    pub date: Timestamp,
    /// Whether the file states the date. Only a TACIR row, or a refusal that
    /// stays local, may leave it out.
    pub date_is_stated: bool,
    /// Where it was taken; `HS_EORTAM` where the file says nothing.
    pub source: Source,
    /// Whether the file states the source.
    pub source_is_stated: bool,
    /// Keep it here and do not tell İYS: the file holds both ONAY and RET for
    /// this key, the ONAY is held for review (R802), the RET counts meanwhile.
    pub local_only: bool,
}

/// First bytes of a records file; the last one is the version of its form.
const MARK: &[u8; 8] = b"izinrec\x05";

/// Writes records in the order they are to be read.
#[derive(Debug)]
pub(crate) struct RecordWriter {
    out: BufWriter<File>,
    encoder: Encoder,
}

impl RecordWriter {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(256 << 10, File::create(path)?);
        out.write_all(MARK)?;
        Ok(Self {
            out,
            encoder: Encoder::new(),
        })
    }

    pub(crate) fn write(&mut self, pair: &Pair<'_>) -> io::Result<()> {
        write_bytes(&mut self.out, self.encoder.encode(pair)?)
    }

    /// Writes a pair that is as it was when it was framed.
    pub(crate) fn copy(&mut self, frame: Frame<'_>) -> io::Result<()> {
        write_bytes(&mut self.out, frame.bytes)
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        self.out.into_inner()?.sync_data()
    }
}

fn write_bytes(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

/// The records of a judged file. All records of one recipient are adjacent.
///
/// Each item comes with the offset behind it: whoever commits the offset
/// together with what was made of the record can go on there after a crash.
#[derive(Debug)]
pub struct RecordReader {
    input: BufReader<File>,
    frame: Vec<u8>,
    offset: u64,
}

impl RecordReader {
    /// Opens [`Judged::records`](crate::Judged::records) at an offset that an
    /// item gave, or at 0.
    ///
    /// # Errors
    /// When the file cannot be read or is no records file.
    pub fn open(path: &Path, offset: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut mark = [0; MARK.len()];
        file.read_exact(&mut mark)?;
        if mark != *MARK {
            return Err(damaged("no records file of this version"));
        }
        let offset = offset.max(MARK.len() as u64);
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self {
            input: BufReader::with_capacity(256 << 10, file),
            frame: Vec::new(),
            offset,
        })
    }

    fn read(&mut self) -> io::Result<Option<(Record, u64)>> {
        if !read_frame(&mut self.input, &mut self.frame)? {
            return Ok(None);
        }
        self.offset += 4 + self.frame.len() as u64;
        let pair: Pair<'_> = postcard::from_bytes(&self.frame).map_err(damaged)?;
        Ok(Some((Record::of(&pair)?, self.offset)))
    }
}

impl Iterator for RecordReader {
    type Item = io::Result<(Record, u64)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl Record {
    fn of(pair: &Pair<'_>) -> io::Result<Self> {
        let recipient =
            |address: Address<'_>| address.recipient().ok_or_else(|| damaged("an address"));
        let consent = match (pair.claim, pair.channel) {
            (Some(claim), Some(channel)) => Some(Consent::of(&claim, channel, pair.is_local_only)?),
            _ => None,
        };
        Ok(Self {
            line: pair.place.line,
            recipient: recipient(pair.address)?,
            external_id: pair.external_id.map(str::to_owned),
            token: pair.token.map(str::to_owned),
            name: pair.name.map(str::to_owned),
            kind: pair.kind,
            ask: pair.channel.filter(|_| consent.is_none()),
            consent,
            tags: pair.tags.map(split_tags).unwrap_or_default(),
            attributes: pair.attributes.map_or_else(Vec::new, split_attributes),
            branch: pair.branch.map(str::to_owned),
            retailer: pair.retailer,
            beside: pair.beside.map(recipient).transpose()?,
            standing: pair.standing.map(Standing::from),
        })
    }
}

impl Consent {
    fn of(claim: &Claim<'_>, channel: Channel, local_only: bool) -> io::Result<Self> {
        Ok(Self {
            channel,
            status: claim.status,
            date: Timestamp::from_micros(claim.date_us),
            date_is_stated: claim.date_is_stated,
            source: Source::from_registry(claim.source).ok_or_else(|| damaged("a source"))?,
            source_is_stated: claim.source_is_stated,
            local_only,
        })
    }
}

/// Tags of one cell: separated by comma, semicolon or bar; each once, in order.
fn split_tags(cell: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in cell
        .split([',', ';', '|'])
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
    {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::PlaceOnDisk;
    use crate::remarked::Remarked;

    fn pair(line: u64, phone: u64) -> Pair<'static> {
        Pair {
            place: PlaceOnDisk {
                line,
                start: 10 * line,
                bytes: 9,
            },
            address: Address::Phone(phone),
            kind: RecipientKind::Bireysel,
            channel: Some(Channel::Mesaj),
            claim: Some(Claim {
                status: Status::Onay,
                date_us: 1_750_417_500_000_000,
                date_is_stated: true,
                source: "HS_WEB",
                source_is_stated: true,
            }),
            external_id: Some("M-1"),
            token: None,
            name: Some("Şükrü Çağ"),
            tags: Some("vip, yaz;vip"),
            attributes: Some("semt\u{1f}Moda\u{1e}puan\u{1f}12.5\u{1e}"),
            branch: None,
            retailer: Some(66_438_915),
            beside: Some(Address::Email("a@firma.com.tr")),
            remarks: Remarked::NONE,
            is_local_only: false,
            standing: None,
        }
    }

    #[test]
    fn records_are_read_back_from_the_beginning_and_from_every_offset() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("records");
        let mut writer = RecordWriter::create(&path).unwrap();
        for line in 2..12 {
            writer.write(&pair(line, 905_321_234_560 + line)).unwrap();
        }
        writer.finish().unwrap();
        let all: Vec<(Record, u64)> = RecordReader::open(&path, 0)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(all.len(), 10);
        assert_eq!(all[0].0.recipient.to_string(), "+905321234562");
        assert_eq!(all[0].0.tags, ["vip", "yaz"]);
        let told = |code: &str, value: &str| (code.to_owned(), value.to_owned());
        assert_eq!(
            all[0].0.attributes,
            [told("semt", "Moda"), told("puan", "12.5")]
        );
        assert_eq!(
            all[0].0.beside.as_ref().unwrap().to_string(),
            "a@firma.com.tr"
        );
        assert_eq!(
            all[0].0.consent.as_ref().unwrap().date.to_turkish_text(),
            "20.06.2025 14:05"
        );
        for (i, (_, offset)) in all.iter().enumerate() {
            let rest: Vec<(Record, u64)> = RecordReader::open(&path, *offset)
                .unwrap()
                .map(Result::unwrap)
                .collect();
            assert_eq!(rest, all[i + 1..]);
        }
    }

    #[test]
    fn a_file_cut_short_is_an_error_and_not_an_early_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("records");
        let mut writer = RecordWriter::create(&path).unwrap();
        writer.write(&pair(2, 905_321_234_567)).unwrap();
        writer.finish().unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let read: Vec<_> = RecordReader::open(&path, 0).unwrap().collect();
        assert!(matches!(read.as_slice(), [Err(_)]));
        std::fs::write(&path, b"Telefon;Ad").unwrap();
        assert!(RecordReader::open(&path, 0).is_err());
    }
}
