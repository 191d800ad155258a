//! Files through the API: in, judged, corrected, applied.

use std::time::Duration;

use crate::support::{Answer, Server, Tenant, request};
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use store::access::Role;

const FILE: &str = "telefon;ad soyad;izin durumu;izin tarihi;izin türü;izin kaynağı;alıcı tipi\r\n\
    0532 123 45 67;Ayşe Şahin;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\r\n\
    0212 123 45 67;Sabit Hat;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\r\n\
    0533 765 43 21;Mehmet Öz;RET;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\r\n";

const BOUNDARY: &str = "sinir";

fn part(name: &str, file: Option<&str>, content: &str) -> String {
    let file = file
        .map(|name| format!("; filename=\"{name}\""))
        .unwrap_or_default();
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
    )
}

fn form(key: &str, parts: &[String]) -> Request<Body> {
    let body = format!("{}--{BOUNDARY}--\r\n", parts.concat());
    let mut request = request(Method::POST, "/api/v1/uploads", key, None);
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, kind.parse().unwrap());
    *request.body_mut() = Body::from(body);
    request
}

fn meta(tenant: &Tenant) -> Value {
    json!({ "brand_id": tenant.brand, "name": "Haziran", "tag": "haziran", "action": "local" })
}

fn upload_of(tenant: &Tenant) -> Request<Body> {
    let parts = [
        part("meta", None, &meta(tenant).to_string()),
        part("file", Some("C:\\liste\\haziran.csv"), FILE),
    ];
    form(&tenant.owner, &parts)
}

/// Works until nothing is due.
pub(crate) async fn work(server: &Server) {
    while server.engine.step_uploads().await.expect("a step") == engine::Step::Did {}
}

/// Sends a file.
pub(crate) async fn sent(server: &Server, tenant: &Tenant, meta: &Value, file: &str) -> Answer {
    let parts = [
        part("meta", None, &meta.to_string()),
        part("file", Some("liste.csv"), file),
    ];
    server.send(form(&tenant.owner, &parts)).await
}

/// Takes a file in and judges it.
pub(crate) async fn taken_in(server: &Server, tenant: &Tenant, meta: &Value, file: &str) -> Value {
    let answer = sent(server, tenant, meta, file).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    work(server).await;
    let path = format!("/api/v1/uploads/{}", answer.json()["id"].as_str().unwrap());
    server.get(&path, &tenant.owner).await.json()
}

async fn judged(server: &Server, tenant: &Tenant) -> Value {
    let answer = server.send(upload_of(tenant)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    work(server).await;
    let path = format!("/api/v1/uploads/{}", answer.json()["id"].as_str().unwrap());
    server.get(&path, &tenant.owner).await.json()
}

#[tokio::test]
async fn a_file_is_taken_in_judged_and_applied() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let upload = judged(&server, &tenant).await;
    assert_eq!(
        (&upload["file_name"], &upload["name"]),
        (&json!("haziran.csv"), &json!("Haziran"))
    );
    assert_eq!(
        upload["state"], "waiting_for_person",
        "a third of the rows was rejected"
    );
    assert_eq!(
        (&upload["pairs_judged"], &upload["pairs_rejected"]),
        (&json!(3), &json!(1))
    );
    let summary = &upload["summary"];
    assert_eq!(
        (&summary["encoding"], &summary["delimiter"]),
        (&json!("utf-8"), &json!(";"))
    );
    assert_eq!(
        summary["columns"][0],
        json!({ "header": "telefon", "field": "phone", "channel": null, "attribute": null,
            "imported": true, "date_order": null, "polarity": null, "unread": 0,
            "unread_examples": [], "sample": "0532 123 45 67" })
    );
    assert_eq!(
        (
            &summary["format"],
            &summary["repair"],
            &summary["title_rows"]
        ),
        (&json!("text"), &json!(null), &json!(0))
    );
    assert_eq!(summary["codes"][0]["code"], "R206");
    assert_eq!(
        summary["codes"][0]["first_lines"].as_array().map(Vec::len),
        Some(1)
    );

    let path = format!("/api/v1/uploads/{}", upload["id"].as_str().unwrap());
    let applied = server
        .call(Method::POST, &format!("{path}/apply"), &tenant.owner, None)
        .await;
    assert_eq!(
        (applied.status, &applied.json()["state"]),
        (StatusCode::ACCEPTED, &json!("applying"))
    );
    work(&server).await;
    let done = server.get(&path, &tenant.owner).await.json();
    assert_eq!(
        (&done["state"], &done["created"]),
        (&json!("applied"), &json!(2)),
        "{done}"
    );
    let people = server
        .get("/api/v1/contacts?query=ay%C5%9Fe", &tenant.owner)
        .await
        .json();
    assert_eq!(people["items"][0]["phone"], "+905321234567");
}

