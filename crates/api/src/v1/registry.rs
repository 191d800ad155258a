//! `/registry/{brand_id}`: a brand's connection to İYS at a glance, and the
//! two things a person may hurry.

mod asking;
mod compare;
mod days;
mod deadlines;
mod desk;
mod findings;
mod holds;
mod ledger;
mod mode;
mod push_address;
mod rejections;
mod via;

use axum::Json;
use axum::extract::State;
use domain::ids::BrandId;
use domain::time::MINUTE_US;
use domain::{Channel, RecipientKind, RegistryMode, Timestamp, Verdict};
use engine::registry::lights::{Allowed, Rights};
use engine::registry::{RegistryOverview, Share, Signal, Subscription};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use store::access::Permission;
use store::brands::Brand;
use store::registry_feed::Gap;
use store::registry_work::QueueFigures;
use utoipa::ToSchema;

pub(crate) use asking::*;
pub(crate) use deadlines::*;
pub(crate) use findings::*;
pub(crate) use holds::*;
pub(crate) use ledger::*;
pub(crate) use rejections::*;

use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::problem::{Problem, ProblemKind};
use crate::words;

pub(crate) use compare::*;
pub(crate) use days::*;
pub(crate) use desk::*;
pub(crate) use mode::*;
pub(crate) use push_address::*;
pub(crate) use via::*;

/// A brand's connection to İYS.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegistryStatus {
    #[schema(value_type = String)]
    brand_id: BrandId,
    #[schema(value_type = words::RegistryMode)]
    mode: RegistryMode,
    /// What works and what does not; none for a brand that is not connected.
    lights: Vec<Light>,
    /// Work that waits for İYS.
    queue: RegistryQueue,
    /// People by what İYS answered.
    verdicts: Vec<VerdictCount>,
    /// When citizen-made changes were last pulled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pulled_at: Option<Timestamp>,
    /// When they were last read to their end; older than 167 hours, changes are lost.
    #[schema(value_type = Option<String>, format = DateTime)]
    complete_at: Option<Timestamp>,
    /// Keys that İYS told about and whose address the firm does not know.
    strangers: i64,
    /// The newest walk over everybody: first load, comparison.
    comparison: Option<Comparison>,
}

/// One thing that works or does not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Light {
    /// Stable: `account`, `changes`, `gap`, `queue`, `share`, `subscription`, and for
    /// what İYS allows `brand`, `mesaj`, `arama`, `eposta`, `agreement`; `integrator`
    /// for a brand that uses a partner's account.
    code: &'static str,
    /// What it is, in Turkish.
    name: &'static str,
    /// What it is, in English.
    name_en: &'static str,
    /// Whether it works.
    ok: bool,
    /// What was found, in Turkish.
    detail: String,
    /// What was found, in English.
    detail_en: String,
}

/// Records by how far İYS has answered about them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegistryQueue {
    /// Waiting for their call.
    pending: i64,
    /// Their call is under way.
    in_flight: i64,
    /// İYS took them; their results are awaited.
    waiting: i64,
    /// Resting after a fault.
    parked: i64,
    /// When the oldest of them was queued.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_at: Option<Timestamp>,
    last_error: Option<String>,
}

/// How many people have a verdict.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerdictCount {
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[schema(value_type = words::Verdict)]
    verdict: Verdict,
    count: i64,
}

impl From<QueueFigures> for RegistryQueue {
    fn from(figures: QueueFigures) -> Self {
        Self {
            pending: figures.pending,
            in_flight: figures.in_flight,
            waiting: figures.waiting,
            parked: figures.parked,
            oldest_at: figures.oldest_at,
            last_error: figures.last_error,
        }
    }
}

fn account_light(is_configured: bool) -> Light {
    let (detail, detail_en) = if is_configured {
        (
            "Kullanıcı, parola ve kodlar girilmiş.",
            "User, password and codes are filled in.",
        )
    } else {
        (
            "İYS kodu, marka kodu, kullanıcı ve parola girilmeli; o zamana kadar kimse sorulamaz.",
            "İYS code, brand code, user and password must be filled in; nobody is asked until then.",
        )
    };
    Light {
        code: "account",
        name: "İYS hesabı",
        name_en: "İYS account",
        ok: is_configured,
        detail: detail.to_owned(),
        detail_en: detail_en.to_owned(),
    }
}

