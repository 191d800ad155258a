//! Answers in JSON or XML as one kind of tree.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Deeper answers are refused.
const DEPTH_MAX: usize = 32;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    Json,
    Xml,
    Text,
}

impl Format {
    /// Reads a body whole.
    pub(super) fn read(self, body: &[u8]) -> Result<Value, String> {
        match self {
            Self::Json => serde_json::from_slice(body).map_err(|error| error.to_string()),
            Self::Xml => xml(body),
            Self::Text => std::str::from_utf8(body)
                .map(|text| Value::from(text.trim()))
                .map_err(|error| error.to_string()),
        }
    }
}

/// Elements become objects, an element that stands several times a list, an
/// element without children its text. Attributes are children.
fn xml(body: &[u8]) -> Result<Value, String> {
    struct Open {
        name: String,
        children: Map<String, Value>,
        text: String,
    }
    let open = |name: &[u8]| Open {
        name: String::from_utf8_lossy(name).into_owned(),
        children: Map::new(),
        text: String::new(),
    };
    let mut reader = Reader::from_reader(body);
    let mut stack = vec![open(b"")];
    let mut buffer = Vec::new();
    loop {
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|error| error.to_string())?;
        let (starts, ends) = match &event {
            Event::Start(_) => (true, false),
            Event::Empty(_) => (true, true),
            Event::End(_) => (false, true),
            _ => (false, false),
        };
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let mut element = open(start.local_name().as_ref());
                for attribute in start.attributes() {
                    let attribute = attribute.map_err(|error| error.to_string())?;
                    let name = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into();
                    let raw = String::from_utf8_lossy(&attribute.value);
                    let value =
                        quick_xml::escape::unescape(&raw).map_err(|error| error.to_string())?;
                    element.children.insert(name, Value::from(value.as_ref()));
                }
                stack.push(element);
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|error| error.to_string())?;
                top(&mut stack, |element: &mut Open| {
                    element.text.push_str(&text)
                });
            }
            Event::CData(text) => {
                let text = String::from_utf8_lossy(text).into_owned();
                top(&mut stack, |element: &mut Open| {
                    element.text.push_str(&text)
                });
            }
            Event::GeneralRef(name) => {
                let name = String::from_utf8_lossy(name).into_owned();
                let text = quick_xml::escape::unescape(&format!("&{name};"))
                    .map_err(|error| error.to_string())?
                    .into_owned();
                top(&mut stack, |element: &mut Open| {
                    element.text.push_str(&text)
                });
            }
            Event::DocType(_) => return Err("a document type is not read".to_owned()),
            Event::Eof => break,
            _ => {}
        }
        if starts && stack.len() > DEPTH_MAX {
            return Err("the answer is nested too deeply".to_owned());
        }
        if ends && let Some(element) = stack.pop() {
            let value = if element.children.is_empty() {
                Value::from(element.text.trim())
            } else {
                Value::Object(element.children)
            };
            top(&mut stack, |parent: &mut Open| {
                match parent.children.get_mut(&element.name) {
                    Some(Value::Array(list)) => list.push(value),
                    Some(first) => *first = Value::Array(vec![first.take(), value]),
                    None => {
                        parent.children.insert(element.name, value);
                    }
                }
            });
        }
        buffer.clear();
    }
    match (stack.pop(), stack.is_empty()) {
        (Some(root), true) if !root.children.is_empty() => Ok(Value::Object(root.children)),
        _ => Err("the answer breaks off or holds no element".to_owned()),
    }
}

fn top<T>(stack: &mut [T], act: impl FnOnce(&mut T)) {
    if let Some(last) = stack.last_mut() {
        act(last);
    }
}

/// The text at a place; empty where there is none.
pub(super) fn text(tree: &Value, place: &str) -> String {
    match tree.pointer(place) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null | Value::Object(_) | Value::Array(_)) => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The rows at a place: a list, or a single object as XML writes a list of one.
pub(super) fn rows<'a>(tree: &'a Value, place: &str) -> Option<Vec<&'a Value>> {
    match tree.pointer(place)? {
        Value::Array(list) => Some(list.iter().collect()),
        one @ Value::Object(_) => Some(vec![one]),
        Value::String(text) if text.is_empty() => Some(Vec::new()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_reads_as_json_does() {
        let body = "<R a=\"1\"><ID>7</ID><S><N>905</N><C>&#x15F;&amp;</C></S><S><N>906</N></S></R>";
        let tree = Format::Xml.read(body.as_bytes()).unwrap();
        assert_eq!(text(&tree, "/R/ID"), "7");
        assert_eq!(text(&tree, "/R/a"), "1");
        let rows = rows(&tree, "/R/S").unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(text(rows[0], "/C"), "ş&");
    }

    #[test]
    fn half_an_answer_is_no_answer() {
        let body = b"<R><ID>123</ID></R>";
        for cut in 0..body.len() {
            assert!(Format::Xml.read(&body[..cut]).is_err(), "{cut}");
        }
        assert!(Format::Xml.read("<a>".repeat(40).as_bytes()).is_err());
    }
}
