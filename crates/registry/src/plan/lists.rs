//! Lists for İYS and the way back from its answers to the items of a list.

use std::collections::{HashMap, HashSet};

use domain::ids::{EventId, RecipientId};
use domain::{Recipient, RecipientKind, Source, Status, Timestamp};
use serde::{Deserialize, Serialize};

use crate::client::LIST_MAX;
use crate::wire::{Accepted, AddAnswer, Confirmed, ConsentRecord, RegisteredChannel, ResultRow};

/// One address to ask about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskItem {
    /// Our number of the address.
    pub id: RecipientId,
    /// The address.
    pub recipient: Recipient,
}

/// One record to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddItem {
    /// Our number of the address.
    pub id: RecipientId,
    /// The address.
    pub recipient: Recipient,
    /// What was said.
    pub status: Status,
    /// When.
    pub consent_date: Timestamp,
    /// Where.
    pub source: Source,
    /// The ledger event that says so.
    pub event: EventId,
    /// The retailer (*bayi*) that took it: its number at İYS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retailer: Option<u32>,
}

/// Addresses of one status query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskList {
    /// The channel asked about.
    pub channel: RegisteredChannel,
    /// In which capacity.
    pub kind: RecipientKind,
    /// At most 1,000, no address twice.
    pub items: Vec<AskItem>,
}

/// Records of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddList {
    /// The channel of all.
    pub channel: RegisteredChannel,
    /// The capacity of all.
    pub kind: RecipientKind,
    /// At most 1,000, no key twice.
    pub items: Vec<AddItem>,
}

impl AskList {
    /// The body of the query.
    pub fn recipients(&self) -> Vec<Recipient> {
        self.items
            .iter()
            .map(|item| item.recipient.clone())
            .collect()
    }
}

impl AddItem {
    /// The record as it goes over the wire.
    pub fn record(&self, channel: RegisteredChannel, kind: RecipientKind) -> ConsentRecord {
        ConsentRecord {
            recipient: self.recipient.clone(),
            channel,
            recipient_type: kind,
            source: self.source.clone(),
            status: self.status,
            consent_date: self.consent_date,
            retailer_code: self.retailer,
        }
    }
}

impl AddList {
    /// The body of the call; the same list always gives the same body.
    pub fn records(&self) -> Vec<ConsentRecord> {
        self.items
            .iter()
            .map(|item| item.record(self.channel, self.kind))
            .collect()
    }
}

/// Cuts addresses of one brand, channel and kind into queries (H193, H091).
pub fn pack_asks(
    channel: RegisteredChannel,
    kind: RecipientKind,
    items: impl IntoIterator<Item = AskItem>,
) -> Vec<AskList> {
    let unique = unique_by_recipient(items, |item| &item.recipient, |_, _| false);
    chunks(unique)
        .map(|items| AskList {
            channel,
            kind,
            items,
        })
        .collect()
}

/// Cuts records of one brand, channel and kind into calls (H194, H091). Of two
/// movements of one key only the stronger goes: later consent date, then
/// refusal. The weaker has nothing left to say.
pub fn pack_adds(
    channel: RegisteredChannel,
    kind: RecipientKind,
    items: impl IntoIterator<Item = AddItem>,
) -> Vec<AddList> {
    let rank = |item: &AddItem| (item.consent_date, item.status == Status::Ret, item.event);
    let unique = unique_by_recipient(
        items,
        |item| &item.recipient,
        |new, held| rank(new) > rank(held),
    );
    chunks(unique)
        .map(|items| AddList {
            channel,
            kind,
            items,
        })
        .collect()
}

fn unique_by_recipient<T>(
    items: impl IntoIterator<Item = T>,
    recipient: impl Fn(&T) -> &Recipient,
    replaces: impl Fn(&T, &T) -> bool,
) -> Vec<T> {
    let mut unique: Vec<T> = Vec::new();
    let mut position: HashMap<Recipient, usize> = HashMap::new();
    for item in items {
        match position.get(recipient(&item)) {
            None => {
                position.insert(recipient(&item).clone(), unique.len());
                unique.push(item);
            }
            Some(at) if replaces(&item, &unique[*at]) => unique[*at] = item,
            Some(_) => {}
        }
    }
    unique
}

fn chunks<T>(items: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut rest = items.into_iter().peekable();
    std::iter::from_fn(move || {
        rest.peek()?;
        Some(rest.by_ref().take(LIST_MAX).collect())
    })
}

/// Which items İYS confirmed, in their order.
pub fn listed_by_item(list: &AskList, confirmed: &Confirmed) -> Vec<bool> {
    let listed: HashSet<&Recipient> = confirmed.recipients.iter().collect();
    list.items
        .iter()
        .map(|item| listed.contains(&item.recipient))
        .collect()
}

/// İYS's sub-request ids in the order of the items; `None` where it gave none,
/// so that the address must be looked up later. Matched by address: the order
/// of the answer means nothing.
pub fn sub_requests_by_item(list: &AddList, accepted: &Accepted) -> Vec<Option<String>> {
    let by_address: HashMap<&Recipient, &str> = accepted
        .sub_requests
        .iter()
        .filter(|sub| sub.channel.is_none_or(|channel| channel == list.channel))
        .filter(|sub| sub.kind.is_none_or(|kind| kind == list.kind))
        .filter_map(|sub| Some((sub.recipient.as_ref()?, sub.id.as_str())))
        .collect();
    list.items
        .iter()
        .map(|item| by_address.get(&item.recipient).map(|id| (*id).to_owned()))
        .collect()
}

