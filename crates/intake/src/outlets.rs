//! Where the judgement on a row goes: pairs to their partition, refusals to
//! the rejections, rows without an address to the waiting room, all of it
//! into the counts.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use domain::{Channel, ReasonCode, RecipientKind, Source};

use crate::cell::Fault;
use crate::consent::Declared;
use crate::file::rows::Place;
use crate::frame::{self, Encoder};
use crate::options::Options;
use crate::outcomes::{Fate, Traced};
use crate::pair::{Pair, mix};
use crate::patterns::PatternWatch;
use crate::people::People;
use crate::rejections::{Draft, Sorter};
use crate::remarked::Remarked;
use crate::spill::Spill;
use crate::tally::Tally;

#[derive(Debug)]
pub(crate) struct Outlets {
    pub(crate) pairs: Spill,
    pub(crate) people: People,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) account: Account,
    pub(crate) patterns: PatternWatch,
    /// Channels that the file's consents speak about.
    pub(crate) channels: BTreeSet<Channel>,
    /// Whether a consent was ended by the firm's own decision (HS_KARAR).
    pub(crate) has_decisions: bool,
    encoder: Encoder,
}

/// What became of pairs that were judged: the counts and the rejections, kept
/// together so that neither is written without the other.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) tally: Tally,
    pub(crate) rejections: Sorter<Draft>,
    /// What became of every other pair, where that was asked for.
    pub(crate) traced: Option<Sorter<Traced>>,
}

/// A row that names a person only by an identifier, until the directory is asked.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) place: Place,
    /// The channels it speaks about; empty for every channel there is.
    pub(crate) channels: Vec<Channel>,
    pub(crate) kind: RecipientKind,
    pub(crate) claim: Option<Declared>,
    pub(crate) external_id: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) tags: Option<String>,
    pub(crate) attributes: Option<String>,
    pub(crate) branch: Option<String>,
    pub(crate) retailer: Option<u32>,
    pub(crate) remarks: Remarked,
}

impl Outlets {
    pub(crate) fn create(
        work_dir: &Path,
        partitions: usize,
        options: &Options,
    ) -> io::Result<Self> {
        let limits = &options.limits;
        let traced =
            || Sorter::create(work_dir.join("traced.work"), limits.rejections_buffer_bytes);
        let spill = |name: &str| {
            Spill::create(
                work_dir.join(name),
                partitions,
                limits.buffer_for(partitions),
            )
        };
        Ok(Self {
            pairs: spill("pairs.work")?,
            people: People::new(spill("people.work")?),
            waiting: Vec::new(),
            patterns: PatternWatch::default(),
            channels: BTreeSet::new(),
            has_decisions: false,
            encoder: Encoder::new(),
            account: Account {
                tally: Tally::default(),
                rejections: Sorter::create(
                    work_dir.join("refusals.work"),
                    limits.rejections_buffer_bytes,
                )?,
                traced: options.trace.then(traced).transpose()?,
            },
        })
    }

    /// A pair that nothing in its own row speaks against.
    pub(crate) fn accept(&mut self, pair: &Pair<'_>) -> io::Result<()> {
        self.account.tally.judged += 1;
        if pair.claim.is_some()
            && let Some(channel) = pair.channel
            && !self.channels.contains(&channel)
        {
            self.channels.insert(channel);
        }
        self.has_decisions |= pair
            .claim
            .is_some_and(|claim| claim.source == Source::HS_KARAR.as_str());
        let key = pair.address.key();
        let bytes = self.encoder.encode(pair)?;
        let partition = self.pairs.partition_of(mix(key));
        self.pairs
            .append(partition, |buffer| frame::append(buffer, key, bytes))
    }

    /// A pair that its own row refuses.
    pub(crate) fn refuse(
        &mut self,
        place: Place,
        channel: Option<Channel>,
        fault: Fault,
    ) -> io::Result<()> {
        self.account.tally.judged += 1;
        self.account.refuse(Draft::new(place, channel, fault))
    }
}

impl Account {
    /// A pair that was counted as judged is refused.
    pub(crate) fn refuse(&mut self, draft: Draft) -> io::Result<()> {
        self.tally.rejected += 1;
        self.tally.note(draft.code, draft.place.line);
        if draft.code == ReasonCode::R606
            && let Some((_, deadline)) = draft.args.iter().find(|(name, _)| name == "date")
        {
            self.tally.note_missed(deadline);
        }
        self.rejections.push(draft)
    }

    /// A pair that was counted as judged gives way to another row: W801 or W802.
    pub(crate) fn give_way(&mut self, code: ReasonCode, pair: &Pair<'_>) -> io::Result<()> {
        self.tally.merged += 1;
        self.tally.note(code, pair.place.line);
        self.trace(|| Traced::pair(Fate::Merged, pair, [code]))
    }

    /// A pair that was counted as judged becomes a record; `more` are codes
    /// beside its remarks.
    pub(crate) fn accept(
        &mut self,
        pair: &Pair<'_>,
        more: impl IntoIterator<Item = ReasonCode>,
    ) -> io::Result<()> {
        self.tally.accepted += 1;
        self.trace(|| Traced::pair(Fate::Accepted, pair, more))
    }

    /// A remark on a row that has no pair at hand.
    pub(crate) fn note_row(&mut self, code: ReasonCode, line: u64) -> io::Result<()> {
        self.tally.note(code, line);
        self.trace(|| Traced::row(line, code))
    }

    fn trace(&mut self, traced: impl FnOnce() -> Traced) -> io::Result<()> {
        match &mut self.traced {
            Some(sorter) => sorter.push(traced()),
            None => Ok(()),
        }
    }
}
