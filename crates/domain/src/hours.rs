//! When commercial messages rest: the brand's quiet dates and, where it says
//! so, public holidays. Neither is law (İYS reference: no time window was found);
//! both are the brand's choice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Date, HolidayPart};
use crate::fold_text::name_fold;
use crate::gate::{Basis, SendingWindow};
use crate::ids::ConnectorId;
use crate::time::{DAY_US, HOUR_US, MINUTE_US, Timestamp};

/// Longest stretch of closed days that is looked through.
pub const LOOK_AHEAD_DAYS: i64 = 400;
/// Quiet dates of one brand.
pub const QUIET_DATES_MAX: usize = 366;
/// Accounts that a brand's rules name.
pub const ROUTES_MAX: usize = 20;
/// What a part may cost, millionths of a lira.
const PRICES: std::ops::RangeInclusive<i64> = 0..=1_000_000_000;
/// Purposes with hours of their own.
pub const PURPOSE_WINDOWS_MAX: usize = 50;

/// How old İYS's answer about a person may be when a campaign's message leaves,
/// minutes, where the brand says nothing (İYS reference, release of a campaign).
pub const CAMPAIGN_ANSWER_MINUTES: i64 = 60;
/// What a brand may say instead.
const ANSWER_MINUTES: std::ops::RangeInclusive<i64> = 10..=525_600;

/// A day on which nothing commercial leaves from some minute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClosedDay {
    /// Midnight in Turkish time.
    pub midnight: Timestamp,
    /// First minute that is closed: 0, or 780 on a half day.
    pub from_minute: i64,
}

/// Which days of the brand are closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClosedDays(Vec<ClosedDay>);

/// A brand's rules for sending, beside its hours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SendingRules {
    /// Dates such as `2026-07-15` on which nothing commercial leaves.
    pub quiet_dates: Vec<String>,
    /// Whether public holidays are quiet too; half days from 13:00.
    pub rests_on_holidays: bool,
    /// Most commercial messages to one person in one Turkish day (S301).
    pub per_day: Option<i64>,
    /// In any seven days.
    pub per_week: Option<i64>,
    /// In any thirty days.
    pub per_month: Option<i64>,
    /// Whether the same text reaches a person at most once in one Turkish day (S302).
    pub same_text_once_a_day: bool,
    /// Whether somebody else than its writer approves every campaign.
    pub needs_approval: bool,
    /// Whether somebody approves what a program writes or launches.
    pub api_needs_approval: bool,
    /// Whether a text campaign needs a recorded electronic signature before it
    /// is launched (regulator's rule of 1 April 2026).
    pub needs_signature: bool,
    /// What one part costs, millionths of a lira; none when it is not known.
    pub part_price_micros: Option<i64>,
    /// The same over some accounts, instead of the brand's price.
    pub route_prices: BTreeMap<ConnectorId, i64>,
    /// In which order accounts are taken, by legal ground.
    pub route_orders: Vec<RouteOrder>,
    /// Hours of their own for some purposes, instead of the brand's.
    pub purpose_windows: Vec<PurposeWindow>,
    /// Oldest answer of İYS on which a campaign's message may leave, minutes
    /// (S104); none is [`CAMPAIGN_ANSWER_MINUTES`]. The brand's own limit holds as well.
    pub campaign_answer_minutes: Option<i64>,
}

/// In which order a campaign takes its accounts (*gönderim yolu sırası*): its
/// own and those that may step in. Accounts that are not named come behind, as
/// the campaign has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteOrder {
    /// For campaigns on this ground.
    pub basis: Basis,
    /// The first is taken first.
    pub connectors: Vec<ConnectorId>,
}

/// Hours in which commercial messages of one purpose (*kategori*) may leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeWindow {
    /// The purpose, in any letter case.
    pub purpose: String,
    /// First minute of the day inside the window, 0–1439.
    pub from_minute: i64,
    /// First minute after the window, 1–1440, greater than `from_minute`.
    pub to_minute: i64,
}

/// A rule that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct RuleFault {
    /// The rule.
    pub field: &'static str,
    /// What is wrong.
    pub problem: String,
}

