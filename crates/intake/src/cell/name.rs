//! Names, whole or not at all.

/// Puts first and last name together into `out`; `None` when there is no name.
pub(crate) fn join<'a>(first: &str, last: &str, out: &'a mut String) -> Option<&'a str> {
    out.clear();
    out.push_str(first);
    if !first.is_empty() && !last.is_empty() {
        out.push(' ');
    }
    out.push_str(last);
    (!out.is_empty()).then_some(out)
}

/// Whether letters of a name were lost on the way (W105): a question mark
/// beside a letter, or the mark that decoders leave behind. Such a name is left
/// empty rather than used in a message.
pub(crate) fn has_lost_letters(name: &str) -> bool {
    // The mark of a decoder begins with this byte, and few other letters do.
    const MARK_BEGINS: u8 = 0xef;
    if !name.bytes().any(|byte| byte == b'?' || byte == MARK_BEGINS) {
        return false;
    }
    name.contains(char::REPLACEMENT_CHARACTER)
        || name.char_indices().any(|(at, c)| {
            let touches_letter = name[..at].ends_with(char::is_alphabetic)
                || name[at + c.len_utf8()..].starts_with(char::is_alphabetic);
            c == '?' && touches_letter
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_letters_are_noticed_and_ordinary_names_are_not_suspected() {
        for name in ["?ükrü", "Ay?e", "Mehmet�", "Ali Veli?"] {
            assert!(has_lost_letters(name), "{name}");
        }
        for name in ["Şükrü Çağlayan", "Ali", "", "Ali (?)", "O'Brien"] {
            assert!(!has_lost_letters(name), "{name}");
        }
    }

    #[test]
    fn a_name_is_put_together_from_its_parts() {
        let mut out = String::new();
        assert_eq!(join("Ali", "Veli", &mut out), Some("Ali Veli"));
        assert_eq!(join("", "Veli", &mut out), Some("Veli"));
        assert_eq!(join("", "", &mut out), None);
    }
}
