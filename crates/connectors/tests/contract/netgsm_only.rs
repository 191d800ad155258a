//! What only Netgsm promises: its blacklist, and doubts about its own statuses.

use connectors::{Outcome, Receipt, ReceiptState, Receipts, SentRequest};

use crate::bench::{Bench, DEADLINE, message_ref};
use crate::cases::NETGSM;

/// The receipts of one message that ends with this code.
async fn ended(code: &str) -> (Receipt, Receipts) {
    let bench = Bench::start(&NETGSM).await;
    bench.script(1, "delivered", Some(code)).await;
    let request = bench.request(&["Merhaba"]);
    let Outcome::Accepted { reference, .. } = bench.account.send(&request).await else {
        panic!("not taken")
    };
    let sent = SentRequest {
        key: request.key().to_owned(),
        reference,
        messages: vec![(message_ref(1), bench.recipient(1))],
    };
    let started = tokio::time::Instant::now();
    loop {
        let told = bench.account.pull(std::slice::from_ref(&sent)).await;
        let told = told.unwrap();
        let receipt = told.receipts[0].clone();
        if receipt.provider_code == code && receipt.happened_at.is_some() {
            return (receipt, told);
        }
        assert!(started.elapsed() < DEADLINE, "{told:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_number_on_its_blacklist_is_not_tried_again() {
    let (receipt, told) = ended("15").await;
    assert_eq!(receipt.state, ReceiptState::Rejected);
    assert!(receipt.hard_bounce);
    assert!(told.alerts.is_empty());
    assert!(!ended("1").await.0.hard_bounce);
}

#[tokio::test]
async fn a_pending_message_with_a_delivery_date_is_told_to_people() {
    let (receipt, told) = ended("0").await;
    assert_eq!(receipt.state, ReceiptState::Sent, "nothing is guessed");
    assert_eq!(told.alerts.len(), 1, "{told:?}");
}
