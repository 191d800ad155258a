//! Filing a complaint, and reading what became of it. Nobody signs in: who
//! files gets an address of their own, and nobody else can guess it.

use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest, Path, Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::Timestamp;
use domain::ids::BrandId;
use engine::EngineError;
use engine::complaints::{CITIZEN, NewComplaint, PICTURE_BYTES_MAX};
use engine::error::Fault;
use http::StatusCode;
use serde::Deserialize;
use store::brands::Brand;

use super::words::Language;
use super::{complaint_page as page, failed, html, unknown};
use crate::app::{App, randomness};
use crate::problem::WrittenOut;
use crate::throttle::{Attempt, caller_address};
use crate::written::address_of;

/// Largest form: a picture, and what is written beside it.
pub(crate) const COMPLAINT_BYTES_MAX: usize = PICTURE_BYTES_MAX + 256 * 1024;

/// In which language, and whether it was just filed.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    dil: Language,
    #[serde(default)]
    yeni: Option<String>,
}

/// What stands in the form.
#[derive(Debug, Default, Clone)]
pub(super) struct Told {
    pub(super) phone: String,
    pub(super) sender: String,
    pub(super) happened: String,
    pub(super) text: String,
    pub(super) is_trader: bool,
}

/// The empty form of a brand.
pub(crate) async fn complaint_form(
    State(app): State<App>,
    Path(brand): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match brand_of(&app, &brand).await {
        Ok(Some(brand)) => {
            let told = Told::default();
            html(StatusCode::OK, page::form(&brand, asked.dil, &told, &[]))
        }
        Ok(None) => unknown(asked.dil),
        Err(error) => failed(&error, asked.dil),
    }
}

/// A filled form: the case and the stop are there when this answers.
pub(crate) async fn file_complaint(
    State(app): State<App>,
    Path(brand): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let from = caller_address(&parts, app.options.trust_forwarded_for);
    let request = Request::from_parts(parts, body);
    let brand = match brand_of(&app, &brand).await {
        Ok(Some(brand)) => brand,
        Ok(None) => return unknown(Language::Tr),
        Err(error) => return failed(&error, Language::Tr),
    };
    let Some((told, picture, language)) = read(request).await else {
        let faults = [too_large()];
        let page = page::form(&brand, Language::Tr, &Told::default(), &faults);
        return html(StatusCode::UNPROCESSABLE_ENTITY, page);
    };
    let again = |faults: &[Fault]| {
        let page = page::form(&brand, language, &told, faults);
        html(StatusCode::UNPROCESSABLE_ENTITY, page)
    };
    let Some(new) = complaint_of(&told, picture) else {
        return again(&missing(&told));
    };
    let attempt = Attempt::complaint(&new.address.to_string(), from);
    if !app.complaints.admit(&attempt, app.now()) {
        return html(StatusCode::TOO_MANY_REQUESTS, page::too_many(language));
    }
    match app.engine.file_complaint(&brand, &new, CITIZEN).await {
        Ok(_) => {
            let to = format!(
                "/sikayet/{}/{}?yeni=1&dil={}",
                brand.id,
                new.public_key,
                language.code()
            );
            let mut response = Redirect::to(&to).into_response();
            response.extensions_mut().insert(WrittenOut);
            response
        }
        Err(EngineError::Faults(faults)) => {
            // Nothing was stored: it does not count against anybody.
            app.complaints.succeeded(&attempt);
            again(&faults)
        }
        Err(error) => failed(&error, language),
    }
}

/// The page of one's own complaint.
pub(crate) async fn own_complaint(
    State(app): State<App>,
    Path((brand, key)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    match own(&app, &brand, &key).await {
        Ok(Some((brand, case, entries))) => {
            let (dates, _) = app.engine.complaint_dates(&case);
            let is_new = asked.yeni.is_some();
            let page = page::own(&brand, &case, &entries, dates.legal, asked.dil, is_new);
            html(StatusCode::OK, page)
        }
        Ok(None) => unknown(asked.dil),
        Err(error) => failed(&error, asked.dil),
    }
}

type Own = (
    Brand,
    store::complaint_cases::Case,
    Vec<store::complaint_cases::CaseEntry>,
);

async fn own(app: &App, brand: &str, key: &str) -> Result<Option<Own>, EngineError> {
    let Some(brand) = brand_of(app, brand).await? else {
        return Ok(None);
    };
    let mut reader = app.store().read().await?;
    let Some(case) = reader.case_by_key(brand.id, key).await? else {
        return Ok(None);
    };
    let entries = reader.case_entries(case.id).await?;
    Ok(Some((brand, case, entries)))
}

async fn brand_of(app: &App, text: &str) -> Result<Option<Brand>, EngineError> {
    let Ok(id) = text.parse::<BrandId>() else {
        return Ok(None);
    };
    let mut reader = app.store().read().await?;
    match reader.brand_at_work(id).await {
        Ok(brand) => Ok(Some(brand)),
        Err(store::StoreError::Lost { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The fields of the form; none when it is larger than it may be or no form.
async fn read(request: Request) -> Option<(Told, Option<Vec<u8>>, Language)> {
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    let (mut told, mut picture, mut language) = (Told::default(), None, Language::Tr);
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.ok()?;
        if name == "goruntu" {
            picture = Some(bytes.to_vec()).filter(|bytes| !bytes.is_empty());
            continue;
        }
        let text = String::from_utf8(bytes.to_vec()).ok()?.replace('\r', "");
        match name.as_str() {
            "telefon" => told.phone = text,
            "gonderen" => told.sender = text,
            "zaman" => told.happened = text,
            "metin" => told.text = text,
            "tacir" => told.is_trader = true,
            "dil" => language = Language::parse(&text).unwrap_or_default(),
            _ => {}
        }
    }
    Some((told, picture, language))
}

fn complaint_of(told: &Told, picture: Option<Vec<u8>>) -> Option<NewComplaint> {
    let mut rng = randomness().ok()?;
    Some(NewComplaint {
        address: address_of(&told.phone)?,
        sender: told.sender.clone(),
        happened_at: instant(&told.happened)?,
        received_at: None,
        text: told.text.clone(),
        picture,
        is_trader: told.is_trader,
        public_key: store::token::path_key(&mut rng),
    })
}

/// `2026-11-20T10:15` by Turkish clocks.
fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    (text.len() == 16)
        .then(|| format!("{text}:00+03:00").parse().ok())
        .flatten()
}

/// What could not even be read.
fn missing(told: &Told) -> Vec<Fault> {
    let mut faults = Vec::new();
    if address_of(&told.phone).is_none() {
        faults.push(Fault {
            field: "phone",
            code: "address",
            text_tr: "Numarayı 0532 123 45 67 gibi yazın.".to_owned(),
            text_en: "Write the number as 0532 123 45 67.".to_owned(),
        });
    }
    if instant(&told.happened).is_none() {
        faults.push(Fault {
            field: "happened_at",
            code: "required",
            text_tr: "İletinin geldiği gün ve saati seçin.".to_owned(),
            text_en: "Choose the day and hour at which the message came.".to_owned(),
        });
    }
    faults
}

fn too_large() -> Fault {
    Fault {
        field: "picture",
        code: "size",
        text_tr: "Form okunamadı: ekran görüntüsü en çok 2 MB olabilir.".to_owned(),
        text_en: "The form could not be read: the picture may have 2 MB at most.".to_owned(),
    }
}
