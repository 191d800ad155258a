//! `X-Twilio-Signature`: HMAC-SHA1 over the address as configured and the form,
//! or over the address alone when it carries the hash of a JSON body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::transport::form_pairs;

/// Whether `given` signs a push to `url` (with its query) under `token`.
pub(super) fn is_genuine(token: &str, url: &str, body: &[u8], given: &str) -> bool {
    let form = std::str::from_utf8(body).unwrap_or_default();
    let json_hash = form_pairs(url.split_once('?').map_or("", |(_, query)| query))
        .into_iter()
        .find(|(name, _)| name == "bodySHA256")
        .map(|(_, hash)| hash);
    let parts = match &json_hash {
        Some(hash) if *hash != hex(&Sha256::digest(body)) => return false,
        Some(_) => String::new(),
        None => pairs_text(form),
    };
    spellings(url).iter().any(|url| {
        sign(token, url, &parts)
            .as_bytes()
            .ct_eq(given.as_bytes())
            .into()
    })
}

/// Each name with each of its distinct values, in ascending order.
fn pairs_text(form: &str) -> String {
    let mut pairs = form_pairs(form);
    pairs.sort_unstable();
    pairs.dedup();
    pairs
        .into_iter()
        .flat_map(|(name, value)| [name, value])
        .collect()
}

/// The address with and without its usual port written out.
fn spellings(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    let Ok(parsed) = reqwest::Url::parse(url) else {
        return all;
    };
    let (Some(host), Some(port)) = (parsed.host_str(), parsed.port_or_known_default()) else {
        return all;
    };
    let scheme = parsed.scheme();
    for before in [
        format!("{scheme}://{host}:{port}"),
        format!("{scheme}://{host}"),
    ] {
        if let Some(rest) = url.strip_prefix(&before)
            && !rest.starts_with(|c: char| c == ':' || c.is_alphanumeric())
        {
            all.push(format!("{scheme}://{host}:{port}{rest}"));
            all.push(format!("{scheme}://{host}{rest}"));
            break;
        }
    }
    all
}

fn sign(token: &str, url: &str, parts: &str) -> String {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("a key of any length is taken");
    mac.update(url.as_bytes());
    mac.update(parts.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const FORM: &str = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";

    #[test]
    fn the_published_signatures_are_accepted() {
        for (url, form, signature) in [
            (URL, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            (
                "https://mycompany.com:443/myapp.php?foo=1&bar=2",
                FORM,
                "kvajT1Ptam85bY51eRf/AJRuM3w=",
            ),
            // Signed with the port, configured without it, and the other way round.
            (URL, FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),
            (
                "https://mycompany.com:443/myapp.php?foo=1&bar=2",
                FORM,
                "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
            ),
            (
                "http://mycompany.com:1234/myapp.php?foo=1&bar=2",
                FORM,
                "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
            ),
            (
                URL,
                "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
                "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
            ),
            (
                "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
                r#"{"property": "value", "boolean": true}"#,
                "a9nBmqA0ju/hNViExpshrM61xv4=",
            ),
        ] {
            assert!(
                is_genuine("12345", url, form.as_bytes(), signature),
                "{url}"
            );
        }
    }

    #[test]
    fn a_changed_body_address_or_token_is_refused() {
        let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        let changed = FORM.replace("1234&", "1235&");
        assert!(!is_genuine("12345", URL, changed.as_bytes(), signature));
        assert!(!is_genuine(
            "12345",
            "https://mycompany.com/",
            FORM.as_bytes(),
            signature
        ));
        assert!(!is_genuine("54321", URL, FORM.as_bytes(), signature));
        let json = "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        assert!(!is_genuine(
            "12345",
            json,
            b"{}",
            "a9nBmqA0ju/hNViExpshrM61xv4="
        ));
    }
}
