//! The Turkish cover of a pack: what an authority reads first.

use std::fmt::Write as _;

use domain::complaint::CaseDeed;
use domain::{Origin, Timestamp};

use super::{About, Extract, PackFile};
use crate::complaints::FoundMessage;
use crate::evidence::page::plain;

const STYLE: &str = "body{font:15px/1.5 serif;max-width:48em;margin:2em auto;padding:0 1em}\
    th{text-align:left;vertical-align:top;padding:.2em 1em .2em 0;font-weight:normal;color:#555}\
    td{padding:.2em 0;word-break:break-word}pre{white-space:pre-wrap;border:1px solid #999;padding:.6em}\
    h2{font-size:1.1em;margin:1.4em 0 .3em;border-bottom:1px solid #999}\
    code{font-size:.85em;word-break:break-all}";

fn row(out: &mut String, name: &str, value: &str) {
    let value = if value.is_empty() {
        "—".to_owned()
    } else {
        plain(value)
    };
    // Writing into a String cannot fail.
    let _ = writeln!(out, "<tr><th>{name}</th><td>{value}</td></tr>");
}

fn at(time: Timestamp) -> String {
    time.to_turkish_text()
}

/// The page; it needs nothing from anywhere else.
pub(super) fn page(about: &About<'_>, extract: &Extract, files: &[PackFile]) -> String {
    let case = about.case;
    let mut out = format!(
        "<!doctype html><html lang=\"tr\"><meta charset=\"utf-8\"><title>Kanıt paketi {0}</title>\
         <style>{STYLE}</style>\n<h1>Kanıt paketi</h1>\n<table>\n",
        case.id
    );
    row(&mut out, "Şikâyet no", &case.id.to_string());
    row(&mut out, "Firma", about.firm_name);
    row(&mut out, "Marka (ticaret unvanı)", about.brand_name);
    row(&mut out, "Şikâyet edilen numara", &case.address.to_string());
    row(&mut out, "İletide görünen gönderici", &case.sender);
    row(&mut out, "İletinin zamanı (beyan)", &at(case.happened_at));
    row(&mut out, "Şikâyetin gelişi", &at(case.received_at));
    row(
        &mut out,
        "Ticari gönderimin durdurulması (S202)",
        &at(case.created_at),
    );
    row(
        &mut out,
        "Kullanım",
        if case.is_trader {
            "tacir/esnaf"
        } else {
            "bireysel"
        },
    );
    row(&mut out, "Yanıt için son tarih", &at(about.answer_due));
    row(&mut out, "Paketin hazırlanışı", &at(about.made_at));
    row(&mut out, "Hazırlayan", about.made_by);
    let hold = if case.legal_hold {
        "Konulmuş: ilgili kayıtlar silinmez"
    } else {
        "Konulmamış"
    };
    row(&mut out, "Saklama kararı", hold);
    out.push_str("</table>\n<h2>1. Şikâyet</h2>\n");
    let _ = writeln!(out, "<pre>{}</pre>", plain(&case.text));
    out.push_str("<h2>2. Bulgu</h2>\n");
    finding(&mut out, about);
    out.push_str("<h2>3. Defterdeki kayıtlar</h2>\n");
    ledger(&mut out, extract);
    out.push_str("<h2>4. Yazışma ve işlemler</h2>\n<table>\n");
    for entry in about.entries {
        let text = entry.text.as_deref().unwrap_or_default();
        let line = format!("{} {text}", deed(entry.deed));
        row(&mut out, &at(entry.at), line.trim());
    }
    out.push_str("</table>\n<h2>5. Dizin</h2>\n<table>\n");
    for file in files {
        let _ = writeln!(
            out,
            "<tr><th>{}</th><td><code>{}</code></td></tr>",
            plain(&file.name),
            file.sha256
        );
    }
    let _ = writeln!(
        out,
        "</table>\n<h2>6. Doğrulama</h2>\n<p>Paket bir bütün olarak imzalanmıştır (Ed25519). Kurulumun açık anahtarı: \
         <code>{}</code>. Paket, veritabanı olmadan herhangi bir bilgisayarda \
         <code>izinli evidence verify DOSYA --key ANAHTAR</code> komutuyla doğrulanır; dosyaların özetleri \
         <code>sha256sum -c dizin.txt</code> ile de denetlenebilir.</p></html>",
        about.public_key
    );
    out
}

