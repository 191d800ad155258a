//! Files to try things on: lists of invented people, written the way Turkish
//! programs write them, clean or with every kind of dirt, the same file for the
//! same seed.
//!
//! Every dirty row is made for one code, and the report says how many rows of
//! each were made and what judging the file as a push must come to. The
//! numbers are meant for tests; the people do not exist.

mod dice;
mod dirt;
mod people;

use std::io::{self, BufWriter, Write};

use domain::{ReasonCode, Timestamp};
use encoding_rs::WINDOWS_1254;

use self::dice::Dice;
use self::dirt::Dirt;
use self::people::{Line, PersonMaker};
use crate::file::Encoding;
use crate::options::Limits;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generate {
    /// Data rows.
    pub rows: u64,
    /// Rows with dirt, 0 to 100 percent.
    pub dirty_percent: u8,
    /// The same seed makes the same file.
    pub seed: u64,
    /// The instant the file is made for: consents lie on the two weekdays before it.
    pub now: Timestamp,
    /// UTF-8 with byte order mark, or Windows-1254; others are written as UTF-8.
    pub encoding: Encoding,
    /// How consents spread over channels.
    pub channels: ChannelMix,
    /// Clean rows that refuse, 0 to 100 percent.
    pub ret_percent: u8,
    /// Which columns there are.
    pub form: Form,
    /// Written as UTF-8 by a program that took Turkish Windows letters for western
    /// ones (`Ýzin`), which is repaired in every row (W104); `encoding` says nothing then.
    pub is_garbled: bool,
}

/// Which columns a generated file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// A phone and an e-mail address in every row.
    #[default]
    Shop,
    /// One address in every row (*alıcı*), the brand and the national id beside it,
    /// with the dirt that only such a file can carry: R706, R709 and W405.
    OneAddress,
}

/// Percent of clean rows per channel; what is left of 100 is MESAJ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelMix {
    /// E-mail.
    pub eposta_percent: u8,
    /// Calls.
    pub arama_percent: u8,
}

impl Generate {
    /// What a Turkish shop would export: Windows-1254, mostly SMS, a tenth refusals.
    pub const fn new(rows: u64, dirty_percent: u8, seed: u64, now: Timestamp) -> Self {
        Self {
            rows,
            dirty_percent,
            seed,
            now,
            encoding: Encoding::Windows1254,
            channels: ChannelMix {
                eposta_percent: 20,
                arama_percent: 10,
            },
            ret_percent: 10,
            form: Form::Shop,
            is_garbled: false,
        }
    }
}

/// What was generated, and what judging it as a push without a directory must
/// come to, for a brand that takes numbers of Turkey.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct GenerateReport {
    /// Data rows written.
    pub rows: u64,
    /// Of those, rows without dirt.
    pub clean_rows: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Pairs that must become records.
    pub accepted: u64,
    /// Pairs that must be rejected.
    pub rejected: u64,
    /// Pairs that another row stands for.
    pub merged: u64,
    /// Every code that dirt was made for, ascending.
    pub dirt: Vec<DirtCount>,
}

/// Dirt of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct DirtCount {
    /// The code that the dirt leads to.
    pub code: ReasonCode,
    /// Dirty rows made.
    pub rows: u64,
    /// Occurrences of the code that judging must count.
    pub expected: u64,
}

const HEADER: &str = "Müşteri No;Ad Soyad;Cep Telefonu;E-posta;İzin Durumu;İzin Tarihi;\
                      İzin Türü;İzin Kaynağı;Alıcı Tipi";
const HEADER_ONE_ADDRESS: &str = "Müşteri No;Ad Soyad;Alıcı;İzin Durumu;İzin Tarihi;İzin Türü;\
                                  İzin Kaynağı;Alıcı Tipi;Marka;TC Kimlik No";

impl Form {
    const fn header(self) -> &'static str {
        match self {
            Self::Shop => HEADER,
            Self::OneAddress => HEADER_ONE_ADDRESS,
        }
    }
}

