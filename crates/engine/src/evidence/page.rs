//! The proof of a message as a page that people print and hand over.

use std::fmt::Write as _;

use domain::ledger::proof::MessageProof;

/// Text that cannot be read as markup.
pub(super) fn plain(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn row(out: &mut String, name: &str, value: Option<&str>) {
    let value = value.map_or_else(|| "—".to_owned(), plain);
    // Writing into a String cannot fail.
    let _ = writeln!(out, "<tr><th>{name}</th><td>{value}</td></tr>");
}

fn at(time: Option<domain::Timestamp>) -> Option<String> {
    time.map(domain::Timestamp::to_turkish_text)
}

fn state_word(state: &str) -> &'static str {
    match state {
        "excluded" => "gönderilmedi (izin kapısı)",
        "waiting" => "bekliyor",
        "sent" => "gönderildi",
        "delivered" => "iletildi",
        "failed" => "iletilemedi",
        "uncertain" => "sonucu belirsiz",
        _ => "—",
    }
}

/// The page; it needs nothing from anywhere else.
pub fn page(proof: &MessageProof) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"tr\"><meta charset=\"utf-8\"><title>İleti kanıtı</title>\
         <style>body{font:15px/1.5 serif;max-width:46em;margin:2em auto;padding:0 1em}\
         th{text-align:left;vertical-align:top;padding:.2em 1em .2em 0;font-weight:normal;color:#555;white-space:nowrap}\
         td{padding:.2em 0;word-break:break-word}pre{white-space:pre-wrap;border:1px solid #999;padding:.6em}\
         h2{font-size:1.1em;margin:1.4em 0 .3em;border-bottom:1px solid #999}</style>\n\
         <h1>Bu ileti neden gönderildi?</h1>\n<table>\n",
    );
    row(&mut out, "Marka", Some(&proof.brand_name));
    row(&mut out, "Alıcı", Some(&proof.recipient.to_string()));
    row(&mut out, "Kanal", Some(proof.channel.as_str()));
    row(&mut out, "Alıcı tipi", Some(proof.kind.as_str()));
    row(&mut out, "İleti no", Some(&proof.message));
    row(&mut out, "Durum", Some(state_word(&proof.state)));
    row(&mut out, "Gönderilmeme nedeni", proof.excluded.as_deref());
    out.push_str("</table>\n<h2>1. İzin</h2>\n<table>\n");
    match &proof.consent {
        Some(consent) => {
            let event = &consent.event;
            row(&mut out, "Beyan", Some(event.status.as_str()));
            row(
                &mut out,
                "İzin tarihi",
                at(Some(event.consent_at)).as_deref(),
            );
            row(
                &mut out,
                "Kaydedilişi",
                at(Some(event.recorded_at)).as_deref(),
            );
            row(&mut out, "Kaynak", Some(event.source.as_str()));
            row(&mut out, "Dayanak belge", event.evidence.as_deref());
            row(&mut out, "Kaydeden", Some(&event.actor));
            row(&mut out, "Defter kaydı", Some(&event.id.to_string()));
            let block = format!(
                "{} · {}",
                consent.block.number,
                hex::encode(consent.block.hash)
            );
            row(&mut out, "Defter bloğu", Some(&block));
        }
        None => row(
            &mut out,
            "Beyan",
            Some("Defterde bu iletiye dayanak bir kayıt yok"),
        ),
    }
    out.push_str("</table>\n<h2>2. İYS</h2>\n<table>\n");
    row(
        &mut out,
        "Son doğrulama",
        at(proof.registry.checked_at).as_deref(),
    );
    row(&mut out, "Sorgu", proof.registry.call.as_deref());
    row(
        &mut out,
        "İYS istek no",
        proof.registry.request_id.as_deref(),
    );
    row(
        &mut out,
        "İYS işlem no",
        proof.registry.transaction.as_deref(),
    );
    out.push_str("</table>\n<h2>3. Karar</h2>\n<table>\n");
    row(&mut out, "Kampanya", Some(&proof.campaign_name));
    row(&mut out, "Hukuki dayanak", Some(&proof.basis));
    row(&mut out, "Kategori", Some(&proof.purpose));
    row(&mut out, "Hazırlayan", Some(&proof.author));
    row(&mut out, "Onaylayan", proof.approver.as_deref());
    row(&mut out, "Karar zamanı", at(proof.decided_at).as_deref());
    row(&mut out, "İçerik özeti", proof.content_hash.as_deref());
    out.push_str("</table>\n<h2>4. Metin</h2>\n");
    let text = proof.text.as_deref().map_or_else(|| "—".to_owned(), plain);
    let _ = writeln!(out, "<pre>{text}</pre>");
    out.push_str("<h2>5. Gönderim</h2>\n<table>\n");
    let batch = proof.send.as_ref().map(|send| &send.batch);
    let handed = batch.and_then(|batch| batch.handed_over_at);
    row(&mut out, "Teslim zamanı", at(handed).as_deref());
    let key = batch.and_then(|batch| batch.request_key.as_deref());
    row(&mut out, "İstek adı", key);
    let reference = batch.and_then(|batch| batch.provider_reference.as_deref());
    row(&mut out, "Sağlayıcı no", reference);
    let sealed = proof.send.as_ref().and_then(|send| send.sealed_by.as_ref());
    let sealed = sealed.map(|entry| {
        format!(
            "denetim kaydı {}, {}",
            entry.number,
            entry.at.to_turkish_text()
        )
    });
    row(&mut out, "Mühür", sealed.as_deref());
    if let Some(receipt) = &proof.receipt {
        row(&mut out, "İletim raporu", Some(state_word(&receipt.state)));
        row(
            &mut out,
            "Rapor zamanı",
            at(Some(receipt.happened_at)).as_deref(),
        );
        row(
            &mut out,
            "Sağlayıcının sözleri",
            receipt.provider_text.as_deref(),
        );
    }
    let made = proof.made_at.to_turkish_text();
    let _ = writeln!(
        out,
        "</table>\n<p>Bu sayfa {made} tarihinde hazırlandı. Aynı kanıtın JSON hâli, izin defterinin dökümüyle \
         birlikte, veritabanı olmadan <code>izinli proof verify</code> komutuyla doğrulanır.</p></html>"
    );
    out
}
