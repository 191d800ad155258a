//! How many parts a text takes, as providers bill it in Turkey.
//!
//! Alphabets and capacities: 3GPP TS 23.038 and 23.040. Where the Turkish
//! table is named the letters `Ş ş Ğ ğ ç ı İ` cost one unit each and shorten a part from 160
//! to 155 (149 when there are several); `€` and brackets cost two everywhere.

/// An alphabet with the capacity of a single message and of one of several parts.
#[derive(Debug, Clone, Copy)]
struct Coding {
    single: usize,
    part: usize,
    cost: fn(char) -> Option<usize>,
}

const GSM7: Coding = Coding {
    single: 160,
    part: 153,
    cost: gsm_cost,
};
const TURKISH7: Coding = Coding {
    single: 155,
    part: 149,
    cost: turkish_cost,
};
const UCS2: Coding = Coding {
    single: 70,
    part: 67,
    cost: |char| Some(char.len_utf16()),
};

/// Parts of `text`; `speaks_turkish` when the message names the Turkish table.
pub(crate) fn parts(text: &str, speaks_turkish: bool) -> usize {
    let fits = |coding: &Coding| text.chars().all(|char| (coding.cost)(char).is_some());
    let coding = if fits(&GSM7) {
        GSM7
    } else if speaks_turkish && fits(&TURKISH7) {
        TURKISH7
    } else {
        UCS2
    };
    pack(text, coding)
}

/// Parts of `text` in a request that names the Turkish table for all its texts:
/// a plain one, too, has the room of that table only.
pub(crate) fn turkish_parts(text: &str) -> usize {
    let fits = text.chars().all(|char| (TURKISH7.cost)(char).is_some());
    pack(text, if fits { TURKISH7 } else { UCS2 })
}

/// Parts of `text` when it is sent in UCS-2 whatever it holds.
pub(crate) fn unicode_parts(text: &str) -> usize {
    pack(text, UCS2)
}

/// Turkish letters as their look-alikes, as `transliteration` TURKISH does.
pub(crate) fn transliterated(text: &str) -> String {
    text.chars()
        .map(|char| match char {
            'ş' => 's',
            'Ş' => 'S',
            'ğ' => 'g',
            'Ğ' => 'G',
            'ı' => 'i',
            'İ' => 'I',
            'ç' => 'c',
            'Ç' => 'C',
            'ö' => 'o',
            'Ö' => 'O',
            'ü' => 'u',
            'Ü' => 'U',
            other => other,
        })
        .collect()
}

/// Fills parts greedily; a character of two units is never split.
fn pack(text: &str, coding: Coding) -> usize {
    let costs = || text.chars().filter_map(coding.cost);
    if costs().sum::<usize>() <= coding.single {
        return usize::from(!text.is_empty());
    }
    let mut parts = 1;
    let mut used = 0;
    for cost in costs() {
        if used + cost > coding.part {
            parts += 1;
            used = 0;
        }
        used += cost;
    }
    parts
}

/// One unit in the GSM default alphabet, two in its extension table.
fn gsm_cost(char: char) -> Option<usize> {
    match char {
        '\n'
        | '\r'
        | ' '..='Z'
        | '_'
        | 'a'..='z'
        | '£'
        | '¥'
        | 'è'
        | 'é'
        | 'ù'
        | 'ì'
        | 'ò'
        | 'Ç'
        | 'Ø'
        | 'ø'
        | 'Å'
        | 'å'
        | 'Δ'
        | 'Φ'
        | 'Γ'
        | 'Λ'
        | 'Ω'
        | 'Π'
        | 'Ψ'
        | 'Σ'
        | 'Θ'
        | 'Ξ'
        | 'Æ'
        | 'æ'
        | 'ß'
        | 'É'
        | '¤'
        | '¡'
        | 'Ä'
        | 'Ö'
        | 'Ñ'
        | 'Ü'
        | '§'
        | '¿'
        | 'ä'
        | 'ö'
        | 'ñ'
        | 'ü'
        | 'à' => Some(1),
        '\u{0C}' | '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' => Some(2),
        _ => None,
    }
}

/// The Turkish locking table puts seven letters in the place of eight signs.
fn turkish_cost(char: char) -> Option<usize> {
    match char {
        'ı' | 'Ğ' | 'ğ' | 'Ş' | 'ş' | 'İ' | 'ç' => Some(1),
        'è' | 'ì' | 'Ø' | 'ø' | 'Æ' | 'æ' | '¡' | '¿' => None,
        _ => gsm_cost(char),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cost_what_the_published_tables_say() {
        let turkish = |text: &str| parts(text, true);
        for (text, plain, with_table) in [
            (String::new(), 0, 0),
            ("Merhaba".to_owned(), 1, 1),
            ("a".repeat(160), 1, 1),
            ("a".repeat(161), 2, 2),
            ("a".repeat(306), 2, 2),
            ("a".repeat(307), 3, 3),
            ("€".repeat(80), 1, 1),
            ("a".repeat(159) + "€", 2, 2),
            ("a".repeat(152) + "€" + &"a".repeat(152), 3, 3),
            ("ş".repeat(71), 2, 1),
            ("ş".repeat(155), 3, 1),
            ("ş".repeat(156), 3, 2),
            ("a".repeat(154) + "ğ", 3, 1),
            ("a".repeat(297) + "İ", 5, 2),
            ("a".repeat(298) + "İ", 5, 3),
            ("😀".repeat(35), 1, 1),
            ("😀".repeat(36), 2, 2),
            ("Kampanya: 100 ₺ indirim!".to_owned(), 1, 1),
        ] {
            assert_eq!(parts(&text, false), plain, "plain: {text}");
            assert_eq!(turkish(&text), with_table, "Turkish: {text}");
        }
    }

    #[test]
    fn transliteration_brings_a_turkish_text_back_to_160() {
        let text = "ş".repeat(160);
        assert_eq!(parts(&text, true), 2);
        assert_eq!(parts(&transliterated(&text), false), 1);
    }
}
