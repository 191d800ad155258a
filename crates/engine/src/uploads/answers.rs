//! Answers that a person gives about a judged file: it is judged again.

use domain::RecipientKind;
use domain::ids::{FirmId, UploadId};
use serde_json::{Map, Value, json};
use store::upload_answers::Answers;
use store::uploads::{Upload, UploadState};

use super::receive;
use crate::Engine;
use crate::error::EngineError;

/// What a person answered. What is absent stays as it was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnswersGiven {
    /// Parts of the mapping, laid over the one in use: objects are merged, a
    /// null takes an entry out.
    pub mapping: Value,
    /// The capacity of rows that do not state one.
    pub default_kind: Option<RecipientKind>,
}

impl Engine {
    /// Takes answers about a file of which nothing was applied, and has it
    /// judged again. A file that was refused as a whole may be mended so.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when the mapping cannot be read,
    /// [`EngineError::Conflict`] when the file is being applied or is over.
    pub async fn answer_upload(
        &self,
        firm: FirmId,
        id: UploadId,
        given: AnswersGiven,
        actor: &str,
    ) -> Result<Upload, EngineError> {
        let mut writer = self.store.write().await?;
        let held = writer
            .upload(firm, id)
            .await?
            .ok_or(EngineError::NotFound { what: "the upload" })?;
        if matches!(
            held.state,
            UploadState::Applying
                | UploadState::Applied
                | UploadState::Failed
                | UploadState::Cancelled
        ) {
            return Err(EngineError::conflict(
                "the upload",
                format!(
                    "it is {}; answers come before a file is applied",
                    held.state
                ),
            ));
        }
        // Not null from here on: somebody has answered. Nothing remembered fills the
        // rest of it any more, unless the header could not even be read before.
        let mut options = match held.options {
            Value::Object(_) => held.options,
            _ => Value::Object(Map::new()),
        };
        merge(&mut options, given.mapping);
        receive::mapping(&options)?;
        let answers = Answers {
            options,
            default_kind: given.default_kind.or(held.default_kind),
        };
        writer.answer_upload(firm, id, &answers).await?;
        let detail = json!({ "mapping": answers.options, "default_kind": answers.default_kind });
        writer
            .append_audit(firm, actor, "upload.answer", &id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        self.wake.uploads.notify_waiters();
        self.upload(firm, id).await
    }
}

/// Lays `patch` over `target` (RFC 7396).
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(changes) = patch else {
        if !patch.is_null() {
            *target = patch;
        }
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(fields) = target.as_object_mut() else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(&name);
        } else {
            merge(fields.entry(name).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_laid_over_the_others_and_null_takes_one_back() {
        let mut options =
            json!({ "polarity": { "a": "yes_is_refusal" }, "date_order": "day_first" });
        let given = json!({ "polarity": { "b": "yes_is_consent" }, "date_order": null });
        merge(&mut options, given);
        let expected = json!({ "polarity": { "a": "yes_is_refusal", "b": "yes_is_consent" } });
        assert_eq!(options, expected);
        merge(&mut options, Value::Null);
        assert_eq!(options, expected, "no mapping given changes nothing");
    }
}
