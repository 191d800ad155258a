//! The simulators over real HTTP: one test per documented rule.

mod described;
mod faults;
mod harness;
mod infobip_logs;
mod infobip_reports;
mod infobip_send;
mod iys_add;
mod iys_async;
mod iys_firms;
mod iys_movements;
mod iys_mutabakat;
mod iys_push;
mod iys_status;
mod iys_token;
mod providers;
