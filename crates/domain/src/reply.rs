//! What somebody means who writes back (*gelen yanıt*): surely a refusal, or
//! perhaps one, or something else.
//!
//! A word that may mean something else is never guessed: a person decides.
//! What counts as which is data: `data/refusal_words.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::fold_text::fold_header;
use crate::ids::BrandId;

/// What a reply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A refusal (*ret*); of the brand that it names, if it names one.
    Refusal {
        /// The brand whose short name stands in it.
        brand: Option<BrandId>,
    },
    /// A word such as *iptal* alone: a refusal if the person was sent something
    /// commercial, and perhaps an appointment called off if not.
    Cancels,
    /// It speaks of refusing, but says more or something else.
    Doubtful,
    /// Anything else.
    Other,
}

/// Words of a reply that are looked at; a longer text is no command.
const WORDS_MAX: usize = 60;
/// Words that a brand's name may have.
const NAME_WORDS_MAX: usize = 4;
/// A brand's name that is run together with the word must have this many letters.
const RUN_TOGETHER_LETTERS: usize = 3;
/// Names of at least this many letters are recognised with one mistake in them.
const ONE_MISTAKE_LETTERS: usize = 5;
/// And of at least this many with two.
const TWO_MISTAKES_LETTERS: usize = 9;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Sure,
    Cancels,
    Filler,
    Doubtful,
}

static WORDS: LazyLock<HashMap<String, Class>> = LazyLock::new(|| {
    include_str!("../data/refusal_words.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .flat_map(|(class, spellings)| {
            let class = match class {
                "sure" => Class::Sure,
                "cancels" => Class::Cancels,
                "filler" => Class::Filler,
                _ => Class::Doubtful,
            };
            spellings
                .split(", ")
                .map(move |spelling| (squeezed(&fold_header(spelling)), class))
        })
        .collect()
});

/// Reads a reply; `brands` are the firm's brands with their short names.
///
/// `RET ORNEK`, `ret örnek lütfen`, `RETORNEK`, `Dur.` and `İPTAL ORNK` are
/// refusals; `iptal` alone is [`Meaning::Cancels`]; `artık mesaj istemiyorum`
/// is [`Meaning::Doubtful`].
pub fn read(text: &str, brands: &[(BrandId, &str)]) -> Meaning {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric() && !is_mark(c))
        .map(fold_header)
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .collect();
    let Some(first) = words.first() else {
        return Meaning::Other;
    };
    let brands = Names::of(brands);
    if let Some(class @ (Class::Sure | Class::Cancels)) = class_of(first) {
        let rest = &words[1..];
        if let Some(brand) = brands.begin(rest) {
            return Meaning::Refusal { brand: Some(brand) };
        }
        return without_name(class, rest);
    }
    if let Some(brand) = brands.run_together(first) {
        return Meaning::Refusal { brand: Some(brand) };
    }
    if let Some(brand) = brands.followed_by_word(&words) {
        return Meaning::Refusal { brand: Some(brand) };
    }
    let speaks_of_it = words
        .iter()
        .any(|word| !matches!(class_of(word), None | Some(Class::Filler)));
    if speaks_of_it {
        Meaning::Doubtful
    } else {
        Meaning::Other
    }
}

/// The words of a reply that speak of refusing, as they were written, each
/// once: what a person who decides looks at first.
pub fn refusal_words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for written in text
        .split(|c: char| !c.is_alphanumeric() && !is_mark(c))
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
    {
        let speaks = !matches!(class_of(&fold_header(written)), None | Some(Class::Filler));
        if speaks && !found.iter().any(|word| word == written) {
            found.push(written.to_owned());
        }
    }
    found
}

/// A word that stands without a brand's name.
fn without_name(class: Class, rest: &[String]) -> Meaning {
    let fits = |word: &String| {
        matches!(
            class_of(word),
            Some(Class::Filler | Class::Sure | Class::Cancels)
        )
    };
    if !rest.iter().all(fits) {
        return Meaning::Doubtful;
    }
    let is_sure = class == Class::Sure
        || rest
            .iter()
            .any(|word| class_of(word) == Some(Class::Sure) || is_message_word(word));
    if is_sure {
        Meaning::Refusal { brand: None }
    } else {
        Meaning::Cancels
    }
}

