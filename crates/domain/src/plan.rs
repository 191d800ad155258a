//! How a campaign leaves (*gönderim planı*): when, in which portions, to whom
//! of those who may get it, over which routes, and what stops it by itself.
//!
//! All of it is chosen by the writer and frozen with the campaign. Who falls
//! into which part is drawn from the campaign and the person alone ([`draw`]),
//! so a dry run and the sending choose the same people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{CampaignId, ConnectorId, RecipientId};
use crate::lettering::Lettering;
use crate::template::Values;
use crate::time::{MINUTE_US, Timestamp};

/// Most other routes of a campaign.
pub const FALLBACKS_MAX: usize = 5;
/// Share of refusals or complaints in a canary that stops a campaign, percent,
/// where its plan names none.
pub const BRAKE_REFUSAL_PERCENT: i64 = 5;
/// Share of a control group, percent.
pub const CONTROL_PERCENT: std::ops::RangeInclusive<i64> = 1..=10;

/// How a campaign leaves. Everything is optional: empty means at once, to all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Not before this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// What has not left by then never will (S306).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// In portions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<Packages>,
    /// A few first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Percent kept out on purpose, so that the effect can be measured (S304).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_percent: Option<i64>,
    /// At most so many people (S305).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<i64>,
    /// Why the brand's frequency limits do not hold for it; absent when they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignores_limits: Option<String>,
    /// A second text that is tried against the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Other provider accounts, in the order in which they step in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<ConnectorId>,
    /// Senders over those of them at whose provider the campaign's own is not
    /// registered.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fallback_senders: BTreeMap<ConnectorId, String>,
    /// What is done to the characters of a text message; what its account does
    /// when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lettering: Option<Lettering>,
    /// Values that a call gave for variables, of a message that was asked for by
    /// its key; they come before what is on record.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub values: Values,
}

/// Portions of the planned people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packages {
    /// People in one.
    pub size: i64,
    /// From one to the next.
    pub every_minutes: i64,
}

/// A few people first; the rest only when their receipts are in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// Percent of the planned people, at least one person.
    pub percent: i64,
    /// How long receipts are waited for at most.
    pub wait_minutes: i64,
    /// From this share of failures on, percent, the campaign stops and asks.
    pub brake_percent: i64,
    /// The same for people who refuse, and for people who complain;
    /// [`BRAKE_REFUSAL_PERCENT`] when nobody said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brake_refusal_percent: Option<i64>,
    /// How long refusals and complaints are waited for at least, though every
    /// receipt is there; not at all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal_minutes: Option<i64>,
}

impl Canary {
    /// From this share of refusals or of complaints on, percent, it stops and asks.
    pub fn refusal_percent(&self) -> i64 {
        self.brake_refusal_percent.unwrap_or(BRAKE_REFUSAL_PERCENT)
    }
}

/// Two texts tried against each other (*A/B*); whoever is in neither part is
/// left until a person chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The second text; the first is the campaign's own.
    pub body: String,
    /// Percent that get the first.
    pub first_percent: i64,
    /// Percent that get the second.
    pub second_percent: i64,
    /// Of an e-mail: the subject beside the second text, where it is not the
    /// campaign's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// Longest subject of an e-mail, characters.
pub const SUBJECT_CHARS_MAX: usize = 200;

/// Something in a plan that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct PlanFault {
    /// The part.
    pub field: &'static str,
    /// What is wrong, and what would do.
    pub problem: String,
}

const fn fault(field: &'static str, problem: String) -> PlanFault {
    PlanFault { field, problem }
}

impl Plan {
    /// Whether the people are sorted into parts before they are cut into batches.
    pub const fn is_sorted(&self) -> bool {
        self.cap.is_some() || self.canary.is_some() || self.split.is_some()
    }

