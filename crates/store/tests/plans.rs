//! The queries of sending, as they are really run, walk an index on both
//! databases: what is quick with a hundred people is quick with ten million.
//!
//! The texts are listened to while the store runs them, so a changed query is
//! the one that is looked at.

mod support;

use domain::Timestamp;
use domain::ids::{BatchKey, CampaignId};
use domain::time::HOUR_US;
use store::campaigns::Audience;
use store::dispatch::PickedBatch;
use store::receipts::ReceiptRow;
use store::reporting::{PersonFilter, PersonState};
use store::testing::TestDatabase;
use store::{Reader, Writer};
use support::listening::*;
use support::sending::*;
use support::*;

/// A firm of three thousand people with two campaigns, another firm beside it.
struct Filled {
    db: TestDatabase,
    scene: Scene,
    campaign: CampaignId,
    batch: PickedBatch,
}

async fn filled(db: TestDatabase) -> Filled {
    let scene = Scene::numbered(&db, 0).await;
    let other = Scene::numbered(&db, 1).await;
    let known = |n: u32| match n % 10 {
        0 => Known::Refused,
        1 => Known::Nothing,
        _ => Known::Confirmed,
    };
    scene
        .add_people(&db, (0..3_000).map(|n| (n, known(n))))
        .await;
    other
        .add_people(&db, (0..2_000).map(|n| (n, known(n))))
        .await;
    let mut writer = db.store.write().await.expect("a transaction");
    let tag = writer.ensure_tag(scene.firm, "yaz").await.expect("a tag");
    let tagged: Vec<_> = (0..50).map(|n| scene.recipient(n)).collect();
    writer.add_to_tag(tag, &tagged).await.expect("tagged");
    writer.commit().await.expect("commits");
    other.running(&db, 3).await;
    scene.running(&db, 3).await;
    let campaign = scene.running(&db, 3).await.id;
    let batch = scene.claim(&db, "w1", 1).await.remove(0);
    if db.name == "postgres" {
        Window::on(&db).await.run("ANALYZE").await;
    }
    Filled {
        db,
        scene,
        campaign,
        batch,
    }
}

/// What is expected of one query.
struct Expected<'a> {
    /// Begins the statement that is meant, of those that were run.
    text: &'a str,
    /// Values of its parameters.
    values: &'a [&'a str],
    /// Indexes that are walked, under the name in SQLite and in PostgreSQL.
    indexes: &'a [(&'a str, &'a str)],
    /// Small tables, and lists inside the query, that may be read whole.
    whole: &'a [&'a str],
    /// Whether the rows come in the order they are asked for.
    in_order: bool,
}

const BATCH_KEY: (&str, &str) = ("sqlite_autoindex_send_batch_1", "send_batch_pkey");
const PEOPLE_KEY: (&str, &str) = ("PRIMARY KEY (campaign_id=?", "campaign_recipient_pkey");
const WORK: (&str, &str) = ("send_batch_work", "send_batch_work");

impl Filled {
    /// Runs an operation and looks at the plan of its statement.
    async fn check(&self, what: &str, operation: impl AsyncFnOnce(&Self), expected: &Expected<'_>) {
        let statement = heard(what, expected.text, operation(self)).await;
        let steps = plan_of(&self.db, &with_values(&statement, expected.values)).await;
        let name = self.db.name;
        let plan = steps.join("\n");
        for (sqlite, postgres) in expected.indexes {
            let index = if name == "sqlite" { sqlite } else { postgres };
            assert!(
                plan.contains(index),
                "{name} {what}: no {index} in\n{plan}\nof {statement}"
            );
        }
        for step in &steps {
            if let Some(table) = read_whole(step) {
                let may = expected.whole.contains(&table);
                assert!(
                    may,
                    "{name} {what}: reads all of {table} in\n{plan}\nof {statement}"
                );
            }
            assert!(
                !expected.in_order || !sorts(step),
                "{name} {what}: sorts in\n{plan}\nof {statement}"
            );
        }
    }

