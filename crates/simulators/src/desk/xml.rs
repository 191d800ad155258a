//! Flat XML requests, strictly: one root, known elements, each once.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

/// The texts of elements by their path below the root, in order; several of the
/// same path keep their order.
pub(crate) type Elements = HashMap<String, Vec<String>>;

/// Reads a body whose root is `root` and whose elements are all of `known`
/// (paths below the root). `None` for anything else.
pub(crate) fn elements(body: &[u8], root: &str, known: &[&str]) -> Option<Elements> {
    let mut reader = Reader::from_reader(body);
    let mut buffer = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    let mut found = Elements::new();
    let mut is_closed = false;
    loop {
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(start) if start.attributes().next().is_none() && !is_closed => {
                path.push(String::from_utf8(start.name().as_ref().to_vec()).ok()?);
                texts.push(String::new());
                let below = path.get(1..)?.join("/");
                let is_known = below.is_empty() || known.contains(&below.as_str());
                if path.first()? != root || !is_known {
                    return None;
                }
            }
            Event::Text(text) => match texts.last_mut() {
                Some(last) => last.push_str(&text.decode().ok()?),
                None if text.decode().ok()?.trim().is_empty() => {}
                None => return None,
            },
            Event::GeneralRef(entity) => {
                let name = String::from_utf8(entity.to_vec()).ok()?;
                let text = quick_xml::escape::unescape(&format!("&{name};"))
                    .ok()?
                    .into_owned();
                texts.last_mut()?.push_str(&text);
            }
            Event::End(_) => {
                let below = path.get(1..)?.join("/");
                found.entry(below).or_default().push(texts.pop()?);
                path.pop()?;
                is_closed = path.is_empty();
            }
            Event::Decl(_) => {}
            Event::Eof if is_closed => return Some(found),
            _ => return None,
        }
        buffer.clear();
    }
}

/// The text of an element that stands at most once; empty where it is absent.
/// `None` when it stands twice.
pub(crate) fn only<'a>(elements: &'a Elements, path: &str) -> Option<&'a str> {
    match elements.get(path).map(Vec::as_slice) {
        None => Some(""),
        Some([text]) => Some(text),
        Some(_) => None,
    }
}
