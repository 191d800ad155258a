//! What is asked or put down at İYS by hand: a person's consent through İYS's
//! own verification (ViA), the movements of one record, the brand's retailers.

use anyhow::{Context, Result, ensure};
use domain::consent::{ConsentKey, Origin};
use domain::ids::{BrandId, FirmId};
use domain::time::{DAY_US, MINUTE_US};
use domain::{Recipient, RegistryMode, Source, Status, Verdict};
use engine::consents::ConsentClaim;
use engine::registry::desk::NewRetailer;
use engine::registry::via::{ViaBegun, ViaWish};
use engine::worklist::MayAsk;
use engine::{EngineError, Settings};
use secrecy::SecretString;
use serde_json::json;
use store::brands::NewBrand;
use store::registry_via::{ViaMethod, ViaProgress, ViaRequest};
use system_tests::house::{BIREYSEL, House, MESAJ};
use system_tests::system::{IYS_CODE, IYS_PASSWORD, IYS_USER};

fn as_it_is(_: &mut Settings) {}

fn phone(n: u32) -> Result<Recipient> {
    let phone = Recipient::from_normalised(&format!("+90532{n:07}"));
    phone.ok().context("a phone")
}

/// İYS lets the account ask people (ViA), which it does not by itself.
async fn may_use_via(house: &House) -> Result<()> {
    let account = json!({
        "iysCode": IYS_CODE, "brandCode": IYS_CODE, "name": "Örnek",
        "username": IYS_USER, "password": IYS_PASSWORD,
        "permissions": {
            "ARAMA": "write", "MESAJ": "write", "EPOSTA": "write",
            "agreementControl": true, "viaControl": true,
        },
    });
    house.simulators.iys("brands", &account).await
}

/// A consent of ten days ago: no reading of the three business days takes it.
async fn has_a_void_consent(house: &House, n: u32) -> Result<ConsentKey> {
    let claim = ConsentClaim {
        recipient: phone(n)?,
        channel: MESAJ,
        kind: BIREYSEL,
        status: Status::Onay,
        consent_date: house.now().plus_micros(-10 * DAY_US),
        source: Source::HS_WEB,
        evidence: None,
        retailer: None,
    };
    let (firm, brand) = (house.firm, house.brand.id);
    house
        .engine
        .record_consents(firm, brand, Origin::Api, vec![claim], "usr_ayse")
        .await?;
    let mut reader = house.engine.store().read().await?;
    let ids = reader.recipient_ids(firm, &[phone(n)?]).await?;
    Ok(ConsentKey {
        brand,
        recipient: ids.into_iter().flatten().next().context("known")?,
        channel: MESAJ,
        kind: BIREYSEL,
    })
}

async fn minutes_pass(house: &House, minutes: i64) -> Result<()> {
    for _ in 0..minutes / 10 {
        house.pass(10 * MINUTE_US);
        house.work().await?;
    }
    Ok(())
}

fn wish(house: &House, n: u32, key: ConsentKey, method: ViaMethod) -> Result<ViaWish> {
    Ok(ViaWish {
        firm: house.firm,
        brand: house.brand.id,
        recipient: key.recipient,
        address: phone(n)?,
        kind: BIREYSEL,
        channels: vec![MESAJ, MESAJ],
        method,
        form: "form-1".into(),
        actor: "usr_ayse".into(),
    })
}

async fn asked(house: &House, wish: ViaWish) -> Result<ViaRequest> {
    match house.engine.ask_through_iys(wish).await? {
        ViaBegun::Made(request) => Ok(*request),
        other @ ViaBegun::MayNot(..) => anyhow::bail!("{}: {other:?}", house.database),
    }
}

