//! Promotion codes (*promosyon kodu*) in a campaign: which list a text draws
//! on, the code of each person at the last gate, and what a text is tried and
//! counted with before anybody has one.

use domain::ids::{FirmId, PromotionId, RecipientId};
use domain::{Recipient, Timestamp};
use reports::{Cell, Heading, Kind};
use serde_json::json;
use store::campaigns::{Aside, Campaign};
use store::person::Person;
use store::promotions::Promotion;
use store::promotions::codes::GivenCode;
use store::{Reader, StoreError};
use tokio::io::AsyncWrite;

use crate::Engine;
use crate::error::EngineError;
use crate::exports::{Wish, heading, send};

/// The variable that a person's code stands for.
pub const CODE: &str = "promosyon_kodu";

/// Characters of the code that a text is tried with while no list is chosen.
const SAMPLE_CHARS: i64 = 8;

/// Where the codes of a campaign come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Codes {
    /// Each person has one of this list, or gets no message.
    Of {
        /// The list.
        promotion: PromotionId,
        /// From when on its codes are of no use; none when it was forgotten.
        expires_at: Option<Timestamp>,
    },
    /// A test shows this to everybody: no code is spent on one.
    Sample(String),
}

impl Codes {
    /// Whether a message with a code would come too late.
    pub(crate) fn are_over(&self, at: Timestamp) -> bool {
        match self {
            Self::Of { expires_at, .. } => expires_at.is_some_and(|end| end <= at),
            Self::Sample(_) => false,
        }
    }
}

/// A code that is none, as long as the longest of a list.
pub(crate) fn sample(chars: i64) -> String {
    let chars = usize::try_from(chars).unwrap_or(0);
    "ORNEKKOD".chars().cycle().take(chars.max(1)).collect()
}

/// The promotion of a campaign, whose text may or may not use it.
pub(crate) async fn chosen(
    reader: &mut Reader,
    campaign: &Campaign,
) -> Result<Option<Promotion>, StoreError> {
    match campaign.promotion {
        Some(id) => reader.promotion(campaign.firm, id).await,
        None => Ok(None),
    }
}

/// What a text is tried and counted with: as long as the longest code of the
/// campaign's promotion, or of the campaign that a test shows.
pub(crate) async fn sample_for(
    reader: &mut Reader,
    campaign: &Campaign,
) -> Result<String, StoreError> {
    let shown = match (campaign.aside, campaign.aside_of) {
        (Aside::Test, Some(id)) => Some(reader.campaign_at_work(id).await?),
        _ => None,
    };
    let found = chosen(reader, shown.as_ref().unwrap_or(campaign)).await?;
    Ok(sample_of(found.as_ref()))
}

/// The same for a promotion that was read.
pub(crate) fn sample_of(promotion: Option<&Promotion>) -> String {
    let chars = promotion.map_or(0, |promotion| promotion.chars_max);
    sample(if chars > 0 { chars } else { SAMPLE_CHARS })
}

/// Where a campaign's codes come from; none when its texts use none.
pub(crate) async fn codes_of(
    reader: &mut Reader,
    campaign: &Campaign,
    variables: &[String],
) -> Result<Option<Codes>, StoreError> {
    if variables.iter().all(|name| name != CODE) {
        return Ok(None);
    }
    if campaign.aside == Aside::Test {
        return Ok(Some(Codes::Sample(sample_for(reader, campaign).await?)));
    }
    let Some(promotion) = campaign.promotion else {
        return Ok(None);
    };
    let found = reader.promotion(campaign.firm, promotion).await?;
    Ok(Some(Codes::Of {
        promotion,
        expires_at: found.map(|found| found.expires_at),
    }))
}

/// Gives the people of a batch the code that they have; nobody gets one here
/// who has none (S401).
pub(crate) async fn fill(
    reader: &mut Reader,
    codes: Option<&Codes>,
    people: impl Iterator<Item = &mut Person>,
) -> Result<(), StoreError> {
    let Some(codes) = codes else {
        return Ok(());
    };
    let people: Vec<&mut Person> = people.collect();
    let held = match codes {
        Codes::Of { promotion, .. } => {
            let ids: Vec<RecipientId> = people.iter().map(|person| person.facts.id).collect();
            reader.codes_of(*promotion, &ids).await?
        }
        Codes::Sample(_) => std::collections::HashMap::new(),
    };
    for person in people {
        let code = match codes {
            Codes::Of { .. } => held.get(&person.facts.id).cloned(),
            Codes::Sample(code) => Some(code.clone()),
        };
        // An attribute of the same name never stands in for a code.
        person.values.remove(CODE);
        person
            .values
            .extend(code.map(|code| (CODE.to_owned(), code)));
    }
    Ok(())
}

