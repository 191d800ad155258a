//! The words of a file's closed vocabularies, each understood once.

use std::collections::BTreeMap;

use domain::{ReasonCode, RecipientKind, Source};

use super::shown;
use crate::cell::clean;
use crate::cell::word::{
    ChannelMeaning, KindMeaning, Memo, SourceMeaning, StatusMeaning, read_channel, read_kind,
    read_source, read_status,
};
use crate::file::encoding::Decoder;
use crate::remarked::Remarked;
use crate::summary::{Question, UniformColumn};
use crate::table::header::Coding;
use crate::table::layout::Layout;

/// What the words of each column mean, and how often each occurs.
#[derive(Debug)]
pub(super) struct Vocabulary {
    channel: Memo<Word<ChannelMeaning>>,
    brand: Memo<Word<BrandMeaning>>,
    kind: Memo<Word<KindMeaning>>,
    /// One per group of consent columns.
    statuses: Vec<Memo<Word<StatusMeaning>>>,
    sources: Vec<Memo<Word<SourceMeaning>>>,
}

/// What a word means, and what was repaired before it meant that (W103, W104).
#[derive(Debug, Clone)]
struct Word<T> {
    sense: T,
    repairs: Remarked,
}

impl<T> Word<T> {
    /// What it means; the repairs go to the remarks on the row.
    fn sense_in(self, remarked: &mut Remarked) -> T {
        *remarked = remarked.and(self.repairs);
        self.sense
    }
}

/// What a word of the brand column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BrandMeaning {
    /// Nothing is written: the row is about the upload's brand.
    Empty,
    /// The upload's brand.
    Own,
    /// Another brand, or a spelling that nobody has confirmed.
    Other,
}

/// Questions asked about the words of one file; the rest waits until these are answered.
const QUESTIONS_MAX: usize = 50;

/// Rows that make the sameness of a column worth a remark.
const UNIFORM_ROWS_MIN: u64 = 2;

impl Vocabulary {
    pub(super) fn new(groups: usize) -> Self {
        Self {
            channel: Memo::default(),
            brand: Memo::default(),
            kind: Memo::default(),
            statuses: std::iter::repeat_with(Memo::default).take(groups).collect(),
            sources: std::iter::repeat_with(Memo::default).take(groups).collect(),
        }
    }

    pub(super) fn channel(
        &mut self,
        raw: &[u8],
        decoder: Decoder,
        remarked: &mut Remarked,
    ) -> ChannelMeaning {
        let word = self
            .channel
            .read(raw, |raw| understand(raw, decoder, read_channel));
        word.sense_in(remarked)
    }

    pub(super) fn brand(
        &mut self,
        raw: &[u8],
        decoder: Decoder,
        is_own: impl FnOnce(&str) -> bool,
        remarked: &mut Remarked,
    ) -> BrandMeaning {
        let word = self.brand.read(raw, |raw| {
            understand(raw, decoder, |text| match text {
                "" => BrandMeaning::Empty,
                text if is_own(text) => BrandMeaning::Own,
                _ => BrandMeaning::Other,
            })
        });
        word.sense_in(remarked)
    }

    pub(super) fn kind(
        &mut self,
        raw: &[u8],
        decoder: Decoder,
        answers: &BTreeMap<String, RecipientKind>,
        remarked: &mut Remarked,
    ) -> KindMeaning {
        let word = self.kind.read(raw, |raw| {
            understand(raw, decoder, |text| read_kind(text, answers))
        });
        word.sense_in(remarked)
    }

    pub(super) fn status(
        &mut self,
        group: usize,
        raw: &[u8],
        decoder: Decoder,
        coding: Option<&Coding>,
        remarked: &mut Remarked,
    ) -> StatusMeaning {
        let word = self.statuses[group].read(raw, |raw| {
            understand(raw, decoder, |text| read_status(text, coding))
        });
        word.sense_in(remarked)
    }

    pub(super) fn source(
        &mut self,
        group: usize,
        raw: &[u8],
        decoder: Decoder,
        answers: &BTreeMap<String, Source>,
        remarked: &mut Remarked,
    ) -> SourceMeaning {
        let word = self.sources[group].read(raw, |raw| {
            understand(raw, decoder, |text| read_source(text, answers))
        });
        word.sense_in(remarked)
    }

    pub(super) fn uniform_statuses(&self, layout: &Layout, decoder: Decoder) -> Vec<UniformColumn> {
        let columns = layout.groups.iter().zip(&self.statuses);
        columns
            .filter_map(|(group, words)| {
                let (bytes, known) = words.only_word()?;
                let says_something = known.meaning.sense != StatusMeaning::Empty;
                (says_something && known.rows >= UNIFORM_ROWS_MIN).then(|| UniformColumn {
                    header: layout.headers[group.status.index].clone(),
                    value: shown(decoder, bytes),
                    rows: known.rows,
                })
            })
            .collect()
    }

    /// Words that only a person can explain, most frequent first.
    pub(super) fn questions(&self, decoder: Decoder) -> Vec<Question> {
        let mut sources: BTreeMap<String, (Option<Source>, u64)> = BTreeMap::new();
        for (bytes, known) in self.sources.iter().flat_map(Memo::words) {
            if let SourceMeaning::Unknown(suggestion) = &known.meaning.sense {
                let asked = sources
                    .entry(shown(decoder, bytes))
                    .or_insert((suggestion.clone(), 0));
                asked.1 += known.rows;
            }
        }
        let about_sources = sources.into_iter().map(|(word, (suggestion, rows))| {
            (
                rows,
                Question::SourceWord {
                    word,
                    suggestion,
                    rows,
                },
            )
        });
        let about_kinds = self.kind.words().filter_map(|(bytes, known)| {
            let word = shown(decoder, bytes);
            let rows = known.rows;
            (known.meaning.sense == KindMeaning::Ask)
                .then_some((rows, Question::KindWord { word, rows }))
        });
        let about_brands = self.brand.words().filter_map(|(bytes, known)| {
            let word = shown(decoder, bytes);
            let rows = known.rows;
            let is_other = known.meaning.sense == BrandMeaning::Other;
            is_other.then_some((rows, Question::BrandWord { word, rows }))
        });
        let mut asked: Vec<(u64, Question)> = about_sources
            .chain(about_kinds)
            .chain(about_brands)
            .collect();
        asked.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
        asked.truncate(QUESTIONS_MAX);
        asked.into_iter().map(|(_, question)| question).collect()
    }
}

fn understand<T>(raw: &[u8], decoder: Decoder, read: impl FnOnce(&str) -> T) -> Word<T> {
    let mut scratch = String::new();
    let (text, was_garbled) = decoder.decode(raw, &mut scratch);
    let cleaned = clean(text);
    let mut repairs = Remarked::NONE;
    repairs.extend(cleaned.remark);
    if was_garbled {
        repairs.add(ReasonCode::W104);
    }
    Word {
        sense: read(cleaned.text),
        repairs,
    }
}
