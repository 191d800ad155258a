//! What only İletimerkezi promises: an order that was not sent as a whole.

use connectors::{Outcome, ReceiptState, SentRequest};

use crate::bench::{Bench, DEADLINE, message_ref};
use crate::cases::ILETIMERKEZI;

#[tokio::test]
async fn an_order_that_was_cancelled_is_the_end_of_everybody_in_it() {
    let bench = Bench::start(&ILETIMERKEZI).await;
    bench.script(2, "delivered", Some("115")).await;
    let request = bench.request(&["bir", "iki", "üç"]);
    let Outcome::Accepted { reference, .. } = bench.account.send(&request).await else {
        panic!("not taken")
    };
    let sent = SentRequest {
        key: request.key().to_owned(),
        reference,
        messages: (1..=3)
            .map(|n| (message_ref(n), bench.recipient(n)))
            .collect(),
    };
    let started = tokio::time::Instant::now();
    loop {
        let told = bench.account.pull(std::slice::from_ref(&sent)).await;
        let told = told.unwrap().receipts;
        let ended = told
            .iter()
            .filter(|receipt| receipt.state == ReceiptState::Rejected);
        if ended.clone().count() == 3 {
            assert!(ended.clone().all(|receipt| receipt.provider_code == "115"));
            return;
        }
        assert!(started.elapsed() < DEADLINE, "{told:?}");
        tokio::task::yield_now().await;
    }
}