    /// Whether it is over for what has not left.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| now >= at)
    }

    /// Refuses what could not work.
    ///
    /// # Errors
    /// [`PlanFault`] names the part and what would do.
    pub fn check(&self) -> Result<(), PlanFault> {
        let within = |field, value: i64, min: i64, max: i64| {
            if (min..=max).contains(&value) {
                Ok(())
            } else {
                Err(fault(field, format!("must be from {min} to {max}")))
            }
        };
        if let (Some(start), Some(end)) = (self.send_at, self.expires_at)
            && start >= end
        {
            let problem = "must be after the time of sending".to_owned();
            return Err(fault("plan.expires_at", problem));
        }
        if let Some(packages) = self.packages {
            within("plan.packages.size", packages.size, 1, 10_000_000)?;
            within(
                "plan.packages.every_minutes",
                packages.every_minutes,
                1,
                10_080,
            )?;
        }
        if let Some(canary) = self.canary {
            within("plan.canary.percent", canary.percent, 1, 50)?;
            within("plan.canary.wait_minutes", canary.wait_minutes, 1, 4_320)?;
            within("plan.canary.brake_percent", canary.brake_percent, 1, 100)?;
            let percent = canary.refusal_percent();
            within("plan.canary.brake_refusal_percent", percent, 1, 100)?;
            // Longer would wait for nobody: the receipts' time is over then.
            let minutes = canary.refusal_minutes.unwrap_or(0);
            let most = canary.wait_minutes;
            within("plan.canary.refusal_minutes", minutes, 0, most)?;
        }
        if let Some(percent) = self.control_percent {
            let (min, max) = (*CONTROL_PERCENT.start(), *CONTROL_PERCENT.end());
            within("plan.control_percent", percent, min, max)?;
        }
        if let Some(cap) = self.cap {
            within("plan.cap", cap, 1, 1_000_000_000)?;
        }
        if let Some(reason) = &self.ignores_limits
            && !(10..=500).contains(&reason.trim().chars().count())
        {
            let problem = "needs a reason of 10 to 500 characters; it is shown at approval";
            return Err(fault("plan.ignores_limits", problem.to_owned()));
        }
        self.check_split()?;
        if self.fallbacks.len() > FALLBACKS_MAX {
            let problem = format!("at most {FALLBACKS_MAX} other routes");
            return Err(fault("plan.fallbacks", problem));
        }
        let is_fallback = |id: &ConnectorId| self.fallbacks.contains(id);
        if !self.fallback_senders.keys().all(is_fallback) {
            let problem = "must be senders of accounts in `plan.fallbacks`".to_owned();
            return Err(fault("plan.fallback_senders", problem));
        }
        Ok(())
    }

    fn check_split(&self) -> Result<(), PlanFault> {
        let Some(split) = &self.split else {
            return Ok(());
        };
        let (first, second) = (split.first_percent, split.second_percent);
        if first < 1 || second < 1 || first + second > 100 {
            let problem = "both parts need at least 1 percent, and 100 together at most";
            return Err(fault("plan.split", problem.to_owned()));
        }
        if self.canary.is_some() {
            let problem = "a test of two texts is its own trial; leave the canary out";
            return Err(fault("plan.canary", problem.to_owned()));
        }
        crate::template::MessageText::parse(&split.body)
            .map_err(|error| fault("plan.split.body", error.to_string()))?;
        let Some(subject) = &split.subject else {
            return Ok(());
        };
        if subject.chars().count() > SUBJECT_CHARS_MAX || subject.contains('\n') {
            let problem = format!("must be one line of at most {SUBJECT_CHARS_MAX} characters");
            return Err(fault("plan.split.subject", problem));
        }
        crate::template::MessageText::parse(subject)
            .map(drop)
            .map_err(|error| fault("plan.split.subject", error.to_string()))
    }

    /// When a batch is due that begins after so many planned people.
    pub fn due(&self, start: Timestamp, people_before: i64) -> Timestamp {
        match self.packages {
            None => start,
            Some(packages) => start.plus_micros(
                (people_before / packages.size.max(1))
                    .saturating_mul(packages.every_minutes.saturating_mul(MINUTE_US)),
            ),
        }
    }
}

/// Which part of a campaign a batch belongs to: batches of a part are numbered
/// from its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Everybody, or everybody but the canary.
    Whole = 0,
    /// The first text of a test.
    First = 1,
    /// The second text of a test.
    Second = 2,
    /// Whoever waits for the choice between the two.
    Rest = 3,
    /// The few who go first.
    Canary = 4,
}

/// How far the numbers of two parts are apart.
pub const PART_STRIDE: i64 = 1_000_000;

impl Part {
    /// The part of a batch.
    pub const fn of_batch(number: i64) -> Self {
        match number / PART_STRIDE {
            1 => Self::First,
            2 => Self::Second,
            3 => Self::Rest,
            4 => Self::Canary,
            _ => Self::Whole,
        }
    }

    /// The first and the last number of its batches.
    pub const fn batches(self) -> (i64, i64) {
        let first = self as i64 * PART_STRIDE;
        (first, first + PART_STRIDE - 1)
    }
}

