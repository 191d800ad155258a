//! What an operator's own `command_status` values mean, as a user writes them:
//! `0x88 T speed limit`.

use crate::form::FormReader;
use crate::outcome::Class;

/// Values of one account.
const STATUSES_MAX: usize = 64;

/// One value with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnStatus {
    pub(super) status: u32,
    pub(super) class: Class,
    pub(super) words: String,
}

/// Reads the field `statuses`.
pub(super) fn read(form: &mut FormReader<'_>) -> Vec<OwnStatus> {
    let text = form.text("statuses").unwrap_or_default();
    let mut read: Vec<OwnStatus> = Vec::new();
    for (nth, line) in (1..).zip(text.split(['\n', ';'])) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let sound = status(line)
            .filter(|own| read.iter().all(|held| held.status != own.status))
            .filter(|_| read.len() < STATUSES_MAX);
        let Some(own) = sound else {
            form.problem(
                "statuses",
                &format!("{nth}. satır anlaşılmadı ya da yineleniyor; örnek: 0x88 T hız sınırı"),
                &format!(
                    "Line {nth} makes no sense or comes twice; an example: 0x88 T speed limit"
                ),
            );
            break;
        };
        read.push(own);
    }
    read
}

fn status(line: &str) -> Option<OwnStatus> {
    let mut words = line.splitn(3, char::is_whitespace);
    let status = words.next()?.strip_prefix("0x")?;
    let status = u32::from_str_radix(status, 16).ok()?;
    let class = Class::from_letter(words.next()?)?;
    // 0 is success; "the provider has it already" and "unknown" are no answers here.
    let is_sound = status != 0 && !matches!(class, Class::Duplicate | Class::Undocumented);
    is_sound.then(|| OwnStatus {
        status,
        class,
        words: words.next().unwrap_or_default().trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_with_its_class_and_words_or_refused() {
        let own = status("0x88 T hız sınırı").unwrap();
        assert_eq!((own.status, own.class), (0x88, Class::Transient));
        assert_eq!(own.words, "hız sınırı");
        assert_eq!(status("0x410 P").unwrap().words, "");
        for line in ["", "0x0 P", "88 T", "0x88", "0x88 X", "0x88 D", "0xZZ T"] {
            assert_eq!(status(line), None, "{line}");
        }
    }
}
