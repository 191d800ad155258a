//! DKIM (RFC 6376): the domain's signature over the body and the headers that
//! matter, relaxed/relaxed. The unsubscribe headers must be among them, or
//! mailbox providers ignore them (RFC 8058).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::{Digest, Sha256};

/// Shortest RSA modulus that mailbox providers count (Gmail's rules for bulk).
const RSA_BYTES_MIN: usize = 256;
/// Characters of a line of the signature.
const LINE_CHARS: usize = 70;

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// Signs for one domain.
pub(crate) struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("domain", &self.domain)
            .field("selector", &self.selector)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// From a private key in DER (PKCS#8, or PKCS#1 for RSA); `None` when it is
    /// neither RSA of 2048 bits nor Ed25519, or domain and selector are no names.
    pub(crate) fn new(domain: String, selector: String, der: &[u8]) -> Option<Self> {
        let is_name = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        };
        if !is_name(&domain) || !is_name(&selector) {
            return None;
        }
        let rsa = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der));
        let key = match rsa {
            Ok(pair) if pair.public().modulus_len() >= RSA_BYTES_MIN => Key::Rsa(Box::new(pair)),
            Ok(_) => return None,
            Err(_) => Key::Ed25519(Box::new(
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?,
            )),
        };
        Some(Self {
            domain: domain.to_ascii_lowercase(),
            selector,
            key,
        })
    }

    /// The signature as a header with its line break. `headers` are those to be
    /// signed, in the order they stand in the message; none twice.
    pub(crate) fn header(&self, headers: &[(&str, &str)], body: &str) -> Option<String> {
        let body_hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let names: Vec<String> = headers
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect();
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let value = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed; d={}; s={};\r\n\th={};\r\n\tbh={body_hash};\r\n\tb=",
            self.domain,
            self.selector,
            names.join(":"),
        );
        let mut signed = String::new();
        for (name, value) in headers {
            signed.push_str(&relaxed_header(name, value));
            signed.push_str("\r\n");
        }
        signed.push_str(&relaxed_header("DKIM-Signature", &value));
        let signature = STANDARD.encode(self.sign(signed.as_bytes())?);
        let mut header = format!("DKIM-Signature: {value}");
        let mut rest = signature.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(LINE_CHARS));
            header.push_str(line);
            if !more.is_empty() {
                header.push_str("\r\n\t");
            }
            rest = more;
        }
        header.push_str("\r\n");
        Some(header)
    }

    /// The domain that signs.
    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }

    /// Name and value of the TXT record by which others verify.
    pub(crate) fn record(&self) -> (String, String) {
        let (kind, public) = match &self.key {
            Key::Rsa(pair) => ("rsa", public_key_info(pair.public_key().as_ref())),
            // RFC 8463: the bare key.
            Key::Ed25519(pair) => ("ed25519", pair.public_key().as_ref().to_vec()),
        };
        (
            format!("{}._domainkey.{}", self.selector, self.domain),
            format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public)),
        )
    }

    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match &self.key {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                // The scheme is deterministic; the randomness only blinds.
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    text,
                    &mut signature,
                )
                .ok()?;
                Some(signature)
            }
            // RFC 8463: the signature is over the digest.
            Key::Ed25519(pair) => Some(pair.sign(&Sha256::digest(text)).as_ref().to_vec()),
        }
    }
}

/// An RSA key (RFC 8017) as a SubjectPublicKeyInfo (RFC 5280), as name servers
/// tell it and verifiers expect it.
fn public_key_info(key: &[u8]) -> Vec<u8> {
    // rsaEncryption, without parameters.
    const ALGORITHM: [u8; 15] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let mut bits = vec![0]; // no unused bits
    bits.extend_from_slice(key);
    let mut content = ALGORITHM.to_vec();
    content.extend(tagged(0x03, &bits));
    tagged(0x30, &content)
}

/// A value of DER with its tag and length.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match length.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}

/// RFC 6376 §3.4.2: name in lower case, unfolded, runs of white space as one.
fn relaxed_header(name: &str, value: &str) -> String {
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    format!("{}:{}", name.to_ascii_lowercase(), words.join(" "))
}

