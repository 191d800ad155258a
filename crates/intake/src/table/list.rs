//! Files without a header: one identifier on each line (*liste*), a token and
//! an external id on each line, and the profile form `extID~email~token~msisdn`.
//!
//! What the values are is decided once for the whole file, from its first
//! lines, and only where nearly all of them agree. Where two readings would
//! reach different people (a bare ten-digit number is a phone or a customer
//! number) a person is asked.

use csv::ByteRecord;
use domain::fold_text::cell::clean_cell;

use crate::cell::identity::{is_national_id, is_token};
use crate::field::Field;
use crate::file::encoding::Decoder;
use crate::file::rows::Place;
use crate::summary::LayoutKind;

/// Lines that decide.
pub(crate) const SAMPLE_LINES: usize = 200;

/// Lines that must agree, in percent.
const AGREEMENT_PERCENT: usize = 95;

/// Longest external id.
const ID_CHARS_MAX: usize = 255;

/// A file without a header, as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Headless {
    /// What the preview calls it; `None` for a table whose header is missing.
    pub(crate) kind: Option<LayoutKind>,
    pub(crate) columns: Vec<Guess>,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guess {
    Known(Field),
    /// A person has to say.
    Asked,
}

impl Headless {
    /// A name for each column: one that we read as what the column is, or the
    /// column's place for the question about it.
    pub(crate) fn headers(&self) -> Vec<String> {
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(index, guess)| match guess {
                Guess::Known(Field::Sensitive) => "tc kimlik no".to_owned(),
                Guess::Known(field) => field.name_tr().to_owned(),
                Guess::Asked => column_name(index),
            })
            .collect()
    }
}

/// What a column without a header is called: `Sütun 1`.
pub(crate) fn column_name(index: usize) -> String {
    format!("Sütun {}", index + 1)
}

/// What one value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Empty,
    Email,
    /// Written as only phones are: a plus, a dialled 0 or 00, a 90, or gaps.
    Phone,
    /// Ten to fifteen digits and nothing else: a phone or a number of the firm.
    Number,
    NationalId,
    Token,
    /// A word with a digit in it.
    Id,
    /// A word without one.
    Word,
    /// Anything else.
    Text,
}

impl Shape {
    fn of(raw: &str) -> Self {
        let text = clean_cell(raw).text;
        if text.is_empty() {
            return Self::Empty;
        }
        if let Some((local, domain)) = text.split_once('@') {
            let is_email = !local.is_empty() && domain.contains('.') && !domain.contains('@');
            return if is_email { Self::Email } else { Self::Text };
        }
        if is_token(text) {
            return Self::Token;
        }
        if is_national_id(text.as_bytes()) {
            return Self::NationalId;
        }
        let is_gap = |c: char| matches!(c, ' ' | '(' | ')' | '+' | '-' | '.' | '/');
        let digits = text.chars().filter(char::is_ascii_digit).count();
        if (10..=15).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || is_gap(c)) {
            let is_marked = text.contains(is_gap)
                || begins_as_dialled(text)
                || (text.starts_with("905") && digits == 12);
            return if is_marked { Self::Phone } else { Self::Number };
        }
        let is_word = text.len() <= 4 * ID_CHARS_MAX
            && text.chars().count() <= ID_CHARS_MAX
            && !text.chars().any(|c| c.is_whitespace() || c.is_control());
        match (is_word, text.contains(|c: char| c.is_ascii_digit())) {
            (true, true) => Self::Id,
            (true, false) => Self::Word,
            (false, _) => Self::Text,
        }
    }
}

/// Whether digits begin as a number is dialled: `05…`, `02…` with eleven of
/// them, or `00` and a country. The zeros that pad a number of the firm do not.
fn begins_as_dialled(digits: &str) -> bool {
    const COUNTRY_DIGITS_MIN: usize = 12;
    match digits.as_bytes() {
        [b'0', b'0', b'1'..=b'9', ..] => digits.len() >= COUNTRY_DIGITS_MIN,
        [b'0', b'2' | b'3' | b'4' | b'5' | b'8', ..] => digits.len() == 11,
        _ => false,
    }
}

/// How many values of a column look like what.
#[derive(Debug, Default)]
struct Census([usize; 9]);

