//! Campaigns from launch to report, driven step by step over a store where no
//! provider listens, or one of the test's own.

mod answers;
mod exports;
mod house;
mod leaving;
mod optouts;
mod pace;
mod provider;
mod refusals;
mod testers;