/// Whether the word says that it is about messages.
fn is_message_word(word: &str) -> bool {
    ["sms", "mesaj", "ileti"]
        .iter()
        .any(|stem| word.starts_with(stem))
}

fn class_of(word: &str) -> Option<Class> {
    WORDS.get(&squeezed(word)).copied()
}

/// Combining marks belong to their letter; an apostrophe does not part a word.
fn is_mark(c: char) -> bool {
    c == '\'' || c == '’' || unicode_normalization::char::is_combining_mark(c)
}

/// Each run of one letter as a single one: `RETTT` and `duuur`.
fn squeezed(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

/// The short names of a firm's brands, folded, the longest first.
struct Names(Vec<(BrandId, String)>);

impl Names {
    fn of(brands: &[(BrandId, &str)]) -> Self {
        let mut names: Vec<_> = brands
            .iter()
            .map(|(id, name)| (*id, fold_header(name)))
            .filter(|(_, name)| !name.is_empty())
            .collect();
        names.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
        Self(names)
    }

    /// The brand whose name stands at the front of these words, as it is
    /// written or with a mistake that leaves no other.
    fn begin(&self, words: &[String]) -> Option<BrandId> {
        let heads: Vec<String> = (1..=words.len().min(NAME_WORDS_MAX))
            .rev()
            .map(|count| words[..count].concat())
            .collect();
        heads.iter().find_map(|head| {
            self.only(|name| name == head)
                .or_else(|| self.nearest(head))
        })
    }

    /// `RETORNEK`.
    fn run_together(&self, word: &str) -> Option<BrandId> {
        self.only(|name| {
            name.len() >= RUN_TOGETHER_LETTERS
                && word.strip_suffix(name).is_some_and(|front| {
                    matches!(class_of(front), Some(Class::Sure | Class::Cancels))
                })
        })
    }

    /// `ORNEK RET`, and nothing else of weight.
    fn followed_by_word(&self, words: &[String]) -> Option<BrandId> {
        let at = words
            .iter()
            .position(|word| matches!(class_of(word), Some(Class::Sure | Class::Cancels)))?;
        let rest = &words[at + 1..];
        let is_plain = rest
            .iter()
            .all(|word| class_of(word) == Some(Class::Filler));
        let front = words[..at].concat();
        is_plain.then(|| self.only(|name| name == &front)).flatten()
    }

    /// The one brand that fits; none when two do.
    fn only(&self, fits: impl Fn(&String) -> bool) -> Option<BrandId> {
        let mut found = self.0.iter().filter(|(_, name)| fits(name));
        let first = found.next()?;
        found.next().is_none().then_some(first.0)
    }

    fn nearest(&self, written: &str) -> Option<BrandId> {
        self.only(|name| {
            let allowed = match name.len() {
                TWO_MISTAKES_LETTERS.. => 2,
                ONE_MISTAKE_LETTERS.. => 1,
                _ => return false,
            };
            mistakes(name, written) <= allowed
        })
    }
}

/// Letters to add, leave out, change or swap with their neighbour.
fn mistakes(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let width = other.len() + 1;
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..width).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, b) in other.iter().enumerate() {
            let swapped = i > 0 && j > 0 && one[i - 1] == *b && other[j - 1] == *a;
            row[j + 1] = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if swapped {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORNEK: BrandId = BrandId::from_db(1);
    const SAGLIK: BrandId = BrandId::from_db(2);

    fn meaning(text: &str) -> Meaning {
        read(text, &[(ORNEK, "ORNEK"), (SAGLIK, "ÖRNEK SAĞLIK")])
    }

    #[test]
    fn a_refusal_word_with_the_brands_name_is_a_refusal_in_any_spelling() {
        for text in [
            "RET ORNEK",
            "ret örnek",
            "Ret Örnek, lütfen çıkarın & teşekkürler",
            "RETTT   ORNEK!!",
            "red ornek",
            "dur ornek",
            "İPTAL ORNEK",
            "IPTAL ORNEK",
            "iptal örnek",
            "i\u{307}ptal ornek",
            "RETORNEK",
            "\"RET ORNEK\" yaz 3338",
            "RET ORNK",
            "ret orenk",
            "ORNEK RET",
            "STOP ORNEK",
        ] {
            let refusal = Meaning::Refusal { brand: Some(ORNEK) };
            assert_eq!(meaning(text), refusal, "{text}");
        }
    }

    #[test]
    fn the_words_that_speak_of_refusing_are_named_as_they_were_written() {
        assert_eq!(
            refusal_words("Artık mesaj İSTEMİYORUM, listeden çıkarın. istemiyorum!"),
            ["İSTEMİYORUM", "listeden", "çıkarın", "istemiyorum"]
        );
        assert_eq!(refusal_words("RET ORNEK"), ["RET"]);
        assert!(refusal_words("Mağaza saat kaçta açılıyor?").is_empty());
    }

    #[test]
    fn the_longer_of_two_names_is_meant_where_it_is_written() {
        for text in ["RET ORNEK SAGLIK", "ret örnek sağlk", "RETORNEKSAGLIK"] {
            let refusal = Meaning::Refusal {
                brand: Some(SAGLIK),
            };
            assert_eq!(meaning(text), refusal, "{text}");
        }
    }

    #[test]
    fn a_sure_word_alone_is_a_refusal_that_names_nobody() {
        for text in [
            "RET",
            "ret.",
            "Red",
            "DUR",
            "dur lütfen",
            "Stop",
            "RET SMS",
            "iptal mesaj",
            "ret ret ret",
            "İptal RET",
        ] {
            assert_eq!(meaning(text), Meaning::Refusal { brand: None }, "{text}");
        }
    }

    #[test]
    fn a_cancelling_word_alone_is_not_decided_by_itself() {
        for text in ["İPTAL", "ıptal", "iptal et", "iptal lütfen", "iptal edin"] {
            assert_eq!(meaning(text), Meaning::Cancels, "{text}");
        }
    }

    #[test]
    fn a_text_that_speaks_of_refusing_is_left_to_a_person() {
        for text in [
            "artık mesaj istemiyorum",
            "randevumu iptal etmek istiyorum",
            "iptal 14:00 randevu",
            "dur bakalım ne diyeceksin",
            "RET BASKAMARKA",
            "neden RET yazıyorum ki",
            "kredi başvurum ret mi oldu",
        ] {
            assert_eq!(meaning(text), Meaning::Doubtful, "{text}");
        }
    }

    #[test]
    fn other_texts_are_other_texts() {
        for text in [
            "fatura nerede",
            "",
            "  👍 ",
            "evet",
            "Durum nedir",
            "retro ürün var mı",
            "3",
        ] {
            assert_eq!(meaning(text), Meaning::Other, "{text}");
        }
    }

    #[test]
    fn a_name_that_two_brands_bear_names_neither() {
        let twins = [(ORNEK, "ORNEK"), (SAGLIK, "Örnek")];
        assert_eq!(read("RET ORNEK", &twins), Meaning::Doubtful);
        let alike = [(ORNEK, "KARTAL"), (SAGLIK, "KARTAN")];
        assert_eq!(read("RET KARTA", &alike), Meaning::Doubtful);
        let exact = Meaning::Refusal {
            brand: Some(SAGLIK),
        };
        assert_eq!(read("RET KARTAN", &alike), exact);
    }

    #[test]
    fn no_text_stops_the_reader() {
        for text in ["\u{0}", &"ret ".repeat(10_000), "İ̇İ̇", "ＲＥＴ", "🇹🇷 RET"] {
            read(text, &[(ORNEK, "ORNEK"), (SAGLIK, "")]);
        }
    }
}
