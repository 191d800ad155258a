//! What is done to the characters of a text before it leaves, as previews tell it.

use domain::Channel;
use domain::lettering::{Change, Lettering};
use domain::segments::Lengths;
use serde::Serialize;
use utoipa::ToSchema;

/// A character that leaves as another one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LetterChange {
    /// As it is written.
    #[schema(example = "ş")]
    from: String,
    /// As it leaves; empty where nothing does.
    #[schema(example = "s")]
    to: &'static str,
    /// How often.
    count: i64,
}

impl From<Change> for LetterChange {
    fn from(change: Change) -> Self {
        Self {
            from: change.from.to_string(),
            to: change.to,
            count: i64::from(change.count),
        }
    }
}

impl From<engine::campaigns::LetterChange> for LetterChange {
    fn from(change: engine::campaigns::LetterChange) -> Self {
        Self {
            from: change.from.to_string(),
            to: change.to,
            count: change.count,
        }
    }
}

/// What is replaced in a text.
pub(super) fn changes_in(text: &str, lettering: Lettering) -> Vec<LetterChange> {
    let changes = lettering.changes(text).into_iter();
    changes.map(LetterChange::from).collect()
}

/// What is done to a text of a channel: only text messages pay by their letters.
pub(super) fn lettering_of(asked: Option<Lettering>, channel: Channel) -> Lettering {
    asked
        .filter(|_| channel == Channel::Mesaj)
        .unwrap_or(Lettering::AsWritten)
}

/// As Turkish providers bill a text.
pub(super) const fn billed(lettering: Lettering) -> Lengths {
    Lengths {
        lettering,
        ..Lengths::TURKISH
    }
}
