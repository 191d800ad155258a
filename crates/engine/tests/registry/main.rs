//! What the engine asks of İYS and when it stops asking, held against the
//! simulator on a clock that the test moves.

mod account;
mod feed;
mod house;
mod records;
mod rests;
mod switches;
