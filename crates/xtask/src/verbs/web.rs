//! `cargo xtask web`: the panel alone.

use anyhow::Result;

use crate::packages::{self, Need};
use crate::run::Run;
use crate::steps::Steps;
use crate::web;

pub(crate) fn perform(run: &Run, steps: &mut Steps) -> Result<()> {
    steps.need("system packages", || packages::ensure(&[Need::Node]))?;
    web::install_and_build(run, steps)
}