impl SendingRules {
    /// Refuses what could not work.
    ///
    /// # Errors
    /// [`RuleFault`] names the rule.
    pub fn check(&self) -> Result<(), RuleFault> {
        let fault = |field, problem: String| Err(RuleFault { field, problem });
        if self.quiet_dates.len() > QUIET_DATES_MAX {
            return fault("quiet_dates", format!("at most {QUIET_DATES_MAX} dates"));
        }
        if let Some(bad) = self.quiet_dates.iter().find(|text| date(text).is_none()) {
            return fault(
                "quiet_dates",
                format!("`{bad}` is no date such as 2026-07-15"),
            );
        }
        for (field, limit) in [
            ("per_day", self.per_day),
            ("per_week", self.per_week),
            ("per_month", self.per_month),
        ] {
            if limit.is_some_and(|limit| !(1..=1_000).contains(&limit)) {
                return fault(field, "must be from 1 to 1000".to_owned());
            }
        }
        let answer = self.campaign_answer_minutes;
        if answer.is_some_and(|minutes| !ANSWER_MINUTES.contains(&minutes)) {
            let problem = "must be from 10 to 525600";
            return fault("campaign_answer_minutes", problem.to_owned());
        }
        if self.purpose_windows.len() > PURPOSE_WINDOWS_MAX {
            return fault(
                "purpose_windows",
                format!("at most {PURPOSE_WINDOWS_MAX} purposes"),
            );
        }
        for one in &self.purpose_windows {
            let is_window = 0 <= one.from_minute && one.from_minute < one.to_minute;
            if one.purpose.trim().is_empty() || !is_window || one.to_minute > 1_440 {
                return fault(
                    "purpose_windows",
                    format!("`{}` has no hours from 0 to 1440 minutes", one.purpose),
                );
            }
        }
        let is_price = |price: &i64| PRICES.contains(price);
        let problem = "must be from 0 to 1000000000";
        if !self.part_price_micros.iter().all(is_price) {
            return fault("part_price_micros", problem.to_owned());
        }
        if !self.route_prices.values().all(is_price) {
            return fault("route_prices", problem.to_owned());
        }
        if self.route_prices.len() > ROUTES_MAX {
            return fault("route_prices", format!("at most {ROUTES_MAX} accounts"));
        }
        self.check_orders()
    }

    fn check_orders(&self) -> Result<(), RuleFault> {
        let fault = |problem: String| {
            let field = "route_orders";
            Err(RuleFault { field, problem })
        };
        for (place, order) in self.route_orders.iter().enumerate() {
            let earlier = self.route_orders.iter().take(place);
            if earlier.clone().any(|other| other.basis == order.basis) {
                return fault(format!("`{}` stands there twice", order.basis));
            }
            if order.connectors.len() > ROUTES_MAX {
                return fault(format!("at most {ROUTES_MAX} accounts"));
            }
        }
        Ok(())
    }

    /// Oldest answer of İYS on which a campaign's message may leave, microseconds.
    pub fn campaign_answer_us(&self) -> i64 {
        let minutes = self.campaign_answer_minutes;
        minutes.unwrap_or(CAMPAIGN_ANSWER_MINUTES) * MINUTE_US
    }

    /// What one part costs over an account.
    pub fn part_price(&self, connector: ConnectorId) -> Option<i64> {
        let own = self.route_prices.get(&connector).copied();
        own.or(self.part_price_micros)
    }

    /// A campaign's accounts in the brand's order.
    pub fn ordered(&self, basis: Basis, mut accounts: Vec<ConnectorId>) -> Vec<ConnectorId> {
        let order = self.route_orders.iter().find(|order| order.basis == basis);
        if let Some(order) = order {
            let place = |id: &ConnectorId| {
                let found = order.connectors.iter().position(|one| one == id);
                found.unwrap_or(usize::MAX)
            };
            // Stable: the others keep the order that they have.
            accounts.sort_by_key(place);
        }
        accounts
    }

    /// Every account that the rules name.
    pub fn named_routes(&self) -> impl Iterator<Item = ConnectorId> + '_ {
        let ordered = self.route_orders.iter();
        let ordered = ordered.flat_map(|order| order.connectors.iter().copied());
        ordered.chain(self.route_prices.keys().copied())
    }

    /// The hours of a purpose, where it has its own.
    pub fn window_for(&self, purpose: &str) -> Option<SendingWindow> {
        let folded = name_fold(purpose);
        self.purpose_windows
            .iter()
            .find(|one| name_fold(&one.purpose) == folded)
            .map(|one| SendingWindow {
                from_minute: one.from_minute,
                to_minute: one.to_minute,
            })
    }

    /// The limits as counts and the instants from which they count.
    pub fn limits(&self, now: Timestamp) -> Vec<(i64, Timestamp)> {
        let midnight = midnight_of(now);
        [
            (self.per_day, midnight),
            (self.per_week, now.plus_micros(-7 * DAY_US)),
            (self.per_month, now.plus_micros(-30 * DAY_US)),
        ]
        .into_iter()
        .filter_map(|(most, since)| most.map(|most| (most, since)))
        .collect()
    }

    /// The closed days from yesterday of `now` on, as far as is looked ahead.
    pub fn closed_days(&self, calendar: &Calendar, now: Timestamp) -> ClosedDays {
        let today = midnight_of(now);
        let last = today.plus_micros(LOOK_AHEAD_DAYS * DAY_US);
        let mut days: Vec<ClosedDay> = self
            .quiet_dates
            .iter()
            .filter_map(|text| date(text))
            .map(|date| ClosedDay {
                midnight: midnight_on(date),
                from_minute: 0,
            })
            .filter(|day| day.midnight >= today && day.midnight <= last)
            .collect();
        if self.rests_on_holidays {
            let year = now.to_turkish().year();
            for holiday in (year..=year + 1).flat_map(|year| calendar.holidays_in(year)) {
                let from_minute = match holiday.part {
                    HolidayPart::Full => 0,
                    HolidayPart::HalfFrom13 => 13 * 60,
                };
                days.push(ClosedDay {
                    midnight: midnight_on(holiday.date),
                    from_minute,
                });
            }
        }
        days.sort_unstable();
        // Of a day that is closed twice, the earlier closing counts.
        days.dedup_by_key(|day| day.midnight);
        ClosedDays(days)
    }
}