impl Census {
    fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut census = Self::default();
        for value in values {
            census.0[Shape::of(value) as usize] += 1;
        }
        census
    }

    fn filled(&self) -> usize {
        self.0.iter().sum::<usize>() - self.0[Shape::Empty as usize]
    }

    fn count(&self, shapes: &[Shape]) -> usize {
        shapes.iter().map(|&shape| self.0[shape as usize]).sum()
    }

    /// Whether nearly all filled values have one of these shapes.
    fn nearly_all(&self, shapes: &[Shape]) -> bool {
        let filled = self.filled();
        filled > 0 && self.count(shapes) * 100 >= filled * AGREEMENT_PERCENT
    }

    /// Whether most filled values have one of these shapes.
    fn mostly(&self, shapes: &[Shape]) -> bool {
        self.count(shapes) * 2 > self.filled()
    }

    /// What the column is; `None` when it holds no identifiers at all.
    fn guess(&self) -> Option<Guess> {
        if self.nearly_all(&[Shape::Email]) {
            Some(Guess::Known(Field::Email))
        } else if self.nearly_all(&[Shape::Token]) {
            Some(Guess::Known(Field::Token))
        } else if self.nearly_all(&[Shape::NationalId]) {
            Some(Guess::Known(Field::Sensitive))
        } else if self.nearly_all(&[Shape::Phone, Shape::Number]) && self.mostly(&[Shape::Phone]) {
            Some(Guess::Known(Field::Phone))
        } else if self.nearly_all(&[Shape::Id]) {
            Some(Guess::Known(Field::ExternalId))
        } else {
            let identifiers = [
                Shape::Id,
                Shape::Number,
                Shape::Phone,
                Shape::NationalId,
                Shape::Token,
                Shape::Email,
            ];
            self.nearly_all(&identifiers).then_some(Guess::Asked)
        }
    }
}

/// Whether these lines are one identifier each. A first line that is a word
/// above identifiers is a header nobody has taught us: then they are a table.
pub(crate) fn is_list<'a>(mut lines: impl Iterator<Item = &'a str> + Clone) -> bool {
    let is_word = |line| matches!(Shape::of(line), Shape::Word | Shape::Text);
    Census::of(lines.clone()).guess().is_some()
        || (lines.next().is_some_and(is_word) && Census::of(lines).guess().is_some())
}

/// Understands records that no header stands above; `None` when they are no
/// list, so that their first record has to be the header.
///
/// `is_assigned` tells whether a person said what a column is.
pub(crate) fn recognise(
    records: &[(Place, ByteRecord)],
    delimiter: Option<u8>,
    decoder: Decoder,
    is_assigned: impl Fn(&str) -> bool,
) -> Option<Headless> {
    let width = usual_width(records)?;
    let column = |index: usize| -> Vec<String> {
        let cells = records.iter().take(SAMPLE_LINES);
        cells
            .filter_map(|(_, record)| record.get(index))
            .map(|cell| decoder.text(cell))
            .collect()
    };
    let census = |index: usize| Census::of(column(index).iter().map(String::as_str));
    if (0..width).any(|index| is_assigned(&column_name(index))) {
        return Some(Headless {
            kind: (width == 1).then_some(LayoutKind::OnePerLine),
            columns: vec![Guess::Asked; width],
        });
    }
    match width {
        1 => Some(Headless {
            kind: Some(LayoutKind::OnePerLine),
            columns: vec![census(0).guess()?],
        }),
        2 => pair(&census(0), &census(1)),
        _ if delimiter == Some(b'~') => profile([census(1), census(2), census(3)], width),
        _ => None,
    }
}

/// `token, externalId`, in either order.
fn pair(first: &Census, second: &Census) -> Option<Headless> {
    let beside_token = |census: &Census| match census.guess() {
        Some(Guess::Known(field)) => Guess::Known(field),
        _ => Guess::Known(Field::ExternalId),
    };
    let is_token = |census: &Census| census.mostly(&[Shape::Token]);
    let columns = match (is_token(first), is_token(second)) {
        (true, false) => vec![Guess::Known(Field::Token), beside_token(second)],
        (false, true) => vec![beside_token(first), Guess::Known(Field::Token)],
        _ => {
            first.guess().or(second.guess())?;
            vec![Guess::Asked, Guess::Asked]
        }
    };
    Some(Headless {
        kind: Some(LayoutKind::Pair),
        columns,
    })
}

