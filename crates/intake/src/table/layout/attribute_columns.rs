//! Which columns hold attributes (*özel alan*) of the firm.

use domain::ReasonCode;
use domain::attribute::{Attribute, AttributeKind};
use domain::fold_text::fold_header;

use crate::field::Field;
use crate::table::header::{Meaning, recognise};
use crate::verdict::Refusal;

/// Columns of attributes.
///
/// # Errors
/// F111 when two columns claim one.
pub(super) fn attribute_columns(
    headers: &[String],
    meanings: &[Meaning],
    attributes: &[Attribute],
) -> Result<Vec<(usize, usize)>, Refusal> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (column, meaning) in meanings.iter().enumerate() {
        let Some(number) = meaning.attribute else {
            continue;
        };
        if let (Some((first, _)), Some(attribute)) = (
            found.iter().find(|(_, known)| *known == number),
            attributes.get(number),
        ) {
            return Err(Refusal::new(ReasonCode::F111)
                .with("field", &attribute.label_tr)
                .with("field_en", &attribute.label_en)
                .with("first", &headers[*first])
                .with("second", &headers[column]));
        }
        found.push((column, number));
    }
    Ok(found)
}

pub(super) fn dates_of(columns: &[(usize, usize)], attributes: &[Attribute]) -> Vec<usize> {
    let is_date = |number: usize| {
        let kind = attributes.get(number).map(|attribute| attribute.kind);
        kind == Some(AttributeKind::Date)
    };
    let dates = columns.iter().filter(|(_, number)| is_date(*number));
    dates.map(|(column, _)| *column).collect()
}

/// The attribute that a person named for a header, or that is headed like it.
pub(super) fn attribute_meaning(number: usize) -> Meaning {
    Meaning {
        attribute: Some(number),
        ..Meaning::of(Field::Attribute)
    }
}

/// What a header means where nobody said: one we know, or an attribute. What is
/// usually kept out (W405) is let in by a definition that marks it as personal
/// or health data.
pub(super) fn recognised(header: &str, attributes: &[Attribute]) -> Meaning {
    let folded = fold_header(header);
    let headed = attributes
        .iter()
        .position(|attribute| attribute.is_headed(&folded));
    match (recognise(header), headed) {
        (Some(meaning), Some(number)) if meaning.field == Field::Sensitive => {
            if attributes[number].is_hidden() {
                attribute_meaning(number)
            } else {
                meaning
            }
        }
        (Some(meaning), _) => meaning,
        (None, Some(number)) => attribute_meaning(number),
        (None, None) => Meaning::of(Field::Ignored),
    }
}
