//! The pre-header of an e-mail (*ön başlık*): the words that an inbox shows
//! behind the subject. They stand hidden at the top of the HTML.

use domain::template::MessageText;

use crate::error::EngineError;

/// Longest pre-header, characters; inboxes show 40 to 130 of them.
const PREHEADER_CHARS_MAX: usize = 200;

/// Hidden where the mail is read, shown where mails are listed.
const HIDDEN: &str = "<div style=\"display:none;max-height:0;max-width:0;overflow:hidden;\
     opacity:0;mso-hide:all;font-size:1px;line-height:1px;color:transparent\">";
/// Invisible filling, so that a list does not go on with the text of the mail.
const FILLING: &str = "&#847;&zwnj;&nbsp;";
const FILLINGS: usize = 30;

/// The HTML with the pre-header at its top. Its own words are escaped like the
/// values of variables: it is text, and never markup.
pub(super) fn put_into(html: &str, preheader: &str) -> String {
    let (before, behind) = html.split_at(top(html));
    let words = escaped(preheader);
    let filling = FILLING.repeat(FILLINGS);
    format!("{before}{HIDDEN}{words}{filling}</div>{behind}")
}

/// Refuses a pre-header that no inbox would show, or that has no place.
pub(super) fn check(preheader: &str, html: Option<&str>) -> Result<(), EngineError> {
    let invalid = |problem: String| Err(EngineError::invalid("preheader", problem));
    if html.is_none() {
        let problem = "stands in the HTML of a mail, and this one has none; add `html`";
        return invalid(problem.to_owned());
    }
    let is_one_line = !preheader.contains(['\n', '\r']);
    if preheader.chars().count() > PREHEADER_CHARS_MAX || !is_one_line {
        return invalid(format!(
            "must be one line of at most {PREHEADER_CHARS_MAX} characters"
        ));
    }
    match MessageText::parse(preheader) {
        Ok(_) => Ok(()),
        Err(error) => invalid(error.to_string()),
    }
}

/// Where the visible part of a page begins.
fn top(html: &str) -> usize {
    let lower = html.to_ascii_lowercase();
    let behind = |at: usize| {
        let rest = lower.get(at..)?;
        rest.find('>').map(|end| at + end + 1)
    };
    let body = lower.match_indices("<body").find_map(|(at, tag)| {
        let next = lower.get(at + tag.len()..)?.chars().next()?;
        (next == '>' || next.is_whitespace()).then_some(at)
    });
    // A page without a body of its own has one behind its head.
    let parts = [body, lower.find("</head"), lower.find("<!doctype")];
    parts.into_iter().flatten().find_map(behind).unwrap_or(0)
}

/// Escapes what stands outside of the braces; the values of variables are
/// escaped when they are filled in.
fn escaped(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    loop {
        let places = [rest.find("{{"), rest.find("{%")];
        let Some(at) = places.into_iter().flatten().min() else {
            break;
        };
        let (plain, braces) = rest.split_at(at);
        escape(plain, &mut out);
        let close = if braces.starts_with("{{") { "}}" } else { "%}" };
        let end = braces.find(close).map_or(braces.len(), |end| end + 2);
        let (kept, behind) = braces.split_at(end);
        out.push_str(kept);
        rest = behind;
    }
    escape(rest, &mut out);
    out
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preheader_stands_before_everything_that_is_seen() {
        for (html, before) in [
            (
                "<html><head></head><BODY class=\"a\"><p>x</p></BODY></html>",
                "<html><head></head><BODY class=\"a\">",
            ),
            ("<!doctype html><p>x</p>", "<!doctype html>"),
            (
                "<head><title>a</title></head><p>x</p>",
                "<head><title>a</title></head>",
            ),
            ("<p>x</p>", ""),
            ("<p>the <bodyguard></p>", ""),
        ] {
            let whole = put_into(html, "Yaz");
            let rest = whole.strip_prefix(before).unwrap_or_default();
            assert!(rest.starts_with(HIDDEN), "{whole}");
            let without = whole.replacen(&format!("{HIDDEN}Yaz"), "", 1);
            let without = without.replacen(&format!("{}</div>", FILLING.repeat(FILLINGS)), "", 1);
            assert_eq!(without, html);
        }
    }

    #[test]
    fn its_words_are_text_and_its_variables_stay() {
        assert_eq!(
            escaped("Yaz & \"Kış\" <b> {{ad|varsayilan(\"a & b\")}} {% if x %}'{% endif %}"),
            "Yaz &amp; &quot;Kış&quot; &lt;b&gt; {{ad|varsayilan(\"a & b\")}} {% if x %}&#39;{% endif %}"
        );
    }

    #[test]
    fn what_no_inbox_would_show_is_refused() {
        let html = Some("<p>x</p>");
        assert!(check("Yaz geldi {{ad}}", html).is_ok());
        for preheader in ["", "a\nb", "{{ad", &"a".repeat(201)] {
            assert!(check(preheader, html).is_err(), "{preheader}");
        }
        assert!(check("Yaz", None).is_err(), "it has no place");
    }
}
