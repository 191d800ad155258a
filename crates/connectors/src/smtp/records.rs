//! What must stand in the DNS before a first campaign, worked out from the
//! account: mailbox providers turn bulk mail down without it.

use super::config::Config;
use crate::outcome::Check;

/// The records, each as a line of the account's test. They are told, not looked
/// up: nothing here asks a name server.
pub(super) fn records(config: &Config) -> Vec<Check> {
    let mut records = Vec::new();
    let signing = config.signer.as_deref();
    if let Some(signer) = signing {
        let (name, value) = signer.record();
        records.push(record("DKIM", &name, "TXT", &value));
        let name = format!("_dmarc.{}", signer.domain());
        records.push(record("DMARC", &name, "TXT", "v=DMARC1; p=none"));
    }
    // The domain of the return address is the one that SPF is checked for.
    let returns = config.verp.as_ref().map(|verp| verp.domain());
    let domain = returns.or_else(|| signing.map(|signer| signer.domain()));
    if let Some(domain) = domain {
        let value = format!("v=spf1 a:{} ~all", config.host);
        records.push(record("SPF", domain, "TXT", &value));
    }
    if let Some(domain) = returns {
        let text_tr = format!(
            "DNS'te bulunmalı (geri dönüşler): {domain} MX – bounce_address adresine gelenleri alan sunucunuz."
        );
        let text_en = format!(
            "Must stand in the DNS (bounces): {domain} MX – your server that takes what comes to bounce_address."
        );
        records.push(told(text_tr, text_en));
    }
    records
}

fn record(what: &str, name: &str, kind: &str, value: &str) -> Check {
    let (more_tr, more_en) = match what {
        "SPF" => (
            " Kayıt zaten varsa yalnız a:… bölümünü ekleyin.",
            " If there is one already, add only the part a:….",
        ),
        "DMARC" => (
            " Daha sıkı bir kayıt varsa bırakın.",
            " If there is a stricter one, leave it.",
        ),
        _ => ("", ""),
    };
    told(
        format!("DNS'te bulunmalı ({what}): {name} {kind} \"{value}\".{more_tr}"),
        format!("Must stand in the DNS ({what}): {name} {kind} \"{value}\".{more_en}"),
    )
}

/// Something to compare, which neither passes nor fails.
fn told(text_tr: String, text_en: String) -> Check {
    Check {
        passed: true,
        is_required: false,
        text_tr,
        text_en,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(changes: &serde_json::Value) -> Vec<String> {
        let mut config = json!({ "base_url": "smtps://mail.ornek.com:465",
            "username": "u", "password": "p" });
        let fields = config.as_object_mut().unwrap();
        fields.extend(changes.as_object().unwrap().clone());
        let config = Config::read(&config).unwrap();
        records(&config)
            .into_iter()
            .map(|check| check.text_tr)
            .collect()
    }

    #[test]
    fn the_records_are_worked_out_from_the_account() {
        let key = include_str!("../../tests/smtp/dkim_rsa.pem");
        let told = lines(
            &json!({ "dkim_domain": "ornek.com", "dkim_selector": "izn1",
            "dkim_key": key, "bounce_address": "donus@geri.ornek.com" }),
        );
        let begins = [
            "DNS'te bulunmalı (DKIM): izn1._domainkey.ornek.com TXT \"v=DKIM1; k=rsa; p=MII",
            "DNS'te bulunmalı (DMARC): _dmarc.ornek.com TXT \"v=DMARC1; p=none\"",
            "DNS'te bulunmalı (SPF): geri.ornek.com TXT \"v=spf1 a:mail.ornek.com ~all\"",
            "DNS'te bulunmalı (geri dönüşler): geri.ornek.com MX",
        ];
        assert_eq!(told.len(), begins.len(), "{told:?}");
        for (line, begin) in told.iter().zip(begins) {
            assert!(line.starts_with(begin), "{line}");
        }
        assert!(lines(&json!({})).is_empty());
    }
}
