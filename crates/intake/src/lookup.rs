//! Rows that name a person only by an identifier: they speak for the addresses
//! already known for that person.

use std::io;

use domain::{Channel, ReasonCode, Recipient};

use crate::cell::Fault;
use crate::directory::{Directory, DirectoryError, Identifier};
use crate::field::Field;
use crate::outlets::{Outlets, Waiting};
use crate::pair::{Address, Pair};
use crate::row::claim;

/// Why waiting rows could not be resolved.
#[derive(Debug)]
pub(crate) enum LookUpError {
    Directory(DirectoryError),
    Io(io::Error),
}

impl From<io::Error> for LookUpError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Asks the directory about every waiting row, in one batch, and empties the
/// waiting room.
pub(crate) fn resolve_waiting(
    out: &mut Outlets,
    directory: &mut dyn Directory,
) -> Result<(), LookUpError> {
    let waiting = std::mem::take(&mut out.waiting);
    if waiting.is_empty() {
        return Ok(());
    }
    let ids: Vec<Identifier> = waiting.iter().flat_map(identifiers).collect();
    let known = directory.addresses(&ids).map_err(LookUpError::Directory)?;
    if known.len() != ids.len() {
        let answer = format!("{} identifiers asked, {} answered", ids.len(), known.len());
        return Err(LookUpError::Directory(DirectoryError::new(answer)));
    }
    let mut answers = known.into_iter();
    for row in &waiting {
        // The firm's own number of a person outranks a device token.
        let count = identifiers(row).count();
        let mut found = answers
            .by_ref()
            .take(count)
            .filter(|addresses| !addresses.is_empty());
        let addresses = found.next().unwrap_or_default();
        found.for_each(drop);
        settle(row, &addresses, out)?;
    }
    Ok(())
}

fn identifiers(row: &Waiting) -> impl Iterator<Item = Identifier> {
    let external = row.external_id.clone().map(Identifier::External);
    external
        .into_iter()
        .chain(row.token.clone().map(Identifier::Token))
}

/// Each known address that fits becomes a pair; none, and the row is refused.
fn settle(row: &Waiting, addresses: &[Recipient], out: &mut Outlets) -> io::Result<()> {
    let mut pairs = 0;
    for recipient in addresses {
        for channel in channels_for(row, recipient) {
            pairs += 1;
            out.accept(&Pair {
                place: row.place.into(),
                address: Address::of(recipient),
                kind: row.kind,
                channel,
                claim: row.claim.as_ref().map(claim),
                external_id: row.external_id.as_deref(),
                token: row.token.as_deref(),
                name: row.name.as_deref(),
                tags: row.tags.as_deref(),
                attributes: row.attributes.as_deref(),
                branch: row.branch.as_deref(),
                retailer: row.retailer,
                beside: None,
                remarks: row.remarks,
                is_local_only: false,
                standing: None,
            })?;
        }
    }
    if pairs == 0 {
        let (field, shown) = match (&row.external_id, &row.token) {
            (Some(id), _) => (Field::ExternalId, id.as_str()),
            (None, Some(token)) => (Field::Token, token.as_str()),
            (None, None) => (Field::Row, ""),
        };
        let only = match row.channels.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        out.refuse(
            row.place,
            only,
            Fault::of_cell(field, ReasonCode::R406, shown),
        )?;
    }
    Ok(())
}

fn channels_for(row: &Waiting, recipient: &Recipient) -> Vec<Option<Channel>> {
    if row.channels.is_empty() {
        return vec![None];
    }
    let fitting = row
        .channels
        .iter()
        .copied()
        .filter(|&channel| recipient.fits(channel));
    fitting.map(Some).collect()
}
