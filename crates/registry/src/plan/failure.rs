//! What to do after a call that failed.

use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use domain::{ReasonCode, Timestamp};

use crate::call_error::CallError;
use crate::codes::{self, Actor, Class};
use crate::wire::AddAnswer;

const DELAY_FIRST_S: i64 = 2;
const DELAY_MAX_S: i64 = 300;
/// How long a call rests that was tried too often, or that we made wrongly.
const PARKED_US: i64 = HOUR_US;
/// How long an account rests whose fresh token was turned down.
const TOKEN_REST_US: i64 = 10 * MINUTE_US;

/// When, and in what form, a failed call is made again. Every call may be made
/// again: the adding ones are recognised by İYS (`/v2`), the others only read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// The same call at this instant.
    At(Timestamp),
    /// The same call at this instant; until then people see that it rests.
    Parked(Timestamp),
    /// The brand's queue stops until the account at İYS is put right.
    StopBrand,
    /// No new addresses until the package grows; refusals still go out (H525).
    StopNewAddresses,
    /// The named items are refused; the others go in a new list.
    Without(Verdicts),
    /// İYS named nobody: the two halves, each on its own.
    Halves,
    /// The only item is refused.
    Refused,
}

/// Items of a list that İYS named, with what it said; positions ascending.
pub type Verdicts = Vec<(usize, AddAnswer)>;

/// Decides how a failed call goes on.
///
/// `attempt` counts the tries so far, from 1; `items` is the length of the list
/// it carried (0 for a call without one); `jitter` is a random number from 0 to 1.
pub fn after_failure(
    error: &CallError,
    attempt: u32,
    items: usize,
    now: Timestamp,
    jitter: f64,
) -> Repeat {
    let code = error.code.as_deref();
    let known = code.and_then(|code| codes::judge(code, &error.message));
    match error.class {
        Class::Transient => {
            let tries_max = known.map_or(codes::TRIES_MAX, |info| info.tries_max);
            if attempt < tries_max {
                Repeat::At(now.plus_micros(retry_delay_us(attempt, jitter)))
            } else if known.is_some_and(|info| info.actor == Actor::Account) {
                Repeat::StopBrand
            } else {
                Repeat::Parked(now.plus_micros(PARKED_US))
            }
        }
        Class::Window { seconds } => {
            let opens = error
                .not_before
                .unwrap_or_else(|| now.plus_micros(i64::from(seconds) * SECOND_US));
            // Not everybody through the door in the same moment.
            Repeat::At(opens.plus_micros(fraction_of(SECOND_US, jitter)))
        }
        Class::Auth => Repeat::Parked(now.plus_micros(TOKEN_REST_US)),
        Class::Configuration if error.reason() == ReasonCode::I525 => Repeat::StopNewAddresses,
        Class::Configuration => Repeat::StopBrand,
        Class::Data | Class::Business => {
            let is_our_mistake = known.is_some_and(|info| info.actor == Actor::Platform);
            after_refused_list(error, is_our_mistake, items, now)
        }
    }
}

fn after_refused_list(
    error: &CallError,
    is_our_mistake: bool,
    items: usize,
    now: Timestamp,
) -> Repeat {
    let named = refused_rows(error, items);
    let is_too_long = matches!(error.code.as_deref(), Some("H091" | "H125"));
    if !named.is_empty() {
        Repeat::Without(named)
    } else if items > 1 && (is_too_long || !is_our_mistake) {
        Repeat::Halves
    } else if is_our_mistake || items == 0 {
        // Repeating it in pieces would only cost İYS's patience.
        Repeat::Parked(now.plus_micros(PARKED_US))
    } else {
        Repeat::Refused
    }
}

/// What İYS said about single items of a list, for [`super::after_add`]. The
/// first word about an item counts; positions outside the list are passed over.
pub fn refused_rows(error: &CallError, items: usize) -> Verdicts {
    let mut named: Verdicts = error
        .rows
        .iter()
        .filter(|row| row.index < items)
        .map(|row| {
            (
                row.index,
                AddAnswer::Failed {
                    code: row.code.clone(),
                    message: row.message.clone(),
                },
            )
        })
        .collect();
    named.sort_by_key(|(index, _)| *index);
    named.dedup_by_key(|(index, _)| *index);
    named
}

