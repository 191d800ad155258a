use connectors::{EncodeError, Envelope, Outgoing};
use domain::gate::Basis;
use domain::{Channel, Recipient, RecipientKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{batch, cleared, cleared_as, envelope, message_ref, offline, outgoing};

fn body(envelope: &Envelope, messages: impl IntoIterator<Item = Outgoing>) -> Value {
    let request = offline().encode(envelope, &batch(messages)).unwrap();
    serde_json::from_slice(request.bytes()).unwrap()
}

#[test]
fn a_commercial_message_carries_everything_infobip_and_iys_need() {
    let request = offline()
        .encode(&envelope(), &batch([outgoing(1, "Merhaba Ayşe")]))
        .unwrap();
    let sent: Value = serde_json::from_slice(request.bytes()).unwrap();
    assert_eq!(
        sent,
        json!({
            "messages": [{
                "sender": "ORNEKMARKA",
                "destinations": [{"to": "905320000001", "messageId": message_ref(1).to_string()}],
                "content": {"text": "Merhaba Ayşe", "language": {"languageCode": "TR"}},
                "options": {
                    "validityPeriod": {"amount": 1440, "timeUnit": "MINUTES"},
                    "regional": {"turkeyIys": {"brandCode": 123_456, "recipientType": "BIREYSEL"}}
                },
                "webhooks": {
                    "delivery": {"url": "https://hooks.ornek.test/in/9f2c/receipts"},
                    "contentType": "application/json"
                }
            }],
            "options": {"schedule": {"bulkId": "cmp_7-1"}, "includeSmsCountInResponse": true}
        })
    );
    assert_eq!(
        (request.key(), request.messages()),
        ("cmp_7-1", &[message_ref(1)][..])
    );
}

#[test]
fn what_was_not_asked_for_is_left_out_and_not_sent_empty() {
    let bare = Envelope {
        receipts_url: None,
        brand_code: None,
        validity_minutes: None,
        ..envelope()
    };
    let code = Outgoing {
        basis: Basis::Otp,
        ..outgoing(1, "Kodunuz 1234")
    };
    let sent = body(&bare, [code]);
    assert_eq!(
        sent["messages"],
        json!([{
            "sender": "ORNEKMARKA",
            "destinations": [{"to": "905320000001", "messageId": message_ref(1).to_string()}],
            "content": {"text": "Kodunuz 1234"}
        }])
    );
    let commercial = body(&bare, [outgoing(1, "Merhaba")]);
    let iys = &commercial["messages"][0]["options"]["regional"]["turkeyIys"];
    assert_eq!(
        *iys,
        json!({"recipientType": "BIREYSEL"}),
        "the account's own brand code counts"
    );
}

#[test]
fn merchants_are_marked_as_merchants_and_exempt_messages_not_at_all() {
    let merchant = Outgoing {
        kind: RecipientKind::Tacir,
        ..outgoing(1, "Aynı metin")
    };
    let notice = Outgoing {
        basis: Basis::Informational,
        ..outgoing(2, "Aynı metin")
    };
    let sent = body(&envelope(), [merchant, notice, outgoing(3, "Aynı metin")]);
    let entries = sent["messages"].as_array().unwrap();
    let kinds: Vec<&Value> = entries
        .iter()
        .map(|entry| &entry["options"]["regional"]["turkeyIys"]["recipientType"])
        .collect();
    assert_eq!(kinds, [&json!("TACIR"), &Value::Null, &json!("BIREYSEL")]);
}

#[test]
fn the_turkish_table_is_named_only_where_a_letter_needs_it() {
    for letter in ['Ş', 'ş', 'Ğ', 'ğ', 'ç', 'ı', 'İ'] {
        let sent = body(&envelope(), [outgoing(1, &format!("a{letter}b"))]);
        assert_eq!(
            sent["messages"][0]["content"]["language"],
            json!({"languageCode": "TR"}),
            "{letter}"
        );
    }
    for text in ["Merhaba", "ÖÜÄ öüä Ç", "100 € iade"] {
        let sent = body(&envelope(), [outgoing(1, text)]);
        assert_eq!(
            sent["messages"][0]["content"].get("language"),
            None,
            "{text}"
        );
    }
}

#[test]
fn people_with_the_same_text_share_one_entry_in_the_order_of_the_batch() {
    let texts = ["A", "B", "A", "C", "B", "A"];
    let sent = body(
        &envelope(),
        (1..).zip(texts).map(|(n, text)| outgoing(n, text)),
    );
    let entries: Vec<(String, Vec<String>)> = sent["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let to = entry["destinations"]
                .as_array()
                .unwrap()
                .iter()
                .map(|d| d["to"].as_str().unwrap().to_owned());
            (
                entry["content"]["text"].as_str().unwrap().to_owned(),
                to.collect(),
            )
        })
        .collect();
    let number = |n: u32| format!("90532{n:07}");
    let expected = [
        ("A".to_owned(), vec![number(1), number(3), number(6)]),
        ("B".to_owned(), vec![number(2), number(5)]),
        ("C".to_owned(), vec![number(4)]),
    ];
    assert_eq!(entries, expected);
}

