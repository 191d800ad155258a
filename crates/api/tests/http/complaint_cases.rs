//! Citizens' complaints: who may file, read and work on them, and what is
//! refused before anything is stored.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use store::access::Role;

use crate::support::{Answer, Server, Tenant};

const MARK: &str = "denemesinir";

/// Fills the public form.
async fn files(server: &Server, brand: &str, fields: &[(&str, &str)], picture: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!(
            "--{MARK}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{MARK}\r\nContent-Disposition: form-data; name=\"goruntu\"; filename=\"a.png\"\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(picture);
    body.extend_from_slice(format!("\r\n--{MARK}--\r\n").as_bytes());
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/sikayet/{brand}"))
        .header(
            header::CONTENT_TYPE,
            format!("multipart/form-data; boundary={MARK}"),
        )
        .body(Body::from(body))
        .unwrap();
    server.send(request).await
}

fn told<'a>(phone: &'a str, text: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("telefon", phone),
        ("gonderen", "ORNEK"),
        ("zaman", "2025-06-20T10:15"),
        ("metin", text),
    ]
}

async fn cases(server: &Server, key: &str) -> Vec<Value> {
    let page = server.get("/api/v1/complaint-cases", key).await.json();
    page["items"].as_array().cloned().unwrap_or_default()
}

/// A case of the tenant, by its path.
async fn told_on_the_phone(server: &Server, tenant: &Tenant) -> String {
    let body = json!({
        "brand_id": tenant.brand, "address": "+905321234567", "sender": "ORNEK",
        "happened_at": "2025-06-20T10:15:00+03:00", "received_at": "2025-06-20T12:00:00+03:00",
        "text": "İzin vermedim.", "is_trader": true,
    });
    let made = server
        .post("/api/v1/complaint-cases", &tenant.owner, body)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    format!("/api/v1/complaint-cases/{id}")
}

#[tokio::test]
async fn the_public_form_asks_for_no_identity_and_loads_nothing_from_elsewhere() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    for (asked, word) in [("", "Şikâyeti gönder"), ("?dil=en", "Send the complaint")] {
        let path = format!("/sikayet/{}{asked}", tenant.brand);
        let answer = server.get(&path, "").await;
        assert_eq!(answer.status, StatusCode::OK);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let text = answer.text();
        assert!(text.contains(word) && !text.contains("http"), "{text}");
        for name in ["telefon", "gonderen", "zaman", "metin", "goruntu", "tacir"] {
            assert!(text.contains(&format!("name=\"{name}\"")), "{name}");
        }
        assert!(!text.contains("name=\"tc"), "{text}");
    }
    for nobody in ["/sikayet/brd_zzz", "/sikayet/yok", "/sikayet/brd_1/anahtar"] {
        assert_eq!(
            server.get(nobody, "").await.status,
            StatusCode::NOT_FOUND,
            "{nobody}"
        );
    }
}

#[tokio::test]
async fn identity_and_card_numbers_and_files_that_are_no_pictures_are_refused_and_not_stored() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let brand = tenant.brand.to_string();
    let png = b"\x89PNG\r\n\x1a\n0".as_slice();
    for (text, picture, word) in [
        ("kimliğim 10000000146", png, "kimlik numarası"),
        ("kartım 4111 1111 1111 1111", png, "kartı numarası"),
        (
            "izin vermedim",
            b"<svg onload=alert(1)>".as_slice(),
            "PNG ya da JPEG",
        ),
        ("", b"".as_slice(), "metnini yazın"),
    ] {
        let answer = files(&server, &brand, &told("0532 123 45 67", text), picture).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        assert!(answer.text().contains(word), "{text}: {}", answer.text());
    }
    let answer = files(&server, &brand, &told("123", "izin vermedim"), png).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(cases(&server, &tenant.owner).await.is_empty());
    let stops = server.get("/api/v1/blacklist", &tenant.owner).await.json();
    assert_eq!(stops["items"], json!([]));
}

#[tokio::test]
async fn a_complaint_stops_its_number_at_once_and_is_read_only_by_who_knows_its_address() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let brand = tenant.brand.to_string();
    let fields = told("0532 123 45 67", "<b>İzin vermedim</b>");
    let answer = files(&server, &brand, &fields, b"\xff\xd8\xff\xe0resim").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let own = answer.headers[header::LOCATION].to_str().unwrap();
    let page = server.get(own, "").await.text();
    assert!(page.contains("&lt;b&gt;İzin vermedim"), "{page}");
    assert!(
        page.contains("+90532*****67") && !page.contains("5321234567"),
        "{page}"
    );

    let stops = server.get("/api/v1/blacklist", &tenant.owner).await.json();
    assert_eq!(stops["items"][0]["cause"], "complaint");
    let complaints = server.get("/api/v1/complaints", &tenant.owner).await.json();
    let case = cases(&server, &tenant.owner).await.remove(0);
    assert_eq!(complaints["items"][0]["case_id"], case["id"]);
    let path = format!("/api/v1/complaint-cases/{}", case["id"].as_str().unwrap());
    let picture = server.get(&format!("{path}/picture"), &tenant.owner).await;
    assert_eq!(picture.headers[header::CONTENT_TYPE], "image/jpeg");
    let policy = picture.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("sandbox"), "{policy}");

    let viewer = server.key(tenant.firm, Role::Viewer).await;
    assert_eq!(cases(&server, &viewer).await[0]["address"], "+90532*****67");
    for call in [
        path.clone(),
        format!("{path}/finding"),
        format!("{path}/pack.zip"),
    ] {
        assert_eq!(
            server.get(&call, &viewer).await.status,
            StatusCode::FORBIDDEN
        );
    }
    let stranger = server.tenant("Yabancı").await;
    assert_eq!(
        server.get(&path, &stranger.owner).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(cases(&server, &stranger.owner).await.is_empty());
}

