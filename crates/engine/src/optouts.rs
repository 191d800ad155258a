//! Opt-out analysis (*ret analizi*): after which campaign, text, list, hour or
//! source of consents people refuse.
//!
//! A refusal counts for every message that reached the person in the days
//! before it, so that two campaigns on two days both show it.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::ids::{BrandId, FirmId};
use domain::plan::Part;
use domain::time::DAY_US;
use reports::{Cell, Heading, Kind};
use serde_json::json;
use store::campaigns::{Audience, Campaign};
use store::optouts::OptOutSource;
use tokio::io::AsyncWrite;

use crate::Engine;
use crate::error::EngineError;
use crate::exports::{Wish, heading, send};

/// Campaigns that are looked at, the newest of the span.
pub const CAMPAIGNS_MAX: usize = 200;
/// Longest span, days.
pub const SPAN_DAYS_MAX: i64 = 366;
/// Latest that a refusal counts for a message, days.
pub const WITHIN_DAYS_MAX: i64 = 30;

/// By what messages are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptOutsBy {
    /// Each campaign.
    Campaign,
    /// Each text, in whichever campaign.
    Text,
    /// Each list: tag, segment, everybody.
    List,
    /// The hour of the day in Turkish time.
    Hour,
    /// Where the consents had come from: the file, else the source.
    Source,
}

impl OptOutsBy {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Campaign,
        Self::Text,
        Self::List,
        Self::Hour,
        Self::Source,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Text => "text",
            Self::List => "list",
            Self::Hour => "hour",
            Self::Source => "source",
        }
    }

    /// The word's value.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == word)
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct OptOutQuestion {
    /// Of which brand.
    pub brand: BrandId,
    /// Campaigns launched from this instant on.
    pub from: Timestamp,
    /// And before this one.
    pub to: Timestamp,
    /// How many days after a message a refusal counts for it.
    pub within_days: i64,
    /// By what.
    pub by: OptOutsBy,
}

/// What is said of one campaign, text, list, hour or source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOuts {
    /// Its id, or what tells it apart.
    pub key: String,
    /// As people call it.
    pub label: String,
    /// Campaigns behind it.
    pub campaigns: i64,
    /// People a message was handed over for.
    pub sent: i64,
    /// Those of them who refused in time.
    pub refused: i64,
}

impl OptOuts {
    /// Refusals of a hundred thousand messages.
    pub fn rate(&self) -> i64 {
        self.refused.saturating_mul(100_000) / self.sent.max(1)
    }
}

const HEADINGS: &[Heading] = &[
    heading("anahtar", Kind::Text),
    heading("ad", Kind::Text),
    heading("kampanya_sayisi", Kind::Number),
    heading("gonderilen", Kind::Number),
    heading("ret", Kind::Number),
    heading("yuz_binde_ret", Kind::Number),
];