proptest! {
    #[test]
    fn a_batch_cleared_and_written_again_has_the_same_bytes_and_names_everybody_once(
        texts in prop::collection::vec(prop::sample::select(vec!["A", "B ş", "C \"x\"\n", "İyi günler 😀"]), 1..60),
    ) {
        let messages = || (1..).zip(&texts).map(|(n, text)| outgoing(n, text));
        let first = offline().encode(&envelope(), &batch(messages())).unwrap();
        let second = offline().encode(&envelope(), &batch(messages())).unwrap();
        prop_assert_eq!(&first, &second);
        let sent: Value = serde_json::from_slice(first.bytes()).unwrap();
        let mut named: Vec<(String, String)> = Vec::new();
        for entry in sent["messages"].as_array().unwrap() {
            for to in entry["destinations"].as_array().unwrap() {
                let text = entry["content"]["text"].as_str().unwrap().to_owned();
                named.push((to["messageId"].as_str().unwrap().to_owned(), text));
            }
        }
        named.sort();
        let mut expected: Vec<_> = messages().map(|m| (m.message.to_string(), m.text)).collect();
        expected.sort();
        prop_assert_eq!(named, expected);
    }
}

#[test]
fn an_exemption_cannot_carry_an_advertisement() {
    let advertisement = outgoing(1, "İndirim!");
    for (basis, kind) in [
        (Basis::Otp, RecipientKind::Bireysel),
        (Basis::Informational, RecipientKind::Bireysel),
        (Basis::Commercial, RecipientKind::Tacir),
    ] {
        let sealed = cleared_as(advertisement.clone(), basis, kind);
        let error = offline().encode(&envelope(), &[sealed]).unwrap_err();
        assert_eq!(
            error,
            EncodeError::OtherClearance {
                message: message_ref(1)
            }
        );
    }
}

#[test]
fn what_infobip_would_refuse_is_refused_before_it_is_written() {
    let encode = |envelope: &Envelope, messages: Vec<Outgoing>| {
        offline().encode(envelope, &batch(messages)).unwrap_err()
    };
    assert_eq!(encode(&envelope(), vec![]), EncodeError::Empty);
    let many = (1..=1_001).map(|n| outgoing(n, "A")).collect();
    assert_eq!(
        encode(&envelope(), many),
        EncodeError::TooMany {
            count: 1_001,
            max: 1_000
        }
    );
    let large: Vec<_> = (1..=1_000)
        .map(|n| outgoing(n, &format!("{n}{}", "a".repeat(2_000))))
        .collect();
    assert!(matches!(
        encode(&envelope(), large),
        EncodeError::TooLarge { .. }
    ));
    let twice = vec![outgoing(1, "A"), outgoing(2, "A"), outgoing(1, "A")];
    assert_eq!(
        encode(&envelope(), twice),
        EncodeError::Repeated {
            message: message_ref(1)
        }
    );
    assert_eq!(
        encode(&envelope(), vec![outgoing(1, " ")]),
        EncodeError::EmptyText {
            message: message_ref(1)
        }
    );
    let call = Outgoing {
        channel: Channel::Arama,
        ..outgoing(1, "A")
    };
    assert_eq!(
        encode(&envelope(), vec![call]),
        EncodeError::Unreachable {
            message: message_ref(1)
        }
    );
    let mail = Outgoing {
        recipient: Recipient::from_normalised("ali@ornek.com.tr").unwrap(),
        channel: Channel::Eposta,
        ..outgoing(1, "A")
    };
    assert_eq!(
        encode(&envelope(), vec![mail]),
        EncodeError::Unreachable {
            message: message_ref(1)
        }
    );
}

#[test]
fn a_wrong_envelope_is_named_by_its_field() {
    let cases = [
        (
            Envelope {
                key: String::new(),
                ..envelope()
            },
            "key",
        ),
        (
            Envelope {
                key: "k".repeat(101),
                ..envelope()
            },
            "key",
        ),
        (
            Envelope {
                sender: "ÖRNEK".into(),
                ..envelope()
            },
            "sender",
        ),
        (
            Envelope {
                sender: "ORNEKMARKASI".into(),
                ..envelope()
            },
            "sender",
        ),
        (
            Envelope {
                sender: " ".into(),
                ..envelope()
            },
            "sender",
        ),
        (
            Envelope {
                brand_code: Some(1 << 40),
                ..envelope()
            },
            "brand code",
        ),
        (
            Envelope {
                validity_minutes: Some(0),
                ..envelope()
            },
            "validity",
        ),
        (
            Envelope {
                validity_minutes: Some(2_881),
                ..envelope()
            },
            "validity",
        ),
    ];
    for (wrong, expected) in cases {
        let error = offline()
            .encode(&wrong, &[cleared(outgoing(1, "A"))])
            .unwrap_err();
        assert!(
            matches!(error, EncodeError::Envelope { field, .. } if field == expected),
            "{error}"
        );
    }
    for sender in ["ORNEK", "A-B.C *1", "905321234567"] {
        assert!(
            offline()
                .encode(
                    &Envelope {
                        sender: sender.into(),
                        ..envelope()
                    },
                    &batch([outgoing(1, "A")])
                )
                .is_ok()
        );
    }
}
