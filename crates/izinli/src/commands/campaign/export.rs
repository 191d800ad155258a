//! `izinli campaign export`

use std::path::Path;

use anyhow::{Context, bail};
use engine::exports::{ExportForm, ExportOf, PeopleColumn, Wish};
use serde_json::json;
use store::campaigns::Campaign;
use store::reporting::{PersonFilter, PersonState};

use crate::cli::CampaignExport;
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Writes what was asked for.
pub(super) async fn run(
    session: &Session,
    campaign: &Campaign,
    args: &CampaignExport,
    out: Output,
) -> anyhow::Result<Exit> {
    let state = match args.of.as_str() {
        "people" => None,
        "failed" => Some(PersonState::Failed),
        "excluded" => Some(PersonState::Excluded),
        "report" => {
            to_file(session, campaign, &ExportOf::Report, &args.out, args.masked).await?;
            return told(&args.out, out);
        }
        other => bail!("--of is people, failed, excluded or report, not `{other}`"),
    };
    let columns = args.columns.iter().map(|name| {
        PeopleColumn::parse(name.trim()).with_context(|| {
            let known = PeopleColumn::ALL.map(PeopleColumn::name).join(", ");
            format!("`{name}` is none of {known}")
        })
    });
    let of = ExportOf::People {
        filter: PersonFilter { code: None, state },
        columns: columns.collect::<anyhow::Result<_>>()?,
    };
    to_file(session, campaign, &of, &args.out, args.masked).await?;
    told(&args.out, out)
}

pub(super) fn told(path: &Path, out: Output) -> anyhow::Result<Exit> {
    let bytes = std::fs::metadata(path)?.len();
    out.show(&json!({ "file": path, "bytes": bytes }), |_| {
        println!("{}", path.display());
    })?;
    Ok(Exit::Done)
}

/// A new file, in the form that its ending names.
pub(super) async fn begin(path: &Path, masked: bool) -> anyhow::Result<(tokio::fs::File, Wish)> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let form = ending
        .and_then(ExportForm::parse)
        .with_context(|| format!("{} must end with .csv, .xlsx or .parquet", path.display()))?;
    let file = tokio::fs::File::create(path)
        .await
        .with_context(|| format!("{} cannot be written", path.display()))?;
    let wish = Wish {
        form,
        masked,
        actor: ACTOR.to_owned(),
    };
    Ok((file, wish))
}

/// Writes a table in the form that the file's ending names.
pub(super) async fn to_file(
    session: &Session,
    campaign: &Campaign,
    of: &ExportOf,
    path: &Path,
    masked: bool,
) -> anyhow::Result<()> {
    let (mut file, wish) = begin(path, masked).await?;
    session
        .engine()?
        .export_campaign(campaign.firm, campaign.id, of, &wish, &mut file)
        .await?;
    Ok(())
}