impl Engine {
    /// After what people refuse, the worst first.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when the span is too long;
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn optouts(
        &self,
        firm: FirmId,
        question: &OptOutQuestion,
    ) -> Result<Vec<OptOuts>, EngineError> {
        if !(1..=WITHIN_DAYS_MAX).contains(&question.within_days) {
            let problem = format!("must be 1 to {WITHIN_DAYS_MAX}");
            return Err(EngineError::invalid("within_days", problem));
        }
        let span = question.to.since(question.from);
        if !(0..=SPAN_DAYS_MAX * DAY_US).contains(&span) {
            let problem = format!("must be at most {SPAN_DAYS_MAX} days before `to`");
            return Err(EngineError::invalid("from", problem));
        }
        let mut reader = self.store.read().await?;
        reader
            .brand(firm, question.brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let span = (question.from, question.to);
        let campaigns = reader
            .campaigns_launched(firm, question.brand, span, CAMPAIGNS_MAX)
            .await?;
        drop(reader);
        let mut found: BTreeMap<String, OptOuts> = BTreeMap::new();
        for campaign in &campaigns {
            let rows = self.optouts_of(campaign, question).await?;
            let mut counted: Vec<String> = Vec::new();
            for row in rows {
                let held = found.entry(row.key.clone()).or_insert_with(|| OptOuts {
                    campaigns: 0,
                    sent: 0,
                    refused: 0,
                    ..row.clone()
                });
                held.sent += row.sent;
                held.refused += row.refused;
                if !counted.contains(&row.key) {
                    held.campaigns += 1;
                    counted.push(row.key);
                }
            }
        }
        let mut rows: Vec<OptOuts> = found.into_values().filter(|row| row.sent > 0).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.rate(), row.refused, row.sent)));
        Ok(rows)
    }

    async fn optouts_of(
        &self,
        campaign: &Campaign,
        question: &OptOutQuestion,
    ) -> Result<Vec<OptOuts>, EngineError> {
        let within = question.within_days * DAY_US;
        // A reader of its own: none is held over hundreds of campaigns.
        let mut reader = self.store.read().await?;
        let one = |key: String, label: String, sent, refused| OptOuts {
            key,
            label,
            campaigns: 1,
            sent,
            refused,
        };
        if question.by == OptOutsBy::Source {
            let rows = reader.optouts_by_source(campaign, within).await?;
            let named = |row: OptOutSource| {
                let (key, label) = source_name(&row);
                one(key, label, row.sent, row.refused)
            };
            return Ok(rows.into_iter().map(named).collect());
        }
        let rows = reader.optouts_by_hour(campaign, within).await?;
        let list = match question.by {
            OptOutsBy::List => self.list_name(campaign).await?,
            _ => (String::new(), String::new()),
        };
        let named = rows.into_iter().map(|row| {
            let (key, label) = match question.by {
                OptOutsBy::Hour => {
                    let hour = format!("{:02}", row.hour);
                    let label = format!("{hour}:00–{:02}:00", (row.hour + 1) % 24);
                    (hour, label)
                }
                OptOutsBy::Text => {
                    let text = text_of(campaign, row.batch_no).to_owned();
                    (text.clone(), text)
                }
                OptOutsBy::List => list.clone(),
                OptOutsBy::Campaign | OptOutsBy::Source => {
                    (campaign.id.to_string(), campaign.name.clone())
                }
            };
            one(key, label, row.sent, row.refused)
        });
        Ok(named.collect())
    }

    async fn list_name(&self, campaign: &Campaign) -> Result<(String, String), EngineError> {
        Ok(match &campaign.audience {
            Audience::All => ("all".to_owned(), "Herkes".to_owned()),
            Audience::Tag { tag } => (format!("tag:{tag}"), tag.clone()),
            Audience::Addresses { addresses } => (
                campaign.id.to_string(),
                format!("{} ({} adres)", campaign.name, addresses.len()),
            ),
            Audience::Accounts { codes } => (
                campaign.id.to_string(),
                format!("{} ({} cari hesap)", campaign.name, codes.len()),
            ),
            Audience::Segment { segment_id } => {
                let mut reader = self.store.read().await?;
                let held = reader.segment(campaign.firm, *segment_id).await?;
                let name = held.map_or_else(|| segment_id.to_string(), |held| held.name);
                (segment_id.to_string(), name)
            }
        })
    }

    /// [`Engine::optouts`] as a file.
    ///
    /// # Errors
    /// As there, and [`EngineError::File`] when `to` cannot be written.
    pub async fn export_optouts(
        &self,
        firm: FirmId,
        question: &OptOutQuestion,
        wish: &Wish,
        to: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<(), EngineError> {
        let found = self.optouts(firm, question).await?;
        let detail = json!({ "by": question.by.as_str(), "form": wish.form.ending() });
        let subject = question.brand.to_string();
        self.note(firm, &wish.actor, "optouts.export", &subject, &detail)
            .await?;
        let notes = self.export_notes(
            &wish.actor,
            [
                ("rapor", "ret analizi".to_owned()),
                ("neye_gore", question.by.as_str().to_owned()),
                ("gun", question.within_days.to_string()),
            ],
        );
        let rows: Vec<Vec<Cell>> = found
            .into_iter()
            .map(|row| {
                let rate = row.rate();
                vec![
                    row.key.into(),
                    row.label.into(),
                    Cell::Number(row.campaigns),
                    Cell::Number(row.sent),
                    Cell::Number(row.refused),
                    Cell::Number(rate),
                ]
            })
            .collect();
        self.write_table(wish.form, HEADINGS, notes, to, |into| async move {
            send(&into, rows).await
        })
        .await
    }
}

/// The text that a batch of a campaign carried.
fn text_of(campaign: &Campaign, batch_no: i64) -> &str {
    let part = match Part::of_batch(batch_no) {
        Part::Rest => campaign
            .progress
            .winner
            .as_ref()
            .map_or(Part::First, |winner| winner.part),
        part => part,
    };
    match (&campaign.plan.split, part) {
        (Some(split), Part::Second) => &split.body,
        _ => &campaign.body,
    }
}

fn source_name(row: &OptOutSource) -> (String, String) {
    match (&row.upload, &row.origin) {
        (Some(upload), _) => {
            let name = row.upload_name.clone();
            let label = name.unwrap_or_else(|| upload.to_string());
            (upload.to_string(), label)
        }
        (None, Some(origin)) => {
            let key = format!("{origin}/{}", row.source);
            (key.clone(), key)
        }
        (None, None) => ("none".to_owned(), "İzin kaydı olmadan".to_owned()),
    }
}
