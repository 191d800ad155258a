//! `cargo xtask openapi`: writes anew what is generated from the routes and committed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{api_document, build_program};
use crate::packages::{self, Need};
use crate::run::Run;
use crate::steps::Steps;
use crate::web::{self, API_DOCUMENT, TYPED_CLIENT};

pub(crate) fn perform(run: &Run, steps: &mut Steps) -> Result<()> {
    steps.need("system packages", || {
        packages::ensure(&[Need::CCompiler, Need::Node])
    })?;
    steps.need("panel: packages", || web::install(run))?;
    build_program(run, steps)?;
    steps.need("API document", || {
        let document = run.root().join(API_DOCUMENT);
        fs::write(&document, api_document(run)?)
            .with_context(|| format!("writing {}", document.display()))
    })?;
    steps.need("typed client", || {
        web::generate_client(run, Path::new(API_DOCUMENT), Path::new(TYPED_CLIENT))
    })
}
