//! How long a campaign's text becomes over its real people: counted person by
//! person, one page in memory at a time.

use std::collections::BTreeMap;

use domain::ids::{CampaignId, FirmId, RecipientId};
use domain::lettering::Change;
use domain::segments::{self, Lengths};
use domain::template::{MessageText, RenderError, Values};
use serde::Serialize;
use store::campaigns::{Campaign, NewCampaign};

use super::text;
use crate::Engine;
use crate::error::EngineError;

/// People read at a time.
const PAGE: usize = 1_000;
/// People measured at most; beyond it the totals are scaled up.
const MEASURED_MAX: i64 = 200_000;
/// Real people shown of each text.
const SAMPLES: usize = 3;

/// How long a text becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// People whose text was counted.
    pub people: i64,
    /// People who would get it.
    pub sendable: i64,
    /// Parts of everybody's text together; scaled up from the measured ones
    /// where there are more.
    pub parts_total: i64,
    /// People by parts.
    pub by_parts: BTreeMap<u32, i64>,
    /// People by alphabet.
    pub by_encoding: BTreeMap<&'static str, i64>,
    /// The shortest text, units.
    pub units_min: u32,
    /// The longest, units.
    pub units_max: u32,
    /// What the parts cost, where the brand says what one does.
    pub cost_micros: Option<i64>,
    /// What it would cost if everybody's text were as long as the longest.
    pub worst_cost_micros: Option<i64>,
    /// Characters that leave as another one, over the measured people.
    pub letters_changed: i64,
    /// Which, most frequent first.
    pub changes: Vec<LetterChange>,
    /// The longest text itself.
    pub longest: Option<String>,
    /// How it reads for a few real people.
    #[serde(skip)]
    pub samples: Vec<(RecipientId, String)>,
}

/// A character that leaves as another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterChange {
    /// As it is written.
    pub from: char,
    /// As it leaves; empty where nothing does.
    pub to: &'static str,
    /// How often, over the measured people.
    pub count: i64,
}

impl Engine {
    /// Counts the text of a campaign for everybody who would get it. Of two
    /// texts, the longer one counts for each.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn measure(&self, firm: FirmId, id: CampaignId) -> Result<Measured, EngineError> {
        let campaign = self.campaign(firm, id).await?;
        self.measure_text(&campaign).await
    }

    /// [`Engine::measure`] of a text that is no campaign yet.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the field that cannot be.
    pub async fn measure_imagined(
        &self,
        firm: FirmId,
        mut new: NewCampaign,
    ) -> Result<Measured, EngineError> {
        self.check_campaign(firm, &mut new).await?;
        self.measure_text(&Campaign::imagined(firm, new, self.now()))
            .await
    }

    async fn measure_text(&self, campaign: &Campaign) -> Result<Measured, EngineError> {
        let (question, routes, rules) = self.question(campaign).await?;
        let lengths = text::lengths(campaign, &routes);
        let mut parsed = Vec::new();
        for body in text::texts(campaign) {
            parsed.push(
                MessageText::parse(body)
                    .map_err(|error| EngineError::invalid("body", error.to_string()))?,
            );
        }
        let sendable = self
            .store
            .read()
            .await?
            .judge_audience(&question)
            .await?
            .sendable;
        let mut measured = Measured::none(sendable);
        if parsed.iter().all(|text| text.variables().is_empty()) {
            // Everybody's is the same.
            let longest = longest(&parsed, &Values::new(), lengths)?;
            measured.add(&longest, sendable);
        } else {
            let mut after = RecipientId::from_db(0);
            let code = {
                let mut reader = self.store.read().await?;
                crate::promotions::sample_for(&mut reader, campaign).await?
            };
            let names: Vec<String> = parsed
                .iter()
                .flat_map(|text| text.variables().to_vec())
                .collect();
            let attributes = {
                let mut reader = self.store.read().await?;
                crate::attributes::Used::by(&mut reader, campaign.firm, &names).await?
            };
            let shows_code = question.promotion.is_some() || campaign.id.as_db() == 0;
            while measured.people < MEASURED_MAX.min(sendable) {
                let mut page = self
                    .store
                    .read()
                    .await?
                    .audience_values(&question, after, PAGE)
                    .await?;
                let Some((last, _)) = page.last() else { break };
                after = *last;
                for (recipient, values) in &mut page {
                    attributes.show(values);
                    // Each person's own link, as long as it will be.
                    let link = self.links().url(campaign.id, *recipient);
                    values.insert(crate::links::LINK.to_owned(), link);
                    if shows_code {
                        // As long as the longest: who gets which is not known yet.
                        values.insert(crate::promotions::CODE.to_owned(), code.clone());
                    }
                    let longest = longest(&parsed, values, lengths)?;
                    if measured.samples.len() < SAMPLES {
                        measured.samples.push((*recipient, longest.text.clone()));
                    }
                    measured.add(&longest, 1);
                }
            }
        }
        measured.scale();
        // Over the route that it takes when nothing stands in the way.
        let open = routes.iter().find(|route| route.obstacle.is_none());
        let account = open.or(routes.first()).map(|route| route.account.id);
        let price = account
            .and_then(|account| rules.part_price(account))
            .filter(|_| campaign.channel.is_phone());
        measured.cost_micros = price.map(|price| price.saturating_mul(measured.parts_total));
        let most = measured.by_parts.keys().max().copied().unwrap_or(0);
        let worst = measured.sendable.saturating_mul(i64::from(most));
        measured.worst_cost_micros = price.map(|price| price.saturating_mul(worst));
        Ok(measured)
    }
}

