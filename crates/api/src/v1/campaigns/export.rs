//! What leaves a campaign as a file.

use axum::extract::State;
use axum::response::Response;
use domain::ReasonCode;
use domain::ids::CampaignId;
use engine::exports::{ExportForm, ExportOf, PeopleColumn};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::reporting::{PersonFilter, PersonState};
use utoipa::{IntoParams, ToSchema};

use super::MessageState;
use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::download::export;
use crate::problem::{OrNotFound, Problem, Where};

/// As what kind of file.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileForm {
    /// For Turkish Excel: semicolons and a byte order mark.
    #[default]
    Csv,
    /// A workbook with a sheet that says who took it out and when.
    Xlsx,
    /// Columns for programs.
    Parquet,
}

impl FileForm {
    pub(crate) const fn form(self) -> ExportForm {
        match self {
            Self::Csv => ExportForm::Csv,
            Self::Xlsx => ExportForm::Xlsx,
            Self::Parquet => ExportForm::Parquet,
        }
    }
}

/// What is taken out.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CampaignExport {
    /// Everybody, with what became of each.
    #[default]
    People,
    /// Those whose message did not get through.
    Failed,
    /// Those whom the gate kept out.
    Excluded,
    /// The reconciled numbers and the cost.
    Report,
}

/// What is taken out, and as what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    #[param(inline)]
    #[serde(default)]
    of: CampaignExport,
    #[param(inline)]
    #[serde(default)]
    form: FileForm,
    /// Columns in the order wanted, with commas between; all unless given.
    #[param(example = "alici,musteri_no,durum,kod,aciklama_tr")]
    columns: Option<String>,
    /// Of `people`: only those in this state.
    #[param(inline)]
    state: Option<MessageState>,
    /// Of `people` and `excluded`: only those with this reason.
    #[param(value_type = Option<String>, example = "S103")]
    code: Option<ReasonCode>,
}

impl ExportQuery {
    fn wanted(&self) -> Result<ExportOf, Problem> {
        let state = match self.of {
            CampaignExport::Report => return Ok(ExportOf::Report),
            CampaignExport::People => self.state.map(MessageState::to_store),
            CampaignExport::Failed => Some(PersonState::Failed),
            CampaignExport::Excluded => Some(PersonState::Excluded),
        };
        let columns = self.columns.iter().flat_map(|names| names.split(','));
        let columns = columns.map(|name| {
            PeopleColumn::parse(name.trim()).ok_or_else(|| {
                let known = PeopleColumn::ALL.map(PeopleColumn::name).join(", ");
                Problem::invalid(vec![Where::new("columns", "unknown")])
                    .with_detail(format!("`{}` is none of {known}", name.trim()))
            })
        });
        Ok(ExportOf::People {
            filter: PersonFilter {
                code: self.code,
                state,
            },
            columns: columns.collect::<Result<_, _>>()?,
        })
    }
}

/// The people or the numbers of a campaign as a file. Addresses are masked for
/// roles that may not read personal data; every export stands in the audit trail.
#[utoipa::path(
    get, path = "/campaigns/{id}/export", operation_id = "export_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign"), ExportQuery),
    responses((
        status = 200, description = "The file, written while it is sent", body = String,
        content_type = "text/csv",
    )),
)]
pub(crate) async fn export_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Asked(query): Asked<ExportQuery>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ReadReports)?;
    let of = query.wanted()?;
    let mut reader = app.read().await?;
    reader.campaign(caller.firm, id).await?.or_not_found()?;
    drop(reader);
    let stem = format!("{id}-{}", of.word());
    let (firm, form) = (caller.firm, query.form.form());
    Ok(export(
        &caller,
        &stem,
        form,
        move |wish, mut into| async move {
            app.engine
                .export_campaign(firm, id, &of, &wish, &mut into)
                .await
        },
    ))
}
