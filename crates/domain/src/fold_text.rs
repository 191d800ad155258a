//! Text as people mean it: folding for comparison and search, cleaning of cells.
//!
//! Lower-casing is a trap in Turkish. With Turkish rules `TITLE` becomes
//! `tıtle`; with invariant rules `İ` becomes `i` plus a combining dot
//! (U+0307). Both break comparisons, so nothing here asks for a locale: every
//! form of i (`İ I ı i i̇`) becomes `i`, and accents are dropped.

pub mod cell;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// A header or a word of a closed vocabulary, reduced to `a–z 0–9`.
///
/// `İZİN TARİHİ`, `Izin Tarihi`, `izin_tarihi` and `IZIN-TARIHI` all become
/// `izintarihi`.
pub fn fold_header(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_chars(text, |c| {
        if c.is_ascii_alphanumeric() {
            folded.push(c);
        }
    });
    folded
}

/// A name as it is searched for and sorted: lower case, without accents, words
/// separated by single spaces.
///
/// Letters of other scripts stay; `  Şükrü ÇAĞLAYAN-Işık` becomes
/// `sukru caglayan-isik`.
pub fn name_fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut space_due = false;
    fold_chars(text, |c| {
        if c.is_whitespace() {
            space_due = !folded.is_empty();
        } else if !cell::is_invisible(c) {
            if space_due {
                folded.push(' ');
                space_due = false;
            }
            folded.push(c);
        }
    });
    folded
}

/// Emits the folded characters: compatibility forms resolved, marks dropped,
/// lower case, one form of i.
fn fold_chars(text: &str, mut emit: impl FnMut(char)) {
    for c in text.chars() {
        if c.is_ascii() {
            emit(c.to_ascii_lowercase());
        } else if let Some(plain) = turkish_letter(c) {
            emit(plain);
        } else {
            decompose_compatible(c, |part| {
                if part == 'ı' {
                    emit('i');
                } else if !is_combining_mark(part) {
                    for lower in part.to_lowercase().filter(|&l| !is_combining_mark(l)) {
                        emit(lower);
                    }
                }
            });
        }
    }
}

/// The Turkish letters, ahead of the general and slower way.
const fn turkish_letter(c: char) -> Option<char> {
    Some(match c {
        'İ' | 'ı' => 'i',
        'Ş' | 'ş' => 's',
        'Ğ' | 'ğ' => 'g',
        'Ü' | 'ü' => 'u',
        'Ö' | 'ö' => 'o',
        'Ç' | 'ç' => 'c',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_a_header_folds_to_one_form() {
        for header in [
            "İZİN TARİHİ",
            "Izin Tarihi",
            "izin_tarihi",
            "IZIN-TARIHI",
            "izin tarihi",
            "  İzin\u{a0}Tarihi: ",
            "I\u{307}ZI\u{307}N TARI\u{307}HI\u{307}",
            "ｉｚｉｎ　ｔａｒｉｈｉ",
            "\u{feff}İzin Tarihi",
        ] {
            assert_eq!(fold_header(header), "izintarihi", "{header}");
        }
        assert_eq!(fold_header("TITLE"), "title");
        assert_eq!(fold_header("Şüğöçı ÂÎÛ №1"), "sugociaiuno1");
        assert_eq!(fold_header("ONAY(1)-RET(0)"), "onay1ret0");
        assert_eq!(fold_header("✓ –"), "");
    }

    #[test]
    fn a_name_is_found_however_it_was_typed() {
        assert_eq!(
            name_fold("  Şükrü   ÇAĞLAYAN-Işık \t"),
            "sukru caglayan-isik"
        );
        assert_eq!(name_fold("İrem IŞIL"), name_fold("irem ışıl"));
        assert_eq!(name_fold("Hâlit\u{200b} Kâzım"), "halit kazim");
        assert_eq!(name_fold("Ольга"), "ольга");
        assert_eq!(name_fold("علي"), "علي");
        assert_eq!(name_fold(" \u{a0} "), "");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in ".{0,40}") {
            let header = fold_header(&text);
            prop_assert_eq!(&fold_header(&header), &header);
            prop_assert!(header.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            let name = name_fold(&text);
            prop_assert_eq!(&name_fold(&name), &name);
        }

        #[test]
        fn the_quick_way_agrees_with_full_unicode_folding(text in "[A-Za-zÇĞİÖŞÜçğıöşüâîû0-9 ]{0,30}") {
            use unicode_normalization::UnicodeNormalization;
            let slow: String = text
                .nfkd()
                .flat_map(char::to_lowercase)
                .filter(|&c| !is_combining_mark(c))
                .map(|c| if c == 'ı' { 'i' } else { c })
                .filter(char::is_ascii_alphanumeric)
                .collect();
            prop_assert_eq!(fold_header(&text), slow);
        }
    }
}