/// The pause before try `attempt + 1`: 2, 4, 8 … 300 seconds, of which the
/// second half is random. Microseconds.
pub fn retry_delay_us(attempt: u32, jitter: f64) -> i64 {
    let doublings = attempt.saturating_sub(1).min(30);
    let seconds = (DELAY_FIRST_S << doublings).min(DELAY_MAX_S);
    let half = seconds * SECOND_US / 2;
    half + fraction_of(half, jitter)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a pause of minutes in microseconds is exact in a double, and the fraction is below it"
)]
fn fraction_of(us: i64, jitter: f64) -> i64 {
    (us as f64 * jitter.clamp(0.0, 1.0)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call_error::RowError;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn error(code: &str, status: u16) -> CallError {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"m"}}]}}"#);
        crate::answer::refusal(status, None, body.as_bytes(), NOW)
    }

    fn row(index: usize, code: &str) -> RowError {
        RowError {
            index,
            code: Some(code.to_owned()),
            message: String::new(),
        }
    }

    #[test]
    fn pauses_double_up_to_five_minutes_and_are_never_shorter_than_half() {
        let seconds: Vec<i64> = (1..=10)
            .map(|attempt| retry_delay_us(attempt, 1.0) / SECOND_US)
            .collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(retry_delay_us(1, 0.0), SECOND_US);
        assert_eq!(retry_delay_us(u32::MAX, 7.0), 300 * SECOND_US);
    }

    #[test]
    fn a_passing_trouble_is_retried_eight_times_and_then_rests_for_an_hour() {
        let trouble = error("H412", 500);
        for attempt in 1..8 {
            assert!(
                matches!(after_failure(&trouble, attempt, 1_000, NOW, 0.5), Repeat::At(at) if at > NOW)
            );
        }
        let parked = Repeat::Parked(NOW.plus_micros(HOUR_US));
        assert_eq!(after_failure(&trouble, 8, 1_000, NOW, 0.5), parked);
        let lost = CallError::on_the_way("timed out".into(), true);
        assert_eq!(after_failure(&lost, 8, 1_000, NOW, 0.5), parked);
        assert_eq!(
            after_failure(&error("H195", 403), 3, 1, NOW, 0.5),
            Repeat::StopBrand
        );
    }

    #[test]
    fn a_closed_window_is_waited_for_however_often_it_closes() {
        let closed = error("H086", 429);
        for attempt in [1, 50] {
            let repeat = after_failure(&closed, attempt, 1, NOW, 0.0);
            assert_eq!(repeat, Repeat::At(NOW.plus_micros(HOUR_US)));
        }
    }

    #[test]
    fn missing_rights_stop_the_brand_and_a_full_package_only_new_addresses() {
        for code in ["H353", "H520", "H521", "H524", "H586", "H251"] {
            assert_eq!(
                after_failure(&error(code, 403), 1, 9, NOW, 0.0),
                Repeat::StopBrand,
                "{code}"
            );
        }
        assert_eq!(
            after_failure(&error("H525", 422), 1, 9, NOW, 0.0),
            Repeat::StopNewAddresses
        );
        assert!(matches!(
            after_failure(&error("H351", 401), 1, 9, NOW, 0.0),
            Repeat::Parked(_)
        ));
    }

    #[test]
    fn named_rows_are_taken_out_and_the_rest_of_the_list_goes_on() {
        let mut refused = error("H121", 422);
        refused.rows = vec![
            row(7, "H121"),
            row(2, "H120"),
            row(7, "H464"),
            row(99, "H121"),
        ];
        let Repeat::Without(named) = after_failure(&refused, 1, 10, NOW, 0.0) else {
            panic!("rows were named");
        };
        let codes: Vec<_> = named
            .iter()
            .map(|(index, answer)| match answer {
                AddAnswer::Failed { code, .. } => (*index, code.as_deref()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(codes, [(2, Some("H120")), (7, Some("H121"))]);
    }

    #[test]
    fn where_nobody_is_named_the_list_is_halved_until_one_item_is_left() {
        assert_eq!(
            after_failure(&error("H464", 422), 1, 1_000, NOW, 0.0),
            Repeat::Halves
        );
        assert_eq!(
            after_failure(&error("H464", 422), 1, 1, NOW, 0.0),
            Repeat::Refused
        );
        assert_eq!(
            after_failure(&error("H467", 400), 1, 1, NOW, 0.0),
            Repeat::Refused
        );
        assert_eq!(
            after_failure(&error("H091", 422), 1, 1_000, NOW, 0.0),
            Repeat::Halves
        );
        assert_eq!(
            after_failure(&error("H999", 422), 1, 1, NOW, 0.0),
            Repeat::Refused
        );
        for ours in ["H014", "H092", "H118", "H478"] {
            assert!(
                matches!(
                    after_failure(&error(ours, 400), 1, 1_000, NOW, 0.0),
                    Repeat::Parked(_)
                ),
                "{ours}"
            );
        }
    }
}
