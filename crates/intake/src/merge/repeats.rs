//! The same person, channel and status in several rows: the newest stands for all.

use std::cmp::Ordering;
use std::io;

use domain::{Channel, ReasonCode, RecipientKind, Status};

use crate::outlets::Account;
use crate::pair::{Address, Claim, Pair};

/// What a consent belongs to within one brand.
pub(super) type Key<'a> = (Address<'a>, RecipientKind, Option<Channel>);

pub(super) const fn key<'a>(pair: &Pair<'a>) -> Key<'a> {
    (pair.address, pair.kind, pair.channel)
}

/// What rows have in common that repeat or renew one another.
type Run<'a> = (Key<'a>, Option<&'a str>, Option<Status>, Option<&'a str>);

/// Same key, same person, same status; of rows that state no consent also the
/// same device, so that a list of devices keeps all of a person's.
fn run<'a>(pair: &Pair<'a>) -> Run<'a> {
    (
        key(pair),
        pair.external_id,
        pair.claim.map(|claim| claim.status),
        pair.token.filter(|_| pair.claim.is_none()),
    )
}

/// Within a run: newest first, then the row that says more about the person, in
/// a fixed order that does not depend on the file's; only rows that are the same
/// in everything are kept by their lines.
fn compare(a: &Pair<'_>, b: &Pair<'_>) -> Ordering {
    let ((a_date, a_source), (b_date, b_source)) = (said(a.claim), said(b.claim));
    b_date
        .cmp(&a_date)
        .then_with(|| a_source.cmp(b_source))
        .then_with(|| about_person(b).cmp(&about_person(a)))
        .then_with(|| a.place.line.cmp(&b.place.line))
}

fn about_person<'a>(pair: &Pair<'a>) -> impl Ord + use<'a> {
    (
        pair.beside,
        pair.name,
        pair.token,
        pair.tags,
        pair.attributes,
        pair.branch,
        pair.retailer,
    )
}

fn said(claim: Option<Claim<'_>>) -> (i64, &str) {
    claim.map_or((0, ""), |claim| (claim.date_us, claim.source))
}

/// Sorts the pairs by key and keeps the newest of each run; the others are
/// counted as merged: W801 where the row says the same again, W802 where it is older.
pub(super) fn merge(pairs: &mut Vec<Pair<'_>>, account: &mut Account) -> io::Result<()> {
    pairs.sort_unstable_by(|a, b| run(a).cmp(&run(b)).then_with(|| compare(a, b)));
    let mut before: Option<Pair<'_>> = None;
    let mut outcome = Ok(());
    pairs.retain(|pair| {
        let earlier = before
            .replace(*pair)
            .filter(|earlier| run(earlier) == run(pair));
        let Some(earlier) = earlier.filter(|_| outcome.is_ok()) else {
            return true;
        };
        let is_same = said(earlier.claim) == said(pair.claim);
        let code = if is_same {
            ReasonCode::W801
        } else {
            ReasonCode::W802
        };
        outcome = account.give_way(code, pair);
        false
    });
    outcome
}
