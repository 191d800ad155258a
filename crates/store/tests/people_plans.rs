//! The lists of people that the panel shows, as they are really asked for, walk
//! an index on both databases and come in its order: a page out of ten million
//! people costs what a page out of a thousand does.

mod support;

use domain::Channel;
use store::Reader;
use store::contacts::ContactCursor;
use store::contacts::search::{ConsentState, ContactFilter, SearchPlace};
use store::tags::GroupKind;
use store::testing::TestDatabase;
use support::listening::*;
use support::sending::*;
use support::*;

/// Rows of a page.
const PAGE: usize = 50;
/// Above every letter of a name.
const AFTER_ALL: char = '\u{10ffff}';

/// A firm of five thousand people, fifty of them in a list.
struct People {
    db: TestDatabase,
    scene: Scene,
    tag: store::tags::TagId,
}

impl People {
    async fn on(db: TestDatabase) -> Self {
        let scene = Scene::numbered(&db, 0).await;
        let known = |n: u32| match n % 10 {
            0 => Known::Refused,
            1 => Known::Nothing,
            _ => Known::Confirmed,
        };
        scene
            .add_people(&db, (0..5_000).map(|n| (n, known(n))))
            .await;
        let mut writer = db.store.write().await.expect("a transaction");
        let tag = writer.ensure_tag(scene.firm, "vip").await.expect("a tag");
        let tagged: Vec<_> = (0..50).map(|n| scene.recipient(n)).collect();
        writer.add_to_tag(tag, &tagged).await.expect("tagged");
        writer.commit().await.expect("commits");
        if db.name == "postgres" {
            Window::on(&db).await.run("ANALYZE").await;
        }
        Self { db, scene, tag }
    }

    async fn reader(&self) -> Reader {
        self.db.store.read().await.expect("a reader")
    }

    /// Asserts that the statement walks `index`, reads nothing whole but the
    /// windows named in `lists`, and, where `in_order`, sorts nothing.
    async fn walks(
        &self,
        (what, text): (&str, &str),
        operation: impl Future<Output = ()>,
        values: &[&str],
        index: (&str, &str),
        (lists, in_order): (&[&str], bool),
    ) {
        let statement = heard(what, text, operation).await;
        let steps = plan_of(&self.db, &with_values(&statement, values)).await;
        let plan = steps.join("\n");
        let name = self.db.name;
        let index = if name == "sqlite" { index.0 } else { index.1 };
        assert!(
            plan.contains(index),
            "{name} {what}: no {index} in\n{plan}\nof {statement}"
        );
        for step in &steps {
            if let Some(table) = read_whole(step) {
                assert!(
                    lists.contains(&table),
                    "{name} {what}: reads all of {table} in\n{plan}\nof {statement}"
                );
            }
            assert!(
                !in_order || !sorts(step),
                "{name} {what}: sorts in\n{plan}\nof {statement}"
            );
        }
    }

