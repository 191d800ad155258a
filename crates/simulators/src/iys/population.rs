//! A population by rule: records for any number of addresses without loading one.

use serde::{Deserialize, Serialize};

use super::book::{Key, Standing};
use super::moment::Local;
use super::transaction::TransactionId;
use super::words::{Kind, Source, Status};
use crate::dice::{hundredth, stable_hash};

/// Which share of all addresses stands at ONAY and at RET.
///
/// The rule answers for every address and channel without an explicit record,
/// for every brand. An add or a loaded record overlays it for its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Hundredths of the addresses that stand at ONAY.
    pub onay_pct: u8,
    /// Hundredths of the addresses that stand at RET; the rest has no record.
    pub ret_pct: u8,
    /// The recipient types the rule answers for; absent: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_types: Option<Vec<String>>,
}

/// When every record by rule was made: 1 June 2020, 12:00 Turkish time.
const SINCE: Local = Local(1_591_012_800);

/// Keeps this rule's dice apart from those of other simulators.
const SALT: u64 = 0;

impl Population {
    /// A rule for both recipient types.
    pub fn new(onay_pct: u8, ret_pct: u8) -> Self {
        Self {
            onay_pct,
            ret_pct,
            recipient_types: None,
        }
    }

    /// `ONAY`, `RET` or none: what the rule says about an address, written as
    /// İYS stores it (`+905…`, or a lower-case e-mail address).
    ///
    /// ```
    /// let rule = simulators::iys::Population::new(85, 5);
    /// assert_eq!(rule.status_of("+905321234561"), rule.status_of("+905321234561"));
    /// assert_eq!(simulators::iys::Population::new(100, 0).status_of("a@ornek.com"), Some("ONAY"));
    /// ```
    pub fn status_of(&self, address: &str) -> Option<&'static str> {
        self.draw(address).map(Status::word)
    }

    /// False when the shares together exceed 100, or a recipient type is unknown.
    pub(crate) fn is_sound(&self) -> bool {
        u32::from(self.onay_pct) + u32::from(self.ret_pct) <= 100
            && self
                .recipient_types
                .iter()
                .flatten()
                .all(|word| Kind::read(word).is_some())
    }

    pub(crate) fn status(&self, key: &Key) -> Option<Status> {
        let answers = self
            .recipient_types
            .as_ref()
            .is_none_or(|types| types.iter().any(|word| word == key.kind.word()));
        if !answers {
            return None;
        }
        self.draw(&key.address.to_string())
    }

    pub(crate) fn standing(&self, key: &Key) -> Option<Standing> {
        let status = self.status(key)?;
        let named = format!("{}|{}|{}", key.address, key.kind.word(), key.channel.word());
        Some(Standing {
            status,
            source: Some(match status {
                Status::Onay => Source::HS_WEB,
                Status::Ret => Source::IYS_WEB,
            }),
            date: Some(SINCE),
            created: SINCE,
            transaction: TransactionId::of_rule(stable_hash(named.as_bytes())),
            retailer: None,
            shared_with: 0,
        })
    }

    fn draw(&self, address: &str) -> Option<Status> {
        let hundredth = u32::from(hundredth(SALT, address));
        let (onay, ret) = (u32::from(self.onay_pct), u32::from(self.ret_pct));
        if hundredth < onay {
            Some(Status::Onay)
        } else if hundredth < onay + ret {
            Some(Status::Ret)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_a_large_population_are_the_ones_asked_for() {
        let rule = Population::new(85, 5);
        let (mut onay, mut ret) = (0, 0);
        for n in 0..20_000 {
            match rule.status_of(&format!("+90532{n:07}")) {
                Some("ONAY") => onay += 1,
                Some(_) => ret += 1,
                None => {}
            }
        }
        assert!((16_700..17_300).contains(&onay), "{onay}");
        assert!((850..1_150).contains(&ret), "{ret}");
    }

    #[test]
    fn every_record_by_rule_is_of_one_named_instant() {
        assert_eq!(SINCE.text(), "2020-06-01 12:00:00");
    }
}