fn finding(out: &mut String, about: &About<'_>) {
    let scope = &about.finding.scope;
    if about.finding.messages.is_empty() {
        let _ = writeln!(
            out,
            "<p>Bu numaraya kayıtlı gönderim yok. Aranan markalar: {}; {} – {} arası. \
             Tüm zamanlarda bu numaraya giden ileti sayısı: {}.</p>",
            plain(&scope.brands.join(", ")),
            at(scope.from),
            at(scope.to),
            scope.messages
        );
    }
    for found in &about.finding.messages {
        message(out, found);
    }
}

fn message(out: &mut String, found: &FoundMessage) {
    out.push_str("<table>\n");
    row(out, "İleti no", &found.proof.message);
    row(out, "Gönderim zamanı", &at(found.sent_at));
    row(out, "Gönderici", &found.sender);
    row(out, "Marka", &found.proof.brand_name);
    row(out, "Kampanya", &found.proof.campaign_name);
    row(out, "Metin", found.text.as_deref().unwrap_or_default());
    let receipt = found.proof.receipt.as_ref();
    row(
        out,
        "İletim raporu",
        &receipt.map_or_else(String::new, |receipt| {
            format!("{} ({})", receipt.state, at(receipt.happened_at))
        }),
    );
    match &found.consent {
        Some(consent) => {
            let text = format!(
                "{} · {} · {}",
                consent.status,
                at(consent.consent_at),
                consent.source
            );
            row(out, "O andaki izin (o gün bilinen)", &text);
            row(out, "Defter kaydı", &consent.event.to_string());
            row(
                out,
                "İzin metni / dayanak belge",
                consent.evidence.as_deref().unwrap_or_default(),
            );
            if let Some((_, file)) = &consent.file {
                let line = consent
                    .line
                    .map_or_else(String::new, |line| format!(", {line}. satır"));
                row(out, "Kaynak dosya", &format!("{file}{line}"));
            }
            row(out, "Şube", consent.branch.as_deref().unwrap_or_default());
        }
        None => row(out, "O andaki izin (o gün bilinen)", "Kayıt yok"),
    }
    row(
        out,
        "İYS işlem no",
        found.transaction.as_deref().unwrap_or_default(),
    );
    let later = found
        .refused_later
        .as_ref()
        .map_or_else(String::new, |(when, source)| {
            format!("{} · {source}", at(*when))
        });
    row(out, "Sonraki ret", &later);
    out.push_str("</table>\n");
}

fn ledger(out: &mut String, extract: &Extract) {
    if extract.events.is_empty() {
        out.push_str("<p>Bu numara için defterde kayıt yok.</p>\n");
        return;
    }
    out.push_str("<table>\n");
    for proof in &extract.events {
        let event = &proof.event;
        let door = match event.origin {
            Origin::Upload => "dosya",
            Origin::Api => "API",
            Origin::Panel => "panel",
            Origin::Registry => "İYS",
            Origin::Inbound => "gelen yanıt",
            Origin::Unsubscribe => "ret bağlantısı",
        };
        let text = format!(
            "{} {} · beyan {} · {} ({door}) · blok {}",
            event.channel,
            event.status,
            at(event.consent_at),
            event.source,
            event.block
        );
        row(out, &at(event.recorded_at), &text);
    }
    out.push_str("</table>\n");
}

const fn deed(deed: CaseDeed) -> &'static str {
    match deed {
        CaseDeed::ClientCreated => "Vatandaş şikâyet formunu doldurdu.",
        CaseDeed::AdminCreated => "Şikâyet firma çalışanı tarafından kaydedildi.",
        CaseDeed::AssignedChange => "Şikâyet üstlenildi.",
        CaseDeed::AdminReplied => "Vatandaşa yanıt verildi:",
        CaseDeed::Solved => "Şikâyet kapatıldı.",
        CaseDeed::BranchInformed => "Şubeye bilgi verildi:",
        CaseDeed::RefusalRecorded => "Ret deftere işlendi.",
        CaseDeed::PackMade => "Kanıt paketi hazırlandı; SHA-256:",
        CaseDeed::HoldSet => "Saklama kararı konuldu.",
        CaseDeed::HoldLifted => "Saklama kararı kaldırıldı.",
        CaseDeed::DueChanged => "Yanıt için son tarih:",
    }
}
