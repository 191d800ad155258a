//! One token per account, and as few token calls as possible.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::stub::{Reply, Seen, Stub};
use domain::Clock;
use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use registry::{CallError, Class, Client, MemoryVault, TokenRecord, TokenVault};

async fn call(client: &Client) -> Result<(), CallError> {
    client.brands(600_011).await.map(|_| ())
}

/// Hands out tokens t-1, t-2, …; every call that carries one succeeds.
async fn well_meaning() -> Stub {
    let mut issued = 0;
    Stub::start(move |seen| {
        if seen.is_token() {
            issued += 1;
            Reply::token(&format!("t-{issued}"), &format!("r-{issued}"))
        } else {
            Reply::ok("[]")
        }
    })
    .await
}

fn grants(stub: &Stub) -> Vec<&'static str> {
    let grant = |seen: Seen| {
        if seen.body.contains(r#""refresh_token""#) {
            "refresh"
        } else {
            "password"
        }
    };
    stub.token_calls().into_iter().map(grant).collect()
}

#[tokio::test]
async fn many_calls_at_once_share_one_token_call() {
    let stub = well_meaning().await;
    let client = Arc::new(stub.client());
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { call(&client).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(
        (stub.token_calls().len(), stub.other_calls().len()),
        (1, 20)
    );
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_its_end_and_each_refresh_token_is_used_once() {
    let stub = well_meaning().await;
    let client = stub.client();
    call(&client).await.unwrap();
    stub.clock.advance(2 * HOUR_US - 5 * MINUTE_US - SECOND_US);
    call(&client).await.unwrap();
    assert_eq!(grants(&stub), ["password"]);
    stub.clock.advance(2 * SECOND_US);
    call(&client).await.unwrap();
    stub.clock.advance(2 * HOUR_US);
    call(&client).await.unwrap();
    assert_eq!(grants(&stub), ["password", "refresh", "refresh"]);
    let bodies: Vec<_> = stub
        .token_calls()
        .into_iter()
        .map(|seen| seen.body)
        .collect();
    assert!(
        bodies[1].contains("r-1") && bodies[2].contains("r-2"),
        "{bodies:?}"
    );
    // After four hours of silence the refresh token is dead too.
    stub.clock.advance(5 * HOUR_US);
    call(&client).await.unwrap();
    assert_eq!(grants(&stub).last(), Some(&"password"));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_the_call_repeated_once() {
    let stub = Stub::start(|seen| match seen.bearer.as_deref() {
        None if seen.body.contains("refresh") => Reply::token("t-2", "r-2"),
        None => Reply::token("t-1", "r-1"),
        Some("t-1") => Reply::code(401, "H351"),
        Some(_) => Reply::ok("[]"),
    })
    .await;
    call(&stub.client()).await.unwrap();
    assert_eq!(grants(&stub), ["password", "refresh"]);
    let bearers: Vec<_> = stub
        .other_calls()
        .into_iter()
        .filter_map(|seen| seen.bearer)
        .collect();
    assert_eq!(bearers, ["t-1", "t-2"]);
}

#[tokio::test]
async fn tokens_refused_again_and_again_do_not_use_up_the_hours_quota() {
    let mut issued = 0;
    let stub = Stub::start(move |seen| {
        if seen.is_token() {
            issued += 1;
            return Reply::token(&format!("t-{issued}"), &format!("r-{issued}"));
        }
        Reply::code(401, "H351")
    })
    .await;
    let client = stub.client();
    for _ in 0..10 {
        assert_eq!(call(&client).await.unwrap_err().class, Class::Auth);
    }
    assert_eq!(stub.token_calls().len(), 2);
}

#[tokio::test]
async fn a_refresh_token_that_is_not_taken_leads_to_one_login() {
    let stub = Stub::start(|seen| match seen.bearer {
        Some(_) => Reply::ok("[]"),
        None if seen.body.contains("refresh_token") => Reply::status(
            400,
            r#"{"error":"invalid_grant","error_description":"used"}"#,
        ),
        None => Reply::token("t-1", "r-1"),
    })
    .await;
    let client = stub.client();
    call(&client).await.unwrap();
    stub.clock.advance(2 * HOUR_US);
    call(&client).await.unwrap();
    assert_eq!(grants(&stub), ["password", "refresh", "password"]);
}

#[tokio::test]
async fn wrong_credentials_stop_the_account() {
    for reply in [
        Reply::code(401, "H251"),
        Reply::code(400, "H250"),
        Reply::status(401, ""),
    ] {
        let stub = Stub::start(move |_| reply.clone()).await;
        assert_eq!(
            call(&stub.client()).await.unwrap_err().class,
            Class::Configuration
        );
        assert_eq!(stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn after_too_many_token_calls_nobody_asks_for_61_minutes_not_even_after_a_restart() {
    let stub = Stub::start(|seen| {
        assert!(seen.is_token(), "no call can be made without a token");
        Reply::code(429, "H084")
    })
    .await;
    let vault: Arc<dyn TokenVault> = Arc::new(MemoryVault::default());
    let error = call(&stub.client_with(Arc::clone(&vault)))
        .await
        .unwrap_err();
    let until = stub.clock.now().plus_micros(61 * MINUTE_US);
    assert_eq!(error.not_before, Some(until));
    stub.clock.advance(61 * MINUTE_US - 1);
    let restarted = stub.client_with(Arc::clone(&vault));
    let held_back = call(&restarted).await.unwrap_err();
    assert_eq!(
        (held_back.code.as_deref(), held_back.http),
        (Some("H084"), None)
    );
    assert_eq!(stub.seen().len(), 1);
    stub.clock.advance(1);
    let _ = call(&restarted).await;
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn no_hour_sees_more_than_ten_token_calls_across_restarts() {
    let stub = Stub::start(|_| Reply::status(500, "")).await;
    let vault: Arc<dyn TokenVault> = Arc::new(MemoryVault::default());
    for _ in 0..15 {
        let _ = call(&stub.client_with(Arc::clone(&vault))).await;
        stub.clock.advance(MINUTE_US);
    }
    assert_eq!(stub.seen().len(), 10);
    stub.clock.advance(HOUR_US);
    let _ = call(&stub.client_with(vault)).await;
    assert_eq!(stub.seen().len(), 11);
}

#[tokio::test]
async fn a_second_process_uses_the_token_of_the_first() {
    let stub = well_meaning().await;
    let vault: Arc<dyn TokenVault> = Arc::new(MemoryVault::default());
    call(&stub.client_with(Arc::clone(&vault))).await.unwrap();
    call(&stub.client_with(vault)).await.unwrap();
    assert_eq!(stub.token_calls().len(), 1);
}

#[tokio::test]
async fn while_another_process_asks_the_old_token_serves_and_without_one_we_wait_for_theirs() {
    let stub = well_meaning().await;
    let vault: Arc<dyn TokenVault> = Arc::new(MemoryVault::default());
    let first = stub.client_with(Arc::clone(&vault));
    call(&first).await.unwrap();
    stub.clock.advance(2 * HOUR_US - MINUTE_US);
    let now = stub.clock.now();
    assert!(vault.lease(now, now.plus_micros(MINUTE_US)).await.unwrap());
    call(&first).await.unwrap();
    assert_eq!(stub.token_calls().len(), 1, "the lease is not ours");

    let second = tokio::spawn({
        let client = stub.client_with(Arc::clone(&vault));
        stub.clock.advance(2 * MINUTE_US);
        assert!(
            vault
                .lease(stub.clock.now(), stub.clock.now().plus_micros(HOUR_US))
                .await
                .unwrap()
        );
        async move { call(&client).await }
    });
    let mut record = vault.load().await.unwrap();
    if let Some(tokens) = &mut record.tokens {
        tokens.access = "theirs".into();
        tokens.renew_at = stub.clock.now().plus_micros(HOUR_US);
        tokens.expires_at = stub.clock.now().plus_micros(2 * HOUR_US);
    }
    vault.save(&record).await.unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(
        stub.other_calls()
            .last()
            .and_then(|seen| seen.bearer.clone())
            .as_deref(),
        Some("theirs")
    );
    assert_eq!(stub.token_calls().len(), 1);
}

#[tokio::test]
async fn a_failed_renewal_harms_nobody_while_the_old_token_lasts() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let stub = Stub::start(
        move |seen| match (seen.is_token(), counted.load(Ordering::SeqCst)) {
            (true, 0) => {
                counted.fetch_add(1, Ordering::SeqCst);
                Reply::token("t-1", "r-1")
            }
            (true, _) => Reply::status(503, ""),
            (false, _) => Reply::ok("[]"),
        },
    )
    .await;
    let client = stub.client();
    call(&client).await.unwrap();
    stub.clock.advance(2 * HOUR_US - MINUTE_US);
    call(&client).await.unwrap();
    stub.clock.advance(2 * MINUTE_US);
    assert_eq!(call(&client).await.unwrap_err().http, Some(503));
}

#[tokio::test]
async fn a_record_from_the_vault_keeps_its_penalty() {
    let stub = well_meaning().await;
    let vault = Arc::new(MemoryVault::default());
    let until = stub.clock.now().plus_micros(HOUR_US);
    vault
        .save(&TokenRecord {
            blocked_until: Some(until),
            ..TokenRecord::default()
        })
        .await
        .unwrap();
    let error = call(&stub.client_with(vault)).await.unwrap_err();
    assert_eq!(error.not_before, Some(until));
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn a_token_limit_without_a_readable_code_is_taken_for_that_of_an_hour() {
    let stub = Stub::start(|seen| {
        if seen.is_token() {
            Reply::status(429, "<html>Too Many Requests</html>")
        } else {
            Reply::ok("[]")
        }
    })
    .await;
    let client = stub.client();
    let error = call(&client).await.unwrap_err();
    let opens = stub.clock.now().plus_micros(61 * MINUTE_US);
    assert_eq!(error.not_before, Some(opens));
    stub.clock.advance(HOUR_US);
    call(&client).await.unwrap_err();
    assert_eq!(stub.token_calls().len(), 1, "not asked within the hour");
    stub.clock.advance(2 * MINUTE_US);
    call(&client).await.unwrap_err();
    assert_eq!(stub.token_calls().len(), 2);
}
