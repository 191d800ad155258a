//! Results that İYS has not decided: asked for again until İYS would have
//! forgotten the call. After a day somebody is told and the people are looked
//! up, for what İYS holds of them may be known without the result; whose word
//! has changed meanwhile is looked up each day, so that a newer refusal does
//! not wait for an older record.

use std::collections::HashSet;

use domain::Timestamp;
use domain::ids::RecipientId;
use domain::time::SECOND_US;
use registry::plan::PollSchedule;
use store::Writer;
use store::brands::Brand;
use store::consent::KeyState;
use store::registry_work::{ClaimedList, NewList, RegistryItem};

use super::alarms;
use crate::Engine;
use crate::error::EngineError;

/// Records of a list that İYS has not decided.
#[derive(Debug, Default)]
pub(super) struct Undecided {
    pub(super) items: Vec<RegistryItem>,
    /// Those of whom something else was said since.
    changed: HashSet<RecipientId>,
}

impl Undecided {
    pub(super) fn add(&mut self, item: &RegistryItem, state: &KeyState) {
        let sent = item.said.as_ref().map(|said| said.event);
        if state.local.map(|held| held.event) != sent {
            self.changed.insert(item.id);
        }
        self.items.push(item.clone());
    }

    /// Whom to look up although their results may still come.
    fn looked_up(&self, everybody: bool) -> Vec<RegistryItem> {
        let wanted = |item: &&RegistryItem| everybody || self.changed.contains(&item.id);
        self.items.iter().filter(wanted).cloned().collect()
    }
}

impl Engine {
    /// Undecided records are asked about again, until İYS would have forgotten
    /// the call; then they are looked up.
    pub(super) async fn go_on_polling(
        &self,
        writer: &mut Writer,
        list: &ClaimedList,
        brand: &Brand,
        open: Undecided,
        lists: &mut Vec<NewList>,
    ) -> Result<(), EngineError> {
        let now = self.now();
        let schedule = self.poll_schedule();
        let handed_over = list.accepted_at.unwrap_or(now);
        let is_overdue = schedule.is_overdue(handed_over, now);
        let next = schedule
            .next(handed_over, now)
            .filter(|_| !open.items.is_empty());
        if let Some(next) = next {
            let text = is_overdue.then_some("İYS has not decided within a day");
            writer
                .postpone_list(list, &open.items, next, false, text)
                .await?;
            if is_overdue {
                let first = is_first_day(&schedule, handed_over, now);
                lists.extend(self.look_up_lists(list, &open.looked_up(first)));
                let request = list.request_id.as_deref().unwrap_or_default();
                alarms::results_are_missing(writer, brand, open.items.len(), request).await?;
            }
            return Ok(());
        }
        lists.extend(self.look_up_lists(list, &open.items));
        writer.finish_list(list).await?;
        if is_overdue {
            let before = now.plus_micros(-i64::from(schedule.overdue_s) * SECOND_US);
            alarms::results_came(writer, brand, before).await?;
        }
        Ok(())
    }
}

/// Whether this is the look that finds the list overdue; later ones are a day apart.
fn is_first_day(schedule: &PollSchedule, handed_over: Timestamp, now: Timestamp) -> bool {
    let until_s = i64::from(schedule.overdue_s) + i64::from(schedule.far_every_s);
    now.since(handed_over) < until_s * SECOND_US
}
