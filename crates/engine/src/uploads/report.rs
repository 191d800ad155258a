//! The rejection report as a file that opens in Turkish Excel with a double
//! click and can be corrected and uploaded again (import-files rules, §16).

use domain::ids::{FirmId, UploadId};
use intake::{explain_en, explain_tr};
use secrecy::ExposeSecret as _;
use store::rejections::{REJECTIONS_MAX, Rejection, RejectionFilter};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::Engine;
use crate::error::EngineError;

const HEADER: &str =
    "satir_no;kanal;alan;deger;kod;aciklama_tr;aciklama_en;oneri;iys_kodu;iys_mesaji;ham_satir\r\n";

impl Engine {
    /// Writes every rejection of an upload, by line.
    ///
    /// # Errors
    /// [`EngineError::File`] when `to` cannot be written.
    pub async fn upload_report_csv(
        &self,
        firm: FirmId,
        id: UploadId,
        to: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<(), EngineError> {
        self.upload(firm, id).await?;
        let failed = EngineError::file("writing the report");
        to.write_all("\u{feff}".as_bytes()).await.map_err(&failed)?;
        to.write_all(HEADER.as_bytes()).await.map_err(&failed)?;
        let mut after = None;
        loop {
            let mut reader = self.store.read().await?;
            let page = reader
                .rejections(firm, id, &RejectionFilter::default(), after, REJECTIONS_MAX)
                .await?;
            drop(reader);
            let Some(last) = page.last() else { break };
            after = Some(last.cursor());
            let text: String = page.iter().map(line).collect();
            to.write_all(text.as_bytes()).await.map_err(&failed)?;
        }
        to.flush().await.map_err(&failed)
    }
}

fn line(rejection: &Rejection) -> String {
    let info = rejection.code.info();
    let shown = |secret: &Option<secrecy::SecretString>| {
        secret
            .as_ref()
            .map(|text| text.expose_secret().to_owned())
            .unwrap_or_default()
    };
    let cells = [
        rejection.line.to_string(),
        rejection
            .channel
            .map(|channel| channel.to_string())
            .unwrap_or_default(),
        rejection.field.clone(),
        shown(&rejection.value),
        rejection.code.to_string(),
        explain_tr(rejection.code, &rejection.args),
        explain_en(rejection.code, &rejection.args),
        info.next_tr.to_owned(),
        String::new(),
        String::new(),
        shown(&rejection.raw),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(";"))
}

/// A cell that a spreadsheet shows and never runs.
fn quoted(cell: &str) -> String {
    let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let cell = if runs {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains([';', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_looks_like_a_formula_is_shown_and_not_run() {
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("+90;532"), "\"'+90;532\"");
        assert_eq!(quoted("düz \"metin\""), "\"düz \"\"metin\"\"\"");
    }
}
