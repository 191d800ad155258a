//! External ids across the whole file: one id with several phones is no person
//! we could name (R804), one id with and without leading zeros was probably
//! damaged by a spreadsheet (W402).

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::thread;

use domain::ReasonCode;

use crate::file::rows::Place;
use crate::one_ahead::one_ahead;
use crate::outlets::Account;
use crate::pair::{Address, fingerprint};
use crate::spill::{Spill, damaged};

/// Which id stood beside which phone, spread over partitions by id.
#[derive(Debug)]
pub(crate) struct People {
    sightings: Spill,
}

/// Stands for the phone of a row that has none, or none that can be used.
const NO_PHONE: u64 = 0;

/// One row that names an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sighting {
    /// Fingerprint of the id without leading zeros.
    stripped: u64,
    /// Fingerprint of the id.
    id: u64,
    phone: u64,
    line: u64,
}

/// Ids that are ambiguous for a phone, spread like the pairs of that phone.
#[derive(Debug)]
pub(crate) struct Ambiguous {
    marks: Spill,
}

/// The ambiguous ids beside the phones of one partition.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Fingerprint of the id, phone.
    marked: HashSet<(u64, u64), SpreadHasher>,
    /// Keys of the phones.
    keys: HashSet<u64, SpreadHasher>,
}

impl Marks {
    /// Whether this id is ambiguous for this phone.
    pub(crate) fn hold(&self, id: &str, phone: u64) -> bool {
        !self.marked.is_empty() && self.marked.contains(&(fingerprint(id.as_bytes()), phone))
    }

    /// Whether any id is ambiguous for the phone with this key.
    pub(crate) fn touch(&self, key: u64) -> bool {
        self.keys.contains(&key)
    }
}

/// What is known of one id.
#[derive(Debug, Clone, Copy)]
struct Known {
    phone: u64,
    has_several: bool,
    last_line: u64,
    last_phone: u64,
}

/// What is known of the ids of one partition, by their fingerprints.
#[derive(Debug, Default)]
struct Survey {
    /// Ids with several phones, in the end: few, so that asking is quick.
    ids: HashMap<u64, Known, SpreadHasher>,
    /// For each id that begins with a zero somewhere, without its zeros: its one
    /// spelling, `None` where there are several.
    forms: HashMap<u64, Option<u64>, SpreadHasher>,
}

impl Survey {
    fn note_id(&mut self, sighting: Sighting) {
        if sighting.phone == NO_PHONE {
            return;
        }
        let known = self.ids.entry(sighting.id).or_insert(Known {
            phone: sighting.phone,
            has_several: false,
            last_line: sighting.line,
            last_phone: sighting.phone,
        });
        known.has_several |= known.phone != sighting.phone;
        if sighting.line >= known.last_line {
            known.last_line = sighting.line;
            known.last_phone = sighting.phone;
        }
    }

    fn note_form(&mut self, sighting: Sighting) {
        let form = self
            .forms
            .entry(sighting.stripped)
            .or_insert(Some(sighting.id));
        if *form != Some(sighting.id) {
            *form = None;
        }
    }
}

/// Room made for ids before they are seen.
const IDS_RESERVED_MAX: usize = 100_000;

/// Bytes of a partition looked at together.
const PIECE_BYTES: usize = 1 << 20;

impl People {
    pub(crate) const fn new(sightings: Spill) -> Self {
        Self { sightings }
    }

    /// Takes note of a row that names an id, and of the phone beside it.
    pub(crate) fn note(&mut self, id: &str, phone: Option<u64>, place: Place) -> io::Result<()> {
        let whole = fingerprint(id.as_bytes());
        let stripped = id.trim_start_matches('0');
        let sighting = Sighting {
            stripped: if stripped.len() == id.len() {
                whole
            } else {
                fingerprint(stripped.as_bytes())
            },
            id: whole,
            phone: phone.unwrap_or(NO_PHONE),
            line: place.line,
        };
        let partition = self.sightings.partition_of(sighting.stripped);
        self.sightings.append(partition, |buffer| {
            let bytes = sighting.to_bytes();
            let used = if sighting.has_zeros() {
                Sighting::BYTES_WITH_ZEROS
            } else {
                Sighting::BYTES
            };
            buffer.extend_from_slice(&bytes[..used]);
            Ok(())
        })
    }

