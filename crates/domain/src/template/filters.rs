//! The filters of texts (*süzgeç*), with Turkish names and Turkish casing. Each
//! gives back at most [`FILTERED_CHARS_MAX`] characters.

use minijinja::Environment;

use super::token::{Cursor, Token};
use super::{InvalidText, Place, nearest};

/// Longest result of a filter.
pub const FILTERED_CHARS_MAX: usize = 2_000;
/// Most characters that `kirp` leaves.
const CUT_MAX: usize = 500;
/// Longest default.
const DEFAULT_CHARS_MAX: usize = 200;

/// Every filter, with what its brackets hold.
const KNOWN: [(&str, Takes); 8] = [
    ("buyuk", Takes::Nothing),
    ("kucuk", Takes::Nothing),
    ("baslik", Takes::Nothing),
    ("tarih", Takes::Form),
    ("para", Takes::Nothing),
    ("varsayilan", Takes::Text),
    ("kirp", Takes::Number),
    ("url", Takes::Nothing),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// `"uzun"` or `"kisa"`, or nothing.
    Form,
    Text,
    Number,
}

/// What the filters behind a name do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Filtered {
    /// There are some.
    pub(super) any: bool,
    /// One of them stands in for an empty value.
    pub(super) has_default: bool,
}

/// Reads the filters behind a name.
pub(super) fn read(cursor: &mut Cursor<'_>, place: Place) -> Result<Filtered, InvalidText> {
    let mut filtered = Filtered::default();
    while cursor.takes("|") {
        let Some(Token::Name(name)) = cursor.next() else {
            return Err(place.wrong("a filter has a name, as in `{{ad|buyuk}}`"));
        };
        let known = KNOWN.iter().find(|(known, _)| known == name);
        let Some((_, takes)) = known else {
            return Err(place.wrong(unknown(name)));
        };
        filtered.any = true;
        filtered.has_default |= name == "varsayilan";
        arguments(cursor, place, name, *takes)?;
    }
    Ok(filtered)
}

fn unknown(name: &str) -> String {
    let names = || KNOWN.iter().map(|(known, _)| *known);
    match nearest(name, names()) {
        Some(meant) => format!("`{name}` is no filter; did you mean `{meant}`?"),
        None => {
            let all: Vec<&str> = names().collect();
            format!("`{name}` is no filter; there are {}", all.join(", "))
        }
    }
}

fn arguments(
    cursor: &mut Cursor<'_>,
    place: Place,
    name: &str,
    takes: Takes,
) -> Result<(), InvalidText> {
    let given = if cursor.takes("(") {
        let given = cursor.next();
        if !cursor.takes(")") {
            return Err(place.wrong(format!("`{name}` takes one value in brackets at most")));
        }
        given
    } else {
        None
    };
    let fits = match (takes, given) {
        (Takes::Nothing | Takes::Form, None) => true,
        (Takes::Form, Some(Token::Text(form))) => matches!(form.as_str(), "uzun" | "kisa"),
        (Takes::Text, Some(Token::Text(text))) => {
            !text.trim().is_empty() && text.chars().count() <= DEFAULT_CHARS_MAX
        }
        (Takes::Number, Some(Token::Number(most))) => (1..=CUT_MAX).contains(most),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(place.wrong(match takes {
        Takes::Nothing => format!("`{name}` takes nothing in brackets"),
        Takes::Form => format!("`{name}` takes \"uzun\" or \"kisa\""),
        Takes::Text => {
            format!("`{name}` takes a text of 1 to {DEFAULT_CHARS_MAX} characters in quotes")
        }
        Takes::Number => format!("`{name}` takes a number from 1 to {CUT_MAX}"),
    }))
}

/// Gives the engine the filters; it has no others.
pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.add_filter("buyuk", |text: String| bounded(upper(&text)));
    environment.add_filter("kucuk", |text: String| bounded(lower(&text)));
    environment.add_filter("baslik", |text: String| bounded(title(&text)));
    environment.add_filter("tarih", |text: String, form: Option<String>| {
        bounded(date(&text, form.as_deref() == Some("uzun")))
    });
    environment.add_filter("para", |text: String| bounded(money(&text)));
    environment.add_filter("varsayilan", |text: String, other: String| {
        bounded(if text.trim().is_empty() { other } else { text })
    });
    environment.add_filter("kirp", |text: String, most: u32| {
        let most = usize::try_from(most).unwrap_or(CUT_MAX);
        text.chars().take(most.min(CUT_MAX)).collect::<String>()
    });
    environment.add_filter("url", |text: String| bounded(encoded(&text)));
}

fn bounded(text: String) -> String {
    if text.len() <= FILTERED_CHARS_MAX {
        return text;
    }
    text.chars().take(FILTERED_CHARS_MAX).collect()
}