    /// The statement that fills a page of people.
    async fn finds(
        &self,
        what: &str,
        (text, filter, after): (&str, ContactFilter<'_>, Option<SearchPlace>),
        values: &[&str],
        index: (&str, &str),
        in_order: bool,
    ) {
        let firm = self.scene.firm.as_db().to_string();
        let values = [&[firm.as_str()], values].concat();
        let asked = async {
            let mut reader = self.reader().await;
            let found = reader.find_contacts(self.scene.firm, text, &filter, after, PAGE);
            drop(found.await.expect("a page"));
        };
        let page = (what, "SELECT c.place, c.id FROM c");
        // A window of some thousands, found by the index, is read whole.
        let lists: &[&str] = &["c", "n", "(subquery-1)", "(subquery-2)", "k"];
        self.walks(page, asked, &values, index, (lists, in_order))
            .await;
    }
}

// A page begins behind the last person, also among people of one name.
const BY_NAME: (&str, &str) = (
    "contact_name (firm_id=? AND name_fold=? AND id>?)",
    "contact_name",
);
const MEMBERS: (&str, &str) = ("PRIMARY KEY (tag_id=?", "tag_member_pkey");
const STATES: (&str, &str) = (
    "PRIMARY KEY (brand_id=? AND recipient_id=? AND channel=?)",
    "consent_state_pkey",
);
const EVENTS: (&str, &str) = ("consent_event_recipient", "consent_event_recipient");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_of_people_walks_an_index_however_many_people_there_are() {
    listen();
    for db in store::testing::each().await {
        let people = People::on(db).await;
        people_by_name(&people).await;
        people_by_what_holds_for_them(&people).await;
        lists_of_addresses(&people).await;
    }
}

async fn people_by_name(people: &People) {
    let high = format!("'{AFTER_ALL}'");
    let names = format!("'k{AFTER_ALL}'");
    let lowest = i64::MIN.to_string();
    let plain = ContactFilter::default();
    people
        .finds(
            "everybody",
            ("", plain, None),
            &[&high, "''", &lowest, "51", "51"],
            BY_NAME,
            true,
        )
        .await;
    let at = ContactCursor {
        name_fold: "a".into(),
        id: domain::ids::ContactId::from_db(1),
    };
    people
        .finds(
            "a later page",
            ("", plain, Some(SearchPlace::Beginning(at))),
            &[&high, "'a'", "1", "51", "51"],
            BY_NAME,
            true,
        )
        .await;
    people
        .finds(
            "a name",
            ("K", plain, None),
            &[&names, "'k'", &lowest, "51", "51"],
            BY_NAME,
            true,
        )
        .await;
    people
        .finds(
            "a surname",
            ("K", plain, Some(SearchPlace::Inside(None))),
            &[&high, "''", &lowest, "10000", "'k'", &names, "' k'", "51"],
            BY_NAME,
            false,
        )
        .await;
}

async fn people_by_what_holds_for_them(people: &People) {
    let high = format!("'{AFTER_ALL}'");
    let lowest = i64::MIN.to_string();
    let window = [high.as_str(), "''", lowest.as_str(), "10000"];
    let brand = people.scene.brand.as_db().to_string();
    for state in [
        ConsentState::Confirmed,
        ConsentState::Refused,
        ConsentState::Nothing,
    ] {
        let filter = ContactFilter {
            consent: Some((Channel::Mesaj, state, Some(people.scene.brand))),
            ..ContactFilter::default()
        };
        let values = [&window[..], &[&brand, "51"]].concat();
        people
            .finds("by consent", ("", filter, None), &values, STATES, false)
            .await;
    }
    let filter = ContactFilter {
        source: Some("HS_WEB"),
        ..ContactFilter::default()
    };
    let values = [&window[..], &["'HS_WEB'", "51"]].concat();
    people
        .finds("by source", ("", filter, None), &values, EVENTS, false)
        .await;
    let filter = ContactFilter {
        group: Some(people.tag),
        ..ContactFilter::default()
    };
    let tag = {
        let mut window = Window::on(&people.db).await;
        window
            .number("SELECT id FROM tag WHERE name = 'vip'")
            .await
            .to_string()
    };
    people
        .finds(
            "by list or tag",
            ("", filter, None),
            &[&tag, "0", "10000", &tag, "51"],
            MEMBERS,
            false,
        )
        .await;
}

async fn lists_of_addresses(people: &People) {
    let firm = people.scene.firm.as_db().to_string();
    let asked = async {
        let mut reader = people.reader().await;
        let page = reader.tag_members(people.tag, None, PAGE).await;
        drop(page.expect("a page"));
    };
    let members = ("members of a list", "FROM tag_member");
    people
        .walks(members, asked, &["1", "0", "50"], MEMBERS, (&[], true))
        .await;
    let asked = async {
        let mut reader = people.reader().await;
        let page = reader
            .tags(people.scene.firm, GroupKind::Tag, None, PAGE)
            .await;
        drop(page.expect("a page"));
    };
    let tags = ("tags", "FROM tag WHERE firm_id");
    let name = ("tag_name", "tag_name");
    people
        .walks(tags, asked, &[&firm, "''", "50", "1"], name, (&[], true))
        .await;
    let asked = async {
        let mut reader = people.reader().await;
        drop(
            reader
                .stops(people.scene.firm, None, PAGE)
                .await
                .expect("a page"),
        );
    };
    let stops = ("the blacklist", "FROM blacklist b JOIN recipient");
    let key = ("sqlite_autoindex_blacklist_1", "blacklist_pkey");
    people
        .walks(stops, asked, &[&firm, "0", "0", "50"], key, (&[], false))
        .await;
}
