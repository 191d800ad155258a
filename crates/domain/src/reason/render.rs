//! Filling of text templates: `{name}` is replaced, `[…]` is optional.

/// Stands where a value was not given outside an optional part.
const NOT_GIVEN: &str = "…";

/// The template with its placeholders replaced by `values`.
///
/// An optional part disappears when one of its placeholders has no value.
/// Values are inserted as they are: braces inside them mean nothing.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, optional, after)) = split_around(rest, '[', ']') {
        fill_part(&mut out, before, values);
        if placeholders(optional).all(|name| value_of(name, values).is_some()) {
            fill_part(&mut out, optional, values);
        }
        rest = after;
    }
    fill_part(&mut out, rest, values);
    out
}

/// The names of the placeholders, in order, with repetitions.
pub(super) fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    let mut rest = template;
    std::iter::from_fn(move || {
        let (_, name, after) = split_around(rest, '{', '}')?;
        rest = after;
        Some(name)
    })
}

fn fill_part(out: &mut String, part: &str, values: &[(&str, &str)]) {
    let mut rest = part;
    while let Some((before, name, after)) = split_around(rest, '{', '}') {
        out.push_str(before);
        out.push_str(value_of(name, values).unwrap_or(NOT_GIVEN));
        rest = after;
    }
    out.push_str(rest);
}

fn value_of<'v>(name: &str, values: &[(&str, &'v str)]) -> Option<&'v str> {
    values
        .iter()
        .find(|(given, _)| *given == name)
        .map(|(_, value)| *value)
}

fn split_around(text: &str, open: char, close: char) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(open)?;
    let (inside, after) = rest.split_once(close)?;
    Some((before, inside, after))
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn given_values_replace_their_placeholders() {
        let text = "{found} fields instead of {expected}.";
        assert_eq!(
            fill(text, &[("expected", "7"), ("found", "8")]),
            "8 fields instead of 7."
        );
    }

    #[test]
    fn an_optional_part_appears_only_when_all_its_values_are_given() {
        let text = "Letters in the phone[: {value}][; did you mean {suggestion}].";
        assert_eq!(fill(text, &[]), "Letters in the phone.");
        assert_eq!(
            fill(text, &[("value", "O532")]),
            "Letters in the phone: O532."
        );
        assert_eq!(
            fill(text, &[("value", "O532"), ("suggestion", "0532")]),
            "Letters in the phone: O532; did you mean 0532."
        );
    }

    #[test]
    fn a_missing_value_leaves_an_ellipsis_and_a_value_is_never_read_as_a_template() {
        assert_eq!(fill("a {b} c", &[]), "a … c");
        assert_eq!(fill("a {b} c", &[("b", "{b}[x]")]), "a {b}[x] c");
    }
}