/// The answers in the order of the items, matched by sub-request id, never by
/// index (İYS counts from 0 in one place and from 1 in another). `None` where
/// no row speaks about the item.
pub fn results_by_item<'a>(
    sub_requests: &[Option<String>],
    rows: &'a [ResultRow],
) -> Vec<Option<&'a AddAnswer>> {
    let by_id: HashMap<&str, &AddAnswer> = rows
        .iter()
        .filter_map(|row| Some((row.sub_request.as_deref()?, &row.answer)))
        .collect();
    sub_requests
        .iter()
        .map(|id| by_id.get(id.as_deref()?).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::SubRequest;

    fn phone(n: i64) -> Recipient {
        Recipient::from_normalised(&format!("+90532{n:07}")).unwrap()
    }

    fn ask(n: i64) -> AskItem {
        AskItem {
            id: RecipientId::from_db(n),
            recipient: phone(n),
        }
    }

    fn add(n: i64, status: Status, date: i64, event: i64) -> AddItem {
        AddItem {
            id: RecipientId::from_db(n),
            recipient: phone(n),
            status,
            consent_date: Timestamp::from_micros(date),
            source: Source::HS_WEB,
            event: EventId::from_db(event),
            retailer: None,
        }
    }

    #[test]
    fn no_query_holds_more_than_a_thousand_addresses_or_one_of_them_twice() {
        let items = (0..2_300).chain(0..500).map(ask);
        let lists = pack_asks(RegisteredChannel::MESAJ, RecipientKind::Bireysel, items);
        let sizes: Vec<_> = lists.iter().map(|list| list.items.len()).collect();
        assert_eq!(sizes, [1_000, 1_000, 300]);
        assert!(pack_asks(RegisteredChannel::MESAJ, RecipientKind::Tacir, []).is_empty());
    }

    #[test]
    fn only_the_items_that_iys_lists_are_confirmed() {
        let lists = pack_asks(
            RegisteredChannel::MESAJ,
            RecipientKind::Bireysel,
            (1..4).map(ask),
        );
        let confirmed = Confirmed {
            request_id: None,
            recipients: vec![phone(9), phone(3), phone(1)],
        };
        assert_eq!(lists[0].recipients(), [phone(1), phone(2), phone(3)]);
        assert_eq!(listed_by_item(&lists[0], &confirmed), [true, false, true]);
    }

    #[test]
    fn of_two_movements_of_one_key_only_the_stronger_is_sent() {
        let cases = [
            (add(1, Status::Onay, 5, 1), add(1, Status::Onay, 9, 2), 2),
            (add(1, Status::Ret, 9, 1), add(1, Status::Onay, 5, 2), 1),
            (add(1, Status::Onay, 5, 2), add(1, Status::Ret, 5, 1), 1),
        ];
        for (first, second, expected) in cases {
            for items in [
                [first.clone(), second.clone()],
                [second.clone(), first.clone()],
            ] {
                let lists = pack_adds(RegisteredChannel::MESAJ, RecipientKind::Bireysel, items);
                assert_eq!(lists.len(), 1);
                assert_eq!(lists[0].items.len(), 1);
                assert_eq!(lists[0].items[0].event, EventId::from_db(expected));
            }
        }
    }

    #[test]
    fn answers_find_their_items_in_whatever_order_they_come() {
        let list = AddList {
            channel: RegisteredChannel::MESAJ,
            kind: RecipientKind::Bireysel,
            items: vec![
                add(1, Status::Onay, 1, 1),
                add(2, Status::Onay, 1, 2),
                add(3, Status::Onay, 1, 3),
            ],
        };
        let sub = |id: &str, n: i64, channel| SubRequest {
            id: id.to_owned(),
            recipient: Some(phone(n)),
            channel: Some(channel),
            kind: None,
        };
        let accepted = Accepted {
            request_id: "r".into(),
            sub_requests: vec![
                sub("c", 3, RegisteredChannel::MESAJ),
                sub("x", 2, RegisteredChannel::ARAMA),
                sub("a", 1, RegisteredChannel::MESAJ),
            ],
        };
        let ids = sub_requests_by_item(&list, &accepted);
        assert_eq!(ids, [Some("a".to_owned()), None, Some("c".to_owned())]);
        let failed = AddAnswer::Failed {
            code: Some("H178".into()),
            message: String::new(),
        };
        let rows = vec![
            ResultRow {
                sub_request: Some("c".into()),
                answer: failed.clone(),
            },
            ResultRow {
                sub_request: Some("foreign".into()),
                answer: AddAnswer::Enqueued,
            },
            ResultRow {
                sub_request: None,
                answer: AddAnswer::Enqueued,
            },
        ];
        assert_eq!(results_by_item(&ids, &rows), [None, None, Some(&failed)]);
    }

    #[test]
    fn a_list_comes_back_from_storage_with_the_same_body() {
        let list = AddList {
            channel: RegisteredChannel::EPOSTA,
            kind: RecipientKind::Tacir,
            items: vec![AddItem {
                recipient: Recipient::from_normalised("ali@ornek.com.tr").unwrap(),
                consent_date: "2026-03-02T14:05:33.250001+03:00".parse().unwrap(),
                ..add(1, Status::Ret, 0, 1)
            }],
        };
        let stored = serde_json::to_string(&list).unwrap();
        let back: AddList = serde_json::from_str(&stored).unwrap();
        assert_eq!(back, list);
        assert_eq!(back.records(), list.records());
    }
}