impl Engine {
    /// Moves the day after which a promotion's codes are of no use.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when it is over, [`EngineError::NotFound`] when
    /// the firm has none of this number.
    pub async fn move_promotion_end(
        &self,
        firm: FirmId,
        id: PromotionId,
        expires_at: Timestamp,
        actor: &str,
    ) -> Result<Promotion, EngineError> {
        let missing = || EngineError::NotFound {
            what: "the promotion",
        };
        if expires_at <= self.now() {
            return Err(EngineError::invalid("expires_on", "must not be over"));
        }
        let mut writer = self.store.write().await?;
        let held = writer.promotion(firm, id).await?.ok_or_else(missing)?;
        writer.set_promotion_end(firm, id, expires_at).await?;
        let detail = json!({ "name": held.name, "was": held.expires_at, "expires_at": expires_at });
        writer
            .append_audit(firm, actor, "promotion.change", &id.to_string(), &detail)
            .await?;
        let moved = writer.promotion(firm, id).await?.ok_or_else(missing)?;
        writer.commit().await?;
        Ok(moved)
    }

    /// Forgets a promotion of which nobody has a code and on which no campaign
    /// counts.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], or [`EngineError::Conflict`] that says what
    /// stands against it.
    pub async fn delete_promotion(
        &self,
        firm: FirmId,
        id: PromotionId,
        actor: &str,
    ) -> Result<(), EngineError> {
        let conflict = |problem: String| EngineError::conflict("the promotion", problem);
        let mut writer = self.store.write().await?;
        let held = writer
            .promotion(firm, id)
            .await?
            .ok_or(EngineError::NotFound {
                what: "the promotion",
            })?;
        if held.given > 0 {
            let given = held.given;
            return Err(conflict(format!("{given} of its codes were given")));
        }
        if let Some(name) = writer.drafts_with_promotion(id, 1).await?.first() {
            return Err(conflict(format!("the campaign “{name}” uses it")));
        }
        writer.delete_promotion(firm, id).await?;
        let detail = json!({ "name": held.name, "codes": held.codes });
        writer
            .append_audit(firm, actor, "promotion.delete", &id.to_string(), &detail)
            .await?;
        Ok(writer.commit().await?)
    }
}

/// The columns of an export of given codes.
const HEADINGS: &[Heading] = &[
    heading("kod", Kind::Text),
    heading("musteri_no", Kind::Text),
    heading("alici", Kind::Text),
    heading("kampanya", Kind::Text),
    heading("kampanya_no", Kind::Text),
    heading("zaman", Kind::Time),
];

impl Engine {
    /// Writes the codes that were given, and to whom, into `to`. Who took them
    /// out, and whether masked, stands in the trail before the first byte leaves.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such promotion;
    /// [`EngineError::File`] when `to` cannot be written.
    pub async fn export_promotion(
        &self,
        firm: FirmId,
        id: PromotionId,
        wish: &Wish,
        to: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<(), EngineError> {
        let mut reader = self.store.read().await?;
        let held = reader
            .promotion(firm, id)
            .await?
            .ok_or(EngineError::NotFound {
                what: "the promotion",
            })?;
        drop(reader);
        let detail = json!({
            "given": held.given, "form": wish.form.ending(), "masked": wish.masked,
        });
        let subject = id.to_string();
        self.note(firm, &wish.actor, "promotion.export", &subject, &detail)
            .await?;
        let notes = self.export_notes(
            &wish.actor,
            [
                ("promosyon", held.name),
                ("promosyon_no", subject),
                ("icerik", "verilen kodlar".to_owned()),
            ],
        );
        let masked = wish.masked;
        self.write_table(wish.form, HEADINGS, notes, to, |into| async move {
            let mut after = None;
            loop {
                let mut reader = self.store.read().await?;
                let page = reader.given_codes(id, after, store::PAGE_ROWS_MAX).await?;
                drop(reader);
                let Some(last) = page.last() else {
                    return Ok(());
                };
                after = Some(last.person);
                let rows = page.into_iter().map(|code| cells(code, masked));
                send(&into, rows.collect()).await?;
            }
        })
        .await
    }
}

fn cells(code: GivenCode, masked: bool) -> Vec<Cell> {
    let or_empty = |text: Option<String>| text.map_or(Cell::Empty, Cell::Text);
    let address = code.address.map(|address| {
        if !masked {
            return address;
        }
        // What the store holds is normalised; should it not be, it is not shown.
        Recipient::from_normalised(&address).map_or_else(|_| "***".into(), |one| one.masked())
    });
    vec![
        Cell::Text(code.code),
        or_empty(code.external_id),
        or_empty(address),
        or_empty(code.campaign_name),
        Cell::Text(code.campaign.to_string()),
        Cell::Time(code.given_at),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_as_long_as_the_longest_code_and_never_empty() {
        assert_eq!(sample(3), "ORN");
        assert_eq!(sample(10), "ORNEKKODOR");
        assert_eq!(sample(0).len(), 1);
    }

    #[test]
    fn codes_are_over_at_the_end_of_their_day_and_a_sample_never_is() {
        let at = Timestamp::from_micros;
        let codes = Codes::Of {
            promotion: PromotionId::from_db(1),
            expires_at: Some(at(100)),
        };
        assert!(!codes.are_over(at(99)) && codes.are_over(at(100)));
        assert!(!Codes::Sample("A".into()).are_over(at(100)));
    }
}
