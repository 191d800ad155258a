//! Does it all add up? Against the report itself, the judged file, and what
//! the simulators say they received.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Context;
use domain::ids::BrandId;
use domain::{Channel, Recipient, RecipientKind, Status, Verdict};
use intake::{NoDirectory, Options, RecordReader};
use serde_json::Value;
use store::person::FactsAbout;

use super::client::{self, Client};
use super::world::{ONAY_PERCENT, RET_PERCENT, World};
use crate::output::Output;

/// Messages read from the simulator at a time.
const PAGE: usize = 10_000;

/// What was checked.
#[derive(Debug)]
pub(crate) struct Checks {
    out: Output,
    failed: usize,
}

impl Checks {
    /// None yet.
    pub(crate) fn new(out: Output) -> Self {
        Self { out, failed: 0 }
    }

    /// Notes one check and prints it.
    pub(crate) fn add(&mut self, tr: &str, en: &str, holds: bool) {
        if !holds {
            self.failed += 1;
        }
        let mark = if holds { '✓' } else { '✗' };
        self.out
            .line(format!("   {mark} {tr}"), format!("   {mark} {en}"));
    }

    /// Whether every check held.
    pub(crate) const fn all_hold(&self) -> bool {
        self.failed == 0
    }

    /// Every judged pair of a file is accounted for.
    pub(crate) fn upload(&mut self, upload: &Value) {
        let number = |key: &str| upload[key].as_i64().unwrap_or(i64::MIN);
        let applied = number("created") + number("updated") + number("unchanged");
        self.add(
            "kabul edilen her kayıt uygulandı",
            "every accepted record was applied",
            applied == number("records_applied"),
        );
        let merged = number("pairs_judged") - number("rejected") - applied;
        self.add(
            "yeni + güncellenen + aynı + reddedilen + birleşen = değerlendirilen",
            "created + updated + unchanged + rejected + merged = judged",
            merged >= 0 && merged == upload["summary"]["merged"].as_i64().unwrap_or(-1),
        );
    }

    /// Everyone of a campaign is accounted for.
    pub(crate) fn report(&mut self, report: &Value) {
        let number = |value: &Value| value.as_i64().unwrap_or(i64::MIN);
        let people = number(&report["excluded"]["total"])
            + number(&report["held"]["total"])
            + number(&report["sent"]);
        self.add(
            "hedef = hariç + bekleyen + gönderilen",
            "target = excluded + held + sent",
            people == number(&report["target"]),
        );
        let outcomes = number(&report["delivered"])
            + number(&report["failed"]["total"])
            + number(&report["open"]);
        self.add(
            "gönderilen = iletilen + başarısız + açık",
            "sent = delivered + failed + open",
            outcomes == number(&report["sent"]),
        );
        self.add(
            "rapor kendi denetimini geçti",
            "the report passes its own check",
            report["reconciles"] == Value::Bool(true),
        );
    }
}

/// Compares with what the simulators were asked and handed.
pub(crate) async fn against_simulators(
    world: &World,
    client: &Client,
    upload: &Value,
    report: &Value,
    file: &Path,
    checks: &mut Checks,
) -> anyhow::Result<()> {
    let http = client::http()?;
    let iys: Value = http
        .get(format!("{}/_sim/stats", world.iys))
        .send()
        .await?
        .json()
        .await?;
    let infobip: Value = http
        .get(format!("{}/_sim/stats", world.infobip))
        .send()
        .await?
        .json()
        .await?;
    let people = people_of(world, upload, file).await?;
    let registry = client
        .get(&format!("/registry/{}", world.sync_brand))
        .await?;
    // A query that names an address İYS will not know is refused as a whole and
    // made again without it, so such addresses are not among those it counts.
    let asked = iys["addresses_asked"].as_u64().unwrap_or(0) + verdicts(&registry, "REFUSED");
    checks.add(
        "İYS'ye her kayıt soruldu",
        "İYS was asked about every record",
        asked >= people.keys,
    );
    checks.add(
        "kimseye iki kez gönderilmedi",
        "nobody was messaged twice",
        infobip["max_per_destination"].as_u64() == Some(1),
    );
    let sent: BTreeSet<String> = destinations(&http, world).await?;
    let expected = expected(world, people.confirmed, &sent).await?;
    checks.add(
        "yalnız ve tam olarak onaylılara gönderildi",
        "sent to exactly the confirmed",
        sent == expected,
    );
    let handed_over = report["sent"].as_u64().unwrap_or(0);
    let refused = report["failed"]["refused"].as_u64().unwrap_or(0);
    checks.add(
        "rapor ile sağlayıcının kaydı aynı",
        "the report equals the provider's record",
        handed_over.checked_sub(refused) == Some(sent.len() as u64),
    );
    checks.add(
        "sorulmamış kayıt kalmadı",
        "no record was left unasked",
        verdicts(&registry, "UNASKED") == 0,
    );
    Ok(())
}

