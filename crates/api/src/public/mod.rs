//! `/u/{token}`: the pages that a person sees who follows their own link, and
//! `/sikayet/{brand}`: the form of a complaint and the page of one's own.
//!
//! Looking changes nothing: mail scanners follow links. Pages need no script,
//! load nothing from anywhere else, and name nobody who works for the brand.

mod complaint;
mod complaint_page;
mod page;
mod words;

use axum::extract::{Form, FromRequest, Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use domain::Channel;
use engine::EngineError;
use engine::links::Wish;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::app::App;
use crate::problem::WrittenOut;
use words::Language;

pub(crate) use complaint::{COMPLAINT_BYTES_MAX, complaint_form, file_complaint, own_complaint};

/// Longest body of a form.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Nothing but our own style sheet, and forms that come back here.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";
/// What a mailbox provider posts (RFC 8058).
const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");

/// In which language.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    dil: Language,
}

/// The preference page.
pub(crate) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match app.engine.linked(&token).await {
        Ok(Some(linked)) => html(
            StatusCode::OK,
            page::preferences(&linked, &token, asked.dil, None),
        ),
        Ok(None) => unknown(asked.dil),
        Err(error) => failed(&error, asked.dil),
    }
}

/// What a person wants, or what their mailbox provider does on one click.
pub(crate) async fn wish(
    State(app): State<App>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let Some(fields) = fields(request).await else {
        return html(StatusCode::BAD_REQUEST, page::unknown(Language::Tr));
    };
    let of = |name: &str| {
        fields
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    };
    let language = of("dil").and_then(Language::parse).unwrap_or_default();
    let wish = match (of(ONE_CLICK.0), of("istek")) {
        (Some(value), _) if value == ONE_CLICK.1 => Wish::Channel,
        (_, Some("kanal")) => Wish::Channel,
        (_, Some("hepsi")) => Wish::Everything,
        (_, Some("tercih")) => {
            let wanted: Vec<&str> = fields
                .iter()
                .filter(|(name, _)| name == "amac")
                .map(|(_, value)| value.as_str())
                .collect();
            match purposes(&app, &token, of("kanallar"), &wanted).await {
                Ok(Some(wish)) => wish,
                Ok(None) => return unknown(language),
                Err(error) => return failed(&error, language),
            }
        }
        _ => return show(State(app), Path(token), Query(Asked { dil: language })).await,
    };
    match app.engine.wish(&token, &wish).await {
        Ok(linked) => html(
            StatusCode::OK,
            page::preferences(&linked, &token, language, Some(&wish)),
        ),
        Err(EngineError::NotFound { .. }) => unknown(language),
        Err(error) => failed(&error, language),
    }
}

/// The purposes that a person does not want, the wanted ones being ticked as
/// `EPOSTA/kampanya`. `shown` are the channels that the form had; a form
/// without them is about the message's own.
async fn purposes(
    app: &App,
    token: &str,
    shown: Option<&str>,
    wanted: &[&str],
) -> Result<Option<Wish>, EngineError> {
    let Some(linked) = app.engine.linked(token).await? else {
        return Ok(None);
    };
    let own = linked.campaign.channel;
    let channels: Vec<Channel> = shown.map_or_else(
        || vec![own],
        |shown| shown.split(' ').filter_map(Channel::parse).collect(),
    );
    let is_wanted = |channel: Channel, purpose: &str| {
        wanted.iter().any(|value| match value.split_once('/') {
            Some((on, name)) if Channel::parse(on).is_some() => {
                on == channel.as_str() && name == purpose
            }
            _ => channel == own && *value == purpose,
        })
    };
    let all = channels
        .iter()
        .flat_map(|channel| linked.purposes.iter().map(|purpose| (*channel, purpose)));
    let muted = all
        .filter(|(channel, purpose)| !is_wanted(*channel, purpose))
        .map(|(channel, purpose)| (channel, purpose.clone()))
        .collect();
    Ok(Some(Wish::Purposes { channels, muted }))
}

/// The page on which somebody accepts to get tests of a brand's campaigns.
pub(crate) async fn invitation(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match app.engine.invited(&token).await {
        Ok(Some((tester, brand))) => html(
            StatusCode::OK,
            page::invitation(&tester, &brand, &token, asked.dil),
        ),
        Ok(None) | Err(EngineError::NotFound { .. } | EngineError::Conflict { .. }) => {
            unknown(asked.dil)
        }
        Err(error) => failed(&error, asked.dil),
    }
}

/// Their answer.
pub(crate) async fn answer_invitation(
    State(app): State<App>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let fields = fields(request).await.unwrap_or_default();
    let of = |name: &str| {
        fields
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    };
    let language = of("dil").and_then(Language::parse).unwrap_or_default();
    let accepts = match of("istek") {
        Some("kabul") => true,
        Some("ayril") => false,
        _ => return invitation(State(app), Path(token), Query(Asked { dil: language })).await,
    };
    match app.engine.answer_invitation(&token, accepts).await {
        Ok((tester, brand)) => html(
            StatusCode::OK,
            page::invitation(&tester, &brand, &token, language),
        ),
        Err(EngineError::NotFound { .. } | EngineError::Conflict { .. }) => unknown(language),
        Err(error) => failed(&error, language),
    }
}

/// The style of all pages.
pub(crate) async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, include_str!("style.css")).into_response()
}

/// The fields of a form in either of the two codings.
async fn fields(request: Request) -> Option<Vec<(String, String)>> {
    let is_multipart = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("multipart/form-data"));
    if !is_multipart {
        let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
        return form.ok().map(|Form(fields)| fields);
    }
    let body = axum::body::to_bytes(request.into_body(), FORM_BYTES_MAX).await;
    let text = String::from_utf8_lossy(&body.ok()?).into_owned();
    // Only mailbox providers send this coding, and only this field.
    let is_one_click = text.contains(ONE_CLICK.0) && text.contains(ONE_CLICK.1);
    is_one_click.then(|| vec![(ONE_CLICK.0.to_owned(), ONE_CLICK.1.to_owned())])
}

fn unknown(language: Language) -> Response {
    html(StatusCode::NOT_FOUND, page::unknown(language))
}

fn failed(error: &EngineError, language: Language) -> Response {
    tracing::error!(error = %error, "a person's page failed: {error}");
    html(StatusCode::SERVICE_UNAVAILABLE, page::failed(language))
}

fn html(status: StatusCode, page: String) -> Response {
    let mut response = (status, axum::response::Html(page)).into_response();
    response.extensions_mut().insert(WrittenOut);
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let name = http::HeaderName::from_static("x-robots-tag");
    headers.insert(name, HeaderValue::from_static("noindex, nofollow"));
    response
}
