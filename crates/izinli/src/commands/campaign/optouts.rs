//! `izinli campaign opt-outs`

use anyhow::Context;
use domain::time::DAY_US;
use engine::optouts::{OptOutQuestion, OptOutsBy};
use serde_json::json;

use super::export;
use crate::cli::CampaignOptOuts;
use crate::output::{Exit, Output};
use crate::session::Session;

/// Prints or writes after what people refuse.
pub(super) async fn run(
    session: &Session,
    args: &CampaignOptOuts,
    out: Output,
) -> anyhow::Result<Exit> {
    let brand = session.brand(&args.brand).await?;
    let by = OptOutsBy::parse(&args.by).with_context(|| {
        format!(
            "--by is {}",
            OptOutsBy::ALL.map(OptOutsBy::as_str).join(", ")
        )
    })?;
    let engine = session.engine()?;
    let to = engine.now().plus_micros(1);
    let question = OptOutQuestion {
        brand: brand.id,
        from: to.plus_micros(-args.days.saturating_mul(DAY_US)),
        to,
        within_days: args.within,
        by,
    };
    if let Some(path) = &args.out {
        let (mut file, wish) = export::begin(path, false).await?;
        engine
            .export_optouts(brand.firm, &question, &wish, &mut file)
            .await?;
        return export::told(path, out);
    }
    let found = engine.optouts(brand.firm, &question).await?;
    let list: Vec<_> = found
        .iter()
        .map(|row| {
            json!({
                "key": row.key, "label": row.label, "campaigns": row.campaigns,
                "sent": row.sent, "refused": row.refused, "per_100_000": row.rate(),
            })
        })
        .collect();
    out.show(&list, |_| {
        for row in &found {
            println!(
                "{:>7}  {:>6} / {:>9}  {}",
                row.rate(),
                row.refused,
                row.sent,
                row.label
            );
        }
    })?;
    Ok(Exit::Done)
}
