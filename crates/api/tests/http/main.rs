//! The routes in process, over a real database: who may call, what is refused
//! and how, what is never shown, and what the calls do.

mod attributes;
mod auth;
mod campaign_plans;
mod campaigns;
mod complaint_cases;
mod compliance;
mod connectors;
mod consent_doors;
mod devices;
mod events;
mod idempotency;
mod keyed;
mod messages;
mod people;
mod practice;
mod promotions;
mod public;
mod screens;
mod serving;
mod support;
mod surface;
mod template_versions;
mod tenants;
mod testers;
mod uploads;
mod validation;