#[tokio::test]
async fn rejected_rows_are_listed_with_their_line_reason_and_next_step() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let upload = judged(&server, &tenant).await;
    let path = format!("/api/v1/uploads/{}", upload["id"].as_str().unwrap());
    let list = server
        .get(&format!("{path}/rejections"), &tenant.owner)
        .await
        .json();
    let row = &list["items"][0];
    assert_eq!(
        (&row["line"], &row["code"], &row["field"]),
        (&json!(3), &json!("R206"), &json!("phone"))
    );
    assert_eq!(row["value"], "0212 123 45 67");
    for text in ["text_tr", "text_en", "next_tr", "next_en"] {
        assert!(
            row[text].as_str().is_some_and(|text| !text.is_empty()),
            "{text}: {row}"
        );
    }
    let other = server
        .get(&format!("{path}/rejections?code=R101"), &tenant.owner)
        .await
        .json();
    assert_eq!(other["items"], json!([]));
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let masked = server.get(&format!("{path}/rejections"), &viewer).await;
    assert!(!masked.text().contains("0212"), "{}", masked.text());
    let shown = server.get(&path, &viewer).await;
    assert!(
        !shown.text().contains("0532 123") && !shown.text().contains("Ayşe"),
        "{}",
        shown.text()
    );
}

#[tokio::test]
async fn a_refused_row_is_mended_in_place_and_judged_as_a_file_of_its_own() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let upload = judged(&server, &tenant).await;
    let path = format!("/api/v1/uploads/{}", upload["id"].as_str().unwrap());
    let list = format!("{path}/rejections");
    let refused = server.get(&list, &tenant.owner).await.json()["items"][0].clone();
    assert_eq!(
        (&refused["line"], &refused["column"], &refused["cells"][1]),
        (&json!(3), &json!(0), &json!("Sabit Hat"))
    );
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let masked = server.get(&list, &viewer).await.json()["items"][0].clone();
    assert_eq!(
        (&masked["column"], &masked["cells"]),
        (&Value::Null, &Value::Null)
    );

    let corrections = format!("{path}/corrections");
    let phone = |value: &str| json!({ "cells": [{ "line": 3, "column": 0, "value": value }] });
    let forbidden = server
        .post(&corrections, &viewer, phone("0532 123 45 69"))
        .await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    let word = json!({ "same": [{ "code": "R206", "column": 0, "from": "0212 123 45 67", "to": "0532 123 45 69" }] });
    for nothing in [phone("0212 123 45 67"), json!({}), word] {
        let answer = server.post(&corrections, &tenant.owner, nothing).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            answer.text()
        );
    }
    let made = server
        .post(&corrections, &tenant.owner, phone("0532 123 45 69"))
        .await;
    assert_eq!(made.status, StatusCode::ACCEPTED, "{}", made.text());
    let made = made.json();
    assert_eq!(
        (&made["name"], &made["tag"], &made["action"]),
        (
            &json!("Haziran (düzeltme)"),
            &json!("haziran"),
            &json!("local")
        )
    );
    work(&server).await;
    let mended = format!("/api/v1/uploads/{}", made["id"].as_str().unwrap());
    let again = server.get(&mended, &tenant.owner).await.json();
    assert_eq!(
        (
            &again["state"],
            &again["pairs_judged"],
            &again["pairs_rejected"]
        ),
        (&json!("judged"), &json!(1), &json!(0)),
        "{again}"
    );
    let apply = format!("{mended}/apply");
    server.call(Method::POST, &apply, &tenant.owner, None).await;
    work(&server).await;
    let people = server
        .get("/api/v1/contacts?query=05321234569", &tenant.owner)
        .await
        .json();
    assert_eq!(people["items"][0]["full_name"], "Sabit Hat");
    let trail = server
        .get("/api/v1/audit?action=upload.correct", &tenant.owner)
        .await
        .json();
    assert_eq!(trail["items"][0]["detail"]["of"], upload["id"]);
}

