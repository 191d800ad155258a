//! The pages themselves.

use std::fmt::Write as _;

use domain::gate::Basis;
use domain::{Channel, Recipient, Status, Timestamp};
use engine::links::{Linked, LinkedChannel, Wish};
use store::brands::Brand;
use store::testers::{Tester, TesterState};

use super::words::{self, Language};

/// Text that cannot be read as markup.
pub(super) fn plain(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A day and minute in Turkish time.
pub(super) fn minute(at: Timestamp) -> String {
    let local = at.to_turkish();
    format!(
        "{:02}.{:02}.{:04} {:02}:{:02}",
        local.day(),
        local.month(),
        local.year(),
        local.hour(),
        local.minute()
    )
}

pub(super) fn frame(language: Language, title: &str, other: Option<&str>, body: &str) -> String {
    let name = language.pick("İleti tercihleri", "Message preferences");
    named_frame(language, name, title, other, body)
}

/// The same under another name of the site.
pub(super) fn named_frame(
    language: Language,
    name: &str,
    title: &str,
    other: Option<&str>,
    body: &str,
) -> String {
    let switch = other.map_or_else(String::new, |url| {
        let (word, code) = match language {
            Language::Tr => ("English", "en"),
            Language::En => ("Türkçe", "tr"),
        };
        format!("<nav aria-label=\"{0}\"><a href=\"{url}?dil={code}\" lang=\"{code}\" hreflang=\"{code}\">{word}</a></nav>",
            language.pick("Dil", "Language"))
    });
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"/u/stil.css\"></head>\n\
         <body><header><span class=\"quiet\">{name}</span>{switch}</header>\n<main>\n{body}</main>\n</body></html>\n",
        language.code(),
    )
}

/// A link that is not ours.
pub(super) fn unknown(language: Language) -> String {
    let title = language.pick("Bağlantı geçersiz", "This link is not valid");
    let text = language.pick(
        "Bu bağlantı tanınmadı; eksik kopyalanmış olabilir. İletideki bağlantıya yeniden dokunun ya da iletiyi gönderen markaya yazın.",
        "This link was not recognised; it may have been copied in part. Follow the link in the message again, or write to the brand that sent it.",
    );
    frame(
        language,
        title,
        None,
        &format!("<h1>{title}</h1><p>{text}</p>"),
    )
}

/// Something of ours failed.
pub(super) fn failed(language: Language) -> String {
    let title = language.pick("Şu anda yapılamadı", "That did not work just now");
    let text = language.pick(
        "Tercihiniz kaydedilemedi. Lütfen birkaç dakika sonra yeniden deneyin.",
        "Your choice could not be saved. Please try again in a few minutes.",
    );
    frame(
        language,
        title,
        None,
        &format!("<h1>{title}</h1><p>{text}</p>"),
    )
}

/// The preference page, with what was just done on top.
pub(super) fn preferences(
    linked: &Linked,
    token: &str,
    language: Language,
    done: Option<&Wish>,
) -> String {
    let brand = plain(&linked.brand.name);
    let address = plain(&linked.address.masked());
    let mut body = format!("<h1>{brand}</h1>\n");
    if let Some(wish) = done {
        let _ = writeln!(
            body,
            "<p class=\"done\" role=\"status\">{}</p>",
            said(language, linked, wish)
        );
    }
    let intro = match language {
        Language::Tr => format!(
            "<p><strong>{address}</strong> adresine {brand} adına gönderilen iletiler için tercihleriniz.</p>"
        ),
        Language::En => format!(
            "<p>Your choices for messages sent to <strong>{address}</strong> in the name of {brand}.</p>"
        ),
    };
    body.push_str(&intro);
    stop(&mut body, linked, token, language);
    purposes(&mut body, linked, token, language);
    why(&mut body, linked, language);
    let title = format!(
        "{brand} – {}",
        language.pick("ileti tercihleri", "message preferences")
    );
    let url = format!("/u/{token}");
    frame(language, &title, Some(&url), &body)
}