fn verdicts(registry: &Value, verdict: &str) -> u64 {
    let rows = registry["verdicts"].as_array();
    rows.map_or(0, |rows| {
        rows.iter()
            .filter(|row| row["verdict"] == verdict)
            .filter_map(|row| row["count"].as_u64())
            .sum()
    })
}

/// The confirmed, less those whom the provider's rule refuses, and less those
/// of the missing who have a stated reason of their own: no name for the text
/// (S401), or a number that İYS does not take.
async fn expected(
    world: &World,
    confirmed: BTreeSet<String>,
    sent: &BTreeSet<String>,
) -> anyhow::Result<BTreeSet<String>> {
    let provider = super::world::provider_population();
    let mut expected = BTreeSet::new();
    let mut reader = world.store.read().await?;
    for digits in confirmed {
        if provider.outcome_of(&digits) == simulators::infobip::Outcome::Rejected {
            continue;
        }
        if !sent.contains(&digits) {
            let about = FactsAbout {
                firm: world.firm,
                brand: world.sync_brand,
                channel: Channel::Mesaj,
                kind: RecipientKind::Bireysel,
            };
            let address = Recipient::from_normalised(&format!("+{digits}"))?;
            let person = reader.person_facts(about, &address).await?;
            let is_explained = person.is_some_and(|person| {
                !person.values.contains_key("ad")
                    || person.facts.registry.verdict == Verdict::Refused
            });
            if is_explained {
                continue;
            }
        }
        expected.insert(digits);
    }
    Ok(expected)
}

struct People {
    /// Distinct (address, channel, kind) in the file's accepted records.
    keys: u64,
    /// Addresses that must get the message: said ONAY for SMS as consumers,
    /// and the simulator's rule confirms them. As the provider writes them.
    confirmed: BTreeSet<String>,
}

/// Judges the file once more, apart from the server, and applies the
/// simulator's rule to it.
async fn people_of(world: &World, _upload: &Value, file: &Path) -> anyhow::Result<People> {
    let work = tempfile::tempdir()?;
    let mut options = Options::new(domain::Clock::now(&world.clock), intake::Action::Push);
    options.mode = domain::RegistryMode::Sync;
    options.default_kind = Some(RecipientKind::Bireysel);
    let file = file.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut watch = |_| ControlFlow::Continue(());
        let judged = intake::judge(&file, &options, &mut NoDirectory, work.path(), &mut watch)?;
        let population = simulators::iys::Population::new(ONAY_PERCENT, RET_PERCENT);
        let mut keys = HashSet::new();
        let mut confirmed = BTreeSet::new();
        for item in RecordReader::open(&judged.records, 0)? {
            let (record, _) = item?;
            let Some(consent) = &record.consent else {
                continue;
            };
            let address = record.recipient.to_string();
            let is_ours = consent.channel == Channel::Mesaj
                && consent.status == Status::Onay
                && record.kind == RecipientKind::Bireysel;
            if is_ours && is_confirmed(&population, &address) {
                confirmed.insert(address.trim_start_matches('+').to_owned());
            }
            keys.insert((address, consent.channel, record.kind));
        }
        Ok(People {
            keys: keys.len() as u64,
            confirmed,
        })
    })
    .await?
}

fn is_confirmed(population: &simulators::iys::Population, address: &str) -> bool {
    format!("{:?}", population.status_of(address))
        .to_uppercase()
        .contains("ONAY")
}

/// Everyone who got a message, by the provider's own record.
async fn destinations(http: &reqwest::Client, world: &World) -> anyhow::Result<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    let mut after = 0_u64;
    loop {
        let url = format!("{}/_sim/received?limit={PAGE}&after={after}", world.infobip);
        let page: Value = http.get(&url).send().await?.json().await?;
        let items = page["list"]
            .as_array()
            .context("the simulator lists no messages")?;
        for item in items {
            all.insert(
                item["to"]
                    .as_str()
                    .context("a message without an address")?
                    .to_owned(),
            );
        }
        let next = page["next"]
            .as_u64()
            .context("the simulator names no next page")?;
        if next >= page["total"].as_u64().unwrap_or(0) {
            return Ok(all);
        }
        after = next;
    }
}

/// Whether a brand's ledger verifies, asked of the program itself.
pub(crate) async fn ledger(world: &World, brand: BrandId) -> anyhow::Result<bool> {
    let store = world
        .store
        .verify_ledger(brand, |_| ControlFlow::Continue(()))
        .await?;
    Ok(store.fault.is_none())
}
