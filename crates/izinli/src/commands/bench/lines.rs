//! Small arithmetic of measuring.

use std::time::Instant;

/// Runs longer than this are measured once.
pub(crate) const LONG_SECONDS: f64 = 20.0;
/// Runs of what is shorter.
pub(crate) const RUNS: usize = 3;

/// The middle of an odd number of figures; NaN of none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Seconds that a future took, and its outcome.
pub(crate) async fn timed<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(f64, T)> {
    let began = Instant::now();
    let outcome = work.await?;
    Ok((began.elapsed().as_secs_f64(), outcome))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn one_slow_run_of_three_does_not_count() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
