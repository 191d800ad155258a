//! Lists of questions, made where people enter: behind an upload, a call of
//! the programming interface, or a launch that found old answers.

use std::collections::BTreeMap;

use domain::ids::{BrandId, UploadId};
use domain::{Channel, RecipientKind, Timestamp};
use registry::plan;
use registry::plan::{KeyState, Step, Trigger, next_step};
use registry::wire::RegisteredChannel;
use store::brands::Brand;
use store::consent::Touched;
use store::registry_work::{ITEMS_MAX, NewList, Operation, RegistryItem};
use store::uploads::{Upload, UploadAction};

use super::{asked, rules};
use crate::uploads::usual_channel;

type Groups = BTreeMap<(Channel, RecipientKind), Vec<RegistryItem>>;

/// Questions about everyone that a slice of an upload touched.
pub(crate) fn after_apply(brand: &Brand, upload: &Upload, touched: &[Touched]) -> Vec<NewList> {
    let asks_only = upload.action == UploadAction::Pull;
    lists(
        brand,
        Some(upload.id),
        groups(brand, touched, asks_only),
        upload.created_at,
    )
}

/// Questions about single declarations.
pub(crate) fn after_claims(brand: &Brand, touched: &[Touched]) -> Vec<NewList> {
    lists(
        brand,
        None,
        groups(brand, touched, false),
        Timestamp::default(),
    )
}

/// Questions about people whose answer has grown old.
pub(crate) fn recheck(
    brand: BrandId,
    channel: Channel,
    kind: RecipientKind,
    people: Vec<(domain::ids::RecipientId, domain::Recipient)>,
    due: Timestamp,
) -> NewList {
    NewList {
        brand,
        operation: Operation::Ask,
        channel,
        kind,
        upload: None,
        items: people
            .into_iter()
            .map(|(id, recipient)| asked(id, recipient))
            .collect(),
        due,
    }
}

fn groups(brand: &Brand, touched: &[Touched], asks_only: bool) -> Groups {
    let mut groups = Groups::new();
    for record in touched {
        let channel = match &record.said {
            Some(said) if !asks_only => said.channel,
            _ => usual_channel(&record.address),
        };
        if is_worth_asking(brand, record, channel) {
            groups
                .entry((channel, record.kind))
                .or_default()
                .push(asked(record.recipient, record.address.clone()));
        }
    }
    groups
}

/// Whether İYS could know the address at all.
fn is_worth_asking(brand: &Brand, record: &Touched, channel: Channel) -> bool {
    if RegisteredChannel::of(channel).is_none() {
        return false;
    }
    let key = KeyState {
        recipient: &record.address,
        channel,
        kind: record.kind,
        local: None,
        mirror: &domain::RegistryView::UNASKED,
    };
    matches!(
        next_step(&rules(brand), &key, Trigger::NewFact, Timestamp::default()),
        Step::Ask
    )
}

fn lists(brand: &Brand, upload: Option<UploadId>, groups: Groups, due: Timestamp) -> Vec<NewList> {
    let mut lists = Vec::new();
    for ((channel, kind), items) in groups {
        let Some(registered) = RegisteredChannel::of(channel) else {
            continue;
        };
        let items = items.iter().map(super::ask_item);
        for packed in plan::pack_asks(registered, kind, items) {
            let items: Vec<RegistryItem> = packed
                .items
                .into_iter()
                .map(|item| asked(item.id, item.recipient))
                .collect();
            for items in items.chunks(ITEMS_MAX) {
                lists.push(NewList {
                    brand: brand.id,
                    operation: Operation::Ask,
                    channel,
                    kind,
                    upload,
                    items: items.to_vec(),
                    due,
                });
            }
        }
    }
    lists
}