    /// Finds the ambiguous ids and writes them where the pairs of their phones
    /// lie: `marks` has as many partitions as those. With `last_row_wins` the
    /// phone of an id's last row is not ambiguous.
    pub(crate) fn find_ambiguous(
        &self,
        mut marks: Spill,
        last_row_wins: bool,
        account: &mut Account,
    ) -> io::Result<Ambiguous> {
        thread::scope(|scope| {
            let surveyed = one_ahead(scope, self.sightings.len(), |partition| {
                self.survey(partition)
            });
            for (partition, survey) in surveyed.into_iter().enumerate() {
                self.mark(partition, &survey?, &mut marks, last_row_wins, account)?;
            }
            Ok(Ambiguous { marks })
        })
    }

    /// Marks the ambiguous ids of one partition.
    fn mark(
        &self,
        partition: usize,
        survey: &Survey,
        marks: &mut Spill,
        last_row_wins: bool,
        account: &mut Account,
    ) -> io::Result<()> {
        let Survey { ids, forms } = survey;
        if forms.is_empty() && ids.is_empty() {
            return Ok(());
        }
        self.for_each(partition, |sighting| {
            if forms.get(&sighting.stripped).is_some_and(Option::is_none) {
                account.note_row(ReasonCode::W402, sighting.line)?;
            }
            let known = ids.get(&sighting.id);
            let Some(known) = known.filter(|_| sighting.phone != NO_PHONE) else {
                return Ok(());
            };
            if last_row_wins && known.last_phone == sighting.phone {
                return Ok(());
            }
            let target = marks.partition_of(Address::Phone(sighting.phone).fingerprint());
            marks.append(target, |buffer| {
                buffer.extend_from_slice(&sighting.id.to_le_bytes());
                buffer.extend_from_slice(&sighting.phone.to_le_bytes());
                Ok(())
            })
        })
    }

    /// What the ids of a partition are.
    fn survey(&self, partition: usize) -> io::Result<Survey> {
        let mut survey = Survey::default();
        survey
            .ids
            .reserve((self.sightings.bytes(partition) / Sighting::BYTES).min(IDS_RESERVED_MAX));
        let mut with_zeros: HashSet<u64, SpreadHasher> = HashSet::default();
        self.for_each(partition, |sighting| {
            survey.note_id(sighting);
            if sighting.has_zeros() {
                with_zeros.insert(sighting.stripped);
            }
            Ok(())
        })?;
        survey.ids.retain(|_, known| known.has_several);
        if !with_zeros.is_empty() {
            self.for_each(partition, |sighting| {
                if with_zeros.contains(&sighting.stripped) {
                    survey.note_form(sighting);
                }
                Ok(())
            })?;
        }
        Ok(survey)
    }

    fn for_each(
        &self,
        partition: usize,
        mut take: impl FnMut(Sighting) -> io::Result<()>,
    ) -> io::Result<()> {
        self.sightings.read(partition, PIECE_BYTES, |piece| {
            let mut left = piece;
            while !left.is_empty() {
                let (sighting, rest) = Sighting::split_from(left)?;
                take(sighting)?;
                left = rest;
            }
            Ok(())
        })
    }
}

impl Ambiguous {
    /// The marks of the pairs in one partition.
    pub(crate) fn marks(&self, partition: usize) -> io::Result<Marks> {
        let mut found = Marks::default();
        self.marks.read(partition, PIECE_BYTES, |piece| {
            for mark in piece.chunks(16) {
                let (id, phone) = (number(mark, 0)?, number(mark, 8)?);
                found.marked.insert((id, phone));
                found.keys.insert(Address::Phone(phone).key());
            }
            Ok(())
        })?;
        Ok(found)
    }
}

impl Sighting {
    /// Bytes of one, and of one whose id begins with a zero.
    const BYTES: usize = 24;
    const BYTES_WITH_ZEROS: usize = 32;
    /// In the number of the line: the id begins with a zero.
    const HAS_ZEROS: u64 = 1 << 63;

    fn has_zeros(self) -> bool {
        self.stripped != self.id
    }

