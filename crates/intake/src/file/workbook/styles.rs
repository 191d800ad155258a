//! Which styles of a workbook show a number as a date.

use std::collections::HashMap;
use std::io::Read;

use quick_xml::events::{BytesStart, Event};

use super::xml::{Xml, attribute, attribute_bytes, number};
use crate::file::scan::ScanEnd;

/// How a style shows a number, as far as it matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Style {
    #[default]
    Number,
    /// A date without a time of day.
    Date,
    /// A date with one, or a time alone.
    DateTime,
}

/// Styles that are looked at; the format allows 65,490.
const STYLES_MAX: usize = 65_536;

/// The styles of cells, by their number.
pub(super) fn read_styles<R: Read>(mut xml: Xml<'_, R>) -> Result<Vec<Style>, ScanEnd> {
    let mut formats: HashMap<u64, Style> = HashMap::new();
    let mut styles = Vec::new();
    let mut is_cell_style = false;
    loop {
        match xml.next()? {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                b"cellXfs" => is_cell_style = true,
                b"numFmt" if formats.len() < STYLES_MAX => formats.extend(own_format(&tag)),
                b"xf" if is_cell_style && styles.len() < STYLES_MAX => {
                    let id = attribute_bytes(&tag, b"numFmtId", number).unwrap_or(0);
                    let own = formats.get(&id).copied();
                    styles.push(own.unwrap_or_else(|| builtin(id)));
                }
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == b"cellXfs" => is_cell_style = false,
            Event::Eof => return Ok(styles),
            _ => {}
        }
    }
}

fn own_format(tag: &BytesStart<'_>) -> Option<(u64, Style)> {
    let id = attribute_bytes(tag, b"numFmtId", number)?;
    Some((id, of_code(&attribute(tag, "formatCode")?)))
}

/// Formats that need no code in the file.
const fn builtin(id: u64) -> Style {
    match id {
        14..=17 | 27..=31 | 34..=36 | 50..=54 | 57..=58 => Style::Date,
        18..=22 | 32..=33 | 45..=47 | 55..=56 => Style::DateTime,
        _ => Style::Number,
    }
}

/// Reads `dd.mm.yyyy hh:mm`: letters outside quotes, brackets and escapes.
fn of_code(code: &str) -> Style {
    let mut letters = String::new();
    let (mut is_quoted, mut in_brackets) = (false, false);
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '\\' | '_' | '*' => {
                chars.next();
            }
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            ';' => break, // further sections are for other signs
            // `[hh]:mm` counts hours; `[Red]` and `[$-41F]` are no letters of a date.
            _ if in_brackets => {}
            _ => letters.extend(c.to_lowercase()),
        }
    }
    if letters.contains("general") || letters.contains('#') || letters.contains('0') {
        // `0` also stands in fractions of seconds: `ss.000` is a time still.
        return if letters.contains("ss") {
            Style::DateTime
        } else {
            Style::Number
        };
    }
    let has = |wanted: [char; 2]| letters.contains(wanted);
    if has(['h', 's']) {
        Style::DateTime
    } else if has(['d', 'y']) || letters.contains('m') {
        Style::Date
    } else {
        Style::Number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_dates_are_told_from_codes_of_numbers() {
        for (code, style) in [
            ("dd.mm.yyyy", Style::Date),
            ("dd/mm/yyyy hh:mm", Style::DateTime),
            ("[$-41F]d mmmm yyyy;@", Style::Date),
            ("[$-F400]h:mm:ss AM/PM", Style::DateTime),
            ("yyyy\\-mm\\-dd", Style::Date),
            ("General", Style::Number),
            ("0.00", Style::Number),
            ("#,##0\\ \"adet\"", Style::Number),
            ("0\" gün\"", Style::Number),
            ("@", Style::Number),
            ("[Red]0", Style::Number),
            ("mm:ss.0", Style::DateTime),
        ] {
            assert_eq!(of_code(code), style, "{code}");
        }
        assert_eq!(builtin(14), Style::Date);
        assert_eq!(builtin(22), Style::DateTime);
        assert_eq!(builtin(1), Style::Number);
    }
}
