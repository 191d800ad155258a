mod support;
use std::time::Instant;
use support::*;
use support::sending::*;
use domain::ids::MessageRef;
use store::receipts::ReceiptRow;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "speed"]
async fn probe() {
    let people: u32 = std::env::var("ROWS").ok().and_then(|r| r.parse().ok()).unwrap_or(100_000);
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene.add_people(&db, (1..=people).map(|n| (n, match n % 4 { 0 => Known::Nothing, 1 => Known::Refused, _ => Known::Confirmed }))).await;
        println!("{} url {}", db.name, db.url);
        if std::env::var("ANA").is_ok() { Window::on(&db).await.run("ANALYZE").await; }
        let q = scene.question(&db, store::campaigns::Audience::All);
        for _ in 0..2 {
            let start = Instant::now();
            let j = db.store.read().await.unwrap().judge_audience(&q).await.unwrap();
            println!("{} preview {:?} {:?}", db.name, start.elapsed(), j.target);
        }
        let start = Instant::now();
        let campaign = scene.running(&db, 500).await;
        println!("{} launch(create+freeze) {:?}", db.name, start.elapsed());
        let mut window = Window::on(&db).await;
        window.run("CREATE TABLE plain_copy (a BIGINT, b BIGINT, c BIGINT, d BIGINT, e BIGINT, f BIGINT, g BIGINT, PRIMARY KEY (a, b, c))").await;
        let start = Instant::now();
        window.run("INSERT INTO plain_copy SELECT * FROM campaign_recipient").await;
        println!("{} plain insert-select without key {:?}", db.name, start.elapsed());
        if std::env::var("ANA").is_ok() { Window::on(&db).await.run("ANALYZE").await; }
        let mut all = Vec::new();
        let start = Instant::now();
        let mut n = 0;
        loop {
            let mut w = db.store.write().await.unwrap();
            let batches = w.pick_batches(scene.connector, "w", db.store.clock().now().plus_micros(60_000_000), 10).await.unwrap();
            if batches.is_empty() { break; }
            for b in &batches {
                let t = Instant::now();
                let p = w.batch_people(store::person::FactsAbout { firm: scene.firm, brand: scene.brand, channel: domain::Channel::Mesaj, kind: domain::RecipientKind::Bireysel }, b).await.unwrap();
                if n < 2 { println!("{} batch_people of {}: {:?}", db.name, p.len(), t.elapsed()); }
                n += 1;
                all.extend(p.iter().map(|p| MessageRef { campaign: campaign.id, batch_no: b.key.number, recipient: p.facts.id }));
                w.hand_over(b, "key", b"content", &[]).await.unwrap();
            }
            w.commit().await.unwrap();
        }
        println!("{} claim {} batches {} people {:?} = {:.0}/s", db.name, n, all.len(), start.elapsed(), all.len() as f64 / start.elapsed().as_secs_f64());
        let now = db.store.clock().now();
        let rows: Vec<ReceiptRow> = all.iter().map(|m| ReceiptRow { message: *m, state: 6, provider_code: "0".into(), provider_text: None, happened_at: now }).collect();
        let start = Instant::now();
        for part in rows.chunks(1000) {
            let mut w = db.store.write().await.unwrap();
            w.apply_receipts(scene.connector, 1, part).await.unwrap();
            w.commit().await.unwrap();
        }
        println!("{} receipts {:.0}/s", db.name, rows.len() as f64 / start.elapsed().as_secs_f64());
        let mut r = db.store.read().await.unwrap();
        let start = Instant::now();
        let c = r.campaign_at_work(campaign.id).await.unwrap(); let report = r.report(c).await.ok();
        println!("{} report {:?} {}", db.name, start.elapsed(), report.is_some());
    }
}