/// RFC 6376 §3.4.4: runs of white space as one, none at the end of a line, no
/// empty lines at the end.
fn relaxed_body(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for line in body.split("\r\n") {
        let mut in_space = false;
        for c in line.chars() {
            if c == ' ' || c == '\t' {
                in_space = true;
                continue;
            }
            if in_space {
                out.push(' ');
                in_space = false;
            }
            out.push(c);
        }
        out.push_str("\r\n");
    }
    let kept = out.trim_end_matches("\r\n").len();
    out.truncate(kept);
    if !out.is_empty() {
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    fn signer() -> (Signer, Vec<u8>) {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let signer = Signer::new("Ornek.com".into(), "izn1".into(), der.as_ref()).unwrap();
        (signer, public)
    }

    /// Verifies as a mailbox provider does, from the header as it stands.
    fn verifies(header: &str, headers: &[(&str, &str)], body: &str, public: &[u8]) -> bool {
        let value = header.trim_end().strip_prefix("DKIM-Signature: ").unwrap();
        let tag = |name: &str| {
            value.split(';').find_map(|part| {
                let (found, text) = part.trim().split_once('=')?;
                (found == name).then(|| text.split_ascii_whitespace().collect::<String>())
            })
        };
        let bare = &value[..value.rfind("b=").unwrap() + 2];
        let mut signed = String::new();
        for name in tag("h").unwrap().split(':') {
            let (_, text) = headers
                .iter()
                .find(|(found, _)| found.eq_ignore_ascii_case(name))
                .unwrap();
            signed += &(relaxed_header(name, text) + "\r\n");
        }
        signed += &relaxed_header("dkim-signature", bare);
        let body_hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let signature = STANDARD.decode(tag("b").unwrap()).unwrap();
        tag("bh").unwrap() == body_hash
            && UnparsedPublicKey::new(&ED25519, public)
                .verify(&Sha256::digest(signed), &signature)
                .is_ok()
    }

    #[test]
    fn a_signature_verifies_after_refolding_and_fails_on_any_change() {
        let (signer, public) = signer();
        let headers = [
            ("From", "ORNEK <a@ornek.com>"),
            ("List-Unsubscribe", "<https://ornek.com/u/x>"),
        ];
        let body = "Merhaba\r\n\r\n  iki  satir \r\n\r\n\r\n";
        let header = signer.header(&headers, body).unwrap();
        assert!(verifies(&header, &headers, body, &public));
        let refolded = [("From", "ORNEK\r\n  <a@ornek.com>"), headers[1]];
        assert!(verifies(
            &header,
            &refolded,
            "Merhaba\r\n\r\n iki satir\r\n",
            &public
        ));
        assert!(!verifies(&header, &headers, "Merhaba!\r\n", &public));
        let other = [headers[0], ("List-Unsubscribe", "<https://ornek.com/u/y>")];
        assert!(!verifies(&header, &other, body, &public));
        assert!(header.lines().all(|line| line.len() <= 200));
    }

    #[test]
    fn the_canonical_forms_are_those_of_the_standards_example() {
        assert_eq!(relaxed_header("A", " X\r\n"), "a:X");
        assert_eq!(relaxed_header("B ".trim(), " Y\t\r\n\tZ  \r\n"), "b:Y Z");
        assert_eq!(relaxed_body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
        assert_eq!(relaxed_body(""), "");
        assert_eq!(relaxed_body("\r\n\r\n"), "");
    }

    #[test]
    fn the_record_carries_the_public_key_in_the_form_that_verifiers_read() {
        let (signer, public) = signer();
        let (name, value) = signer.record();
        assert_eq!(name, "izn1._domainkey.ornek.com");
        let expected = format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(public));
        assert_eq!(value, expected);
        let pem = include_str!("../../tests/smtp/dkim_rsa.pem");
        let der = crate::smtp::der(pem).unwrap();
        let signer = Signer::new("ornek.com".into(), "izn1".into(), &der).unwrap();
        let (_, value) = signer.record();
        // How every RSA key of 2048 bits with the exponent 65537 begins and ends.
        let begin = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA";
        assert!(value.starts_with(begin), "{value}");
        assert!(value.ends_with("IDAQAB"), "{value}");
    }

    #[test]
    fn a_short_or_foreign_key_is_refused() {
        assert!(Signer::new("ornek.com".into(), "s".into(), b"no key").is_none());
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        assert!(Signer::new("ornek com".into(), "s".into(), der.as_ref()).is_none());
    }
}
