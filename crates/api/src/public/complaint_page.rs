//! The pages of a complaint: the form, and what became of one's own.

use std::fmt::Write as _;

use domain::Timestamp;
use domain::complaint::{CaseDeed, CaseState};
use engine::error::Fault;
use store::brands::Brand;
use store::complaint_cases::{Case, CaseEntry};

use super::complaint::Told;
use super::page::{minute, named_frame, plain};
use super::words::Language;

fn frame(language: Language, title: &str, other: Option<&str>, body: &str) -> String {
    let name = language.pick("Şikâyet", "Complaint");
    named_frame(language, name, title, other, body)
}

/// Too many complaints about one number, or from one place.
pub(super) fn too_many(language: Language) -> String {
    let title = language.pick("Çok fazla başvuru", "Too many complaints");
    let text = language.pick(
        "Bu numara için ya da bulunduğunuz bağlantıdan kısa sürede çok sayıda şikâyet geldi. Lütfen on beş dakika sonra yeniden deneyin.",
        "Many complaints came about this number or from your connection within a short time. Please try again in fifteen minutes.",
    );
    frame(
        language,
        title,
        None,
        &format!("<h1>{title}</h1><p>{text}</p>"),
    )
}

struct Field<'a> {
    name: &'a str,
    /// As faults call it.
    fault: &'a str,
    label: &'static str,
    hint: &'static str,
}

/// The form, with what was wrong in it.
pub(super) fn form(brand: &Brand, language: Language, told: &Told, faults: &[Fault]) -> String {
    let name = plain(&brand.name);
    let heading = match language {
        Language::Tr => format!("{name} iletisi için şikâyet"),
        Language::En => format!("Complaint about a message of {name}"),
    };
    let mut body = format!("<h1>{heading}</h1>\n");
    let intro = language.pick(
        "İzniniz olmadan geldiğini düşündüğünüz ticari iletiyi buradan bildirin. Gönder’e bastığınız anda numaranıza ticari ileti gönderimi durur; üç iş günü içinde yanıt alırsınız.",
        "Report a commercial message that you think came without your consent. Commercial messages to your number stop the moment you press send; you are answered within three business days.",
    );
    let hints = language.pick(
        "İnceleme için dört bilgi yeter: iletinin geldiği numara, görünen gönderici, gün ve saat, iletinin metni ya da ekran görüntüsü. T.C. kimlik numarası ve kart numarası istemiyoruz; lütfen yazmayın.",
        "Four facts are enough: the number that the message came to, the sender shown, the day and hour, and its text or a picture of it. We do not ask for an identity or card number; please write none.",
    );
    let _ = writeln!(body, "<p>{intro}</p>\n<p class=\"quiet\">{hints}</p>");
    if !faults.is_empty() {
        let text = language.pick(
            "Şikâyetiniz henüz kaydedilmedi. İşaretli alanlara bakın.",
            "Your complaint is not filed yet. See the marked fields.",
        );
        let _ = writeln!(body, "<p class=\"fault\" role=\"alert\">{text}</p>");
    }
    let _ = writeln!(
        body,
        "<form method=\"post\" enctype=\"multipart/form-data\" action=\"/sikayet/{}\">\
         <input type=\"hidden\" name=\"dil\" value=\"{}\">",
        brand.id,
        language.code()
    );
    fields(&mut body, language, told, faults);
    let send = language.pick("Şikâyeti gönder", "Send the complaint");
    let _ = writeln!(body, "<button type=\"submit\">{send}</button></form>");
    let url = format!("/sikayet/{}", brand.id);
    frame(language, &heading, Some(&url), &body)
}

fn fields(body: &mut String, language: Language, told: &Told, faults: &[Fault]) {
    let phone = Field {
        name: "telefon",
        fault: "phone",
        label: language.pick(
            "İletinin geldiği telefon numarası",
            "Phone number that the message came to",
        ),
        hint: language.pick("Örnek: 0532 123 45 67", "Such as 0532 123 45 67"),
    };
    let value = plain(&told.phone);
    let more = "autocomplete=\"tel\" inputmode=\"tel\" required";
    input(
        body,
        language,
        &phone,
        "tel",
        &format!("value=\"{value}\" {more}"),
        faults,
    );
    let sender = Field {
        name: "gonderen",
        fault: "sender",
        label: language.pick("Görünen gönderici", "Sender shown"),
        hint: language.pick(
            "İletinin üstünde yazan ad ya da numara",
            "The name or number above the message",
        ),
    };
    let value = plain(&told.sender);
    let more = "maxlength=\"60\" required";
    input(
        body,
        language,
        &sender,
        "text",
        &format!("value=\"{value}\" {more}"),
        faults,
    );
    let happened = Field {
        name: "zaman",
        fault: "happened_at",
        label: language.pick("Geldiği gün ve saat", "Day and hour at which it came"),
        hint: language.pick("Türkiye saatiyle", "In Turkish time"),
    };
    let value = plain(&told.happened);
    input(
        body,
        language,
        &happened,
        "datetime-local",
        &format!("value=\"{value}\" required"),
        faults,
    );
    let label = language.pick(
        "İletinin metni ve şikâyetiniz",
        "Text of the message, and your complaint",
    );
    let shown = shown(faults, "text", language);
    let (described, invalid) = marks("metin", !shown.is_empty());
    let _ = writeln!(
        body,
        "<div class=\"field\"><label for=\"metin\">{label}</label>{}\
         <textarea id=\"metin\" name=\"metin\" maxlength=\"4000\"{described}{invalid}>{}</textarea></div>",
        fault_box("metin", &shown),
        plain(&told.text)
    );
    let picture = Field {
        name: "goruntu",
        fault: "picture",
        label: language.pick(
            "Ekran görüntüsü (isteğe bağlı)",
            "Picture of the message (optional)",
        ),
        hint: language.pick("PNG ya da JPEG, en çok 2 MB", "PNG or JPEG, 2 MB at most"),
    };
    input(
        body,
        language,
        &picture,
        "file",
        "accept=\"image/png,image/jpeg\"",
        faults,
    );
    let trader = language.pick(
        "Bu numarayı tacir ya da esnaf olarak işimde kullanıyorum",
        "I use this number in my trade (tacir or esnaf)",
    );
    let ticked = if told.is_trader { " checked" } else { "" };
    let _ = writeln!(
        body,
        "<div class=\"field\"><label class=\"tick\"><input type=\"checkbox\" name=\"tacir\" value=\"1\"{ticked}> {trader}</label></div>"
    );
}

