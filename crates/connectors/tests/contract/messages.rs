//! What is written and what arrives.

use connectors::{EncodeError, Envelope, Outcome, Outgoing};
use domain::RecipientKind;
use domain::gate::Basis;
use domain::segments;

use crate::bench::{Bench, cleared, outgoing};
use crate::cases::Case;

fn is_accepted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { reference, refused } if !reference.is_empty() && refused.is_empty())
}

/// An envelope with a key of its own.
fn numbered(bench: &Bench, nth: usize) -> Envelope {
    Envelope {
        key: format!("izn-7-{nth}-1"),
        ..bench.envelope()
    }
}

pub(crate) async fn one_message_arrives_as_it_was_written(case: &Case) {
    let bench = Bench::start(case).await;
    let text = "Sayın müşterimiz, \"yarın\" 10:00’da\nİyi günler & sağlıklı ışıklar: çÇğĞıIiİöÖşŞüÜ %20 +1 😀";
    let outcome = bench.account.send(&bench.request(&[text])).await;
    assert!(is_accepted(&outcome), "{outcome:?}");
    let received = bench.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["to"], bench.to(1));
    assert_eq!(received[0]["text"], text);
    assert_eq!(received[0]["sender"], bench.envelope().sender);
}

pub(crate) async fn everyone_gets_their_own_text(case: &Case) {
    let bench = Bench::start(case).await;
    let count = bench.most().min(60);
    // Every third text is the same, so that entries are shared where they can be.
    let texts: Vec<String> = (1..=count)
        .map(|n| match n % 3 {
            0 => "Herkese aynı ileti".to_owned(),
            _ => format!("Merhaba {n}, kodunuz A{n}"),
        })
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let outcome = bench.account.send(&bench.request(&texts)).await;
    assert!(is_accepted(&outcome), "{outcome:?}");
    let received = bench.received().await;
    assert_eq!(received.len(), count);
    for (n, text) in (1..).zip(texts) {
        let own: Vec<_> = received.iter().filter(|m| m["to"] == bench.to(n)).collect();
        assert_eq!(own.len(), 1, "person {n}");
        assert_eq!(own[0]["text"], text, "person {n}");
    }
    let counted = match case.kind {
        "smtp" => "messages",
        _ => "requests",
    };
    assert_eq!(bench.look("/_sim/stats").await[counted], 1);
}

pub(crate) async fn the_same_batch_has_the_same_bytes(case: &Case) {
    let bench = Bench::start(case).await;
    let texts = ["Merhaba", "Günaydın", "Merhaba"];
    let texts = &texts[..bench.most().min(3)];
    let (first, second) = (bench.request(texts), bench.request(texts));
    assert_eq!(first.bytes(), second.bytes());
    assert_eq!(first.key(), bench.envelope().key);
    assert_eq!(first.messages().len(), texts.len());
}

pub(crate) async fn a_batch_too_long_or_a_bad_sender_is_never_sent(case: &Case) {
    let most = 2.min(Bench::start(case).await.most());
    let changes = if most == 1 {
        serde_json::json!({})
    } else {
        serde_json::json!({ "recipients_max": most })
    };
    let bench = Bench::start_with(case, &changes).await;
    let too_many: Vec<&str> = vec!["Merhaba"; most + 1];
    let error = bench
        .account
        .encode(&bench.envelope(), &bench.batch(&too_many));
    assert!(
        matches!(error, Err(EncodeError::TooMany { .. })),
        "{error:?}"
    );
    let nameless = Envelope {
        sender: String::new(),
        ..bench.envelope()
    };
    let error = bench.account.encode(&nameless, &bench.batch(&["Merhaba"]));
    let is_sender = |error: &EncodeError| {
        matches!(
            error,
            EncodeError::Envelope {
                field: "sender",
                ..
            }
        )
    };
    assert!(error.as_ref().is_err_and(is_sender), "{error:?}");
    let error = bench
        .account
        .encode(&bench.envelope(), &bench.batch(&["  "]));
    assert!(
        matches!(error, Err(EncodeError::EmptyText { .. })),
        "{error:?}"
    );
    if !case.is_commercial {
        let advertisement = cleared(outgoing(1, "İndirim", Basis::Commercial));
        let error = bench.account.encode(&bench.envelope(), &[advertisement]);
        assert!(
            matches!(error, Err(EncodeError::NotAllowed { .. })),
            "{error:?}"
        );
        assert!(!bench.account.capabilities().commercial_to_turkey);
    }
}

