//! A file that holds both a consent and a refusal for one person: the refusal
//! counts here at once, and İYS is told nothing until somebody has looked.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use system_tests::system::{Brand, IYS_CODE, Mode, Setup, World, each_database, job};

const CONTRADICTED: &str = "+905321234561";
const PLAIN: &str = "+905321234562";
const HEADER: &str = "Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı\n";
const TAG: &str = "Celiski";

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_its_own_file_contradicts_blocks_here_and_is_not_told_to_iys() -> Result<()>
{
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        both_are_known_at_iys(world, &brand).await?;
        let both = format!(
            "{HEADER}{CONTRADICTED};RET;20.06.2025 10:00;Mesaj;HS_WEB\n\
             {CONTRADICTED};ONAY;20.06.2025 11:00;Mesaj;HS_WEB\n\
             {PLAIN};RET;20.06.2025 10:00;Mesaj;HS_WEB\n"
        );
        let upload = imported(world, &brand, "ikisi.csv", &both).await?;
        ensure!(
            job::excluded(&upload["summary"]["codes"], "R802") == 1,
            "the consent was not held: {upload}"
        );
        ensure!(
            told(world).await? == [PLAIN],
            "İYS was told of {:?}",
            told(world).await?
        );
        refuses_here(world, &brand).await?;

        // The same refusal, stated alone: now somebody has looked.
        let alone = format!("{HEADER}{CONTRADICTED};RET;20.06.2025 10:00;Mesaj;HS_WEB\n");
        imported(world, &brand, "biri.csv", &alone).await?;
        let mut told = told(world).await?;
        told.sort();
        ensure!(told == [CONTRADICTED, PLAIN], "İYS was told of {told:?}");
        Ok(())
    })
    .await
}

async fn both_are_known_at_iys(world: &World, brand: &Brand) -> Result<()> {
    let record = |phone: &str| {
        json!({ "iysCode": IYS_CODE, "brandCode": brand.code, "recipient": phone,
                "recipientType": "BIREYSEL", "type": "MESAJ", "status": "ONAY",
                "source": "HS_WEB", "consentDate": "2025-06-19 14:05:00" })
    };
    let records = json!({ "records": [record(CONTRADICTED), record(PLAIN)] });
    world.simulators.iys("state", &records).await
}

async fn imported(world: &World, brand: &Brand, name: &str, text: &str) -> Result<Value> {
    let path = world.write(name, text)?;
    let done = job::imported(&world.client, &path, &job::push(brand, TAG))
        .await
        .context("the import")?;
    Ok(done)
}

/// The addresses that İYS recorded something about, from us.
async fn told(world: &World) -> Result<Vec<String>> {
    let recorded = world.simulators.recorded().await?;
    let address = |record: &Value| record["recipient"].as_str().unwrap_or_default().to_owned();
    Ok(recorded.iter().map(address).collect())
}

/// Nobody of the two can be sent to, for their refusal.
async fn refuses_here(world: &World, brand: &Brand) -> Result<()> {
    let path = job::campaign(&world.client, &job::draft(world, brand, TAG)).await?;
    let dry = world
        .client
        .post(&format!("{path}/dry-run"), &json!({}))
        .await?;
    ensure!(
        dry["target"] == 2 && job::excluded(&dry["excluded"], "S103") == 2,
        "dry run: {dry}"
    );
    Ok(())
}