#[tokio::test]
async fn the_report_opens_in_a_spreadsheet_and_who_took_it_is_noted() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let upload = judged(&server, &tenant).await;
    let path = format!(
        "/api/v1/uploads/{}/rejections.csv",
        upload["id"].as_str().unwrap()
    );
    let report = server.get(&path, &tenant.owner).await;
    assert_eq!(
        report.headers[header::CONTENT_TYPE],
        "text/csv; charset=utf-8"
    );
    let text = report.text();
    let mut lines = text.split("\r\n");
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("\u{feff}satir_no;kanal;alan;deger;kod;")
    );
    let row = lines.next().unwrap();
    assert!(
        row.starts_with("3;MESAJ;telefon;0212 123 45 67;R206;"),
        "{row}"
    );
    assert!(row.contains("0212 123 45 67;Sabit Hat"), "{row}");
    let book = server
        .get(&path.replace(".csv", ".xlsx"), &tenant.owner)
        .await;
    assert_eq!(book.status, StatusCode::OK);
    assert!(book.body.starts_with(b"PK"), "a workbook is a zip archive");
    let trail = server.get("/api/v1/audit", &tenant.owner).await.json();
    assert_eq!(trail["items"][0]["action"], "upload.report");
    assert_eq!(trail["items"][1]["action"], "upload.report");
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    assert_eq!(
        server.get(&path, &viewer).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn the_parts_of_the_form_may_come_in_either_order() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let parts = [
        part("file", Some("haziran.csv"), FILE),
        part("meta", None, &meta(&tenant).to_string()),
    ];
    let answer = server.send(form(&tenant.owner, &parts)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert_eq!(answer.json()["size_bytes"], FILE.len());
}

#[tokio::test]
async fn a_form_with_something_missing_or_wrong_says_what() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let meta_part = part("meta", None, &meta(&tenant).to_string());
    let file = part("file", Some("a.csv"), FILE);
    let mut nameless = meta(&tenant);
    nameless["name"] = json!(" ");
    let cases = [
        (vec![meta_part.clone()], "file", "file_missing"),
        (vec![file.clone()], "meta", "meta_missing"),
        (vec![meta_part.clone(), meta_part], "meta", "repeated"),
        (vec![part("belge", None, "x")], "belge", "unknown"),
        (
            vec![part("meta", None, &nameless.to_string()), file],
            "name",
            "blank",
        ),
    ];
    for (parts, field, code) in cases {
        let answer = server.send(form(&tenant.owner, &parts)).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            answer.text()
        );
        assert_eq!(answer.faults(), [(field.to_owned(), code.to_owned())]);
    }
    let list = server.get("/api/v1/uploads", &tenant.owner).await.json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn the_repeat_of_an_upload_gets_the_first_answer_and_keeps_one_file() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let call = || {
        let mut request = upload_of(&tenant);
        request
            .headers_mut()
            .insert("idempotency-key", "dosya-1".parse().unwrap());
        request
    };
    let first = server.send(call()).await;
    let again = server.send(call()).await;
    assert_eq!(
        (again.status, again.body),
        (StatusCode::ACCEPTED, first.body)
    );
    let list = server.get("/api/v1/uploads", &tenant.owner).await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    let parts = [
        part("meta", None, &meta(&tenant).to_string()),
        part("file", Some("haziran.csv"), &FILE.replace("ONAY", "RET")),
    ];
    let mut other = form(&tenant.owner, &parts);
    other
        .headers_mut()
        .insert("idempotency-key", "dosya-1".parse().unwrap());
    let answer = server.send(other).await;
    assert_eq!(
        answer.code(),
        "IDEMPOTENCY_KEY_REUSED",
        "another file is not lost in silence"
    );
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_with_its_code_and_leaves_nothing() {
    let mut server = Server::with_settings(|settings| settings.uploads.file_bytes_max = 100).await;
    let tenant = server.tenant("Firma").await;
    let answer = server.send(upload_of(&tenant)).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "F102"),
        "{}",
        answer.text()
    );
    assert!(answer.json()["title_tr"].as_str().unwrap().len() > 20);
    let list = server.get("/api/v1/uploads", &tenant.owner).await.json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn progress_streams_each_change_and_ends_when_nothing_more_will_come() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let answer = server.send(upload_of(&tenant)).await;
    let path = format!("/api/v1/uploads/{}", answer.json()["id"].as_str().unwrap());
    let watched = format!("{path}/progress");
    let watching = server.get(&watched, &tenant.owner);
    let working = async {
        work(&server).await;
        let cancelled = server
            .call(Method::POST, &format!("{path}/cancel"), &tenant.owner, None)
            .await;
        assert_eq!(
            cancelled.status,
            StatusCode::ACCEPTED,
            "{}",
            cancelled.text()
        );
    };
    let both = async { tokio::join!(watching, working) };
    let (events, ()) = tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .expect("an end");
    assert_eq!(events.headers[header::CONTENT_TYPE], "text/event-stream");
    let text = events.text();
    assert!(text.starts_with("event: progress\ndata: {"), "{text}");
    assert!(text.contains("\"state\":\"cancelled\""), "{text}");
    assert!(text.trim_end().ends_with("event: end\ndata: {}"), "{text}");
}

#[tokio::test]
async fn streams_are_bounded_and_end_with_the_server() {
    let mut server = Server::with(|options| options.streams_max = 1).await;
    let tenant = server.tenant("Firma").await;
    let answer = server.send(upload_of(&tenant)).await;
    let path = format!(
        "/api/v1/uploads/{}/progress",
        answer.json()["id"].as_str().unwrap()
    );
    let mut watching = request(Method::GET, &path, &tenant.owner, None);
    watching
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, "gzip".parse().unwrap());
    let open = server.open(watching).await;
    assert!(
        !open.headers().contains_key(header::CONTENT_ENCODING),
        "gzip would hold events back"
    );
    let refused = server.get(&path, &tenant.owner).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "BUSY")
    );
    server.stopping.cancel();
    let read = axum::body::to_bytes(open.into_body(), usize::MAX);
    let text = tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("an end")
        .unwrap();
    assert!(!String::from_utf8_lossy(&text).contains("event: end"));
}
