//! Optional fields that a contract asks for, such as those about consent, as a
//! user writes them: `0x1401 text {{brand_code}}`.

use crate::form::FormReader;

/// Fields of one account.
const TLVS_MAX: usize = 16;

/// The type of an optional field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlvType {
    Text,
    CString,
    U8,
    U16,
}

/// An optional field that goes along with every message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tlv {
    pub(super) tag: u16,
    pub(super) kind: TlvType,
    pub(super) value: String,
}

impl Tlv {
    /// Whether it tells of consent, and so goes along with commercial messages only.
    pub(super) fn is_about_consent(&self) -> bool {
        self.value.contains("{{brand_code}}") || self.value.contains("{{recipient_kind}}")
    }
}

/// Reads the field `tlvs`.
pub(super) fn read(form: &mut FormReader<'_>) -> Vec<Tlv> {
    let text = form.text("tlvs").unwrap_or_default();
    let mut read = Vec::new();
    for (nth, line) in (1..).zip(text.split(['\n', ';'])) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        match tlv(line) {
            Some(tlv) if read.len() < TLVS_MAX => read.push(tlv),
            _ => {
                form.problem(
                    "tlvs",
                    &format!("{nth}. alan anlaşılmadı; örnek: 0x1401 text {{{{brand_code}}}}"),
                    &format!(
                        "Field {nth} makes no sense; an example: 0x1401 text {{{{brand_code}}}}"
                    ),
                );
                break;
            }
        }
    }
    read
}

fn tlv(line: &str) -> Option<Tlv> {
    let mut words = line.splitn(3, char::is_whitespace);
    let tag = words.next()?.strip_prefix("0x")?;
    let tag = u16::from_str_radix(tag, 16)
        .ok()
        .filter(|tag| *tag >= 0x1400)?;
    let kind = match words.next()? {
        "text" => TlvType::Text,
        "cstring" => TlvType::CString,
        "u8" => TlvType::U8,
        "u16" => TlvType::U16,
        _ => return None,
    };
    let value = words.next()?.trim().to_owned();
    // What is left between braces after the known names is no name.
    let rest = ["{{brand_code}}", "{{recipient_kind}}", "{{ground}}"]
        .iter()
        .fold(value.clone(), |rest, name| rest.replace(name, "0"));
    let is_number = |max: u32| rest.parse().is_ok_and(|number: u32| number <= max);
    let is_sound = match kind {
        TlvType::Text | TlvType::CString => value.is_ascii() && !rest.contains(['{', '}']),
        TlvType::U8 => is_number(0xFF),
        TlvType::U16 => is_number(0xFFFF),
    };
    (is_sound && !value.is_empty()).then_some(Tlv { tag, kind, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_optional_field_is_read_or_refused() {
        let read = tlv("0x1401 text {{brand_code}}").unwrap();
        assert!(read.tag == 0x1401 && read.is_about_consent());
        assert!(!tlv("0x1402 u8 1").unwrap().is_about_consent());
        assert!(tlv("0x1403 cstring {{ground}}").is_some());
        for line in [
            "0x0424 text a",
            "1401 text a",
            "0x1401 text",
            "0x1401 u8 256",
            "0x1401 text {{text}}",
            "0x1401 number 1",
        ] {
            assert_eq!(tlv(line), None, "{line}");
        }
    }
}