/// What a test recipient is asked, or has answered.
pub(super) fn invitation(
    tester: &Tester,
    brand: &Brand,
    token: &str,
    language: Language,
) -> String {
    let name = plain(&brand.name);
    let address = plain(&tester.address.masked());
    let heading = match language {
        Language::Tr => format!("{name} deneme iletileri"),
        Language::En => format!("Test messages of {name}"),
    };
    let text = match (language, tester.state) {
        (Language::Tr, TesterState::Invited) => format!(
            "{name}, kampanyalarının metnini göndermeden önce <strong>{address}</strong> adresinde denemek istiyor. \
             Kabul ederseniz yalnızca deneme iletileri alırsınız; pazarlama izni vermiş olmazsınız."
        ),
        (Language::En, TesterState::Invited) => format!(
            "{name} wants to try the texts of its campaigns at <strong>{address}</strong> before they are sent. \
             If you accept you get test messages only; you give no consent to marketing."
        ),
        (Language::Tr, TesterState::Accepted) => {
            format!("<strong>{address}</strong> adresi {name} deneme iletilerini alıyor.")
        }
        (Language::En, TesterState::Accepted) => {
            format!("<strong>{address}</strong> gets the test messages of {name}.")
        }
        (Language::Tr, TesterState::Left) => {
            format!("<strong>{address}</strong> adresine deneme iletisi gönderilmeyecek.")
        }
        (Language::En, TesterState::Left) => {
            format!("No test messages will be sent to <strong>{address}</strong>.")
        }
    };
    let url = format!("/t/{token}");
    let button = |wish: &str, word: &str| {
        let inner = format!("<button type=\"submit\">{word}</button>");
        form(&url, language, wish, &inner)
    };
    let mut body = format!("<h1>{heading}</h1>\n<p>{text}</p>\n");
    if tester.state == TesterState::Invited {
        body.push_str(&button(
            "kabul",
            language.pick("Kabul ediyorum", "I accept"),
        ));
    }
    if tester.state != TesterState::Left {
        let word = language.pick("İstemiyorum", "I do not want them");
        body.push_str(&button("ayril", word));
    }
    frame(language, &heading, Some(&url), &body)
}

fn said(language: Language, linked: &Linked, wish: &Wish) -> String {
    let channel = linked.campaign.channel;
    let done = match (wish, language) {
        (Wish::Channel, Language::Tr) => format!(
            "Kaydedildi: {} ile artık ticari ileti almayacaksınız.",
            words::channel(language, channel)
        ),
        (Wish::Channel, Language::En) => format!(
            "Saved: you will get no more commercial messages by {}.",
            words::channel(language, channel)
        ),
        (Wish::Everything, Language::Tr) => {
            "Kaydedildi: bu adrese artık hiçbir ticari ileti gönderilmeyecek.".to_owned()
        }
        (Wish::Everything, Language::En) => {
            "Saved: no more commercial messages will be sent to this address.".to_owned()
        }
        (Wish::Purposes { .. }, Language::Tr) => {
            return "Konu tercihleriniz kaydedildi.".to_owned();
        }
        (Wish::Purposes { .. }, Language::En) => {
            return "Your choice of topics was saved.".to_owned();
        }
    };
    let all = *wish == Wish::Everything;
    format!("{done} {}", passed_on(language, channel, all))
}

/// Where a refusal goes from here. İYS keeps none for WhatsApp, so nobody is told
/// that theirs is passed on; what it says about the other channels of the same
/// number is.
fn passed_on(language: Language, channel: Channel, all: bool) -> &'static str {
    match (channel.is_registered(), all) {
        (true, _) => language.pick(
            "Ret bildiriminiz İleti Yönetim Sistemi'ne (İYS) iletiliyor.",
            "Your refusal is being passed on to the national registry (İYS).",
        ),
        (false, true) => language.pick(
            "WhatsApp için reddinizi marka kendi kayıtlarında tutar; kısa mesaj ve aramalar için olan ise İleti Yönetim Sistemi'ne (İYS) iletiliyor.",
            "The brand keeps your refusal of WhatsApp in its own records; that of text messages and calls is being passed on to the national registry (İYS).",
        ),
        (false, false) => language.pick(
            "İleti Yönetim Sistemi (İYS) WhatsApp izinlerini tutmadığı için reddiniz markanın kendi kayıtlarına işlendi.",
            "The national registry (İYS) keeps no consents for WhatsApp, so your refusal stands in the brand's own records.",
        ),
    }
}

