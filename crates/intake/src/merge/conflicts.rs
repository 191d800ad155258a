//! Rows that speak against each other: consent and refusal for one key, and
//! phones that too many people share.
//!
//! A refusal never loses by a conflict. Where the file holds both, the refusal
//! counts here until someone has looked, and İYS is told nothing.

use std::collections::HashSet;
use std::io;

use domain::{ReasonCode, Status};

use super::Merger;
use super::repeats::key;
use crate::cell::Fault;
use crate::field::Field;
use crate::outlets::Account;
use crate::pair::{Address, Pair};
use crate::rejections::Draft;

impl Merger<'_> {
    /// Settles the conflicts among pairs sorted by key; those that may be
    /// recorded go to `accepted`, in the same order.
    pub(super) fn settle_conflicts<'a>(
        &mut self,
        pairs: &mut [Pair<'a>],
        accepted: &mut Vec<Pair<'a>>,
    ) -> io::Result<()> {
        for of_address in pairs.chunk_by_mut(|a, b| a.address == b.address) {
            let people = count_people(of_address);
            for of_key in of_address.chunk_by_mut(|a, b| key(a) == key(b)) {
                self.settle_key(of_key, people, accepted)?;
            }
        }
        Ok(())
    }

    /// One address, kind and channel.
    fn settle_key<'a>(
        &mut self,
        pairs: &mut [Pair<'a>],
        people: usize,
        accepted: &mut Vec<Pair<'a>>,
    ) -> io::Result<()> {
        let newest = |status| pairs.iter().filter_map(|pair| date_of(pair, status)).max();
        let (consent, refusal) = (newest(Status::Onay), newest(Status::Ret));
        let is_held = consent
            .zip(refusal)
            .is_some_and(|(consent, refusal)| consent >= refusal);
        for pair in pairs {
            match (date_of(pair, Status::Onay), refusal) {
                (Some(date), Some(refused)) if date < refused => {
                    self.account.give_way(ReasonCode::W802, pair)?;
                }
                (Some(_), Some(_)) => {
                    let fault = Fault::new(Field::Status, ReasonCode::R802).showing("ONAY + RET");
                    self.account
                        .refuse(Draft::new(pair.place, pair.channel, fault))?;
                }
                _ => {
                    pair.is_local_only |= is_held;
                    self.settle_shared(*pair, people, accepted)?;
                }
            }
        }
        Ok(())
    }

    /// W803 and R803: a phone that several external ids claim.
    fn settle_shared<'a>(
        &mut self,
        mut pair: Pair<'a>,
        people: usize,
        accepted: &mut Vec<Pair<'a>>,
    ) -> io::Result<()> {
        let is_crowd = people > self.options.limits.people_per_phone_max;
        if is_crowd && !pair.is_refusal() {
            return self.account.refuse(crowd_refusal(&pair, people));
        }
        if is_crowd {
            pair.external_id = None;
        } else if people > 1 {
            let line = pair.place.line;
            let told = || vec![("count".to_owned(), people.to_string())];
            self.account.tally.note_with(ReasonCode::W803, line, told);
            pair.remarks.add(ReasonCode::W803);
        }
        accepted.push(pair);
        Ok(())
    }
}

fn date_of(pair: &Pair<'_>, status: Status) -> Option<i64> {
    let claim = pair.claim.filter(|claim| claim.status == status);
    claim.map(|claim| claim.date_us)
}

/// How many external ids stand beside one phone; for e-mails nobody counts.
fn count_people(pairs: &[Pair<'_>]) -> usize {
    let Some(first) = pairs.first() else {
        return 0;
    };
    let is_one = pairs
        .iter()
        .all(|pair| pair.external_id == first.external_id);
    if is_one || matches!(first.address, Address::Email(_)) {
        return 1;
    }
    let ids: HashSet<&str> = pairs.iter().filter_map(|pair| pair.external_id).collect();
    ids.len()
}

fn crowd_refusal(pair: &Pair<'_>, people: usize) -> Draft {
    let fault = Fault::of_cell(Field::Phone, ReasonCode::R803, &pair.address.to_string())
        .with("count", people.to_string());
    Draft::new(pair.place, pair.channel, fault)
}

/// Refuses, while a partition is being loaded, what a phone shared by too many
/// people would be refused for in the end: of each such phone the pairs of a
/// few ids are kept, so that the end still sees the crowd.
pub(super) fn thin_out_crowds(
    pairs: &mut Vec<Pair<'_>>,
    people_max: usize,
    account: &mut Account,
) -> io::Result<()> {
    pairs.sort_unstable_by_key(|pair| (pair.address, pair.place.line));
    let mut of_address: Option<Address<'_>> = None;
    let mut ids: HashSet<&str> = HashSet::new();
    let mut outcome = Ok(());
    pairs.retain_mut(|pair| {
        if of_address != Some(pair.address) {
            of_address = Some(pair.address);
            ids.clear();
        }
        let (Address::Phone(_), Some(id)) = (pair.address, pair.external_id) else {
            return true;
        };
        if ids.len() <= people_max {
            ids.insert(id);
        }
        if ids.contains(id) || outcome.is_err() {
            return true;
        }
        if pair.is_refusal() {
            pair.external_id = None;
            return true;
        }
        outcome = account.refuse(crowd_refusal(pair, people_max + 1));
        false
    });
    outcome
}