/// `izmir` becomes `İZMİR`, `ılgaz` `ILGAZ`.
fn upper(text: &str) -> String {
    text.chars().flat_map(upper_letter).collect()
}

fn upper_letter(letter: char) -> Box<dyn Iterator<Item = char>> {
    match letter {
        'i' => Box::new(std::iter::once('İ')),
        'ı' => Box::new(std::iter::once('I')),
        other => Box::new(other.to_uppercase()),
    }
}

/// `İZMİR` becomes `izmir`, `ILGAZ` `ılgaz`.
fn lower(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'I' => out.push('ı'),
            'İ' => out.push('i'),
            other => out.extend(other.to_lowercase()),
        }
    }
    out
}

/// `ŞÜKRÜ IŞIK` becomes `Şükrü Işık`.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for letter in lower(text).chars() {
        if begins {
            out.extend(upper_letter(letter));
        } else {
            out.push(letter);
        }
        begins = !letter.is_alphanumeric() && letter != '\'' && letter != '’';
    }
    out
}

const MONTHS: [&str; 12] = [
    "Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim",
    "Kasım", "Aralık",
];

/// `20.06.2025`, or `20 Haziran 2025`; a text that is no day as it is.
fn date(text: &str, is_long: bool) -> String {
    let day = text.split_whitespace().next().unwrap_or_default();
    let separator = if day.contains('-') { '-' } else { '.' };
    let mut parts: Vec<u16> = Vec::with_capacity(3);
    for part in day.split(separator) {
        match part.parse() {
            Ok(number) => parts.push(number),
            Err(_) => return text.to_owned(),
        }
    }
    if separator == '-' {
        parts.reverse();
    }
    let [day, month, year] = parts.as_slice() else {
        return text.to_owned();
    };
    let name = MONTHS.get(usize::from(*month).wrapping_sub(1));
    match name {
        Some(name) if is_long => format!("{day} {name} {year}"),
        Some(_) => format!("{day:02}.{month:02}.{year}"),
        None => text.to_owned(),
    }
}

/// Whether points stand between thousands, as in `1.250`: values come as
/// Turkish readers write them, but a file's may be in the other form.
fn has_thousands(number: &str) -> bool {
    let whole = number.split(',').next().unwrap_or_default();
    let mut groups = whole.trim_start_matches('-').split('.');
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    rest.peek().is_some()
        && (1..=3).contains(&first.len())
        && first != "0"
        && rest.all(|group| group.len() == 3)
}

/// `1.250,50 TL` of `1250.5` and of `1.250,5`; a text that is no number as it is.
fn money(text: &str) -> String {
    let bare = text.trim();
    let plain = if bare.contains(',') || has_thousands(bare) {
        bare.replace('.', "").replace(',', ".")
    } else {
        bare.to_owned()
    };
    let (sign, plain) = match plain.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", plain.as_str()),
    };
    let (whole, decimals) = plain.split_once('.').unwrap_or((plain, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) {
        return text.to_owned();
    }
    let mut grouped = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    let cents: String = decimals.chars().chain("00".chars()).take(2).collect();
    format!("{grouped},{cents} TL")
}

/// As a part of an address.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_change_case_as_turkish_readers_expect() {
        assert_eq!(upper("izmir ılgaz şükrü"), "İZMİR ILGAZ ŞÜKRÜ");
        assert_eq!(lower("İZMİR ILGAZ ŞÜKRÜ"), "izmir ılgaz şükrü");
        assert_eq!(title("ŞÜKRÜ IŞIK-inan"), "Şükrü Işık-İnan");
        assert_eq!(title("ALİ'NİN evi"), "Ali'nin Evi");
    }

    #[test]
    fn days_and_amounts_are_written_as_turkish_readers_write_them() {
        for day in ["2025-06-20", "20.06.2025", "2025-06-20 14:05"] {
            assert_eq!(date(day, true), "20 Haziran 2025", "{day}");
            assert_eq!(date(day, false), "20.06.2025", "{day}");
        }
        assert_eq!(date("yarın", true), "yarın");
        assert_eq!(date("20.13.2025", true), "20.13.2025");
        for (amount, shown) in [
            ("1250.5", "1.250,50 TL"),
            ("1.250,5", "1.250,50 TL"),
            ("1.250.000", "1.250.000,00 TL"),
            ("1.250", "1.250,00 TL"),
            ("0.125", "0,12 TL"),
            ("-3", "-3,00 TL"),
            ("çok", "çok"),
        ] {
            assert_eq!(money(amount), shown);
        }
    }

    #[test]
    fn a_value_in_an_address_says_nothing_about_the_address() {
        assert_eq!(encoded("a b&c=ş"), "a%20b%26c%3D%C5%9F");
    }
}
