//! A set of measured times and what can be said of it.

use std::time::Duration;

/// Times of the same thing done many times.
#[derive(Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn join(mut self, mut other: Self) -> Self {
        self.0.append(&mut other.0);
        self
    }

    /// The time that so many percent of the samples do not exceed; 0 if there are none.
    pub(crate) fn percentile_ms(&self, percent: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).map_or(0.0, |sample| sample.as_secs_f64() * 1000.0)
    }
}

impl FromIterator<Duration> for Samples {
    fn from_iter<T: IntoIterator<Item = Duration>>(samples: T) -> Self {
        Self(samples.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_that_were_taken() {
        let samples: Samples = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(samples.percentile_ms(50.0), 100.0);
        assert_eq!(samples.percentile_ms(99.0), 198.0);
        assert_eq!(samples.percentile_ms(100.0), 200.0);
        assert_eq!(Samples::default().percentile_ms(50.0), 0.0);
    }
}
