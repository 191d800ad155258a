//! What to ask İYS and what to tell it, as pure functions: no I/O, no clock.
//!
//! The engine keeps the state and the queue. For each consent key it calls
//! [`next_step`]; it packs the steps into lists with [`pack_asks`] and
//! [`pack_adds`], makes the calls, and gives the answers to [`after_status`],
//! [`after_look_up`], [`after_add`] and [`after_change`], which say what the
//! mirror holds from then on. A failed call goes to [`after_failure`].

mod answers;
mod failure;
mod lists;
mod poll;
mod step;

pub use answers::{
    Answered, Settled, after_add, after_change, after_look_up, after_refused_address,
    after_sending, after_status,
};
pub use failure::{Repeat, Verdicts, after_failure, refused_rows, retry_delay_us};
pub use lists::{
    AddItem, AddList, AskItem, AskList, listed_by_item, pack_adds, pack_asks, results_by_item,
    sub_requests_by_item,
};
pub use poll::{FeedHealth, PollSchedule, feed_health};
pub use step::{Fact, KeyState, Rules, Step, Trigger, next_step};