/// Draws are from 0 to this, exclusive.
pub const DRAW_END: i64 = 2_147_483_647;

/// What the draw of a campaign begins with.
pub const fn draw_seed(campaign: CampaignId) -> i64 {
    (campaign.as_db().rem_euclid(DRAW_END) * 48_271 + 11) % DRAW_END
}

/// A person's place in the draw of a campaign: as good as random, the same at
/// every asking, and computed alike here and by both databases.
pub const fn draw(seed: i64, recipient: RecipientId) -> i64 {
    let y = ((recipient.as_db() % DRAW_END) * 16_807 + seed) % DRAW_END;
    let z = (y * y + seed) % DRAW_END;
    (z * 48_271 + y) % DRAW_END
}

/// [`draw`] in SQL, of the number `id`. Whole numbers below 2^63 throughout.
pub fn draw_sql(seed: i64, id: &str) -> String {
    let y = format!("((({id} % {DRAW_END}) * 16807 + {seed}) % {DRAW_END})");
    format!("((({y} * {y} + {seed}) % {DRAW_END}) * 48271 + {y}) % {DRAW_END}")
}

/// Draws below this are in a part of `percent`.
pub const fn draw_below(percent: i64) -> i64 {
    DRAW_END / 100 * percent
}

/// What is foretold of a campaign's way (*ne zaman biter*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Foretold {
    /// When the last one would have left, or its time is over; none where that
    /// is too far away to tell.
    pub ends_at: Option<Timestamp>,
    /// People whom it would not reach before its time is over (S306).
    pub lost: i64,
}

