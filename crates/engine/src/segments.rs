//! Segments at work: rules looked at as they are now, for a preview or for the
//! audience of a campaign.

use std::collections::BTreeSet;

use domain::gate::Basis;
use domain::ids::{BrandId, FirmId, RecipientId, SegmentId};
use domain::segment::{InvalidRule, Rule};
use domain::{Channel, RecipientKind};
use store::audience::{AudienceQuestion, Judged};
use store::audience_people::{JudgedGroup, JudgedPerson};
use store::audience_shape::Shape;
use store::campaigns::Audience;
use store::segment_sql::SegmentRules;

use crate::Engine;
use crate::error::EngineError;

/// For whom a preview asks.
#[derive(Debug, Clone, Copy)]
pub struct SegmentPreview {
    /// In whose name.
    pub brand: BrandId,
    /// By which means.
    pub channel: Channel,
    /// Addressed in which capacity.
    pub kind: RecipientKind,
}

/// What rules come to.
#[derive(Debug, Clone)]
pub struct Previewed {
    /// The rules as a sentence, Turkish.
    pub text_tr: String,
    /// The rules as a sentence, English.
    pub text_en: String,
    /// Whom they find, and who of them a commercial message may reach.
    pub judged: Judged,
}

impl Engine {
    /// The rules of an audience that is a segment, as they are now.
    pub(crate) async fn segment_rules(
        &self,
        firm: FirmId,
        audience: &Audience,
    ) -> Result<Option<SegmentRules>, EngineError> {
        let Audience::Segment { segment_id } = audience else {
            return Ok(None);
        };
        let mut reader = self.store.read().await?;
        let segment = reader
            .segment(firm, *segment_id)
            .await?
            .ok_or_else(|| EngineError::invalid("audience", "the firm has no such segment"))?;
        let attributes = reader.attributes(firm).await?;
        Ok(Some(SegmentRules {
            rule: segment.rule,
            attributes: attributes.into_iter().map(|one| one.attribute).collect(),
            now: self.now(),
        }))
    }

    /// Refuses rules that cannot be looked at.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names what is wrong with them.
    pub async fn check_rule(&self, firm: FirmId, rule: &Rule) -> Result<(), EngineError> {
        let mut reader = self.store.read().await?;
        let defined = reader.attributes(firm).await?;
        let attributes: Vec<_> = defined.into_iter().map(|one| one.attribute).collect();
        let refused = |error: InvalidRule| EngineError::invalid("rule", error.to_string());
        rule.check(&attributes).map_err(refused)?;
        // A misspelt name would find nobody, or with `never` everybody.
        let names: BTreeSet<&str> = rule.events().into_iter().collect();
        let known = reader.event_types_named(firm, &names).await?;
        match names.into_iter().find(|name| !known.contains_key(*name)) {
            None => Ok(()),
            Some(name) => Err(refused(InvalidRule::NoEvent {
                name: name.to_owned(),
            })),
        }
    }

    /// Whom rules find now. Keeps nothing.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names what is wrong with them,
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn preview_segment(
        &self,
        firm: FirmId,
        about: SegmentPreview,
        rule: Rule,
    ) -> Result<Previewed, EngineError> {
        self.check_rule(firm, &rule).await?;
        let question = self.segment_question(firm, about, rule).await?;
        let (text_tr, text_en) = question
            .segment
            .as_ref()
            .map(|rules| {
                let attributes = &rules.attributes;
                (
                    rules.rule.text_tr(attributes),
                    rules.rule.text_en(attributes),
                )
            })
            .unwrap_or_default();
        let judged = self.store.read().await?.judge_audience(&question).await?;
        Ok(Previewed {
            text_tr,
            text_en,
            judged,
        })
    }

    /// Whom a segment finds now, after `after` in the order of their numbers,
    /// each judged as for a commercial message.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such segment or brand.
    pub async fn segment_people(
        &self,
        firm: FirmId,
        id: SegmentId,
        about: SegmentPreview,
        after: Option<RecipientId>,
        limit: usize,
    ) -> Result<Vec<JudgedPerson>, EngineError> {
        let held = self.store.read().await?.segment(firm, id).await?;
        let missing = EngineError::NotFound {
            what: "the segment",
        };
        let rule = held.ok_or(missing)?.rule;
        let question = self.segment_question(firm, about, rule).await?;
        let mut reader = self.store.read().await?;
        Ok(reader
            .audience_people(&question, JudgedGroup::All, after, limit)
            .await?)
    }

    async fn segment_question(
        &self,
        firm: FirmId,
        about: SegmentPreview,
        rule: Rule,
    ) -> Result<AudienceQuestion, EngineError> {
        let mut reader = self.store.read().await?;
        let brand = reader
            .brand(firm, about.brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let defined = reader.attributes(firm).await?;
        let attributes: Vec<_> = defined.into_iter().map(|one| one.attribute).collect();
        Ok(AudienceQuestion {
            promotion: None,
            firm,
            brand: brand.id,
            channel: about.channel,
            kind: about.kind,
            basis: Basis::Commercial,
            policy: brand.policy(),
            now: self.now(),
            audience: Audience::All,
            segment: Some(SegmentRules {
                rule,
                attributes,
                now: self.now(),
            }),
            variables: Vec::new(),
            for_everyone: None,
            muted_purpose: None,
            shape: Shape::default(),
        })
    }
}
