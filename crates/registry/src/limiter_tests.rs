use domain::time::ManualClock;

use super::*;

fn clock() -> Arc<ManualClock> {
    let start = "2026-03-04T12:00:00+03:00".parse().unwrap();
    Arc::new(ManualClock::new(start))
}

fn limiter(limits: Limits) -> (Limiter, Arc<ManualClock>) {
    let clock = clock();
    (Limiter::new(limits, clock.clone()), clock)
}

/// The turn of a call that arrives now, the book asked where it must be.
async fn turn(limiter: &Limiter, kind: CallKind) -> Turn {
    loop {
        match limiter.take_turn(kind, limiter.clock.now()) {
            Turn::Ask => limiter.ask(kind).await.unwrap(),
            turn => return turn,
        }
    }
}

async fn is_closed(limiter: &Limiter, kind: CallKind) -> bool {
    matches!(turn(limiter, kind).await, Turn::Closed { .. })
}

fn windowed(code: &str, seconds: u32, now: Timestamp) -> CallError {
    CallError {
        class: Class::Window { seconds },
        code: Some(code.to_owned()),
        message: String::new(),
        http: Some(429),
        may_have_arrived: true,
        not_before: Some(now.plus_micros(i64::from(seconds) * SECOND_US)),
        rows: Vec::new(),
    }
}

const NO_RATE: Limits = Limits {
    calls_per_second: 0,
    single_status_per_hour: 1_000,
    history_per_hour: 100,
    tokens_per_hour: 10,
    patience_s: 30,
    share_requests_min: 10_000,
};

fn busiest_second(turns: &[i64]) -> usize {
    let within = |from: &i64| {
        turns
            .iter()
            .filter(|at| (*from..from + SECOND_US).contains(at))
            .count()
    };
    turns.iter().map(within).max().unwrap_or(0)
}

#[tokio::test]
async fn no_second_sees_more_than_the_rate_and_one_and_the_rate_is_used() {
    let (limiter, clock) = limiter(Limits::default());
    let start = clock.now();
    let mut turns: Vec<i64> = Vec::new();
    for _ in 0..100 {
        match turn(&limiter, CallKind::StatusQuery).await {
            Turn::Now => turns.push(clock.now().since(start)),
            Turn::At(at) => turns.push(at.since(start)),
            other => panic!("the patience is not used up: {other:?}"),
        }
        clock.advance(13_000); // the callers come faster than the rate
    }
    assert!(busiest_second(&turns) <= 9, "{turns:?}");
    let last = turns.last().copied().unwrap_or_default();
    assert!((12_000_000..12_400_000).contains(&last), "{turns:?}");
}

#[tokio::test]
async fn processes_behind_one_address_keep_the_rate_together_and_use_all_of_it() {
    let clock = clock();
    let book: Arc<dyn LimitBook> = Arc::new(MemoryBook::default());
    let share = || Limiter::shared(Limits::default(), clock.clone(), Arc::clone(&book));
    let limiters = [share(), share(), share()];
    let start = clock.now();
    let mut turns: Vec<i64> = Vec::new();
    // Three processes, each of which always has a call that waits.
    let mut waiting: [Option<Timestamp>; 3] = [None; 3];
    while clock.now().since(start) < 30 * SECOND_US {
        for (limiter, waiting) in limiters.iter().zip(&mut waiting) {
            if waiting.is_some_and(|at| at > clock.now()) {
                continue;
            }
            turns.extend(waiting.take().map(|at| at.since(start)));
            match turn(limiter, CallKind::StatusQuery).await {
                Turn::Now => turns.push(clock.now().since(start)),
                Turn::At(at) => *waiting = Some(at),
                other => panic!("{other:?}"),
            }
        }
        clock.advance(5_000);
    }
    turns.sort_unstable();
    assert!(busiest_second(&turns) <= 9);
    // 240 turns are permitted in 30 seconds.
    assert!(turns.len() >= 228, "{}", turns.len());
}

#[tokio::test]
async fn a_busy_process_asks_the_book_seldom_and_an_idle_one_keeps_little_from_others() {
    let (limiter, clock) = limiter(Limits::default());
    for _ in 0..200 {
        if let Turn::At(at) = turn(&limiter, CallKind::StatusQuery).await {
            clock.set(at);
        }
    }
    assert_eq!(limiter.lock().block, 16);
    clock.advance(10 * SECOND_US);
    for _ in 0..10 {
        turn(&limiter, CallKind::StatusQuery).await;
        clock.advance(10 * SECOND_US);
    }
    assert_eq!(limiter.lock().block, 1);
}

#[tokio::test]
async fn a_queue_longer_than_the_patience_is_given_back() {
    let (limiter, _clock) = limiter(Limits {
        patience_s: 1,
        ..Limits::default()
    });
    let mut given_back = 0;
    for _ in 0..20 {
        given_back += usize::from(is_closed(&limiter, CallKind::AddOne).await);
    }
    assert!((10..=11).contains(&given_back), "{given_back}");
}

#[tokio::test]
async fn single_queries_stop_at_the_hours_number_and_go_on_when_they_are_an_hour_old() {
    let (limiter, clock) = limiter(Limits {
        single_status_per_hour: 3,
        ..NO_RATE
    });
    let start = clock.now();
    for _ in 0..3 {
        assert_eq!(turn(&limiter, CallKind::SingleStatus).await, Turn::Now);
        clock.advance(SECOND_US);
    }
    let Turn::Closed { until, .. } = turn(&limiter, CallKind::SingleStatus).await else {
        panic!("the hour is used up");
    };
    assert!(until.since(start) >= HOUR_US);
    assert_eq!(turn(&limiter, CallKind::StatusQuery).await, Turn::Now);
    clock.set(until);
    for _ in 0..3 {
        assert_eq!(turn(&limiter, CallKind::SingleStatus).await, Turn::Now);
    }
    assert!(is_closed(&limiter, CallKind::SingleStatus).await);
}