    async fn reader(&self) -> Reader {
        self.db.store.read().await.expect("a reader")
    }

    /// A transaction that is undone when it is dropped.
    async fn writer(&self) -> Writer {
        self.db.store.write().await.expect("a transaction")
    }

    fn later(&self) -> Timestamp {
        self.db.store.clock().now().plus_micros(HOUR_US)
    }

    fn id(&self) -> String {
        self.campaign.as_db().to_string()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hot_query_of_sending_walks_an_index() {
    listen();
    for db in store::testing::each().await {
        let filled = filled(db).await;
        work_of_dispatch(&filled).await;
        people_of_a_batch(&filled).await;
        lists_of_a_campaign(&filled).await;
        receipts_and_report(&filled).await;
        audiences(&filled).await;
    }
}

async fn work_of_dispatch(filled: &Filled) {
    let connector = filled.scene.connector.as_db().to_string();
    let (now, later) = (
        filled.db.store.clock().now().as_micros().to_string(),
        filled.later(),
    );
    let lease = later.as_micros().to_string();
    filled
        .check(
            "claiming",
            async |f| {
                f.writer()
                    .await
                    .pick_batches(f.scene.connector, "w1", later, 5)
                    .await
                    .expect("picks");
            },
            &Expected {
                text: "UPDATE send_batch SET state = 2",
                values: &[&connector, "'w1'", &lease, &now, "5"],
                indexes: &[WORK, BATCH_KEY],
                whole: &["due"],
                in_order: true,
            },
        )
        .await;
    filled
        .check(
            "claiming in doubt",
            async |f| {
                f.writer()
                    .await
                    .pick_in_doubt("w1", later, 5)
                    .await
                    .expect("picks");
            },
            &Expected {
                text: "UPDATE send_batch SET attempt",
                values: &["'w1'", &lease, &now, "5"],
                indexes: &[("send_batch_doubt", "send_batch_doubt"), BATCH_KEY],
                whole: &["due"],
                in_order: true,
            },
        )
        .await;
    filled
        .check(
            "accounts with work",
            async |f| {
                f.reader()
                    .await
                    .connectors_with_work(later)
                    .await
                    .expect("accounts");
            },
            &Expected {
                text: "FROM connector c WHERE EXISTS",
                values: &[&now],
                indexes: &[WORK],
                whole: &["c", "connector"],
                in_order: false,
            },
        )
        .await;
    let lease_index = ("send_batch_lease", "send_batch_lease");
    filled
        .check(
            "workers",
            async |f| {
                f.reader()
                    .await
                    .workers_with_batches()
                    .await
                    .expect("workers");
            },
            &Expected {
                text: "SELECT DISTINCT worker",
                values: &[],
                indexes: &[lease_index],
                // SQLite calls it a scan: of the index that holds the leased only.
                whole: &["send_batch"],
                in_order: false,
            },
        )
        .await;
    filled
        .check(
            "lost workers",
            async |f| {
                f.writer()
                    .await
                    .doubt_batches_of(Some("w9"), later)
                    .await
                    .expect("looks");
            },
            &Expected {
                text: "UPDATE send_batch SET next_us",
                values: &[&now, "'w9'", &lease],
                indexes: &[lease_index],
                whole: &["send_batch"],
                in_order: false,
            },
        )
        .await;
    filled
        .check(
            "ending campaigns",
            async |f| {
                f.writer().await.finish_campaigns().await.expect("looks");
            },
            &Expected {
                text: "UPDATE campaign SET state = 8",
                values: &[&now],
                indexes: &[("send_batch_open", "send_batch_open")],
                whole: &["campaign"],
                in_order: false,
            },
        )
        .await;
}

async fn people_of_a_batch(filled: &Filled) {
    let [firm, brand] =
        [filled.scene.firm.as_db(), filled.scene.brand.as_db()].map(|id| id.to_string());
    let [first, last] =
        [filled.batch.people.0, filled.batch.people.1].map(|id| id.as_db().to_string());
    let states = ("PRIMARY KEY (brand_id=?", "consent_state_pkey");
    let contacts = ("USING INTEGER PRIMARY KEY", "contact_pkey");
    filled
        .check(
            "people of a batch",
            async |f| {
                let mut writer = f.writer().await;
                drop(
                    writer
                        .batch_people(f.scene.about(), &f.batch)
                        .await
                        .expect("people"),
                );
            },
            &Expected {
                text: "FROM campaign_recipient p JOIN recipient r",
                values: &[&firm, &brand, "1", "1", &filled.id(), &first, &last, "1"],
                indexes: &[PEOPLE_KEY, states, contacts],
                // Nobody is stopped here: an empty table.
                whole: &["b0", "bc", "blacklist"],
                in_order: true,
            },
        )
        .await;
    filled
        .check(
            "one person",
            async |f| {
                f.reader()
                    .await
                    .person_facts(f.scene.about(), &phone(5))
                    .await
                    .expect("facts");
            },
            &Expected {
                text: "AND r.address = $5",
                values: &[&firm, &brand, "1", "1", &format!("'{}'", phone(5))],
                indexes: &[("recipient_address", "recipient_address"), states, contacts],
                whole: &["b0", "bc", "blacklist"],
                in_order: false,
            },
        )
        .await;
}

async fn lists_of_a_campaign(filled: &Filled) {
    let id = filled.id();
    let s103 = PersonFilter {
        code: domain::ReasonCode::parse("S103"),
        state: None,
    };
    let failed = PersonFilter {
        code: domain::ReasonCode::parse("S505"),
        state: None,
    };
    let excluded = PersonFilter {
        code: None,
        state: Some(PersonState::Excluded),
    };
    let sent = PersonFilter {
        code: None,
        state: Some(PersonState::Sent),
    };
    let lowest = i64::MIN.to_string();
    let highest = i64::MAX.to_string();
    let middle = filled.scene.recipient(1_500).as_db().to_string();
    for (what, filter, values, lists) in [
        (
            "everyone",
            PersonFilter::default(),
            [&id, "0", &middle, "0", &highest, &middle, "0", "50", "0"],
            &[][..],
        ),
        (
            "sent",
            sent,
            [&id, "0", "-1", "0", "0", &middle, "3", "50", "0"],
            &[],
        ),
        (
            "by how they failed",
            failed,
            [&id, "0", &lowest, "0", "0", &middle, "0", "50", "21"],
            &[],
        ),
        (
            "by code",
            s103,
            [
                &id, "5103", &lowest, "5103", "5103", &lowest, "0", "50", "0",
            ],
            &["p", "taken_out", "frozen"],
        ),
        (
            "excluded",
            excluded,
            [&id, "1", &lowest, "1", &highest, &lowest, "1", "50", "0"],
            &["p", "taken_out", "frozen"],
        ),
    ] {
        filled
            .check(
                &format!("people of a campaign: {what}"),
                async |f| {
                    f.reader()
                        .await
                        .campaign_people(f.campaign, filter, None, 50)
                        .await
                        .expect("a page");
                },
                &Expected {
                    text: "AS outcome",
                    values: &values,
                    indexes: &[PEOPLE_KEY],
                    // No receipt and no exception yet: empty tables.
                    whole: &[lists, &["e", "t", "send_exception", "receipt"]].concat(),
                    // With a filter PostgreSQL may guess that few remain, and sort those.
                    in_order: what == "everyone",
                },
            )
            .await;
    }
    let firm = filled.scene.firm.as_db().to_string();
    filled
        .check(
            "campaigns of a firm",
            async |f| {
                f.reader()
                    .await
                    .campaigns(f.scene.firm, None, 50)
                    .await
                    .expect("a page");
            },
            &Expected {
                text: "FROM campaign WHERE firm_id",
                values: &[&firm, &highest, &highest, "50"],
                indexes: &[("campaign_listed", "campaign_listed")],
                whole: &[],
                in_order: false,
            },
        )
        .await;
}

async fn receipts_and_report(filled: &Filled) {
    let key = BatchKey {
        campaign: filled.campaign,
        number: 1,
    };
    let row = ReceiptRow {
        message: filled.scene.message(key, 2),
        state: 6,
        provider_code: "D6".into(),
        provider_text: None,
        operator_code: None,
        happened_at: june(23),
    };
    let (id, connector) = (filled.id(), filled.scene.connector.as_db().to_string());
    let recipient = filled.scene.recipient(2).as_db();
    let json = format!("'[[{id},1,{recipient},6,\"D6\",null,null,1,1]]'");
    let arrays = [
        format!("ARRAY[{id}]"),
        "ARRAY[1]".into(),
        format!("ARRAY[{recipient}]"),
        "ARRAY[6]".into(),
        "ARRAY['D6']".into(),
        "ARRAY[NULL]".into(),
        "ARRAY[NULL]".into(),
        "ARRAY[1]".into(),
        "ARRAY[1]".into(),
    ];
    let rows: Vec<&str> = match filled.db.name {
        "sqlite" => vec![&json],
        _ => arrays.iter().map(String::as_str).collect(),
    };
    filled
        .check(
            "receipts",
            async |f| {
                f.writer()
                    .await
                    .apply_receipts(f.scene.connector, 1, &[row])
                    .await
                    .expect("applies");
            },
            &Expected {
                text: "INSERT INTO receipt",
                values: &[vec![connector.as_str()], rows].concat(),
                indexes: &[BATCH_KEY, PEOPLE_KEY],
                whole: &["jsonb_each", "value"],
                in_order: false,
            },
        )
        .await;
    filled
        .check(
            "report",
            async |f| {
                let mut reader = f.reader().await;
                let campaign = reader
                    .campaign_at_work(f.campaign)
                    .await
                    .expect("the campaign");
                drop(reader.report(campaign).await.expect("a report"));
            },
            &Expected {
                text: "UNION ALL",
                values: &[&id],
                indexes: &[BATCH_KEY],
                whole: &["send_exception", "receipt"],
                in_order: false,
            },
        )
        .await;
    filled
        .check(
            "waiting pushes",
            async |f| {
                f.writer().await.take_pushes(50).await.expect("takes");
            },
            &Expected {
                text: "FROM receipt_push WHERE state = 1",
                values: &["50"],
                indexes: &[("receipt_push_work", "receipt_push_work")],
                whole: &[],
                in_order: false,
            },
        )
        .await;
}

async fn audiences(filled: &Filled) {
    let [firm, brand] =
        [filled.scene.firm.as_db(), filled.scene.brand.as_db()].map(|id| id.to_string());
    let now = filled.db.store.clock().now().as_micros().to_string();
    let listed = Audience::Addresses {
        addresses: addresses([1, 2, 3]),
    };
    let json = format!("'[\"{}\",\"{}\"]'", phone(1), phone(2));
    let by_number = ("USING INTEGER PRIMARY KEY", "recipient_pkey");
    let by_address = ("recipient_address", "recipient_address");
    let tagged = Audience::Tag { tag: "yaz".into() };
    for (what, audience, list, index) in [
        ("a tag", tagged, "'yaz'", by_number),
        ("addresses", listed, json.as_str(), by_address),
    ] {
        let question = filled.scene.question(&filled.db, audience);
        filled
            .check(
                what,
                async |f| {
                    f.reader()
                        .await
                        .judge_audience(&question)
                        .await
                        .expect("counts");
                },
                &Expected {
                    text: "GROUP BY code",
                    values: &[&firm, &brand, "1", "1", "1", "1", "3", &now, "0", list],
                    indexes: &[index],
                    whole: &[
                        "l",
                        "json_each",
                        "b0",
                        "bc",
                        "blacklist",
                        "t",
                        "tag",
                        "m",
                        "tag_member",
                    ],
                    in_order: false,
                },
            )
            .await;
    }
}