async fn is_sendable(house: &House, n: u32) -> Result<bool> {
    let state = house.here(&[phone(n)?]).await?.pop().flatten();
    Ok(state.is_some_and(|state| state.registry.verdict == Verdict::Onay))
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_iys_asked_is_sendable_within_minutes_of_their_yes_and_is_not_asked_twice()
-> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        may_use_via(&house).await?;
        house.work().await?;
        let key = has_a_void_consent(&house, 1).await?;
        minutes_pass(&house, 60).await?;
        let request = asked(&house, wish(&house, 1, key, ViaMethod::SmsShorturl)?).await?;
        ensure!(request.progress == ViaProgress::Waiting, "{request:?}");
        let again = wish(&house, 1, key, ViaMethod::SmsShorturl)?;
        let again = house.engine.ask_through_iys(again).await?;
        let is_refused = matches!(&again, ViaBegun::MayNot(MESAJ, MayAsk::AskedBefore(_)));
        ensure!(is_refused, "{}: {again:?}", house.database);
        minutes_pass(&house, 20).await?;
        ensure!(!is_sendable(&house, 1).await?, "nobody agreed yet");
        let agreed = json!({ "requestId": request.request_id });
        house.simulators.iys("via", &agreed).await?;
        minutes_pass(&house, 10).await?;
        let seen = house.engine.via(house.firm, request.id).await?;
        ensure!(seen.progress == ViaProgress::Consented, "{seen:?}");
        let state = house.here(&[phone(1)?]).await?.pop().flatten();
        let state = state.context("known")?;
        ensure!(state.registry.verdict == Verdict::Onay, "{state:?}");
        let told = state.local.context("in the ledger")?;
        ensure!(told.citizen && told.status == Status::Onay, "{told:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_the_person_tells_is_sent_on_and_decided_at_once() -> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        may_use_via(&house).await?;
        house.work().await?;
        let key = has_a_void_consent(&house, 2).await?;
        minutes_pass(&house, 60).await?;
        let request = asked(&house, wish(&house, 2, key, ViaMethod::SmsOtp)?).await?;
        let wrong = house
            .engine
            .via_code(house.firm, request.id, "000000x")
            .await;
        ensure!(
            matches!(&wrong, Err(EngineError::Faults(faults)) if faults[0].field == "code"
                && faults[0].code == "H1052" && faults[0].text_tr == "Onay kodu yanlış."),
            "{wrong:?}"
        );
        let open = house.simulators.iys_via().await?;
        let code = open[0]["code"].as_str().context("a code")?.to_owned();
        let seen = house.engine.via_code(house.firm, request.id, &code).await?;
        ensure!(seen.progress == ViaProgress::Consented, "{seen:?}");
        house.work().await?;
        ensure!(is_sendable(&house, 2).await?, "{}", house.database);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_iys_refuses_leaves_the_person_askable_and_a_lost_one_does_not() -> Result<()>
{
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        may_use_via(&house).await?;
        house.work().await?;
        let refused = has_a_void_consent(&house, 3).await?;
        let lost = has_a_void_consent(&house, 4).await?;
        minutes_pass(&house, 60).await?;
        let mut unknown_form = wish(&house, 3, refused, ViaMethod::SmsShorturl)?;
        unknown_form.form = "form-9".into();
        let request = asked(&house, unknown_form).await?;
        ensure!(request.progress == ViaProgress::Refused, "{request:?}");
        let words = request.words.as_deref().unwrap_or_default();
        ensure!(words.contains("H1000"), "{words}");
        let may = house.engine.may_ask_anew(refused).await?;
        ensure!(matches!(may, MayAsk::Yes(_)), "{may:?}");

        let drop = json!({ "kind": "drop_after_accept", "path_prefix": "/via", "count": 1 });
        house.simulators.iys("faults", &drop).await?;
        let request = asked(&house, wish(&house, 4, lost, ViaMethod::SmsShorturl)?).await?;
        ensure!(request.progress == ViaProgress::Unknown, "{request:?}");
        house.simulators.heal().await?;
        let may = house.engine.may_ask_anew(lost).await?;
        ensure!(matches!(may, MayAsk::AskedBefore(_)), "{may:?}");
        let open = house.simulators.iys_via().await?;
        ensure!(open.len() == 1, "{open:?}");
        let mail = wish(&house, 3, refused, ViaMethod::EpostaOtp)?;
        let misfit = house.engine.ask_through_iys(mail).await;
        ensure!(misfit.is_err(), "a phone is not asked by e-mail");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_iys_tells_of_a_record_is_kept_with_its_time_and_retailers_come_and_go() -> Result<()>
{
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        house.work().await?;
        let said_at = house.now().plus_micros(-2 * DAY_US);
        house.record(&phone(5)?, "ONAY", "HS_WEB", said_at).await?;
        house
            .citizen(&phone(5)?, "RET", said_at.plus_micros(DAY_US))
            .await?;
        let key = has_a_void_consent(&house, 5).await?;
        let mut reader = house.engine.store().read().await?;
        ensure!(reader.kept_history(key).await?.is_none(), "nobody asked");
        drop(reader);
        let told = house
            .engine
            .ask_history(house.firm, key, &phone(5)?, "usr_ayse")
            .await?;
        let said: Vec<Status> = told.movements.iter().map(|one| one.status).collect();
        ensure!(said == [Status::Ret, Status::Onay], "{told:?}");
        ensure!(told.asked_at <= house.now() && told.unreadable == 0);
        let mut reader = house.engine.store().read().await?;
        let kept = reader.kept_history(key).await?;
        ensure!(kept.as_ref() == Some(&told), "{kept:?}");
        drop(reader);

        let (firm, brand) = (house.firm, house.brand.id);
        let (cities, towns) = house.engine.retailer_places(firm, brand).await?;
        let retailer = NewRetailer {
            title: "Örnek Bayi".into(),
            mersis: Some("0123456789012345".into()),
            city: cities.first().context("a province")?.clone(),
            town: towns.first().context("a district")?.clone(),
            ..NewRetailer::default()
        };
        let code = house
            .engine
            .add_retailer(firm, brand, &retailer, "usr_ayse")
            .await?;
        let listed = house.engine.retailers(firm, brand, 0).await?;
        ensure!(listed.len() == 1 && listed[0].code == code, "{listed:?}");
        let spare = NewRetailer {
            title: "Kapanan Bayi".into(),
            mersis: Some("0123456789012346".into()),
            ..retailer
        };
        let gone = house
            .engine
            .add_retailer(firm, brand, &spare, "usr_ayse")
            .await?;
        house
            .engine
            .remove_retailer(firm, brand, gone, "usr_ayse")
            .await?;
        let left = house.engine.retailers(firm, brand, 0).await?;
        ensure!(left.len() == 1 && left[0].code == code, "{left:?}");

        let claim = ConsentClaim {
            recipient: phone(6)?,
            channel: MESAJ,
            kind: BIREYSEL,
            status: Status::Onay,
            consent_date: house.now().plus_micros(-30 * MINUTE_US),
            source: Source::HS_FIZIKSEL_ORTAM,
            evidence: Some("form 6".into()),
            retailer: Some(code),
        };
        house
            .engine
            .record_consents(firm, brand, Origin::Api, vec![claim], "usr_ayse")
            .await?;
        house.work().await?;
        minutes_pass(&house, 60).await?;
        let recorded = house.simulators.recorded().await?;
        let told = recorded
            .iter()
            .find(|row| row["recipient"] == phone(6).unwrap().to_string());
        let told = told.context("İYS was told")?;
        ensure!(told["retailerCode"] == code, "{}: {told}", house.database);
    }
    Ok(())
}

const PARTNER: i64 = 700_001;

/// A firm with a brand of these numbers, and no login of its own.
async fn firm_without_login(house: &House, code: i64) -> Result<(FirmId, BrandId)> {
    let mut writer = house.engine.store().write().await?;
    let firm = writer.create_firm(&format!("Firma {code}")).await?.id;
    let new = NewBrand {
        name: format!("Marka {code}"),
        short_name: format!("MARKA{code}"),
        trade_name: "MARKA AS".into(),
        mersis: "0123456789012345".into(),
        path_key: format!("marka{code}"),
    };
    let mut brand = writer.create_brand(firm, new).await?;
    brand.mode = RegistryMode::Integrator;
    brand.iys_code = Some(code);
    brand.brand_code = Some(code);
    writer.save_brand(&brand).await?;
    writer.commit().await?;
    Ok((firm, brand.id))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_partner_login_and_one_token_serve_the_brands_that_authorised_it() -> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        let own = i64::try_from(IYS_CODE)?;
        for code in [own, own + 1] {
            let authorised = json!({
                "iysCode": code, "brandCode": code, "name": format!("Marka {code}"),
                "username": "ortak", "password": "ortak-sifre", "integratorCode": PARTNER,
            });
            house.simulators.iys("brands", &authorised).await?;
        }
        let stranger = json!({
            "iysCode": own + 2, "brandCode": own + 2, "name": "Yabancı",
            "username": "baska", "password": "baska-sifre",
        });
        house.simulators.iys("brands", &stranger).await?;
        let engine = &house.engine;
        let wrong = engine
            .set_partner_account("ortak", SecretString::from("yanlis"), PARTNER, "cli")
            .await;
        ensure!(wrong.is_err(), "İYS does not let it in");
        engine
            .set_partner_account("ortak", SecretString::from("ortak-sifre"), PARTNER, "cli")
            .await?;
        ensure!(engine.authorised_brands().await?.len() == 2);
        let (firm, brand) = firm_without_login(&house, own + 1).await?;
        let (other_firm, other) = firm_without_login(&house, own + 2).await?;
        engine.link_to_partner(firm, brand, "cli").await?;
        engine
            .link_to_partner(house.firm, house.brand.id, "cli")
            .await?;
        let unauthorised = engine.link_to_partner(other_firm, other, "cli").await;
        ensure!(unauthorised.is_err(), "{unauthorised:?}");

        let tokens = house.simulators.iys_calls("/oauth2/token").await?;
        for (n, (firm, brand)) in [(house.firm, house.brand.id), (firm, brand)]
            .into_iter()
            .enumerate()
        {
            let claim = ConsentClaim {
                recipient: phone(70 + u32::try_from(n)?)?,
                channel: MESAJ,
                kind: BIREYSEL,
                status: Status::Onay,
                consent_date: house.now().plus_micros(-5 * MINUTE_US),
                source: Source::HS_WEB,
                evidence: None,
                retailer: None,
            };
            engine
                .record_consents(firm, brand, Origin::Api, vec![claim], "usr_ayse")
                .await?;
        }
        house.work().await?;
        minutes_pass(&house, 60).await?;
        let recorded = house.simulators.recorded().await?;
        ensure!(recorded.len() == 2, "{}: {recorded:?}", house.database);
        let after = house.simulators.iys_calls("/oauth2/token").await?;
        ensure!(after - tokens <= 1, "{tokens} tokens became {after}");

        engine
            .unlink_from_partner(house.firm, house.brand.id, "cli")
            .await?;
        let mut reader = engine.store().read().await?;
        let own_again = reader.brand_credentials(house.brand.id).await?;
        ensure!(own_again.is_some_and(|held| held.username != "ortak"));
        ensure!(reader.partner_brands().await? == 1);
        drop(reader);
        let mut writer = engine.store().write().await?;
        ensure!(writer.forget_partner_account().await.is_err(), "in use");
    }
    Ok(())
}
