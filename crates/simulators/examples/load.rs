use std::time::Instant;
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "serve" {
        let kind = if args[2] == "iys" { simulators::Kind::Iys } else { simulators::Kind::Infobip };
        simulators::run(kind, args[3].parse().unwrap(), simulators::Options{no_limits:true, ..Default::default()}).await.unwrap();
        return;
    }
    let port = &args[2];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    if args[1] == "iys" {
        let base = format!("http://127.0.0.1:{port}");
        client.post(format!("{base}/_sim/brands")).body(r#"{"iysCode":1,"brandCode":2,"name":"X","username":"u","password":"p"}"#).send().await.unwrap();
        client.post(format!("{base}/_sim/population")).body(r#"{"onay_pct":85,"ret_pct":5}"#).send().await.unwrap();
        let t: serde_json::Value = serde_json::from_slice(&client.post(format!("{base}/oauth2/token")).header("content-type","application/json").body(r#"{"grant_type":"password","username":"u","password":"p"}"#).send().await.unwrap().bytes().await.unwrap()).unwrap();
        let tok = t["access_token"].as_str().unwrap().to_owned();
        let bodies: Vec<String> = (0..1000).map(|b| serde_json::json!({"recipients": (0..1000).map(|n| format!("+9053{:08}", b*1000+n)).collect::<Vec<_>>()}).to_string()).collect();
        let start = Instant::now();
        let bodies = std::sync::Arc::new(std::sync::Mutex::new(bodies));
        let mut set = tokio::task::JoinSet::new();
        for _ in 0..8 { let (c, b, bs, tok) = (client.clone(), base.clone(), bodies.clone(), tok.clone());
            set.spawn(async move { loop { let Some(body) = bs.lock().unwrap().pop() else {break}; 
              let r = c.post(format!("{b}/sps/1/brands/2/consents/BIREYSEL/status/MESAJ")).header("content-type","application/json").bearer_auth(&tok).body(body).send().await.unwrap(); assert_eq!(r.status(),200); r.bytes().await.unwrap(); } }); }
        while set.join_next().await.is_some() {}
        println!("iys 1M statuses: {:?}", start.elapsed());
        return;
    }
    let personal = args[1] == "nn";
    let total: usize = 1_000_000;
    let bodies: Vec<String> = (0..total/500).map(|b| {
        let id = |n: usize| format!("01J8ZQ4M9T-{b:05}-{n:05}");
        let to = |n: usize| format!("9053{:08}", b*500+n);
        let wh = serde_json::json!({"delivery":{"url":"http://127.0.0.1:9/dlr","notify":false}});
        let messages: Vec<serde_json::Value> = if personal { (0..500).map(|n| serde_json::json!({"sender":"ORNEKMARKA","destinations":[{"to":to(n),"messageId":id(n)}],"content":{"text":format!("Merhaba Ayşe {n}, siparişin hazır. Detaylar mağazada. RET ORNEK yaz 3338 B001"),"language":{"languageCode":"TR"}},"options":{"regional":{"turkeyIys":{"brandCode":123,"recipientType":"BIREYSEL"}}},"webhooks":wh})).collect() }
        else { vec![serde_json::json!({"sender":"ORNEKMARKA","destinations":(0..500).map(|n| serde_json::json!({"to":to(n),"messageId":id(n)})).collect::<Vec<_>>(),"content":{"text":"Merhaba"},"webhooks":wh})] };
        serde_json::json!({"messages":messages,"options":{"schedule":{"bulkId":format!("b{b}")}}}).to_string()
    }).collect();
    println!("body {} bytes", bodies[0].len());
    let bodies = std::sync::Arc::new(std::sync::Mutex::new(bodies));
    let start = Instant::now();
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, bodies, url) = (client.clone(), bodies.clone(), format!("http://127.0.0.1:{port}/sms/3/messages"));
        set.spawn(async move { loop {
            let Some(body) = bodies.lock().unwrap().pop() else { break };
            let r = client.post(&url).header("authorization","App x").header("content-type","application/json").body(body).send().await.unwrap();
            assert_eq!(r.status(), 200); r.bytes().await.unwrap();
        }});
    }
    while set.join_next().await.is_some() {}
    let took = start.elapsed();
    println!("{} messages in {took:?}: {:.0}/s", total, total as f64 / took.as_secs_f64());
}
