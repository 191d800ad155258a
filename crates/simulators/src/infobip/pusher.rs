//! The worker that pushes delivery reports and repeats what was not taken.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;

use super::world::Infobip;

/// Longest sleep: the clock runs on, and a missed ring must not matter.
const NAP: Duration = Duration::from_millis(500);

/// Pushes reports for ever; several workers may do so at once. The receiver
/// takes a push by answering 200 to 299; anything else has it sent again.
pub(crate) async fn push_reports(sim: Arc<Infobip>, client: reqwest::Client) {
    loop {
        // Asked for before looking, so that no ring falls in between.
        let woken = sim.woken.notified();
        let moved = sim.config.clock.moved();
        let (next, idle, timeout_ms, generation) = {
            let mut world = sim.world();
            let next = world.next_push();
            let timeout_ms = world.options.push_timeout_ms;
            (next, world.idle(), timeout_ms, world.generation)
        };
        let Some((push, url, body)) = next else {
            let nap = idle.map_or(NAP, |idle| idle.clamp(Duration::from_millis(1), NAP));
            tokio::select! {
                () = woken => {}
                () = moved => {}
                () = tokio::time::sleep(nap) => {}
            }
            continue;
        };
        let answer = client
            .post(&url)
            .header(CONTENT_TYPE, "application/json")
            .timeout(Duration::from_millis(timeout_ms))
            .body(body)
            .send()
            .await;
        let is_taken = answer
            .as_ref()
            .is_ok_and(|answer| answer.status().is_success());
        if let Err(error) = &answer {
            tracing::debug!(%error, url, "a delivery report was not taken");
        }
        let mut world = sim.world();
        if world.generation != generation {
            // The reports of a world that was reset meanwhile are nobody's.
            continue;
        }
        if is_taken {
            world.timeline.acknowledged(&push);
        } else {
            world.push_failed(push);
        }
    }
}
