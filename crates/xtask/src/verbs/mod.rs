//! One file for each verb: which steps, in which order, and why in that order.
//! Here stand the two steps that several verbs share.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod openapi;
pub(crate) mod screens;
pub(crate) mod test;
pub(crate) mod web;

use anyhow::Result;

use crate::run::{Run, answer, succeed};
use crate::steps::Steps;

/// Builds the program as it is tested; the panel must have been built before.
fn build_program(run: &Run, steps: &mut Steps) -> Result<()> {
    steps.need("build", || {
        succeed(&mut run.cargo(&["build", "--package=izinli", "--timings"]))
    })
}

/// The API document as the built program states it.
fn api_document(run: &Run) -> Result<String> {
    answer(run.command(run.built("izinli")).arg("openapi"))
}