    fn to_bytes(self) -> [u8; Self::BYTES_WITH_ZEROS] {
        let mut bytes = [0; Self::BYTES_WITH_ZEROS];
        let mark = if self.has_zeros() { Self::HAS_ZEROS } else { 0 };
        let numbers = [self.line | mark, self.id, self.phone, self.stripped];
        for (slot, number) in bytes.chunks_mut(8).zip(numbers) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// The first sighting of these bytes, and what stands behind it.
    fn split_from(bytes: &[u8]) -> io::Result<(Self, &[u8])> {
        let (line, id) = (number(bytes, 0)?, number(bytes, 8)?);
        let has_zeros = line & Self::HAS_ZEROS != 0;
        let sighting = Self {
            stripped: if has_zeros { number(bytes, 24)? } else { id },
            id,
            phone: number(bytes, 16)?,
            line: line & !Self::HAS_ZEROS,
        };
        let rest = if has_zeros {
            &bytes[Self::BYTES_WITH_ZEROS..]
        } else {
            &bytes[Self::BYTES..]
        };
        Ok((sighting, rest))
    }
}

fn number(bytes: &[u8], at: usize) -> io::Result<u64> {
    let slice = bytes.get(at..at + 8).ok_or_else(|| damaged("a sighting"))?;
    slice.try_into().map(u64::from_le_bytes).map_err(damaged)
}

/// A hasher for keys that are fingerprints already.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Spread(u64);

pub(crate) type SpreadHasher = BuildHasherDefault<Spread>;

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        self.write_u64(fingerprint(bytes));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.rotate_left(32) ^ number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejections::Sorter;
    use crate::tally::Tally;

    const A: u64 = 905_321_234_567;
    const B: u64 = 905_331_234_567;

    fn ambiguous(rows: &[(&str, u64)], last_row_wins: bool) -> (Vec<(String, u64)>, u64) {
        let dir = tempfile::tempdir().unwrap();
        let spill = |name: &str| Spill::create(dir.path().join(name), 3, 64).unwrap();
        let mut people = People::new(spill("people"));
        for (i, (id, phone)) in rows.iter().enumerate() {
            let place = Place {
                line: i as u64 + 2,
                start: 0,
                bytes: 0,
            };
            let phone = Some(*phone).filter(|&phone| phone != NO_PHONE);
            people.note(id, phone, place).unwrap();
        }
        let mut account = Account {
            tally: Tally::default(),
            rejections: Sorter::create(dir.path().join("refusals"), 1 << 10).unwrap(),
            traced: None,
        };
        let found = people
            .find_ambiguous(spill("marks"), last_row_wins, &mut account)
            .unwrap();
        let mut named = Vec::new();
        for (id, phone) in rows {
            let partition = found
                .marks
                .partition_of(Address::Phone(*phone).fingerprint());
            let marks = found.marks(partition).unwrap();
            if marks.hold(id, *phone) {
                named.push(((*id).to_owned(), *phone));
            }
        }
        (named, account.tally.count(ReasonCode::W402))
    }

    #[test]
    fn an_id_with_several_phones_is_ambiguous_and_a_phone_with_several_ids_is_not() {
        let rows = [("1", A), ("2", A), ("1", A), ("3", A), ("3", B)];
        let (named, _) = ambiguous(&rows, false);
        assert_eq!(named, [("3".to_owned(), A), ("3".to_owned(), B)]);
    }

    #[test]
    fn rows_without_a_phone_show_lost_zeros_and_make_no_id_ambiguous() {
        let rows = [
            ("007", NO_PHONE),
            ("7", NO_PHONE),
            ("8", A),
            ("8", NO_PHONE),
        ];
        assert_eq!(ambiguous(&rows, false), (vec![], 2));
        let rows = [("007", A), ("7", NO_PHONE)];
        assert_eq!(ambiguous(&rows, true), (vec![], 2));
    }

    #[test]
    fn the_last_row_may_be_declared_to_win() {
        let rows = [("3", B), ("3", A), ("3", B), ("3", A)];
        let (named, _) = ambiguous(&rows, true);
        assert_eq!(named, [("3".to_owned(), B), ("3".to_owned(), B)]);
    }

    #[test]
    fn ids_that_differ_only_in_leading_zeros_are_remarked_on() {
        let (_, remarked) = ambiguous(&[("000123", A), ("123", B), ("9", A), ("00", B)], false);
        assert_eq!(remarked, 2);
    }
}