/// Writes a list of people with their consents, one consent a row.
///
/// # Errors
/// Only those of `out`.
pub fn contacts(out: impl Write, spec: &Generate) -> io::Result<GenerateReport> {
    let mut writer = Writer {
        out: BufWriter::new(out),
        is_1254: spec.encoding == Encoding::Windows1254 && !spec.is_garbled,
        is_garbled: spec.is_garbled,
        bytes: 0,
        repairs: 0,
    };
    writer.begin(spec.form)?;
    let mut dice = Dice::new(spec.seed);
    let mut people = PersonMaker::new(spec);
    let mut report = GenerateReport::default();
    // The last clean row that no dirty row has referred to yet.
    let mut earlier: Option<Line> = None;
    for _ in 0..spec.rows {
        let line = people.next(&mut dice);
        report.rows += 1;
        if dice.percent() >= spec.dirty_percent {
            report.clean_rows += 1;
            report.accepted += 1;
            writer.row(&line.text())?;
            earlier = line.can_be_referred_to().then_some(line);
            continue;
        }
        let made = |code| report.made(code);
        let dirt = match spec.form {
            Form::Shop => Dirt::pick(&mut dice, writer.is_1254, earlier.is_some(), &made),
            Form::OneAddress => Dirt::pick_for_one_address(&mut dice),
        };
        let soiled = dirt.soil(&people.plain(&mut dice), &mut earlier, spec.now);
        if dirt.spoils_shape() {
            writer.line(&soiled)?;
        } else {
            writer.row(&soiled)?;
        }
        report.count(dirt);
    }
    report.settle_crowd();
    report.settle_columns(spec.form, writer.repairs);
    report.dirt.sort_by_key(|count| count.code);
    report.bytes = writer.bytes;
    writer.out.flush()?;
    Ok(report)
}

impl GenerateReport {
    fn made(&self, code: ReasonCode) -> u64 {
        let known = self.dirt.iter().find(|count| count.code == code);
        known.map_or(0, |count| count.rows)
    }

    /// Everybody of the crowd shares one phone: too many people for it, or just several.
    fn settle_crowd(&mut self) {
        let people_max = Limits::default().people_per_phone_max as u64;
        let crowd = self.made(ReasonCode::R803);
        if crowd > people_max {
            self.rejected += crowd;
            self.slot(ReasonCode::R803).expected = crowd;
        } else {
            self.accepted += crowd;
            if crowd > 1 {
                self.slot(ReasonCode::W803).expected += crowd;
            }
        }
    }

    /// What is remarked on once for a column, and on every row that was garbled.
    fn settle_columns(&mut self, form: Form, repairs: u64) {
        if form == Form::OneAddress {
            self.slot(ReasonCode::W405).expected = 1;
        }
        if repairs > 0 {
            self.slot(ReasonCode::W104).expected = repairs;
        }
    }

    fn count(&mut self, dirt: Dirt) {
        let outcome = dirt.outcome();
        // A dirty row may change what becomes of the clean row it refers to.
        self.accepted = self.accepted + outcome.accepted - outcome.taken_back;
        self.rejected += outcome.rejected;
        self.merged += outcome.merged;
        let count = self.slot(dirt.code());
        count.rows += 1;
        count.expected += outcome.occurrences;
    }

    fn slot(&mut self, code: ReasonCode) -> &mut DirtCount {
        let known = self.dirt.iter().position(|count| count.code == code);
        let at = known.unwrap_or_else(|| {
            self.dirt.push(DirtCount {
                code,
                rows: 0,
                expected: 0,
            });
            self.dirt.len() - 1
        });
        &mut self.dirt[at]
    }

    /// How often judging must count this code for the dirt that was made.
    pub fn expected(&self, code: ReasonCode) -> u64 {
        let known = self.dirt.iter().find(|count| count.code == code);
        known.map_or(0, |count| count.expected)
    }
}

struct Writer<W: Write> {
    out: BufWriter<W>,
    is_1254: bool,
    is_garbled: bool,
    bytes: u64,
    /// Headers and rows whose letters must be repaired.
    repairs: u64,
}

impl<W: Write> Writer<W> {
    fn begin(&mut self, form: Form) -> io::Result<()> {
        if !self.is_1254 {
            self.raw("\u{feff}".as_bytes())?;
        }
        if self.is_garbled {
            let headers = form.header().split(';');
            self.repairs += headers.filter(|header| garbled(header) != **header).count() as u64;
        }
        self.line(form.header())
    }

    /// A line of which every cell is read.
    fn row(&mut self, text: &str) -> io::Result<()> {
        self.repairs += u64::from(self.is_garbled && garbled(text) != text);
        self.line(text)
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        if self.is_garbled {
            self.raw(garbled(text).as_bytes())?;
        } else if self.is_1254 && !text.is_ascii() {
            let (bytes, _, _) = WINDOWS_1254.encode(text);
            self.raw(&bytes)?;
        } else {
            self.raw(text.as_bytes())?;
        }
        self.raw(b"\r\n")
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// The six letters that Windows-1254 has in place of those of Windows-1252.
fn garbled(text: &str) -> String {
    let western = |c| match c {
        'Ğ' => 'Ð',
        'İ' => 'Ý',
        'Ş' => 'Þ',
        'ğ' => 'ð',
        'ı' => 'ý',
        'ş' => 'þ',
        other => other,
    };
    text.chars().map(western).collect()
}