/// Late by more than two rounds means that pulling does not work.
fn changes_light(pulled_at: Option<Timestamp>, now: Timestamp, every_minutes: i64) -> Light {
    let limit_us = every_minutes.saturating_mul(2 * MINUTE_US);
    let (ok, detail, detail_en) = match pulled_at {
        None => (
            false,
            "Vatandaşların İYS'de yaptığı değişiklikler henüz çekilmedi.".to_owned(),
            "Changes that citizens made at İYS have not been pulled yet.".to_owned(),
        ),
        Some(at) => (
            now.since(at) <= limit_us,
            format!("Son çekme: {}.", at.to_turkish_text()),
            format!("Last pulled: {}.", at.to_turkish_text()),
        ),
    };
    Light {
        code: "changes",
        name: "İYS değişiklikleri",
        name_en: "Changes at İYS",
        ok,
        detail,
        detail_en,
    }
}

/// Whether anything that citizens did may have been lost.
fn gap_light(brand: &Brand, gap: Option<&Gap>, now: Timestamp, unreadable: i64) -> Light {
    let since = brand
        .feed
        .complete_at
        .map_or_else(|| "—".to_owned(), Timestamp::to_turkish_text);
    let open = gap.filter(|gap| gap.closed_at.is_none());
    let (ok, detail, detail_en) = if brand.feed.is_lost(now) {
        (
            false,
            format!(
                "Değişiklikler {since} tarihinden beri okunamadı ve bir kısmı kayboldu: kimseye gönderilemez, okuma düzelince herkes yeniden sorulur."
            ),
            format!(
                "Changes were not read since {since} and some are lost: nobody can be sent to; once reading works, everybody is asked again."
            ),
        )
    } else if open.is_some_and(|gap| gap.missed_at.is_some()) {
        (
            false,
            "Bir kısım değişiklik kayboldu: herkes yeniden soruluyor; yanıtı gelene kadar o kişiye gönderilemez (S104).".to_owned(),
            "Some changes were lost: everybody is asked again; nobody is sent to before their answer (S104).".to_owned(),
        )
    } else if open.is_some() {
        (
            false,
            format!(
                "Değişiklikler {since} tarihinden beri tam okunamadı. Yedi günü geçerse bir kısmı kaybolur."
            ),
            format!(
                "Changes were not read to their end since {since}. After seven days some are lost."
            ),
        )
    } else if unreadable > 0 {
        (
            false,
            format!(
                "{unreadable} değişiklik satırı okunamadı; biri RET olabilir. Karşılaştırma başlatın."
            ),
            format!(
                "{unreadable} rows of changes could not be read; one may be a refusal. Start a comparison."
            ),
        )
    } else {
        (
            true,
            "Kayıp değişiklik yok.".to_owned(),
            "No change was lost.".to_owned(),
        )
    };
    Light {
        code: "gap",
        name: "Kesintisiz okuma",
        name_en: "Nothing missed",
        ok,
        detail,
        detail_en,
    }
}

/// What İYS lets the account do: brand visible, each channel, the daily agreement.
fn rights_lights(rights: Option<&Rights>) -> impl Iterator<Item = Light> {
    let unknown = Rights::default();
    let rights = rights.unwrap_or(&unknown);
    let said = rights.said.clone().unwrap_or_default();
    [
        ("brand", "Marka görünür", "Brand visible", rights.brand),
        ("mesaj", "Mesaj izni", "Text message right", rights.mesaj),
        ("arama", "Arama izni", "Call right", rights.arama),
        ("eposta", "E-posta izni", "E-mail right", rights.eposta),
        ("agreement", "Mutabakat izni", "Agreement right", rights.agreement),
    ]
    .map(|(code, name, name_en, allowed)| {
        let (detail, detail_en) = match allowed {
            Allowed::Yes => ("İYS yanıt veriyor.".to_owned(), "İYS answers.".to_owned()),
            Allowed::No => (
                format!("İYS yetki vermiyor; İYS panelinde İş Ortaklığı bölümünden yetkiyi tanımlayın. {said}"),
                format!("İYS does not allow it; grant the right in the İYS portal under İş Ortaklığı. {said}"),
            ),
            Allowed::Unknown => (
                "Henüz sorulmadı; bu kanala uygun bir adres gelince sorulur.".to_owned(),
                "Not asked yet; it is asked once there is an address for the channel.".to_owned(),
            ),
        };
        Light {
            code,
            name,
            name_en,
            ok: allowed != Allowed::No,
            detail: detail.trim_end().to_owned(),
            detail_en: detail_en.trim_end().to_owned(),
        }
    })
    .into_iter()
}

