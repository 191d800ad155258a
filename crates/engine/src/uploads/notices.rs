//! What the preview must say besides counts: what the file will not do.

use domain::RegistryMode;
use intake::{Pattern, UniformColumn};
use serde_json::Value;
use store::brands::Brand;
use store::uploads::{Upload, UploadAction, UploadPurpose};

/// A remark on a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Stable.
    pub code: &'static str,
    /// In Turkish.
    pub text_tr: String,
    /// In English.
    pub text_en: String,
}

impl Notice {
    fn new(code: &'static str, text_tr: impl Into<String>, text_en: impl Into<String>) -> Self {
        Self {
            code,
            text_tr: text_tr.into(),
            text_en: text_en.into(),
        }
    }
}

/// Columns that carry consents.
const CONSENT_FIELDS: [&str; 5] = ["status", "refusal", "date", "doubtful_date", "source"];

/// What people must know before they let a judged file in.
pub fn notices(upload: &Upload, brand: &Brand) -> Vec<Notice> {
    if upload.summary.is_null() {
        return Vec::new();
    }
    let mut notices = Vec::new();
    if upload.answers_from.is_some() {
        notices.push(Notice::new(
            "remembered_answers",
            "Aynı başlıktaki önceki dosya için onaylanan eşleme ve yanıtlar kullanıldı.",
            "The mapping and answers confirmed for an earlier file with the same header were used.",
        ));
    }
    match upload.purpose {
        UploadPurpose::Contacts => of_action(upload, brand, &mut notices),
        UploadPurpose::Blacklist => {
            if !upload.stops.spares_mandatory {
                notices.push(Notice::new(
                    "blocks_mandatory",
                    "Bu kişilere doğrulama kodu (OTP) dâhil hiçbir ileti gitmez.",
                    "Nothing will reach these people, not even a one-time code (OTP).",
                ));
            }
            notices.push(Notice::new(
                "stops_strangers",
                "Kayıtlı olmayan adresler de durdurulur: bu kişiler sonra başka bir dosyayla gelse bile ileti gitmez.",
                "Addresses that are not on record are stopped as well: nothing reaches these people even if another file brings them later.",
            ));
        }
        UploadPurpose::Promotion if !names_people(&upload.summary) => notices.push(Notice::new(
            "codes_for_anybody",
            "Dosyada müşteri numarası yok: kodlar havuza eklenir ve kampanyanın kişilerine sırayla verilir.",
            "The file names no people: its codes go into the pool, and people of a campaign get them in turn.",
        )),
        _ => {}
    }
    of_consents(&upload.summary, &mut notices);
    notices
}

/// Signs in the file as a whole that hold nothing up, but that a person should
/// see: a reception desk looks the same as an invented list.
fn of_consents(summary: &Value, notices: &mut Vec<Notice>) {
    let uniform: Vec<UniformColumn> =
        serde_json::from_value(summary["uniform"].clone()).unwrap_or_default();
    for UniformColumn {
        header,
        value,
        rows,
    } in uniform
    {
        notices.push(Notice::new(
            "uniform_column",
            format!("“{header}” sütununda {rows} satırın hepsi aynı: {value}. Bu gerçekten izin bilgisi mi?"),
            format!("All {rows} rows of “{header}” say the same: {value}. Is it really about consent?"),
        ));
    }
    let patterns: Vec<Pattern> =
        serde_json::from_value(summary["patterns"].clone()).unwrap_or_default();
    for pattern in patterns {
        let code = match pattern {
            Pattern::OfficeHoursOnly { .. } => "office_hours_only",
            Pattern::OneSource { .. } => "one_source",
            // These hold the file, and are told as such.
            Pattern::SameMoment { .. } | Pattern::AfterCitizenRefusal { .. } => continue,
        };
        notices.push(Notice::new(code, pattern.text_tr(), pattern.text_en()));
    }
}

fn of_action(upload: &Upload, brand: &Brand, notices: &mut Vec<Notice>) {
    let is_connected = matches!(brand.mode, RegistryMode::Sync | RegistryMode::Integrator);
    match upload.action {
        UploadAction::Local if upload.summary["layout"] == "contacts_only" => {
            notices.push(Notice::new(
                "no_consent",
                "İzin bilgisi yok, gönderilemez: bu kişiler kaydedilir, ama izinleri olmadan ticari ileti gitmez.",
                "No consent information, cannot be sent to: these people are kept, but get no commercial message without a consent.",
            ));
        }
        UploadAction::Local => {}
        _ if !is_connected => notices.push(Notice::new(
            "not_connected",
            "Marka İYS ile çalışmıyor; kayıtlar yalnız burada tutulur, İYS'ye sorulmaz ve bildirilmez.",
            "The brand does not work with İYS; records are kept here only, İYS is neither asked nor told.",
        )),
        UploadAction::Push if brand.mode == RegistryMode::Sync => notices.push(Notice::new(
            "sync_creates_nothing",
            "Senkronizasyon modunda İYS'de kaydı olmayanlar için kayıt açılmaz (I200); onlara gönderilemez.",
            "In sync mode nobody is created at İYS (I200); whoever İYS does not know is not sent to.",
        )),
        _ => {}
    }
    if upload.action == UploadAction::Pull {
        let ignored = consent_columns(&upload.summary);
        if !ignored.is_empty() {
            let listed = ignored.join(", ");
            notices.push(Notice::new(
                "consents_ignored",
                format!("İzinler İYS'den alınır; dosyadaki izin sütunları okunmadı: {listed}."),
                format!("Consents come from İYS; the consent columns of the file were not read: {listed}."),
            ));
        }
    }
}

/// Whether a column says whom the codes are meant for.
fn names_people(summary: &Value) -> bool {
    let columns = summary["columns"].as_array();
    let mut columns = columns.into_iter().flatten();
    columns.any(|column| column["field"] == "external_id")
}

fn consent_columns(summary: &Value) -> Vec<&str> {
    let columns = summary["columns"].as_array();
    columns
        .into_iter()
        .flatten()
        .filter(|column| {
            column["field"]
                .as_str()
                .is_some_and(|field| CONSENT_FIELDS.contains(&field))
        })
        .filter_map(|column| column["header"].as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_column_that_says_the_same_everywhere_is_named_and_so_are_weak_patterns() {
        let summary = json!({
            "uniform": [{ "header": "İzin", "value": "ONAY", "rows": 900 }],
            "patterns": [
                { "pattern": "office_hours_only", "rows": 900 },
                { "pattern": "after_citizen_refusal", "rows": 4 },
            ],
        });
        let mut notices = Vec::new();
        of_consents(&summary, &mut notices);
        let codes: Vec<_> = notices.iter().map(|notice| notice.code).collect();
        assert_eq!(codes, ["uniform_column", "office_hours_only"]);
        assert!(notices[0].text_tr.contains("“İzin” sütununda 900 satır"));
        of_consents(&Value::Null, &mut notices);
        assert_eq!(notices.len(), 2);
    }

    #[test]
    fn the_ignored_consent_columns_of_a_pull_are_named() {
        let summary = json!({ "columns": [
            { "header": "Telefon", "field": "phone" },
            { "header": "İzin Durumu", "field": "status" },
            { "header": "Kayıt Tarihi", "field": "doubtful_date" },
        ] });
        assert_eq!(consent_columns(&summary), ["İzin Durumu", "Kayıt Tarihi"]);
        assert!(consent_columns(&Value::Null).is_empty());
    }
}