/// A text as it leaves for one person.
struct Counted {
    text: String,
    count: segments::Count,
    changes: Vec<Change>,
}

fn longest(
    texts: &[MessageText],
    values: &Values,
    lengths: Lengths,
) -> Result<Counted, EngineError> {
    let mut found: Option<Counted> = None;
    for text in texts {
        let rendered = match text.render(values) {
            Ok(rendered) => rendered,
            // Excluded with S401 by the question; somebody changed meanwhile.
            Err(RenderError::Missing { .. }) => continue,
            Err(RenderError::Failed(problem)) => return Err(EngineError::Internal(problem)),
        };
        let leaves = lengths.lettering.apply(&rendered);
        let count = lengths.count_plain(&leaves);
        let weight = |count: &segments::Count| (count.parts, count.units);
        if found
            .as_ref()
            .is_none_or(|held| weight(&count) > weight(&held.count))
        {
            found = Some(Counted {
                changes: lengths.lettering.changes(&rendered),
                text: leaves.into_owned(),
                count,
            });
        }
    }
    Ok(found.unwrap_or_else(|| Counted {
        text: String::new(),
        count: segments::count("", lengths.profile, 0),
        changes: Vec::new(),
    }))
}

impl Measured {
    pub(super) const fn none(sendable: i64) -> Self {
        Self {
            people: 0,
            sendable,
            parts_total: 0,
            by_parts: BTreeMap::new(),
            by_encoding: BTreeMap::new(),
            units_min: u32::MAX,
            units_max: 0,
            cost_micros: None,
            worst_cost_micros: None,
            letters_changed: 0,
            changes: Vec::new(),
            longest: None,
            samples: Vec::new(),
        }
    }

    fn add(&mut self, counted: &Counted, people: i64) {
        use segments::Encoding::{Gsm7, Latin5, Turkish, Ucs2};
        let Counted {
            text,
            count,
            changes,
        } = counted;
        for change in changes {
            self.note(*change, people);
        }
        let encoding = match count.encoding {
            Gsm7 => "GSM-7",
            Turkish => "GSM-7-TR",
            Ucs2 => "UCS-2",
            Latin5 => "ISO-8859-9",
        };
        self.people += people;
        self.parts_total += i64::from(count.parts) * people;
        *self.by_parts.entry(count.parts).or_default() += people;
        *self.by_encoding.entry(encoding).or_default() += people;
        self.units_min = self.units_min.min(count.units);
        if self.longest.is_none() || count.units > self.units_max {
            self.units_max = count.units;
            self.longest = Some(text.clone());
        }
    }

    fn note(&mut self, change: Change, people: i64) {
        let times = i64::from(change.count).saturating_mul(people);
        self.letters_changed = self.letters_changed.saturating_add(times);
        // No more of them than there are characters with a look-alike.
        match self
            .changes
            .iter_mut()
            .find(|held| held.from == change.from)
        {
            Some(held) => held.count = held.count.saturating_add(times),
            None => self.changes.push(LetterChange {
                from: change.from,
                to: change.to,
                count: times,
            }),
        }
    }

    fn scale(&mut self) {
        self.changes
            .sort_by_key(|change| (std::cmp::Reverse(change.count), change.from));
        if self.people == 0 {
            self.units_min = 0;
        } else if self.people < self.sendable {
            // Rounded up: an estimate must not fall short.
            let total = i128::from(self.parts_total) * i128::from(self.sendable);
            let people = i128::from(self.people);
            self.parts_total = i64::try_from((total + people - 1) / people).unwrap_or(i64::MAX);
        }
    }
}
