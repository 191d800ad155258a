//! Accepted pairs on disk, in the order of their addresses, read back from any
//! place: whoever writes them into a database touches neighbours in its index of
//! addresses one after the other.

mod reader;
mod writer;

use std::io;

use domain::consent::Standing;
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};

use crate::pair::{Address, Claim, Pair};
use crate::row::split_attributes;
use crate::spill::damaged;

pub use reader::RecordReader;
pub(crate) use writer::{RecordWriter, Syncing};

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

/// First bytes of a records file; the last one is the version of its form.
const MARK: &[u8; 8] = b"izinrec\x06";
/// Behind the runs: where each begins, how many there are, where they end.
const FOOT_NUMBER: usize = size_of::<u64>();

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
    fn records_are_read_back_from_the_beginning_and_from_every_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("records");
        let mut writer = RecordWriter::create(&path).unwrap();
        for line in 2..12 {
            writer.write(&pair(line, 905_321_234_560 + line)).unwrap();
        }
        writer.finish().unwrap().wait().unwrap();
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
        for (i, (_, done)) in all.iter().enumerate() {
            let rest: Vec<(Record, u64)> = RecordReader::open(&path, *done)
                .unwrap()
                .map(Result::unwrap)
                .collect();
            assert_eq!(rest, all[i + 1..]);
        }
    }

    #[test]
    fn addresses_ascend_through_all_runs_and_one_address_keeps_its_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("records");
        let mut writer = RecordWriter::create(&path).unwrap();
        let mut expected = Vec::new();
        for run in 0..7_u64 {
            for place in (0..400_u64).rev() {
                let phone = 905_300_000_000 + 1_000 * place + run;
                for line in [5, 3] {
                    writer.write(&pair(line, phone)).unwrap();
                    expected.push((phone, line));
                }
                if place % 100 == run {
                    let mut mail = pair(9, 0);
                    let address = format!("a{place}@firma.com.tr");
                    mail.address = Address::Email(&address);
                    writer.write(&mail).unwrap();
                }
            }
            writer.end_run().unwrap();
        }
        writer.finish().unwrap().wait().unwrap();
        expected.sort_by_key(|(phone, _)| *phone);
        let read: Vec<Record> = RecordReader::open(&path, 0)
            .unwrap()
            .map(|item| item.unwrap().0)
            .collect();
        let met: Vec<(u64, u64)> = read
            .iter()
            .filter_map(|record| match &record.recipient {
                Recipient::Phone(phone) => Some((phone.as_digits(), record.line)),
                Recipient::Email(_) => None,
            })
            .collect();
        assert_eq!(met, expected);
        let phones = expected.len();
        assert_eq!(read.len(), phones + 7 * 4);
        assert!(read[phones..].iter().all(|record| record.line == 9));
    }

    #[test]
    fn a_file_cut_short_is_an_error_and_not_an_early_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("records");
        let mut writer = RecordWriter::create(&path).unwrap();
        writer.write(&pair(2, 905_321_234_567)).unwrap();
        writer.finish().unwrap().wait().unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(RecordReader::open(&path, 0).is_err());
        let mut changed = whole.clone();
        let length_at = super::MARK.len();
        changed[length_at] += 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(
            RecordReader::open(&path, 0).is_err(),
            "a record longer than its run"
        );
        std::fs::write(&path, b"Telefon;Ad").unwrap();
        assert!(RecordReader::open(&path, 0).is_err());
    }
}