impl ClosedDays {
    /// Whether `now` lies in closed time.
    pub fn is_closed(&self, now: Timestamp) -> bool {
        let midnight = midnight_of(now);
        self.on(midnight)
            .is_some_and(|day| now.since(midnight) / MINUTE_US >= day.from_minute)
    }

    /// The minute from which the day of `midnight` is closed.
    pub(crate) fn on(&self, midnight: Timestamp) -> Option<ClosedDay> {
        self.0
            .binary_search_by_key(&midnight, |day| day.midnight)
            .ok()
            .and_then(|place| self.0.get(place).copied())
    }
}

fn date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn midnight_on(date: Date) -> Timestamp {
    Timestamp::midnight_of_date(date)
}

/// Midnight of the Turkish day of an instant. Turkey has had one offset since
/// 2016, and nothing is sent before.
pub fn midnight_of(now: Timestamp) -> Timestamp {
    let local = now.as_micros().saturating_add(3 * HOUR_US);
    Timestamp::from_micros(local - local.rem_euclid(DAY_US) - 3 * HOUR_US)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::SendingWindow;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_registry_text(text).unwrap()
    }

    fn next(rules: &SendingRules, now: &str) -> Option<String> {
        let now = at(now);
        let closed = rules.closed_days(Calendar::builtin(), now);
        SendingWindow::CUSTOMARY
            .opens_between(&closed, now)
            .map(Timestamp::to_registry_text)
    }

    #[test]
    fn nothing_leaves_on_a_quiet_date_and_the_next_morning_is_proposed() {
        let rules = SendingRules {
            quiet_dates: vec!["2026-07-15".into()],
            ..SendingRules::default()
        };
        assert_eq!(next(&rules, "2026-07-14 12:00:00"), None);
        assert_eq!(
            next(&rules, "2026-07-15 12:00:00").as_deref(),
            Some("2026-07-16 09:00:00")
        );
        assert_eq!(
            next(&rules, "2026-07-14 22:30:00").as_deref(),
            Some("2026-07-16 09:00:00")
        );
    }

    #[test]
    fn on_a_half_day_messages_leave_until_one_o_clock_and_then_wait_out_the_feast() {
        let rules = SendingRules {
            rests_on_holidays: true,
            ..SendingRules::default()
        };
        assert_eq!(next(&rules, "2026-05-26 12:59:00"), None);
        // Kurban: 27 to 30 May are full days, and Sunday is no holiday.
        assert_eq!(
            next(&rules, "2026-05-26 13:00:00").as_deref(),
            Some("2026-05-31 09:00:00")
        );
        assert_eq!(next(&SendingRules::default(), "2026-05-28 13:00:00"), None);
    }

    #[test]
    fn a_rule_that_cannot_work_is_refused_with_its_name() {
        let bad = SendingRules {
            quiet_dates: vec!["15.07.2026".into()],
            ..SendingRules::default()
        };
        assert_eq!(bad.check().unwrap_err().field, "quiet_dates");
        let bad = SendingRules {
            per_day: Some(0),
            ..SendingRules::default()
        };
        assert_eq!(bad.check().unwrap_err().field, "per_day");
        let bad = SendingRules {
            campaign_answer_minutes: Some(9),
            ..SendingRules::default()
        };
        assert_eq!(bad.check().unwrap_err().field, "campaign_answer_minutes");
        let one = ConnectorId::from_db(1);
        let bad = SendingRules {
            route_prices: [(one, -1)].into(),
            ..SendingRules::default()
        };
        assert_eq!(bad.check().unwrap_err().field, "route_prices");
        let order = RouteOrder {
            basis: Basis::Commercial,
            connectors: vec![one],
        };
        let bad = SendingRules {
            route_orders: vec![order.clone(), order],
            ..SendingRules::default()
        };
        assert_eq!(bad.check().unwrap_err().field, "route_orders");
    }

    #[test]
    fn accounts_come_in_the_brands_order_and_the_others_behind_as_they_were() {
        let id = ConnectorId::from_db;
        let rules = SendingRules {
            route_orders: vec![RouteOrder {
                basis: Basis::Commercial,
                connectors: vec![id(3), id(2)],
            }],
            route_prices: [(id(3), 7)].into(),
            part_price_micros: Some(5),
            ..SendingRules::default()
        };
        let ids = || vec![id(9), id(1), id(2), id(3)];
        assert_eq!(
            rules.ordered(Basis::Commercial, ids()),
            [id(3), id(2), id(9), id(1)]
        );
        assert_eq!(rules.ordered(Basis::Otp, ids()), ids());
        let prices = [3, 2].map(|number| rules.part_price(id(number)));
        assert_eq!(prices, [Some(7), Some(5)]);
    }
}
