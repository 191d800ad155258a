//! A worker that died is known to be gone; a living one never is.

#[tokio::test]
async fn a_dead_workers_name_is_free_at_once_and_a_living_ones_is_not() {
    for db in store::testing::each().await {
        let mut reader = db.store.read().await.expect("a reader");
        assert!(
            reader.is_worker_gone("w1").await.expect("an answer"),
            "{}: never seen",
            db.name
        );
        let mut guard = db.store.register_worker("w1").await.expect("a free name");
        assert!(guard.is_held().await);
        assert!(
            !reader.is_worker_gone("w1").await.expect("an answer"),
            "{}: alive",
            db.name
        );
        let second = db.store.register_worker("w1").await;
        assert!(
            matches!(second, Err(store::StoreError::Exists { .. })),
            "{}",
            db.name
        );
        drop(guard);
        // A dropped PostgreSQL connection is noticed by the server a moment later.
        for _ in 0..200 {
            if reader.is_worker_gone("w1").await.expect("an answer") {
                break;
            }
            tokio::task::yield_now().await;
        }
        let again = async {
            loop {
                if let Ok(guard) = db.store.register_worker("w1").await {
                    return guard;
                }
                tokio::task::yield_now().await;
            }
        };
        let guard = tokio::time::timeout(std::time::Duration::from_secs(20), again)
            .await
            .expect("the name is free again");
        assert_eq!(guard.name(), "w1");
    }
}
