//! What people said and what İYS holds, per consent key.
//!
//! [`apply`] is the one way in for files, the programming interface and the
//! panel; `registry_work` is the way in for İYS. Both read the states of all
//! keys they touch, decide in Rust with the rules of `domain`, append events
//! as one ledger block and write the states back: a dozen statements for
//! thousands of records. The lock of the brand's ledger head makes this right:
//! nobody else changes a state of the brand in between.

pub mod ahead;
pub mod apply;
mod figures;
pub mod history;
pub mod holds;
pub(crate) mod people;
pub mod records;
mod retailers;
pub mod standing;
pub mod state;
pub mod time_machine;
pub mod walk;
mod withheld;

pub use ahead::Ahead;
pub use apply::SLICE_RECORDS_MAX;
pub use history::StoredKey;
pub use holds::{Hold, HoldState, NewHold};
pub use records::{Applied, ApplyContext, IncomingRecord, Refusal, Remark, Said, Touched};
pub use state::KeyState;
pub use time_machine::{HeldThen, KeyThen};
pub use walk::{Taker, WalkPlace, WalkedState};