/// `extID~email~deviceToken~msisdn~attr…`: the columns have their places, and
/// their values must not contradict them.
fn profile([email, token, phone]: [Census; 3], width: usize) -> Option<Headless> {
    let fits =
        |census: &Census, shapes: &[Shape]| census.filled() == 0 || census.nearly_all(shapes);
    let is_profile = width >= 4
        && fits(&email, &[Shape::Email])
        && fits(&token, &[Shape::Token])
        && fits(&phone, &[Shape::Phone, Shape::Number])
        && email.filled() + phone.filled() > 0;
    is_profile.then(|| {
        let known = [Field::ExternalId, Field::Email, Field::Token, Field::Phone];
        let known = known.into_iter().map(Guess::Known);
        Headless {
            kind: None,
            columns: known
                .chain(std::iter::repeat(Guess::Asked))
                .take(width)
                .collect(),
        }
    })
}

/// How many cells nearly all records have.
fn usual_width(records: &[(Place, ByteRecord)]) -> Option<usize> {
    let sample = records.len().min(SAMPLE_LINES);
    let width = records.first()?.1.len();
    let usual = |width: usize| {
        let same = records.iter().take(sample);
        same.filter(|(_, record)| record.len() == width).count() * 100 >= sample * AGREEMENT_PERCENT
    };
    let second = records.get(1).map_or(width, |(_, record)| record.len());
    [width, second].into_iter().find(|&width| usual(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(values: &[&str]) -> Option<Guess> {
        Census::of(values.iter().copied()).guess()
    }

    #[test]
    fn the_kind_of_identifier_is_what_nearly_all_values_are() {
        let known = |field| Some(Guess::Known(field));
        assert_eq!(
            guess(&["ali@firma.com", "veli@firma.com.tr"]),
            known(Field::Email)
        );
        assert_eq!(
            guess(&["0532 123 45 67", "+905321234567", "5331234567"]),
            known(Field::Phone)
        );
        assert_eq!(guess(&["user17", "A-18", "42"]), known(Field::ExternalId));
        assert_eq!(guess(&["10000000146"]), known(Field::Sensitive));
        let ios = "0a".repeat(32);
        assert_eq!(guess(&[&ios, &ios]), known(Field::Token));
    }

    #[test]
    fn bare_numbers_that_may_be_phones_or_customers_are_asked_about() {
        assert_eq!(guess(&["5321234567", "5331234567"]), Some(Guess::Asked));
        assert_eq!(guess(&["12345678901", "5331234567"]), Some(Guess::Asked));
        assert_eq!(
            guess(&["ali@firma.com", "0532 123 45 67"]),
            Some(Guess::Asked)
        );
    }

    #[test]
    fn zeros_that_pad_a_number_make_it_no_phone() {
        for padded in ["0012345678", "0512345678", "00001234567", "01234567890"] {
            assert_eq!(guess(&[padded]), Some(Guess::Asked), "{padded}");
        }
        for dialled in ["05321234567", "02121234567", "00905321234567"] {
            let phone = Some(Guess::Known(Field::Phone));
            assert_eq!(guess(&[dialled]), phone, "{dialled}");
        }
    }

    #[test]
    fn words_and_sentences_are_no_identifiers() {
        assert_eq!(guess(&["merhaba", "dünya"]), None);
        assert_eq!(guess(&["Ali Veli 0532 123 45 67"]), None);
        assert_eq!(guess(&[]), None);
        assert!(is_list(["Numara", "0532 123 45 67"].into_iter()));
        assert!(!is_list(["Ad  Telefon", "Ali  0532 123 45 67"].into_iter()));
    }

    #[test]
    fn the_token_of_a_pair_is_found_on_either_side_and_asked_for_where_it_is_on_none() {
        let ios = "0a".repeat(32);
        let tokens = || Census::of([ios.as_str()].into_iter());
        let ids = || Census::of(["1017"].into_iter());
        let columns = |a: &Census, b: &Census| pair(a, b).unwrap().columns;
        let (token, id) = (Guess::Known(Field::Token), Guess::Known(Field::ExternalId));
        assert_eq!(columns(&tokens(), &ids()), [token, id]);
        assert_eq!(columns(&ids(), &tokens()), [id, token]);
        assert_eq!(columns(&ids(), &ids()), [Guess::Asked, Guess::Asked]);
        assert_eq!(columns(&tokens(), &tokens()), [Guess::Asked, Guess::Asked]);
    }
}