fn form(action: &str, language: Language, wish: &str, inner: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"dil\" value=\"{}\">\
         <input type=\"hidden\" name=\"istek\" value=\"{wish}\">{inner}</form>\n",
        language.code()
    )
}

fn stop(body: &mut String, linked: &Linked, token: &str, language: Language) {
    let heading = language.pick("İletileri durdur", "Stop messages");
    let _ = writeln!(
        body,
        "<section aria-labelledby=\"durdur\"><h2 id=\"durdur\">{heading}</h2>"
    );
    let channel = words::channel(language, linked.campaign.channel);
    if linked.status() == Some(Status::Ret) {
        let text = match language {
            Language::Tr => format!(
                "Şu anda {channel} ile ticari ileti almıyorsunuz; yeniden almak isterseniz markaya kendiniz izin vermelisiniz."
            ),
            Language::En => format!(
                "You get no commercial messages by {channel} at present; to get them again you must give the brand your consent yourself."
            ),
        };
        let _ = writeln!(body, "<p>{text}</p>");
    } else {
        let button = match language {
            Language::Tr => {
                format!("<button type=\"submit\">Yalnız {channel} iletilerini durdur</button>")
            }
            Language::En => format!("<button type=\"submit\">Stop {channel} only</button>"),
        };
        body.push_str(&form(&format!("/u/{token}"), language, "kanal", &button));
    }
    let has_more = matches!(linked.address, Recipient::Phone(_));
    if has_more || linked.status() != Some(Status::Ret) {
        let button = language.pick(
            "<button type=\"submit\" class=\"second\">Tümünü durdur</button>",
            "<button type=\"submit\" class=\"second\">Stop everything</button>",
        );
        body.push_str(&form(&format!("/u/{token}"), language, "hepsi", button));
    }
    body.push_str("</section>\n");
}

fn purposes(body: &mut String, linked: &Linked, token: &str, language: Language) {
    // A channel that is refused as a whole has nothing to be chosen on.
    let is_open = |held: &&LinkedChannel| held.status != Some(Status::Ret);
    let open: Vec<&LinkedChannel> = linked.channels.iter().filter(is_open).collect();
    if linked.purposes.is_empty() || open.is_empty() {
        return;
    }
    let heading = language.pick("Konulara göre seç", "Choose by topic");
    let text = language.pick(
        "Almak istediğiniz konular işaretli kalsın. Genel izniniz değişmez.",
        "Leave the topics ticked that you want to hear about. Your general consent does not change.",
    );
    let shown: Vec<&str> = open.iter().map(|held| held.channel.as_str()).collect();
    let mut inner = format!(
        "<input type=\"hidden\" name=\"kanallar\" value=\"{}\">\
         <fieldset><legend class=\"quiet\">{text}</legend>\n",
        shown.join(" ")
    );
    match open.as_slice() {
        [only] => {
            for purpose in &linked.purposes {
                let name = plain(purpose);
                let ticked = tick(only, purpose, "");
                let _ = writeln!(inner, "<label>{ticked}{name}</label>");
            }
        }
        several => matrix(&mut inner, linked, several, language),
    }
    let save = language.pick("Konu tercihlerimi kaydet", "Save my topics");
    let _ = write!(
        inner,
        "</fieldset><button type=\"submit\" class=\"second\">{save}</button>"
    );
    let _ = writeln!(
        body,
        "<section aria-labelledby=\"konular\"><h2 id=\"konular\">{heading}</h2>\n{}</section>",
        form(&format!("/u/{token}"), language, "tercih", &inner)
    );
}

