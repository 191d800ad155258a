//! What the panel reads over many people, beside the same over few.

use std::time::Instant;

use anyhow::{Context, ensure};
use rand::TryRngCore as _;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use store::access::Role;
use store::token::ApiKeySecret;

use super::child::{Job, Server, measure};
use super::ground::{Ground, Place, Surroundings, clock};
use super::table::{Row, Table, Target};
use super::{bare, file};

/// The people beside whom the many are held.
const FEW: u64 = 10_000;
/// Reads of each kind.
const READS: usize = 300;
/// Of a hundred reads the slowest but one counts.
const PERCENTILE: usize = 99;
/// The many may take this many times the few.
const RATIO_MAX: f64 = 2.0;
/// What is read of a person when their page opens.
const PERSON: [&str; 3] = ["", "/standing", "/timeline"];

/// Reads pages of people, searches and persons on both, and adds the row.
pub(crate) async fn row(
    around: &Surroundings,
    server: Option<&str>,
    place: &Place,
    database: &'static str,
    table: &mut Table,
) -> anyhow::Result<()> {
    let few = Ground::make(around, server, "few").await?;
    let seen = beside(around, place, &few.place).await;
    few.drop().await?;
    let (many, few) = seen?;
    let worst = many
        .slowest()
        .iter()
        .zip(few.slowest())
        .map(|(many, few)| many / few)
        .fold(0.0, f64::max);
    table.add(Row {
        work: "panel reads, p99".into(),
        database,
        ours: many.shown(),
        baseline: format!("10,000 people: {}", few.shown()),
        ratio: worst,
        target: Target::AtMost(RATIO_MAX),
    })
}

async fn beside(
    around: &Surroundings,
    many: &Place,
    few: &Place,
) -> anyhow::Result<(Reads, Reads)> {
    let folder = around.folder.path().join("few");
    std::fs::create_dir_all(&folder)?;
    let files = file::write(&folder, FEW, domain::Clock::now(&around.clock))?;
    measure(&around.order(Job::Import(files.people), Some(few))).await?;
    let (many, few) = (
        Desk::open(around, many).await?,
        Desk::open(around, few).await?,
    );
    // Once without counting: connections, statements and pages are warm then on both.
    many.read_all().await?;
    few.read_all().await?;
    Ok((many.read_all().await?, few.read_all().await?))
}

/// Milliseconds of each read, by kind.
#[derive(Debug, Default)]
struct Reads {
    firsts: Vec<f64>,
    laters: Vec<f64>,
    searches: Vec<f64>,
    persons: Vec<f64>,
}

impl Reads {
    fn slowest(&self) -> [f64; 4] {
        [&self.firsts, &self.laters, &self.searches, &self.persons].map(|reads| percentile(reads))
    }

    fn shown(&self) -> String {
        let [first, later, search, person] = self.slowest();
        format!(
            "first page {first:.1} ms, later {later:.1}, by number {search:.1}, person {person:.1}"
        )
    }
}

/// The figure that 99 of 100 do not exceed; NaN of none.
fn percentile(reads: &[f64]) -> f64 {
    let mut sorted = reads.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * PERCENTILE).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// A served database, read as the panel reads it.
struct Desk {
    server: Server,
    http: reqwest::Client,
    key: String,
}

impl Desk {
    async fn open(around: &Surroundings, place: &Place) -> anyhow::Result<Self> {
        let key = ApiKeySecret::generate(&mut rand::rngs::OsRng.unwrap_err());
        let start = domain::Clock::now(&around.clock).to_string();
        let engine = place.engine(clock(&start)?).await?;
        let mut writer = engine.store().write().await?;
        writer
            .create_api_key(place.firm, "bench", Role::Admin, None, &key)
            .await?;
        writer.commit().await?;
        engine.store().close().await;
        Ok(Self {
            server: Server::start(&around.order(Job::Serve, Some(place))).await?,
            http: bare::client()?,
            key: key.text().expose_secret().to_owned(),
        })
    }

    async fn read_all(&self) -> anyhow::Result<Reads> {
        let mut reads = Reads::default();
        let mut people: Vec<Value> = Vec::new();
        let mut after = None;
        for _ in 0..READS {
            let (spent, _) = self.get("/contacts").await?;
            reads.firsts.push(spent);
            let page = match &after {
                None => "/contacts".to_owned(),
                Some(after) => format!("/contacts?after={after}"),
            };
            let (spent, answer) = self.get(&page).await?;
            reads.laters.push(spent);
            people.extend(answer["items"].as_array().into_iter().flatten().cloned());
            // The few end before the reads do, and begin again.
            after = answer["next"].as_str().map(str::to_owned);
        }
        ensure!(people.len() >= READS, "{} people were read", people.len());
        for person in people.iter().step_by(people.len() / READS).take(READS) {
            let id = person["id"].as_str().context("a person without a number")?;
            let mut whole = 0.0;
            for part in PERSON {
                whole += self.get(&format!("/contacts/{id}{part}")).await?.0;
            }
            reads.persons.push(whole);
            if let Some(phone) = person["phone"].as_str() {
                let query = phone.trim_start_matches('+');
                let (spent, _) = self.get(&format!("/contacts?query=%2B{query}")).await?;
                reads.searches.push(spent);
            }
        }
        Ok(reads)
    }

    /// Milliseconds until the whole answer was there, and the answer.
    async fn get(&self, path: &str) -> anyhow::Result<(f64, Value)> {
        let url = format!("{}/api/v1{path}", self.server.url);
        let began = Instant::now();
        let answer = self.http.get(&url).bearer_auth(&self.key).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        let spent = began.elapsed().as_secs_f64() * 1_000.0;
        ensure!(
            status.is_success(),
            "{path} answered {status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok((spent, serde_json::from_slice(&body)?))
    }
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn one_slow_read_of_a_hundred_does_not_count() {
        let mut reads = vec![1.0; 99];
        reads.push(50.0);
        assert!((percentile(&reads) - 1.0).abs() < f64::EPSILON);
        reads.push(50.0);
        assert!((percentile(&reads) - 50.0).abs() < f64::EPSILON);
        assert!(percentile(&[]).is_nan());
    }
}
