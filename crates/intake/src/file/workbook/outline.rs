//! What a workbook says it holds: its sheets, where their parts lie, and from
//! which year it counts days.

use std::io::Read;

use quick_xml::events::Event;

use super::xml::{Xml, attribute, attribute_bytes, is_on};
use crate::file::scan::ScanEnd;

/// Sheets that are looked at.
const SHEETS_MAX: usize = 1_000;

/// A sheet as the workbook lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) is_hidden: bool,
    relation: String,
}

/// The workbook part.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) sheets: Vec<Sheet>,
    pub(super) counts_from_1904: bool,
}

/// One part that another refers to.
#[derive(Debug)]
pub(super) struct Relation {
    id: String,
    kind: String,
    pub(super) target: String,
}

impl Outline {
    pub(super) fn read<R: Read>(mut xml: Xml<'_, R>) -> Result<Self, ScanEnd> {
        let mut outline = Self::default();
        loop {
            match xml.next()? {
                Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                    b"workbookPr" => outline.counts_from_1904 = is_on(&tag, b"date1904"),
                    b"sheet" if outline.sheets.len() < SHEETS_MAX => {
                        let is_hidden =
                            attribute_bytes(&tag, b"state", |state| Some(state != b"visible"));
                        outline.sheets.push(Sheet {
                            name: attribute(&tag, "name").unwrap_or_default(),
                            is_hidden: is_hidden.unwrap_or(false),
                            relation: relation_id(&tag).unwrap_or_default(),
                        });
                    }
                    _ => {}
                },
                Event::Eof => return Ok(outline),
                _ => {}
            }
        }
    }
}

/// The `id` of the relations' namespace, whatever its prefix.
fn relation_id(tag: &quick_xml::events::BytesStart<'_>) -> Option<String> {
    let mut attributes = tag.attributes();
    let mut found = attributes.with_checks(false).flatten();
    let is_id = |key: &[u8]| key.ends_with(b":id");
    let value = found.find(|attribute| is_id(attribute.key.as_ref()))?.value;
    Some(String::from_utf8_lossy(&value).into_owned())
}

/// Reads the relations of a part; targets are seen from `folder`.
pub(super) fn read_relations<R: Read>(
    mut xml: Xml<'_, R>,
    folder: &str,
) -> Result<Vec<Relation>, ScanEnd> {
    let mut relations = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(tag) | Event::Empty(tag)
                if tag.local_name().as_ref() == b"Relationship"
                    && relations.len() < 4 * SHEETS_MAX =>
            {
                let value = |name| attribute(&tag, name).unwrap_or_default();
                relations.push(Relation {
                    id: value("Id"),
                    kind: value("Type"),
                    target: path_of(folder, &value("Target")),
                });
            }
            Event::Eof => return Ok(relations),
            _ => {}
        }
    }
}

/// The part of this kind, such as `sharedStrings`.
pub(super) fn of_kind<'r>(relations: &'r [Relation], kind: &str) -> Option<&'r str> {
    let is_kind = |relation: &&Relation| relation.kind.rsplit('/').next() == Some(kind);
    relations
        .iter()
        .find(is_kind)
        .map(|relation| relation.target.as_str())
}

/// The part of a sheet; `None` for one that holds no cells, such as a chart.
pub(super) fn part_of<'r>(sheet: &Sheet, relations: &'r [Relation]) -> Option<&'r str> {
    let relation = relations
        .iter()
        .find(|relation| relation.id == sheet.relation)?;
    (relation.kind.rsplit('/').next() == Some("worksheet")).then_some(relation.target.as_str())
}

/// A target as the name of a part: `../a.xml` seen from `xl/b` is `xl/a.xml`.
fn path_of(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_seen_from_the_part_that_names_them() {
        assert_eq!(
            path_of("xl", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml"
        );
        assert_eq!(
            path_of("xl", "/xl/sharedStrings.xml"),
            "xl/sharedStrings.xml"
        );
        assert_eq!(path_of("xl/worksheets", "../styles.xml"), "xl/styles.xml");
        assert_eq!(path_of("", "xl/workbook.xml"), "xl/workbook.xml");
    }
}