pub(crate) async fn texts_are_counted_as_the_provider_bills_them(case: &Case) {
    let bench = Bench::start(case).await;
    let can = bench.account.capabilities();
    if case.kind == "whatsapp" || case.is_mail() {
        return; // billed by the message
    }
    let texts = [
        "Merhaba".to_owned(),
        "a".repeat(160),
        "a".repeat(161),
        "a".repeat(306),
        "a".repeat(307),
        "€".repeat(80),
        "a".repeat(159) + "€",
        "a".repeat(152) + "€" + &"a".repeat(152),
        "Sayın müşterimiz, siparişiniz kargoya verildi.".to_owned(),
        "ş".repeat(70),
        "ş".repeat(71),
        "ş".repeat(155),
        "ş".repeat(156),
        "a".repeat(154) + "ğ",
        "a".repeat(155) + "ğ",
        "a".repeat(297) + "İ",
        "a".repeat(298) + "İ",
        "Kampanya: 100 ₺ indirim!".to_owned(),
        "😀".repeat(35),
        "😀".repeat(36),
    ];
    for (nth, text) in texts.iter().enumerate() {
        // One by one: some providers take one alphabet for a whole request.
        let request = bench
            .account
            .encode(&numbered(&bench, nth), &bench.batch(&[text.as_str()]));
        let outcome = bench.account.send(&request.unwrap()).await;
        assert!(is_accepted(&outcome), "{text}: {outcome:?}");
    }
    let received = bench.received().await;
    for (text, message) in texts.iter().zip(&received) {
        let parts = segments::count(text, can.segments, 0).parts;
        assert_eq!(message["parts"], parts, "{text}");
    }
    let expected = if can.route_country == "TR" { 5 } else { 0 };
    assert_eq!(can.suffix_units, expected, "the operator's tag in Turkey");
    if expected > 0 {
        let none = serde_json::json!({ "operator_suffix_units": 0 });
        let bench = Bench::start_with(case, &none).await;
        assert_eq!(bench.account.capabilities().suffix_units, 0);
    }
    texts_of_one_request_are_counted_together(&bench).await;
}

/// A text in another alphabet may cost those that share its request.
async fn texts_of_one_request_are_counted_together(bench: &Bench) {
    let plain = "a".repeat(158);
    let accented = "è".repeat(158);
    let can = bench.account.capabilities();
    // As the simulators count: without the operator's tag.
    let can = connectors::Capabilities {
        suffix_units: 0,
        ..can.clone()
    };
    for others in [
        vec!["Merhaba"],
        vec!["Ayşe"],
        vec!["😀"],
        vec!["Ayşe", accented.as_str()],
    ] {
        let texts: Vec<&str> = others.into_iter().chain([plain.as_str()]).collect();
        if texts.len() > bench.most() {
            return;
        }
        bench.tell("/_sim/reset", &serde_json::Value::Null).await;
        let (path, lock) = (bench.case.lock)();
        bench.tell(path, &lock).await;
        let batch = bench.batch(&texts);
        let alone: u32 = texts
            .iter()
            .map(|text| segments::count(text, can.segments, 0).parts)
            .sum();
        let parts = connectors::parts_together(&batch, &can).unwrap_or(alone);
        let request = bench.account.encode(&bench.envelope(), &batch);
        let outcome = bench.account.send(&request.unwrap()).await;
        assert!(is_accepted(&outcome), "{texts:?}: {outcome:?}");
        let received = bench.received().await;
        let billed: u64 = received
            .iter()
            .map(|message| message["parts"].as_u64().unwrap())
            .sum();
        assert_eq!(billed, u64::from(parts), "{texts:?}");
    }
}

pub(crate) async fn the_legal_ground_reaches_the_provider(case: &Case) {
    let bench = Bench::start(case).await;
    assert_eq!(
        bench.account.capabilities().has_iys_flags,
        case.marks_ground
    );
    if !case.marks_ground {
        return;
    }
    let merchant = Outgoing {
        kind: RecipientKind::Tacir,
        ..outgoing(2, "Fuar daveti", Basis::Commercial)
    };
    let messages = [
        outgoing(1, "İndirim", Basis::Commercial),
        merchant,
        outgoing(3, "Siparişiniz yolda", Basis::Informational),
    ];
    for (nth, message) in messages.into_iter().enumerate() {
        let request = bench
            .account
            .encode(&numbered(&bench, nth), &[cleared(message)]);
        let outcome = bench.account.send(&request.unwrap()).await;
        assert!(is_accepted(&outcome), "{outcome:?}");
    }
    let received = bench.received().await;
    let marks: Vec<_> = received
        .iter()
        .map(|message| message["iys"].as_str())
        .collect();
    // Mesajüssü has one flag for commercial messages and none for merchants.
    let merchant = if case.kind == "turkcell" {
        "BIREYSEL"
    } else {
        "TACIR"
    };
    assert_eq!(marks, [Some("BIREYSEL"), Some(merchant), None]);
}