/// Whether the firm's package at İYS runs.
fn subscription_light(rights: Option<&Rights>) -> Light {
    let status = rights.and_then(|rights| rights.subscription);
    let (ok, detail, detail_en) = match status {
        None => (true, "Henüz sorulmadı.", "Not asked yet."),
        Some(Subscription::Active) => (true, "Abonelik etkin.", "The subscription is active."),
        Some(Subscription::Unknown) => (
            true,
            "İYS bilinmeyen bir durum bildirdi.",
            "İYS told a state that is not known here.",
        ),
        Some(Subscription::Paused) => (
            false,
            "Abonelik durdurulmuş; İYS panelinden etkinleştirin.",
            "The subscription is paused; activate it in the İYS portal.",
        ),
        Some(Subscription::Expired) => (
            false,
            "Aboneliğin süresi dolmuş; İYS panelinden yenileyin.",
            "The subscription has expired; renew it in the İYS portal.",
        ),
        Some(Subscription::Closed) => (
            false,
            "Abonelik kapalı ya da yok; İYS panelinden açın.",
            "The subscription is closed or missing; open it in the İYS portal.",
        ),
    };
    Light {
        code: "subscription",
        name: "Abonelik",
        name_en: "Subscription",
        ok,
        detail: detail.to_owned(),
        detail_en: detail_en.to_owned(),
    }
}

/// Whether the firm authorised the partner whose account the brand uses.
fn integrator_light(rights: Option<&Rights>) -> Light {
    let allowed = rights.map_or(Allowed::Unknown, |rights| rights.integrator);
    let (detail, detail_en) = match allowed {
        Allowed::Yes => (
            "Firma iş ortağını yetkilendirmiş.",
            "The firm authorised the partner.",
        ),
        Allowed::No => (
            "Firma iş ortağını yetkilendirmemiş; İYS panelinde İş Ortaklığı bölümünden yetki verilmeli.",
            "The firm did not authorise the partner; it does so in the İYS portal under İş Ortaklığı.",
        ),
        Allowed::Unknown => ("Henüz sorulmadı.", "Not asked yet."),
    };
    Light {
        code: "integrator",
        name: "Entegratör izni",
        name_en: "Integrator permission",
        ok: allowed != Allowed::No,
        detail: detail.to_owned(),
        detail_en: detail_en.to_owned(),
    }
}

fn queue_light(queue: &QueueFigures) -> Light {
    let ok = queue.parked == 0 && queue.last_error.is_none();
    let (detail, detail_en) = if ok {
        ("Sorunsuz.".to_owned(), "No trouble.".to_owned())
    } else {
        let error = queue.last_error.as_deref().unwrap_or("—");
        (
            format!("{} kayıt bekletiliyor; son hata: {error}", queue.parked),
            format!("{} records rest; last error: {error}", queue.parked),
        )
    };
    Light {
        code: "queue",
        name: "Sıra",
        name_en: "Queue",
        ok,
        detail,
        detail_en,
    }
}

/// Below 70 % İYS takes the address off its list.
fn share_light(share: Share, signal: Signal) -> Light {
    let percent = share.percent();
    let (detail, detail_en) = match signal {
        Signal::Fine => (
            format!(
                "Son 24 saatteki {} çağrının %{percent}'i başarılı.",
                share.requests
            ),
            format!(
                "{percent} % of the {} calls in the last 24 hours succeeded.",
                share.requests
            ),
        ),
        Signal::Alarm => (
            format!(
                "Son 24 saatteki çağrıların yalnız %{percent}'i başarılı: reddedilen kayıtların koduna bakıp verinin kaynağını düzeltin."
            ),
            format!(
                "Only {percent} % of the calls in the last 24 hours succeeded: look at the codes of refused records and correct the source of the data."
            ),
        ),
        Signal::Brake => (
            format!(
                "Son 24 saatteki çağrıların yalnız %{percent}'i başarılı; İYS'nin reddedebileceği çağrılar bir sonraki saate bekletiliyor."
            ),
            format!(
                "Only {percent} % of the calls in the last 24 hours succeeded; calls that İYS may refuse wait for the next hour."
            ),
        ),
    };
    Light {
        code: "share",
        name: "Başarılı çağrı payı",
        name_en: "Share of successful calls",
        ok: signal == Signal::Fine,
        detail,
        detail_en,
    }
}

