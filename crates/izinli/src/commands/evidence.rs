//! `izinli evidence …`

use anyhow::Context;
use engine::evidence::pack::verify_pack;
use serde_json::json;

use crate::cli::Evidence;
use crate::output::{Exit, Output};

/// Verifies an evidence pack from its bytes alone.
pub(crate) fn run(command: &Evidence, out: Output) -> anyhow::Result<Exit> {
    let Evidence::Verify { file, key } = command;
    let bytes =
        std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let check = verify_pack(&bytes, key.as_deref());
    let value = json!({
        "holds": check.doubts.is_empty(),
        "manifest": check.manifest,
        "messages": check.messages,
        "events": check.events,
        "doubts": check.doubts.iter().map(|doubt| json!({
            "code": doubt, "text_tr": doubt.text_tr(), "text_en": doubt.to_string(),
        })).collect::<Vec<_>>(),
    });
    out.show(&value, |_| {
        if let (Some(manifest), true) = (&check.manifest, check.doubts.is_empty()) {
            out.line(
                format!(
                    "Kanıt paketi doğru: {}, {} ({}), {} ileti, {} defter kaydı, {} dosya.",
                    manifest.case,
                    manifest.brand_name,
                    manifest.made_at.to_turkish_text(),
                    check.messages,
                    check.events,
                    manifest.files.len()
                ),
                format!(
                    "The evidence pack holds: {}, {} ({}), {} messages, {} ledger events, {} files.",
                    manifest.case,
                    manifest.brand_name,
                    manifest.made_at,
                    check.messages,
                    check.events,
                    manifest.files.len()
                ),
            );
            out.line(
                format!("İmzalayan anahtar: {}", manifest.public_key),
                format!("Signed by the key {}", manifest.public_key),
            );
            if key.is_none() {
                out.line(
                    "Bu anahtarı firmanın bildirdiğiyle karşılaştırın (--key).",
                    "Compare this key with the one that the firm published (--key).",
                );
            }
        }
        for doubt in &check.doubts {
            out.line(
                format!("FARK: {}", doubt.text_tr()),
                format!("DIFFERENCE: {doubt}"),
            );
        }
    })?;
    let is_right = check.doubts.is_empty();
    Ok(if is_right { Exit::Done } else { Exit::Mismatch })
}