/// When a campaign would be through, and whom it would lose on the way, by the
/// pace of its route: packages, hours and its end included.
///
/// `opens_after` says when a message that wants to leave may. Bounded: after
/// 10,000 turns it gives up.
pub fn foretell(
    plan: &Plan,
    people: i64,
    per_second: i64,
    start: Timestamp,
    opens_after: impl Fn(Timestamp) -> Option<Timestamp>,
    closes_after: impl Fn(Timestamp) -> Timestamp,
) -> Foretold {
    let mut now = start;
    let mut left = people;
    let portion = plan
        .packages
        .map_or(i64::MAX, |packages| packages.size.max(1));
    let pause = plan.packages.map_or(0, |packages| {
        packages.every_minutes.saturating_mul(MINUTE_US)
    });
    let mut in_portion = left.min(portion);
    let mut portion_from = now;
    for _ in 0..10_000 {
        if left <= 0 {
            return Foretold {
                ends_at: Some(now),
                lost: 0,
            };
        }
        if let Some(end) = plan.expires_at.filter(|end| now >= *end) {
            return Foretold {
                ends_at: Some(end.max(start)),
                lost: left,
            };
        }
        if let Some(opens) = opens_after(now) {
            now = opens;
            portion_from = portion_from.max(opens);
            continue;
        }
        let closes = closes_after(now);
        let closes = plan.expires_at.map_or(closes, |end| closes.min(end));
        let seconds = closes.since(now).max(0) / crate::time::SECOND_US;
        let able = seconds.saturating_mul(per_second.max(1)).max(1);
        let leaving = in_portion.min(able);
        let took = leaving
            .saturating_mul(crate::time::SECOND_US)
            .checked_div(per_second.max(1))
            .unwrap_or(0);
        now = now.plus_micros(took);
        left -= leaving;
        in_portion -= leaving;
        if left > 0 && in_portion == 0 {
            in_portion = left.min(portion);
            now = now.max(portion_from.plus_micros(pause));
            portion_from = now;
        } else if left > 0 {
            now = now.max(closes);
        }
    }
    Foretold::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_plan_is_written_as_nothing_and_a_full_one_survives() {
        assert_eq!(serde_json::to_string(&Plan::default()).unwrap(), "{}");
        let plan = Plan {
            packages: Some(Packages {
                size: 500,
                every_minutes: 30,
            }),
            control_percent: Some(10),
            fallbacks: vec![ConnectorId::from_db(7)],
            fallback_senders: [(ConnectorId::from_db(7), "ORNEK2".to_owned())].into(),
            ..Plan::default()
        };
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
        assert!(plan.check().is_ok());
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_place() {
        let refused = |plan: Plan| plan.check().unwrap_err().field;
        assert_eq!(
            refused(Plan {
                control_percent: Some(11),
                ..Plan::default()
            }),
            "plan.control_percent"
        );
        assert_eq!(
            refused(Plan {
                ignores_limits: Some(" ".into()),
                ..Plan::default()
            }),
            "plan.ignores_limits"
        );
        let split = |first_percent, second_percent| Plan {
            split: Some(Split {
                body: "B".into(),
                first_percent,
                second_percent,
                subject: None,
            }),
            ..Plan::default()
        };
        assert_eq!(refused(split(60, 41)), "plan.split");
        assert!(split(50, 50).check().is_ok());
        let titled = |subject: &str| {
            let mut plan = split(50, 50);
            if let Some(split) = &mut plan.split {
                split.subject = Some(subject.to_owned());
            }
            plan
        };
        assert!(titled("Yaz geldi").check().is_ok());
        for subject in ["", "a\nb", "{{ad", &"a".repeat(201)] {
            assert_eq!(refused(titled(subject)), "plan.split.subject", "{subject}");
        }
        let both = Plan {
            canary: Some(Canary {
                percent: 1,
                wait_minutes: 10,
                brake_percent: 30,
                brake_refusal_percent: None,
                refusal_minutes: None,
            }),
            ..split(30, 30)
        };
        assert_eq!(refused(both), "plan.canary");
        let late = Plan {
            send_at: Some(Timestamp::from_micros(2)),
            expires_at: Some(Timestamp::from_micros(2)),
            ..Plan::default()
        };
        assert_eq!(refused(late), "plan.expires_at");
        let stray = Plan {
            fallback_senders: [(ConnectorId::from_db(7), "ORNEK".to_owned())].into(),
            ..Plan::default()
        };
        assert_eq!(refused(stray), "plan.fallback_senders");
    }

    #[test]
    fn one_tenth_of_a_thousand_neighbours_is_drawn_and_another_campaign_draws_others() {
        let drawn = |campaign: i64| -> Vec<i64> {
            let seed = draw_seed(CampaignId::from_db(campaign));
            (10_000..11_000)
                .filter(|id| draw(seed, RecipientId::from_db(*id)) < draw_below(10))
                .collect()
        };
        let (one, again, other) = (drawn(5), drawn(5), drawn(6));
        assert_eq!(one, again);
        assert_ne!(one, other);
        assert!((70..=130).contains(&one.len()), "{}", one.len());
    }

    #[test]
    fn a_number_of_any_size_is_drawn_without_overflow() {
        for id in [0, 1, DRAW_END - 1, DRAW_END, i64::MAX] {
            for campaign in [0, 1, i64::MAX] {
                let seed = draw_seed(CampaignId::from_db(campaign));
                let place = draw(seed, RecipientId::from_db(id));
                assert!((0..DRAW_END).contains(&place));
            }
        }
    }

    #[test]
    fn packages_leave_one_interval_apart_and_the_end_is_foretold() {
        let plan = Plan {
            packages: Some(Packages {
                size: 1_000,
                every_minutes: 60,
            }),
            ..Plan::default()
        };
        let start = Timestamp::from_micros(0);
        let hours = |n: i64| start.plus_micros(n * 60 * MINUTE_US);
        assert_eq!(
            [0, 999, 1_000, 2_500].map(|n| plan.due(start, n)),
            [hours(0), hours(0), hours(1), hours(2)]
        );
        let end = foretell(
            &plan,
            2_500,
            100,
            start,
            |_| None,
            |now| now.plus_micros(i64::MAX / 4),
        );
        let through = hours(2).plus_micros(5_000_000);
        let foretold = |ends_at, lost| Foretold {
            ends_at: Some(ends_at),
            lost,
        };
        assert_eq!(end, foretold(through, 0));
        // Its time is over before the third portion, or within the second.
        for (expires_at, lost) in [
            (hours(2), 500),
            (hours(1).plus_micros(3_000_000), 1_200),
            (through, 0),
        ] {
            let brief = Plan {
                expires_at: Some(expires_at),
                ..plan.clone()
            };
            let open = |now: Timestamp| now.plus_micros(i64::MAX / 4);
            let told = foretell(&brief, 2_500, 100, start, |_| None, open);
            assert_eq!(told, foretold(expires_at, lost), "{lost}");
        }
    }

    #[test]
    fn a_batch_tells_its_part_by_its_number() {
        for part in [
            Part::Whole,
            Part::First,
            Part::Second,
            Part::Rest,
            Part::Canary,
        ] {
            let (first, last) = part.batches();
            assert_eq!(
                (Part::of_batch(first + 1), Part::of_batch(last)),
                (part, part)
            );
        }
    }
}