async fn look(app: &App, caller: &Caller, brand: BrandId) -> Result<RegistryStatus, Problem> {
    let RegistryOverview {
        brand,
        is_configured,
        queue,
        verdicts,
        pulled_at,
        unreadable,
        strangers,
        gap,
        sweep,
    } = app.engine.registry_overview(caller.firm, brand).await?;
    let every = app.engine.settings().registry.pull_minutes;
    let rights = app.engine.rights(brand.id).await?;
    let lights = if brand.mode.is_connected() {
        let (share, signal) = app.engine.registry_share().await?;
        let mut lights = vec![
            account_light(is_configured),
            changes_light(pulled_at, app.now(), every),
            gap_light(&brand, gap.as_ref(), app.now(), unreadable),
            queue_light(&queue),
            share_light(share, signal),
        ];
        let rights = rights.as_ref().map(|(rights, _)| rights);
        lights.push(subscription_light(rights));
        if brand.uses_partner {
            lights.push(integrator_light(rights));
        }
        lights.extend(rights_lights(rights));
        lights
    } else {
        Vec::new()
    };
    let verdicts = verdicts.into_iter().map(|counted| VerdictCount {
        channel: counted.channel,
        kind: counted.kind,
        verdict: counted.verdict,
        count: counted.count,
    });
    Ok(RegistryStatus {
        brand_id: brand.id,
        mode: brand.mode,
        lights,
        queue: queue.into(),
        verdicts: verdicts.collect(),
        pulled_at,
        complete_at: brand.feed.complete_at,
        strangers,
        comparison: sweep.map(|sweep| Comparison::of(app, sweep)),
    })
}

/// A brand's connection to İYS at a glance.
#[utoipa::path(
    get, path = "/registry/{brand_id}", operation_id = "registry_status", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "Lights, queue and verdicts", body = RegistryStatus)),
)]
pub(crate) async fn registry_status(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<RegistryStatus>, Problem> {
    caller.needs(Permission::ReadReports)?;
    look(&app, &caller, brand).await.map(Json)
}

/// Brings in what citizens changed at İYS, now.
#[utoipa::path(
    post, path = "/registry/{brand_id}/pull", operation_id = "registry_pull", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 202, description = "As it is after the pull", body = RegistryStatus)),
)]
pub(crate) async fn registry_pull(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<(StatusCode, Json<RegistryStatus>), Problem> {
    let overview = connected(&app, &caller, brand).await?;
    note(&app, &caller, brand, "registry.pull").await?;
    app.engine.resume_registry(caller.firm, brand).await?;
    app.engine.pull(&overview.brand).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(look(&app, &caller, brand).await?),
    ))
}

/// Works the brand's own queue of questions and records, now.
#[utoipa::path(
    post, path = "/registry/{brand_id}/push", operation_id = "registry_push", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 202, description = "As it is after one round", body = RegistryStatus)),
)]
pub(crate) async fn registry_push(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<(StatusCode, Json<RegistryStatus>), Problem> {
    connected(&app, &caller, brand).await?;
    note(&app, &caller, brand, "registry.push").await?;
    app.engine.resume_registry(caller.firm, brand).await?;
    app.engine.push_brand(brand).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(look(&app, &caller, brand).await?),
    ))
}

/// A brand that can speak to İYS, for a caller who may hurry it.
async fn connected(
    app: &App,
    caller: &Caller,
    brand: BrandId,
) -> Result<RegistryOverview, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let overview = app.engine.registry_overview(caller.firm, brand).await?;
    if overview.brand.mode.is_connected() && overview.is_configured {
        return Ok(overview);
    }
    Err(Problem::new(ProblemKind::Conflict).with_detail("the brand is not connected to İYS"))
}

async fn note(app: &App, caller: &Caller, brand: BrandId, action: &str) -> Result<(), Problem> {
    let mut writer = app.write().await?;
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            action,
            &brand.to_string(),
            &json!({}),
        )
        .await?;
    writer.commit().await?;
    Ok(())
}

/// Notes who saw the rows of people, and how many.
pub(crate) async fn note_view(
    app: &App,
    caller: &Caller,
    action: &str,
    brand: BrandId,
    rows: usize,
) -> Result<(), Problem> {
    if rows == 0 {
        return Ok(());
    }
    let is_masked = !caller.role.may(Permission::ReadPersonal);
    let mut writer = app.write().await?;
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            action,
            &brand.to_string(),
            &json!({ "rows": rows, "masked": is_masked }),
        )
        .await?;
    writer.commit().await?;
    Ok(())
}
