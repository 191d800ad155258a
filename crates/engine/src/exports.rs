//! What leaves as a file: the people of a campaign, those who failed, those who
//! were kept out, and its numbers. Rows come from the store a page at a time
//! and are written as they come; addresses are masked before they are a cell.

mod people;
pub(crate) mod pieces;
mod tables;

use std::path::PathBuf;

use domain::ids::{CampaignId, FirmId};
use reports::{Cell, Form, Heading, TableWriter};
use serde_json::json;
use store::reporting::{PersonFilter, PersonState};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

pub use people::PeopleColumn;
pub use reports::Form as ExportForm;

use crate::Engine;
use crate::error::EngineError;
use pieces::{PIECES_MAX, Pieces};
pub(crate) use tables::heading;

/// What is taken out of a campaign.
#[derive(Debug, Clone)]
pub enum ExportOf {
    /// Its people, with what became of each.
    People {
        /// Which of them.
        filter: PersonFilter,
        /// Which columns, in which order; all of them when none are named.
        columns: Vec<PeopleColumn>,
    },
    /// Its reconciled numbers.
    Report,
}

impl ExportOf {
    /// Everybody.
    pub const fn everybody() -> Self {
        Self::People {
            filter: PersonFilter {
                code: None,
                state: None,
            },
            columns: Vec::new(),
        }
    }

    /// The word in the trail and in a file's name.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Report => "rapor",
            Self::People { filter, .. } => match filter.state {
                Some(PersonState::Failed) => "basarisizlar",
                Some(PersonState::Excluded) => "disarida-kalanlar",
                _ => "kisiler",
            },
        }
    }
}

/// A table to be taken out.
#[derive(Debug, Clone)]
pub struct Wish {
    /// As what kind of file.
    pub form: Form,
    /// Whether whoever takes it out may not read addresses.
    pub masked: bool,
    /// Who takes it out.
    pub actor: String,
}

/// Chunks of rows between what reads them and what writes them.
const CHUNKS_MAX: usize = 2;

type Rows = Vec<Vec<Cell>>;