#[tokio::test]
async fn nobody_files_many_complaints_about_one_number_within_minutes() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let brand = tenant.brand.to_string();
    let mut answers = Vec::new();
    for _ in 0..4 {
        let fields = told("0532 123 45 67", "İzin vermedim");
        answers.push(files(&server, &brand, &fields, b"").await.status);
    }
    assert_eq!(
        answers,
        [
            StatusCode::SEE_OTHER,
            StatusCode::SEE_OTHER,
            StatusCode::SEE_OTHER,
            StatusCode::TOO_MANY_REQUESTS
        ]
    );
}

#[tokio::test]
async fn a_number_without_any_message_is_told_with_where_was_looked() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let path = told_on_the_phone(&server, &tenant).await;
    let finding = server
        .get(&format!("{path}/finding"), &tenant.owner)
        .await
        .json();
    assert_eq!(finding["messages"], json!([]));
    assert_eq!(finding["scope"]["brands"], json!(["Örnek"]));
    assert_eq!(finding["scope"]["from"], "2025-06-17T10:15:00+03:00");
    assert_eq!(finding["pattern"], Value::Null);
    let draft = finding["draft"].as_str().unwrap();
    assert!(draft.contains("gönderim kaydı bulamadık"), "{draft}");
}

#[tokio::test]
async fn a_case_is_worked_on_step_by_step_and_closed_only_when_everything_is_done() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let path = told_on_the_phone(&server, &tenant).await;
    let key = &tenant.owner;
    let act =
        async |what: &str, body: Value| server.post(&format!("{path}/{what}"), key, body).await;
    let early = act("solve", json!({})).await;
    assert_eq!(early.code(), "UNFINISHED", "{}", early.text());
    let missing: Vec<String> = early.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(missing, ["refusal", "answer"]);

    assert_eq!(act("take", json!({})).await.json()["state"], "process");
    let refused = act("answer", json!({ "text": "Size %10 indirim tanımladık." })).await;
    assert_eq!(
        refused.faults(),
        [("text".to_owned(), "TicketAdminReplyValidation".to_owned())]
    );
    let answered = act("answer", json!({ "text": "Şikâyetinizi inceledik." })).await;
    assert_eq!(answered.json()["state"], "replied", "{}", answered.text());
    assert_eq!(act("refusal", json!({})).await.status, StatusCode::OK);
    let closing = json!({ "address": "+905321234567", "note": "kapandı" });
    let beside = server
        .post("/api/v1/blacklist/complaints/handled", key, closing)
        .await;
    assert_eq!(
        beside.status,
        StatusCode::CONFLICT,
        "past the list of duties"
    );
    let solved = act("solve", json!({})).await;
    assert_eq!(solved.json()["state"], "solved", "{}", solved.text());
    assert_eq!(act("solve", json!({})).await.status, StatusCode::CONFLICT);

    let deeds: Vec<String> = solved.json()["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["deed"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        deeds,
        [
            "TicketAdminCreated",
            "TicketAssignedChange",
            "TicketAdminReplied",
            "RefusalRecorded",
            "TicketSolved"
        ]
    );
    let open = server
        .get("/api/v1/complaints?only_open=true", key)
        .await
        .json();
    assert_eq!(open["items"], json!([]), "closed there too");
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    for what in ["take", "answer", "refusal", "branch", "solve"] {
        let body = json!({ "text": "Şikâyetinizi inceledik.", "note": "arandı" });
        let answer = server.post(&format!("{path}/{what}"), &viewer, body).await;
        assert!(answer.status.is_client_error(), "{what}: {}", answer.text());
    }
}

#[tokio::test]
async fn the_month_counts_from_when_the_person_told_us_and_names_nobody() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    told_on_the_phone(&server, &tenant).await;
    let month = server
        .get("/api/v1/complaint-cases/month?month=2025-06", &tenant.owner)
        .await
        .json();
    assert_eq!(
        (&month["complaints"], &month["open"]),
        (&json!(1), &json!(1))
    );
    assert!(
        month["stop_worst_seconds"].as_i64().unwrap() > 3_600,
        "{month}"
    );
    let file = server
        .get(
            "/api/v1/complaint-cases/month.csv?month=2025-06",
            &tenant.owner,
        )
        .await;
    assert!(!file.text().contains("5321234567"), "{}", file.text());
    let wrong = server
        .get("/api/v1/complaint-cases/month?month=haziran", &tenant.owner)
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}
