//! Accepted pairs against what is on record: what the ledger would not take is
//! refused here already, so that the preview tells the truth.

use domain::consent::{Admission, Claim, admit};
use domain::{
    Channel, ReasonCode, Recipient, RecipientKind, RegistryMode, Source, Status, Timestamp, Verdict,
};

use super::Merger;
use crate::cell::Fault;
use crate::directory::{DirectoryError, Stored};
use crate::field::Field;
use crate::holdings::{OwnerOnDisk, Shelf};
use crate::lookup::LookUpError;
use crate::options::Action;
use crate::pair::Pair;
use crate::rejections::Draft;
use crate::spill::damaged;
use crate::standing::{StandingOnDisk, standing};

/// What speaks for a pair: remarks on it, and what it repeats.
type Admitted = ([Option<ReasonCode>; 3], Option<StandingOnDisk>);

impl Merger<'_> {
    /// Writes the pairs that may be recorded as records.
    pub(super) fn admit<'p>(
        &mut self,
        pairs: &[Pair<'p>],
        shelf: Option<&Shelf<'p>>,
    ) -> Result<(), LookUpError> {
        if self.holds_no_states() {
            let nothing = Stored::default();
            for pair in pairs {
                let found = pair.claim.map(|_| (&nothing, None));
                self.settle_with(pair, found)?;
            }
            return Ok(());
        }
        if let Some(shelf) = shelf {
            for pair in pairs {
                let found = pair.claim.map(|_| shelf.find(pair)).transpose()?;
                self.settle_with(pair, found.as_ref().map(|(stored, owner)| (stored, *owner)))?;
            }
            return Ok(());
        }
        for batch in pairs.chunks(self.options.limits.directory_batch.max(1)) {
            let mut states = self.states(batch)?.into_iter();
            for pair in batch {
                let stored = if pair.claim.is_some() {
                    states.next()
                } else {
                    None
                };
                let found = stored
                    .as_ref()
                    .map(|stored| (stored, stored.owner.as_ref().map(OwnerOnDisk::of)));
                self.settle_with(pair, found)?;
            }
        }
        Ok(())
    }

    /// Writes or refuses a pair by what is on record for it.
    fn settle_with(
        &mut self,
        pair: &Pair<'_>,
        found: Option<(&Stored, Option<OwnerOnDisk<'_>>)>,
    ) -> Result<(), LookUpError> {
        match found.map(|(stored, owner)| self.judge(pair, stored, owner)) {
            None => self.write(pair, []),
            Some(Ok((codes, standing))) => {
                let pair = Pair { standing, ..*pair };
                self.write(&pair, codes.into_iter().flatten())
            }
            Some(Err(fault)) => {
                let draft = Draft::new(pair.place, pair.channel, fault);
                Ok(self.account.refuse(draft)?)
            }
        }
    }

    fn write(
        &mut self,
        pair: &Pair<'_>,
        codes: impl IntoIterator<Item = ReasonCode>,
    ) -> Result<(), LookUpError> {
        self.account.accept(pair, codes)?;
        Ok(self.records.write(pair)?)
    }

    /// What is on record for the pairs that state a consent, in their order.
    fn states(&mut self, pairs: &[Pair<'_>]) -> Result<Vec<Stored>, LookUpError> {
        let keys = pairs
            .iter()
            .filter(|pair| pair.claim.is_some())
            .map(key_on_record);
        let keys: Vec<(Recipient, Channel, RecipientKind)> = keys
            .collect::<Option<_>>()
            .ok_or_else(|| damaged("an address"))?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let states = self
            .directory
            .states(&keys)
            .map_err(LookUpError::Directory)?;
        if states.len() == keys.len() {
            return Ok(states);
        }
        let answer = format!("{} keys asked, {} answered", keys.len(), states.len());
        Err(LookUpError::Directory(DirectoryError::new(answer)))
    }

    /// Whether the ledger would take the claim; the remarks on it are counted.
    fn judge(
        &mut self,
        pair: &Pair<'_>,
        stored: &Stored,
        owner: Option<OwnerOnDisk<'_>>,
    ) -> Result<Admitted, Fault> {
        let Some(stated) = pair.claim else {
            return Ok(([None; 3], None));
        };
        if stored.local.is_some() && self.options.action == Action::Push {
            // A merchant's first record needs no date and no source, an update does (H462, H463).
            if !stated.date_is_stated && pair.kind == RecipientKind::Tacir {
                return Err(Fault::new(Field::Date, ReasonCode::R601));
            }
            if !stated.source_is_stated && pair.kind == RecipientKind::Tacir {
                return Err(Fault::new(Field::Source, ReasonCode::R701));
            }
        }
        let is_first = stored.local.is_none()
            && (stored.registry.verdict == Verdict::NoRecord || !self.options.mode.is_connected());
        if is_first && stated.source == Source::HS_KARAR.as_str() {
            return Err(Fault::of_cell(
                Field::Source,
                ReasonCode::R704,
                stated.source,
            ));
        }
        let claim = Claim {
            status: stated.status,
            consent_date: Timestamp::from_micros(stated.date_us),
        };
        let admission = admit(claim, stored.local.as_ref(), &stored.registry);
        if let Admission::Refused(code) = admission {
            return Err(refused_by_record(code, stored));
        }
        let is_pushed = self.options.action == Action::Push && !pair.is_local_only;
        let codes = [
            admission.code(),
            stored.blacklisted.then_some(ReasonCode::W805),
            expected_from_registry(self.options.mode, stated.status, stored).filter(|_| is_pushed),
        ];
        for code in codes.into_iter().flatten() {
            let told = || match code {
                ReasonCode::W804 => vec![("status".to_owned(), stated.status.to_string())],
                _ => Vec::new(),
            };
            self.account.tally.note_with(code, pair.place.line, told);
        }
        Ok((codes, standing(pair, admission, stored.local, owner)))
    }
}

fn key_on_record(pair: &Pair<'_>) -> Option<(Recipient, Channel, RecipientKind)> {
    Some((pair.address.recipient()?, pair.channel?, pair.kind))
}

/// What İYS would answer to a pushed record, as far as it can be told (I175, I200).
fn expected_from_registry(
    mode: RegistryMode,
    status: Status,
    stored: &Stored,
) -> Option<ReasonCode> {
    let is_unknown_there = stored.registry.verdict == Verdict::NoRecord;
    match (mode, status) {
        (RegistryMode::Sync, _) if is_unknown_there => Some(ReasonCode::I200),
        (RegistryMode::Integrator, Status::Ret)
            if is_unknown_there
                || (stored.local.is_none() && stored.registry.verdict == Verdict::Unasked) =>
        {
            Some(ReasonCode::I175)
        }
        _ => None,
    }
}

/// The refusal with the date of the fact that stands against the claim.
fn refused_by_record(code: ReasonCode, stored: &Stored) -> Fault {
    let local = stored.local.map(|held| held.consent_date);
    let at = match code {
        ReasonCode::R806 | ReasonCode::R807 => stored.registry.consent_date.or(local),
        _ => local,
    };
    let fault = Fault::new(Field::Date, code);
    match at {
        Some(at) => fault.with("date", at.to_turkish_text()),
        None => fault,
    }
}
