//! From what a row says to pairs: a consent meets an address, or the row waits
//! until the directory knows one.

use std::io;

use domain::Channel;

use super::{Rules, Who};
use crate::cell::Fault;
use crate::consent::Declared;
use crate::outlets::{Outlets, Waiting};
use crate::pair::{Claim, Pair};

/// What a pair is formed for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// This channel.
    Channel(Channel),
    /// An address, whatever its channels.
    AnyOf { is_phone: bool },
}

impl Target {
    pub(super) const fn channel(self) -> Option<Channel> {
        match self {
            Self::Channel(channel) => Some(channel),
            Self::AnyOf { .. } => None,
        }
    }

    pub(super) const fn is_phone(self) -> bool {
        match self {
            Self::Channel(channel) => channel.is_phone(),
            Self::AnyOf { is_phone } => is_phone,
        }
    }
}

impl Rules<'_> {
    /// Brings a consent (or none) and an address together: a pair, or the
    /// reason why there is none.
    pub(super) fn settle(
        &mut self,
        who: &Who<'_>,
        target: Target,
        said: Option<Result<Declared, Fault>>,
        out: &mut Outlets,
    ) -> io::Result<()> {
        let channel = target.channel();
        let (address, remarks) = match who.addresses.resolve(target, self.layout) {
            Ok(found) => found,
            Err(fault) => return out.refuse(who.place, channel, fault),
        };
        let (kind, stated) = match (&who.kind, said) {
            (Ok(kind), None) => (*kind, None),
            (Ok(kind), Some(Ok(stated))) => (*kind, Some(stated)),
            (_, Some(Err(fault))) => return out.refuse(who.place, channel, fault),
            (Err(fault), _) => return out.refuse(who.place, channel, fault.clone()),
        };
        let mut codes = self.on_consent;
        codes.extend(remarks.iter());
        for code in codes.iter() {
            let told = || self.particulars.said_of(code, address, &who.addresses);
            out.account.tally.note_with(code, who.place.line, told);
        }
        let remarks = codes.and(self.on_row);
        let is_nameless = who.person.external_id.is_none() && who.person.token.is_none();
        out.accept(&Pair {
            place: who.place.into(),
            address,
            kind,
            channel,
            claim: stated.as_ref().map(claim),
            external_id: who.person.external_id,
            token: who.person.token,
            name: who.person.name,
            tags: who.person.tags,
            attributes: who.person.attributes,
            branch: who.person.branch,
            retailer: who.person.retailer,
            beside: if is_nameless {
                who.addresses.other_than(address)
            } else {
                None
            },
            remarks,
            is_local_only: false,
            standing: None,
        })?;
        Ok(())
    }

    /// A row that only names a person waits until the directory is asked; one
    /// whose consent is refused anyway does not.
    pub(super) fn look_up(
        &mut self,
        who: &Who<'_>,
        channels: &[Channel],
        said: Option<Result<Declared, Fault>>,
        out: &mut Outlets,
    ) -> io::Result<()> {
        let only = match channels {
            [one] => Some(*one),
            _ => None,
        };
        let (kind, claim) = match (&who.kind, said.transpose()) {
            (Ok(kind), Ok(claim)) => (*kind, claim),
            (_, Err(fault)) => return out.refuse(who.place, only, fault),
            (Err(fault), _) => return out.refuse(who.place, only, fault.clone()),
        };
        for code in self.on_consent.iter() {
            let told = || self.particulars.of_consent(code);
            out.account.tally.note_with(code, who.place.line, told);
        }
        out.waiting.push(Waiting {
            place: who.place,
            channels: channels.to_vec(),
            kind,
            claim,
            external_id: who.person.external_id.map(str::to_owned),
            token: who.person.token.map(str::to_owned),
            name: who.person.name.map(str::to_owned),
            tags: who.person.tags.map(str::to_owned),
            attributes: who.person.attributes.map(str::to_owned),
            branch: who.person.branch.map(str::to_owned),
            retailer: who.person.retailer,
            remarks: self.on_consent.and(self.on_row),
        });
        Ok(())
    }
}

/// A consent in the shape it is written in.
pub(crate) fn claim(stated: &Declared) -> Claim<'_> {
    Claim {
        status: stated.status,
        date_us: stated.date_us,
        date_is_stated: stated.date_is_stated,
        source: stated.source.as_str(),
        source_is_stated: stated.source_is_stated,
    }
}
