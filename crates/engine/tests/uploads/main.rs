//! Uploads driven step by step, on both databases: what is cancelled, what is
//! resumed, and what comes from a watched folder.

mod ahead;
mod answers;
mod brands;
mod calendar;
mod desk;
mod drops;
mod interrupted;
mod late_rows;
mod retailers;
mod suppression;