fn input(
    body: &mut String,
    language: Language,
    field: &Field<'_>,
    kind: &str,
    more: &str,
    faults: &[Fault],
) {
    let Field {
        name,
        fault,
        label,
        hint,
    } = field;
    let shown = shown(faults, fault, language);
    let invalid = if shown.is_empty() {
        ""
    } else {
        " aria-invalid=\"true\""
    };
    let described = if shown.is_empty() {
        format!("{name}-ipucu")
    } else {
        format!("{name}-ipucu {name}-hata")
    };
    let _ = writeln!(
        body,
        "<div class=\"field\"><label for=\"{name}\">{label}</label>\
         <span class=\"quiet\" id=\"{name}-ipucu\">{hint}</span>{}\
         <input id=\"{name}\" name=\"{name}\" type=\"{kind}\" aria-describedby=\"{described}\"{invalid} {more}></div>",
        fault_box(name, &shown)
    );
}

fn shown(faults: &[Fault], field: &str, language: Language) -> String {
    let texts: Vec<String> = faults
        .iter()
        .filter(|fault| fault.field == field)
        .map(|fault| plain(language_text(fault, language)))
        .collect();
    texts.join(" ")
}

fn language_text(fault: &Fault, language: Language) -> &str {
    match language {
        Language::Tr => &fault.text_tr,
        Language::En => &fault.text_en,
    }
}

fn fault_box(name: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("<span class=\"field fault\" id=\"{name}-hata\">{text}</span>")
}

fn marks(name: &str, is_wrong: bool) -> (String, &'static str) {
    if is_wrong {
        (
            format!(" aria-describedby=\"{name}-hata\""),
            " aria-invalid=\"true\"",
        )
    } else {
        (String::new(), "")
    }
}

/// The page of one's own complaint.
pub(super) fn own(
    brand: &Brand,
    case: &Case,
    entries: &[CaseEntry],
    due: Timestamp,
    language: Language,
    is_new: bool,
) -> String {
    let name = plain(&brand.name);
    let title = language.pick("Şikâyetiniz", "Your complaint");
    let mut body = format!("<h1>{title}</h1>\n");
    if is_new {
        let text = language.pick(
            "Şikâyetiniz alındı. Yanıtı bu sayfada okuyacaksınız: adresini saklayın, sizden başkası bilmez.",
            "Your complaint was filed. You will read the answer on this page: keep its address, nobody else knows it.",
        );
        let _ = writeln!(body, "<p class=\"done\" role=\"status\">{text}</p>");
    }
    let address = plain(&case.address.masked());
    let stopped = minute(case.created_at);
    let text = match language {
        Language::Tr => format!(
            "<strong>{address}</strong> numarasına ticari ileti gönderimi {stopped} itibarıyla durduruldu."
        ),
        Language::En => {
            format!("Commercial messages to <strong>{address}</strong> were stopped on {stopped}.")
        }
    };
    let _ = writeln!(body, "<p>{text}</p>\n<section><dl>");
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(body, "<dt>{name}</dt><dd>{}</dd>", plain(value));
    };
    line(language.pick("Başvuru no", "Number"), &case.id.to_string());
    line(language.pick("Marka", "Brand"), &brand.name);
    line(language.pick("Durum", "State"), state(language, case.state));
    if case.answered_at.is_none() {
        line(
            language.pick("En geç yanıt", "Answered at the latest"),
            &minute(due),
        );
    }
    line(
        language.pick("Görünen gönderici", "Sender shown"),
        &case.sender,
    );
    line(
        language.pick("Geldiği gün ve saat", "Day and hour"),
        &minute(case.happened_at),
    );
    body.push_str("</dl></section>\n");
    if !case.text.is_empty() {
        let heading = language.pick("Yazdıklarınız", "What you wrote");
        let _ = writeln!(
            body,
            "<section><h2>{heading}</h2><blockquote>{}</blockquote></section>",
            plain(&case.text)
        );
    }
    for entry in entries {
        let (CaseDeed::AdminReplied, Some(text)) = (entry.deed, &entry.text) else {
            continue;
        };
        let heading = match language {
            Language::Tr => format!("{name} yanıtı, {}", minute(entry.at)),
            Language::En => format!("Answer of {name}, {}", minute(entry.at)),
        };
        let _ = writeln!(
            body,
            "<section><h2>{heading}</h2><blockquote>{}</blockquote></section>",
            plain(text)
        );
    }
    let url = format!("/sikayet/{}/{}", brand.id, case.public_key);
    frame(language, title, Some(&url), &body)
}

const fn state(language: Language, state: CaseState) -> &'static str {
    match state {
        CaseState::Waiting => language.pick("Yanıt bekleniyor", "Waiting for an answer"),
        CaseState::Process => language.pick("İşlemde", "In process"),
        CaseState::Replied => language.pick("Yanıtlandı", "Answered"),
        CaseState::Solved => language.pick("Kapatıldı", "Closed"),
    }
}