#[tokio::test]
async fn no_hour_sees_more_calls_of_a_kind_than_it_allows_however_they_come() {
    let clock = clock();
    let book: Arc<dyn LimitBook> = Arc::new(MemoryBook::default());
    let limits = Limits {
        history_per_hour: 50,
        ..NO_RATE
    };
    let share = || Limiter::shared(limits, clock.clone(), Arc::clone(&book));
    let limiters = [share(), share()];
    let mut made: Vec<i64> = Vec::new();
    for step in 0..3_000_i64 {
        let limiter = &limiters[usize::from(step % 3 == 0)];
        if turn(limiter, CallKind::History).await == Turn::Now {
            made.push(clock.now().as_micros());
        }
        // Bursts and pauses of uneven length.
        clock.advance(SECOND_US * (1 + step * step % 17));
    }
    let most = made.iter().map(|from| {
        made.iter()
            .filter(|at| (*from..from + HOUR_US).contains(at))
            .count()
    });
    let most = most.max().unwrap_or(0);
    assert!((40..=50).contains(&most), "{most}");
}

#[tokio::test]
async fn a_limit_per_second_closes_everything_and_an_hourly_one_only_its_kind() {
    let (limiter, clock) = limiter(NO_RATE);
    let second = windowed("H124", 1, clock.now());
    limiter.observe(CallKind::AddOne, Err(&second)).await;
    assert!(is_closed(&limiter, CallKind::Changes).await);
    clock.advance(SECOND_US);
    assert_eq!(turn(&limiter, CallKind::Changes).await, Turn::Now);
    let hour = windowed("H086", 3_600, clock.now());
    limiter.observe(CallKind::SingleStatus, Err(&hour)).await;
    assert!(is_closed(&limiter, CallKind::SingleStatus).await);
    assert_eq!(turn(&limiter, CallKind::Changes).await, Turn::Now);
    assert_eq!(limiter.closed_windows().len(), 1);
}

#[tokio::test]
async fn a_closed_window_holds_after_a_restart_and_for_other_processes() {
    let clock = clock();
    let book: Arc<dyn LimitBook> = Arc::new(MemoryBook::default());
    let share = || Limiter::shared(NO_RATE, clock.clone(), Arc::clone(&book));
    let penalty = windowed("H084", 3_660, clock.now());
    share().observe(CallKind::Token, Err(&penalty)).await;
    let restarted = share();
    assert!(is_closed(&restarted, CallKind::Token).await);
    clock.advance(3_659 * SECOND_US);
    assert!(is_closed(&share(), CallKind::Token).await);
    clock.advance(SECOND_US);
    assert_eq!(turn(&share(), CallKind::Token).await, Turn::Now);
}

#[tokio::test]
async fn calls_beyond_the_rate_wait_for_their_turn() {
    let (limiter, _clock) = limiter(Limits {
        calls_per_second: 50,
        ..Limits::default()
    });
    let started = std::time::Instant::now();
    for _ in 0..6 {
        limiter.pass(CallKind::StatusQuery).await.unwrap();
    }
    // The clock stands, so the sixth turn is five distances of 20 ms away;
    // waits add up because nobody takes turns meanwhile.
    assert!(started.elapsed() >= Duration::from_millis(5 * 20));
}

#[tokio::test]
async fn a_call_is_told_when_to_come_back_instead_of_waiting_for_an_hour() {
    let (limiter, clock) = limiter(Limits::default());
    let hour = windowed("H086", 3_600, clock.now());
    limiter.observe(CallKind::SingleStatus, Err(&hour)).await;
    let error = limiter.pass(CallKind::SingleStatus).await.unwrap_err();
    assert_eq!(error.not_before, Some(clock.now().plus_micros(HOUR_US)));
    assert!(!error.may_have_arrived && error.http.is_none());
    assert!(limiter.pass(CallKind::Changes).await.is_ok());
}

#[tokio::test]
async fn too_many_refused_calls_stop_what_may_be_refused_in_every_process_and_nothing_else() {
    let clock = clock();
    let book: Arc<dyn LimitBook> = Arc::new(MemoryBook::default());
    let limits = Limits {
        share_requests_min: 500,
        ..NO_RATE
    };
    let share = || Limiter::shared(limits, clock.clone(), Arc::clone(&book));
    let (limiter, other) = (share(), share());
    let refused = CallError {
        class: Class::Data,
        http: Some(422),
        not_before: None,
        ..windowed("H121", 0, clock.now())
    };
    for n in 0..1_000 {
        turn(&limiter, CallKind::StatusQuery).await;
        let outcome = if n % 10 < 6 { Ok(()) } else { Err(&refused) };
        limiter.observe(CallKind::AddOne, outcome).await;
    }
    assert_eq!(limiter.share().1, Signal::Brake);
    for limiter in [&limiter, &other] {
        assert!(is_closed(limiter, CallKind::AddOne).await);
        assert_eq!(turn(limiter, CallKind::StatusQuery).await, Turn::Now);
    }
    assert_eq!(other.share().0.requests, 768, "told in blocks of 256");
    clock.advance(25 * HOUR_US);
    assert_eq!(turn(&limiter, CallKind::AddOne).await, Turn::Now);
}
