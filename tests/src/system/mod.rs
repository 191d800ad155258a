//! The whole system on one machine: the real program as a process of its own,
//! simulators of İYS and of Infobip inside the test, a database of each kind.
//!
//! The simulators outlive every kill of the program, so their record of what
//! they were handed is the judge of what really happened. One clock, begun on
//! Monday 23 June 2025 at 10:00 Turkish time, is shared by all: each start of
//! the program is told what the simulators' clock shows.
//!
//! A test reads as: [`each_database`] makes a [`World`]; the world's commands
//! set it up; [`Client`] plays the customer; [`job`] holds the steps of the main
//! job; [`Simulators`] tell what arrived. When a test fails, the end of the
//! program's log is printed.

mod client;
mod cluster;
pub mod job;
mod people;
mod program;
mod provider;
mod server;
mod simulated;
mod wait;
mod world;

pub use client::{Answer, Client, Upload};
pub use cluster::Cluster;
pub use people::{Mode, Person, confirmed, is_taken_by_iys, people_in, phones};
pub use program::Program;
pub use provider::{Provider, WHATSAPP_TEXT};
pub use server::Server;
pub use simulated::{API_KEY, IYS_CODE, IYS_PASSWORD, IYS_USER, Simulators};
pub use wait::{PATIENCE, until};
pub use world::{Brand, Setup, World, each_database};