/// Topics by channel (*amaç × kanal*), the person's other address masked.
fn matrix(inner: &mut String, linked: &Linked, open: &[&LinkedChannel], language: Language) {
    let topic = language.pick("Konu", "Topic");
    let _ = write!(inner, "<table><thead><tr><th scope=\"col\">{topic}</th>");
    for held in open {
        let name = words::channel(language, held.channel);
        let address = plain(&held.address.masked());
        let _ = write!(
            inner,
            "<th scope=\"col\">{name}<br><span class=\"quiet\">{address}</span></th>"
        );
    }
    inner.push_str("</tr></thead>\n<tbody>");
    for purpose in &linked.purposes {
        let name = plain(purpose);
        let _ = write!(inner, "<tr><th scope=\"row\">{name}</th>");
        for held in open {
            let channel = words::channel(language, held.channel);
            let label = format!(" aria-label=\"{name}: {channel}\"");
            let _ = write!(inner, "<td>{}</td>", tick(held, purpose, &label));
        }
        inner.push_str("</tr>\n");
    }
    inner.push_str("</tbody></table>\n");
}

fn tick(held: &LinkedChannel, purpose: &str, label: &str) -> String {
    let name = plain(purpose);
    let channel = held.channel.as_str();
    let ticked = if held.muted.iter().any(|muted| muted == purpose) {
        ""
    } else {
        " checked"
    };
    format!("<input type=\"checkbox\" name=\"amac\" value=\"{channel}/{name}\"{label}{ticked}>")
}

/// The citizen's version of the proof: what it rests on, and nobody's name.
fn why(body: &mut String, linked: &Linked, language: Language) {
    let heading = language.pick("Bu ileti bana neden geldi?", "Why did I get this message?");
    let _ = writeln!(
        body,
        "<section aria-labelledby=\"neden\"><h2 id=\"neden\">{heading}</h2>\n<dl>"
    );
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(body, "<dt>{name}</dt><dd>{}</dd>", plain(value));
    };
    let sender = if linked.brand.mersis.is_empty() {
        linked.brand.trade_name.clone()
    } else {
        format!(
            "{} (MERSİS {})",
            linked.brand.trade_name, linked.brand.mersis
        )
    };
    line(language.pick("Gönderen", "Sender"), &sender);
    line(language.pick("Konu", "Topic"), &linked.campaign.purpose);
    if linked.campaign.basis == Basis::Commercial {
        let text = match (&linked.consent, language) {
            (Some(consent), Language::Tr) => format!(
                "{} tarihinde, {} verilmiş ileti izni",
                minute(consent.given_at),
                words::source(language, &consent.source)
            ),
            (Some(consent), Language::En) => format!(
                "A consent given on {}, {}",
                minute(consent.given_at),
                words::source(language, &consent.source)
            ),
            (None, Language::Tr) => "İleti Yönetim Sistemi'nde (İYS) kayıtlı ileti izni".to_owned(),
            (None, Language::En) => "A consent on record at the registry (İYS)".to_owned(),
        };
        line(language.pick("Dayanak", "Ground"), &text);
        if let Some(at) = linked.confirmed_at {
            line(
                language.pick("İYS'nin teyidi", "Confirmed by İYS"),
                &minute(at),
            );
        }
    } else {
        line(
            language.pick("Dayanak", "Ground"),
            language.pick(
                "Bilgilendirme: bu tür iletiler için izin gerekmez.",
                "Information: messages of this kind need no consent.",
            ),
        );
    }
    body.push_str("</dl>\n");
    let more = language.pick(
        "Bu izni siz vermediyseniz iletileri yukarıdan durdurabilir, T.C. Ticaret Bakanlığı'na ya da İYS üzerinden şikâyette bulunabilirsiniz.",
        "If you did not give this consent, stop the messages above; you may also complain to the Ministry of Trade or at İYS.",
    );
    let _ = writeln!(body, "<p class=\"quiet\">{more}</p></section>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_that_iys_hears_of_what_it_does_not_keep() {
        for (language, passes_on, keeps_none) in [
            (Language::Tr, "iletiliyor", "tutmadığı"),
            (Language::En, "passed on", "keeps no consents"),
        ] {
            for channel in Channel::ALL {
                let alone = passed_on(language, *channel, false);
                assert_eq!(
                    alone.contains(passes_on),
                    channel.is_registered(),
                    "{alone}"
                );
                assert_eq!(alone.contains(keeps_none), !channel.is_registered());
                // The number's other channels are passed on in any case.
                assert!(passed_on(language, *channel, true).contains(passes_on));
            }
        }
    }
}
