//! Letting a judged file in: only after its questions are answered, by
//! somebody who may, and the same file once.

use domain::ids::{FirmId, UploadId};
use intake::Question;
use serde_json::{Value, json};
use store::Writer;
use store::upload_answers::Answers;
use store::uploads::{Hold, Upload, UploadAction, UploadState};

use crate::Engine;
use crate::error::{EngineError, OpenQuestion};

/// Questions that a person leaves open knowingly: rows that hang on them stay
/// refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LeaveOpen {
    /// None of them.
    #[default]
    Nothing,
    /// These, by their codes.
    These(Vec<String>),
    /// Whatever was asked.
    All,
}

impl LeaveOpen {
    fn covers(&self, code: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::These(codes) => codes.iter().any(|known| known == code),
            Self::All => true,
        }
    }
}

impl Engine {
    /// Lets a judged file be applied, and remembers its answers for the next
    /// file with the same header.
    ///
    /// # Errors
    /// [`EngineError::Unanswered`] names every question that must be answered
    /// or left open knowingly; [`EngineError::OtherPerson`] when the brand
    /// wants a second person, or people complained about a branch in the file; [`EngineError::Refused`] with F116 when the same
    /// bytes were applied before, with F118 when the account may not touch a
    /// channel of a push; [`EngineError::Conflict`] when it is not judged.
    pub async fn approve_upload(
        &self,
        firm: FirmId,
        id: UploadId,
        actor: &str,
        leave_open: &LeaveOpen,
    ) -> Result<Upload, EngineError> {
        let held = self.upload(firm, id).await?;
        if matches!(held.state, UploadState::Applying | UploadState::Applied) {
            // The same wish again: after a lost answer, say.
            return Ok(held);
        }
        if !matches!(held.state, UploadState::Judged | UploadState::Waiting) {
            return Err(EngineError::conflict(
                "the upload",
                format!("it is {}; only a judged file can be applied", held.state),
            ));
        }
        if held.action == UploadAction::Push {
            self.needs_right(firm, held.brand, &super::channels_of(&held))
                .await?;
        }
        let mut writer = self.store.write().await?;
        // The brand stands still: its rules, and other uploads of the same bytes.
        let brand = writer.brand_to_change(firm, held.brand).await?;
        let held = writer
            .upload(firm, id)
            .await?
            .ok_or(EngineError::NotFound { what: "the upload" })?;
        let has_branch = held
            .holds
            .iter()
            .any(|hold| matches!(hold, Hold::Branch { .. }));
        if (brand.needs_other_approver || has_branch) && held.actor == actor {
            return Err(EngineError::OtherPerson {
                uploader: held.actor,
            });
        }
        let questions: Vec<OpenQuestion> = open_questions(&held.summary)
            .into_iter()
            .filter(|question| !leave_open.covers(&question.code))
            .collect();
        if !questions.is_empty() {
            return Err(EngineError::Unanswered { questions });
        }
        if let Some(earlier) = writer.applied_alike(&held).await? {
            return Err(super::check::same_file(&earlier));
        }
        writer.begin_applying(firm, id, actor).await?;
        self.note_approval(&mut writer, &held, actor, leave_open)
            .await?;
        writer.commit().await?;
        self.wake.uploads.notify_waiters();
        self.upload(firm, id).await
    }

    async fn note_approval(
        &self,
        writer: &mut Writer,
        held: &Upload,
        actor: &str,
        leave_open: &LeaveOpen,
    ) -> Result<(), EngineError> {
        if let Some(hash) = &held.header_hash
            && !held.options.is_null()
        {
            let answers = Answers {
                options: held.options.clone(),
                default_kind: held.default_kind,
            };
            writer
                .remember_answers(held.firm, hash, &answers, held.id, actor)
                .await?;
        }
        let left_open: Vec<String> = match leave_open {
            LeaveOpen::Nothing => Vec::new(),
            LeaveOpen::These(codes) => codes.clone(),
            LeaveOpen::All => open_questions(&held.summary)
                .into_iter()
                .map(|question| question.code)
                .collect(),
        };
        let detail = json!({
            "file": held.file_name, "records": held.records_total, "uploader": held.actor,
            "rejected": held.counts.rejected, "holds": held.holds, "left_open": left_open,
        });
        writer
            .append_audit(
                held.firm,
                actor,
                "upload.apply",
                &held.id.to_string(),
                &detail,
            )
            .await?;
        Ok(())
    }
}

/// Questions on which a whole column hangs. Single words that were not
/// understood refuse their rows and stop nothing.
fn open_questions(summary: &Value) -> Vec<OpenQuestion> {
    let asked = summary.get("questions").and_then(Value::as_array);
    asked
        .into_iter()
        .flatten()
        .filter_map(|value| {
            let code = value.get("question")?.as_str()?.to_owned();
            let question: Question = serde_json::from_value(value.clone()).ok()?;
            let is_about_words = matches!(
                question,
                Question::SourceWord { .. } | Question::KindWord { .. }
            );
            (!is_about_words).then(|| OpenQuestion {
                code,
                answer_field: question.answer_field(),
                text_tr: question.text_tr(),
                text_en: question.text_en(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_about_a_column_stops_the_file_and_one_about_a_word_does_not() {
        let summary = json!({ "questions": [
            { "question": "polarity", "header": "izinsiz" },
            { "question": "kind_word", "word": "esnaf", "rows": 3 },
        ] });
        let open = open_questions(&summary);
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].code, "polarity");
        assert!(open[0].text_tr.contains("izinsiz"));
        assert!(LeaveOpen::These(vec!["polarity".into()]).covers("polarity"));
        assert!(!LeaveOpen::Nothing.covers("polarity"));
        assert!(open_questions(&Value::Null).is_empty());
    }
}