impl Engine {
    /// Writes a table about a campaign into `to`. Who took it out, and whether
    /// masked, stands in the trail before the first byte leaves.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such campaign;
    /// [`EngineError::File`] when `to` cannot be written.
    pub async fn export_campaign(
        &self,
        firm: FirmId,
        id: CampaignId,
        of: &ExportOf,
        wish: &Wish,
        to: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<(), EngineError> {
        let campaign = self.campaign(firm, id).await?;
        let detail = json!({
            "of": of.word(), "form": wish.form.ending(), "masked": wish.masked,
        });
        self.note(
            firm,
            &wish.actor,
            "campaign.export",
            &id.to_string(),
            &detail,
        )
        .await?;
        let notes = self.export_notes(
            &wish.actor,
            [
                ("kampanya", campaign.name.clone()),
                ("kampanya_no", id.to_string()),
                ("icerik", of.word().to_owned()),
            ],
        );
        match of {
            ExportOf::Report => {
                let report = self.report(firm, id).await?;
                let cost = self.campaign_cost(firm, id).await?;
                let rows = tables::report(&report, &cost);
                self.write_table(wish.form, tables::REPORT, notes, to, |into| async move {
                    send(&into, rows).await
                })
                .await
            }
            ExportOf::People { filter, columns } => {
                let columns = if columns.is_empty() {
                    PeopleColumn::ALL.to_vec()
                } else {
                    columns.clone()
                };
                let headings: Vec<Heading> = columns.iter().map(|one| one.heading()).collect();
                let (columns, masked) = (&columns, wish.masked);
                self.write_table(wish.form, &headings, notes, to, |into| async move {
                    self.people_rows(id, *filter, columns, masked, &into).await
                })
                .await
            }
        }
    }

    /// Sends the people of a campaign, page by page.
    async fn people_rows(
        &self,
        id: CampaignId,
        filter: PersonFilter,
        columns: &[PeopleColumn],
        masked: bool,
        into: &mpsc::Sender<Rows>,
    ) -> Result<(), EngineError> {
        let mut after = None;
        loop {
            let (people, next) = self
                .store
                .read()
                .await?
                .campaign_people(id, filter, after, store::PAGE_ROWS_MAX)
                .await?;
            let rows = people.iter().map(|person| {
                let cell = |column: &PeopleColumn| column.cell(id, person, masked);
                columns.iter().map(cell).collect()
            });
            send(into, rows.collect()).await?;
            if next.is_none() {
                return Ok(());
            }
            after = next;
        }
    }

    /// What a table says about itself: what it is, who took it out, when.
    pub(crate) fn export_notes<const N: usize>(
        &self,
        actor: &str,
        of: [(&str, String); N],
    ) -> Vec<(String, String)> {
        let who = [
            ("alan", actor.to_owned()),
            ("zaman", self.now().to_turkish_text()),
        ];
        of.into_iter()
            .chain(who)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Writes one line into the trail, in a transaction of its own.
    pub(crate) async fn note(
        &self,
        firm: FirmId,
        actor: &str,
        action: &str,
        subject: &str,
        detail: &serde_json::Value,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer
            .append_audit(firm, actor, action, subject, detail)
            .await?;
        Ok(writer.commit().await?)
    }

    /// Writes what `rows` sends as a table. Three run at once with little
    /// between them: what reads the rows, a thread that writes the form, what
    /// takes the bytes; a slow reader slows them all.
    pub(crate) async fn write_table<Sending>(
        &self,
        form: Form,
        headings: &[Heading],
        notes: Vec<(String, String)>,
        to: &mut (impl AsyncWrite + Unpin + Send),
        rows: impl FnOnce(mpsc::Sender<Rows>) -> Sending,
    ) -> Result<(), EngineError>
    where
        Sending: Future<Output = Result<(), EngineError>>,
    {
        let failed = EngineError::file("writing an export");
        let spool = self.spool_folder().await?;
        let headings = headings.to_vec();
        let (give, take) = mpsc::channel::<Rows>(CHUNKS_MAX);
        let (into, from) = mpsc::channel(PIECES_MAX);
        let writing = tokio::task::spawn_blocking(move || {
            write_all(form, Pieces(into), &spool, &headings, &notes, take)
        });
        let reading = rows(give);
        let failing = &failed;
        let copying = async move {
            // Ours to drop: when the reader of the bytes is gone, the other two
            // end by themselves.
            let mut from = from;
            while let Some(piece) = from.recv().await {
                let piece: Vec<u8> = piece;
                to.write_all(&piece).await.map_err(failing)?;
            }
            to.flush().await.map_err(failing)
        };
        let (sent, copied) = tokio::join!(reading, copying);
        copied?;
        sent?;
        writing
            .await
            .map_err(|error| EngineError::Internal(error.to_string()))?
            .map_err(|error| failed(std::io::Error::other(error)))
    }

    /// Where rows of workbooks lie until their file ends.
    pub(crate) async fn spool_folder(&self) -> Result<PathBuf, EngineError> {
        let folder = self.settings.uploads.folder.join("reports");
        tokio::fs::create_dir_all(&folder)
            .await
            .map_err(EngineError::file("writing an export"))?;
        Ok(folder)
    }
}

/// Hands rows over; nobody to take them is an export that nobody waits for.
pub(crate) async fn send(into: &mpsc::Sender<Rows>, rows: Rows) -> Result<(), EngineError> {
    into.send(rows).await.map_err(|_| {
        EngineError::file("writing an export")(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
    })
}

fn write_all(
    form: Form,
    to: Pieces,
    spool: &std::path::Path,
    headings: &[Heading],
    notes: &[(String, String)],
    mut rows: mpsc::Receiver<Rows>,
) -> Result<(), reports::ReportError> {
    let to = std::io::BufWriter::new(to);
    let mut table = TableWriter::begin(form, to, spool, headings, notes)?;
    while let Some(chunk) = rows.blocking_recv() {
        table.write(&chunk)?;
    }
    table.finish()
}
