//! Infobip's statuses as our states and classes; the table is data.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::outcome::Class;
use crate::receipt::ReceiptState;

/// A status as it stands in answers, logs and pushes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status<'a> {
    pub(super) group_id: Option<i64>,
    pub(super) id: Option<i64>,
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) description: Option<Cow<'a, str>>,
}

/// What a status means for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) state: ReceiptState,
    /// What a refusal asks of us; `None` when it is none.
    pub(super) class: Option<Class>,
}

impl Meaning {
    /// Refused on the spot: the message never left the provider.
    pub(super) fn refusal(self) -> Option<Class> {
        let is_failure = matches!(
            self.state,
            ReceiptState::Rejected | ReceiptState::Undelivered | ReceiptState::Expired
        );
        self.class.filter(|_| is_failure)
    }
}

/// The class of a listed status, by its number as text.
pub(super) fn class(code: &str) -> Option<Class> {
    let id: i64 = code.parse().ok()?;
    let position = TABLE.binary_search_by_key(&id, |row| row.0).ok()?;
    TABLE.get(position).and_then(|row| row.1.class)
}

impl Status<'_> {
    /// By its number; an unlisted number by its group. A group we do not know
    /// is not taken for a refusal: the message may be on its way.
    pub(super) fn meaning(&self) -> Meaning {
        let listed = self
            .id
            .and_then(|id| TABLE.binary_search_by_key(&id, |row| row.0).ok());
        if let Some(position) = listed {
            return TABLE[position].1;
        }
        let unlisted = |state| Meaning {
            state,
            class: Some(Class::Undocumented),
        };
        match self.group_id {
            Some(1 | 3) => Meaning {
                state: ReceiptState::Sent,
                class: None,
            },
            Some(2) => unlisted(ReceiptState::Undelivered),
            Some(4) => unlisted(ReceiptState::Expired),
            Some(5) => unlisted(ReceiptState::Rejected),
            _ => Meaning {
                state: ReceiptState::Unknown,
                class: None,
            },
        }
    }

    /// The number as text; the group's where there is none.
    pub(super) fn code(&self) -> String {
        self.id
            .or(self.group_id)
            .map(|number| number.to_string())
            .unwrap_or_default()
    }

    /// Infobip's words.
    pub(super) fn text(&self) -> String {
        self.name
            .as_ref()
            .or(self.description.as_ref())
            .map(ToString::to_string)
            .unwrap_or_default()
    }
}

static TABLE: LazyLock<Vec<(i64, Meaning)>> = LazyLock::new(|| {
    include_str!("../../data/infobip_status.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| read_line(line).expect("every line of infobip_status.tsv is complete"))
        .collect()
});

fn read_line(line: &str) -> Option<(i64, Meaning)> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [id, _group, _name, state, class] = cells.as_slice() else {
        return None;
    };
    let class = if *class == "-" {
        None
    } else {
        Some(Class::from_letter(class)?)
    };
    Some((
        id.parse().ok()?,
        Meaning {
            state: ReceiptState::parse(state)?,
            class,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(group: i64, id: i64) -> Meaning {
        Status {
            group_id: Some(group),
            id: Some(id),
            ..Status::default()
        }
        .meaning()
    }

    #[test]
    fn every_listed_status_has_the_meaning_of_its_group() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(TABLE.len(), 29);
        for line in include_str!("../../data/infobip_status.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
        {
            let cells: Vec<&str> = line.split('\t').collect();
            let expected: &[&str] = match cells[1] {
                "1" => &["sent"],
                "2" => &["undelivered"],
                "3" => &["sent", "delivered"],
                "4" => &["expired", "unknown"],
                _ => &["rejected", "sent"],
            };
            assert!(expected.contains(&cells[3]), "{line}");
        }
    }

    #[test]
    fn the_statuses_that_are_easily_mistaken_are_told_apart() {
        let of = |state, class| Meaning { state, class };
        let expected = [
            ((3, 2), of(ReceiptState::Sent, None)),
            ((3, 5), of(ReceiptState::Delivered, None)),
            ((4, 29), of(ReceiptState::Unknown, None)),
            ((5, 12), of(ReceiptState::Rejected, Some(Class::Account))),
            ((5, 21), of(ReceiptState::Rejected, Some(Class::Transient))),
            ((5, 11), of(ReceiptState::Rejected, Some(Class::Sender))),
        ];
        for ((group, id), means) in expected {
            assert_eq!(meaning(group, id), means, "{group}/{id}");
        }
    }

    #[test]
    fn a_duplicate_is_no_refusal_because_the_first_one_is_on_its_way() {
        let duplicate = meaning(5, 23);
        assert_eq!(
            (duplicate.class, duplicate.refusal()),
            (Some(Class::Duplicate), None)
        );
        assert_eq!(duplicate.state, ReceiptState::Sent);
    }

    #[test]
    fn an_unlisted_status_is_judged_by_its_group() {
        assert_eq!(meaning(5, 999).refusal(), Some(Class::Undocumented));
        assert_eq!(meaning(2, 999).state, ReceiptState::Undelivered);
        assert_eq!(meaning(1, 999).refusal(), None);
        assert_eq!(
            meaning(77, 999),
            Meaning {
                state: ReceiptState::Unknown,
                class: None
            }
        );
        assert_eq!(Status::default().meaning().refusal(), None);
    }
}
