//! Rows against each other: what is repeated, what contradicts itself, and
//! what stands against the record. One hash partition at a time, so that memory
//! does not grow with the file.
//!
//! The outcome for a person depends on what their rows say, not on the order
//! in which they stand; only among identical rows the first line is the one kept.

mod admission;
mod conflicts;
mod loaded;
mod repeats;

use std::io;

use domain::{ReasonCode, RegistryMode};

pub(crate) use self::loaded::Loaded;
use self::loaded::Sorted;
use crate::cell::Fault;
use crate::directory::Directory;
use crate::field::Field;
use crate::frame::{self, Encoder, Frame};
use crate::holdings::{Shelf, Shelves};
use crate::lookup::LookUpError;
use crate::options::{Action, Options};
use crate::outlets::Account;
use crate::pair::{Address, Pair};
use crate::people::{Ambiguous, Marks};
use crate::records::RecordWriter;
use crate::rejections::Draft;
use crate::spill::Spill;

/// Merges the partitions of one file and writes what remains as records.
pub(crate) struct Merger<'m> {
    pub(crate) options: &'m Options,
    pub(crate) directory: &'m mut dyn Directory,
    /// Everything on record, where it was read as a whole.
    pub(crate) shelves: Option<Shelves>,
    /// What was judged, in partitions.
    pub(crate) pairs: &'m Spill,
    pub(crate) account: &'m mut Account,
    /// Whether a consent was ended by the firm's own decision.
    pub(crate) has_decisions: bool,
    pub(crate) ambiguous: Ambiguous,
    pub(crate) records: RecordWriter,
}

impl Merger<'_> {
    /// Merges one partition.
    pub(crate) fn merge(&mut self, partition: usize, loaded: Loaded) -> Result<(), LookUpError> {
        if self.pairs.bytes(partition) == 0 {
            return Ok(());
        }
        let marks = self.ambiguous.marks(partition)?;
        let sorted = match loaded {
            Loaded::Whole(sorted) => sorted,
            Loaded::TooLarge => Sorted::new(self.load(partition, &marks)?)?,
        };
        let frames = sorted.frames();
        let is_unrecorded = self.holds_no_states();
        let minds_refusals = is_unrecorded && self.minds_first_refusals();
        let on_record = match &mut self.shelves {
            Some(shelves) if !is_unrecorded => Some(shelves.bytes_of(partition)?),
            _ => None,
        };
        let shelf = on_record.as_deref().map(Shelf::of).transpose()?;
        let batch = self.options.limits.directory_batch.max(1);
        let mut accepted = Vec::new();
        for of_key in frames.chunk_by(|a, b| a.key == b.key) {
            match of_key {
                // Nearly every address stands alone, and then nothing can speak against it
                // but that a refusal is its first record.
                [alone]
                    if is_unrecorded
                        && !marks.touch(alone.key)
                        && !(minds_refusals && alone.is_refusal()?) =>
                {
                    self.accept_alone(*alone)?;
                }
                several => self.settle(several, &marks, &mut accepted)?,
            }
            if accepted.len() >= batch {
                self.admit(&accepted, shelf.as_ref())?;
                accepted.clear();
            }
        }
        self.admit(&accepted, shelf.as_ref())?;
        Ok(self.records.end_run()?)
    }

    fn holds_no_states(&self) -> bool {
        self.directory.holds_no_states() || self.shelves.as_ref().is_some_and(Shelves::is_empty)
    }

    /// Whether a refusal is judged otherwise for being the first record of its
    /// key (R704, I175). Consents are not, so that they need no look.
    fn minds_first_refusals(&self) -> bool {
        let is_told_to_registry =
            self.options.action == Action::Push && self.options.mode == RegistryMode::Integrator;
        is_told_to_registry || self.has_decisions
    }

    /// A pair is copied as it was framed; it is read only to be traced.
    fn accept_alone(&mut self, frame: Frame<'_>) -> io::Result<()> {
        let account = &mut *self.account;
        if account.traced.is_some() {
            account.accept(&frame.pair()?, [])?;
        } else {
            account.tally.accepted += 1;
        }
        self.records.copy(frame)
    }

    /// Settles the pairs of one key; those that may be recorded go to `accepted`.
    fn settle<'a>(
        &mut self,
        frames: &[Frame<'a>],
        marks: &Marks,
        accepted: &mut Vec<Pair<'a>>,
    ) -> io::Result<()> {
        let mut pairs = frames
            .iter()
            .map(|frame| frame.pair())
            .collect::<io::Result<Vec<_>>>()?;
        let last_row_wins = self.options.mapping.update_people;
        settle_ambiguous(&mut pairs, marks, last_row_wins, self.account)?;
        repeats::merge(&mut pairs, self.account)?;
        self.settle_conflicts(&mut pairs, accepted)
    }

    /// The pairs of a partition that exceeds the bound. Repeated ones are merged
    /// while loading: a file that names one person a million times needs no more
    /// memory than one that names them once.
    fn load(&mut self, partition: usize, marks: &Marks) -> io::Result<Vec<u8>> {
        let bound = self.options.limits.partition_bytes_max;
        let people_max = self.options.limits.people_per_phone_max;
        let last_row_wins = self.options.mapping.update_people;
        let account = &mut *self.account;
        let mut held: Vec<u8> = Vec::new();
        self.pairs.read(partition, bound, |piece| {
            held.extend_from_slice(piece);
            if held.len() <= bound {
                return Ok(());
            }
            let frames = frame::frames(&held)?;
            let mut pairs = frames
                .iter()
                .map(|frame| frame.pair())
                .collect::<io::Result<Vec<_>>>()?;
            settle_ambiguous(&mut pairs, marks, last_row_wins, account)?;
            conflicts::thin_out_crowds(&mut pairs, people_max, account)?;
            repeats::merge(&mut pairs, account)?;
            let mut kept = Vec::new();
            let mut encoder = Encoder::new();
            for pair in &pairs {
                frame::append(&mut kept, pair.address.key(), encoder.encode(pair)?)?;
            }
            held = kept;
            Ok(())
        })?;
        Ok(held)
    }
}

/// R804: an id with several phones names nobody. A refusal is about the address
/// alone and stands without the id.
fn settle_ambiguous(
    pairs: &mut Vec<Pair<'_>>,
    marks: &Marks,
    last_row_wins: bool,
    account: &mut Account,
) -> io::Result<()> {
    let mut outcome = Ok(());
    pairs.retain_mut(|pair| {
        let (Some(id), Address::Phone(phone)) = (pair.external_id, pair.address) else {
            return true;
        };
        if outcome.is_err() || !marks.hold(id, phone) {
            return true;
        }
        if pair.is_refusal() {
            pair.external_id = None;
            return true;
        }
        if last_row_wins {
            outcome = account.give_way(ReasonCode::W802, pair);
        } else {
            let fault = Fault::of_cell(Field::ExternalId, ReasonCode::R804, id);
            outcome = account.refuse(Draft::new(pair.place, pair.channel, fault));
        }
        false
    });
    outcome
}
