//! From packets of samples with a time stamp each to a rate, and to the places where samples are missing.

/// Samples that came together.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    /// Seconds of the stamp.
    pub at_s: f64,
    /// Number of samples.
    pub count: usize,
}

/// Which sample of a packet the stamp belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamped {
    /// The first.
    First,
    /// The last.
    Last,
}

/// What the stamps say.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Samples in a second.
    pub rate_hz: f64,
    /// Packets before which samples are missing, and how many.
    pub breaks: Vec<(usize, u64)>,
}

impl Course {
    /// The even course of packets in the order of their stamps; `None` when there is none (fewer than two packets, or
    /// stamps that stand still). A step above one and a half of the usual is a break. `quantum_s` is the smallest step
    /// that the stamps can tell, `nominal_hz` the rates that the device can have: one of them is taken when the stamps
    /// fit it.
    #[must_use]
    pub fn of(
        packets: &[Packet],
        stamped: Stamped,
        quantum_s: f64,
        nominal_hz: &[f64],
    ) -> Option<Self> {
        let steps = steps(packets, stamped);
        let mut periods: Vec<f64> = steps
            .iter()
            .filter(|(step, count)| *step > 0.0 && *count > 0.0)
            .map(|(step, count)| step / count)
            .collect();
        if periods.is_empty() {
            return None;
        }
        // Of two the shorter: a step is never too short.
        let middle = (periods.len() - 1) / 2;
        let (_, &mut median, _) = periods.select_nth_unstable_by(middle, f64::total_cmp);
        let regular = |step: f64, count: f64| step <= 1.5 * median * count + quantum_s;
        let (sum, count) = steps
            .iter()
            .filter(|(step, count)| regular(*step, *count))
            .fold((0.0, 0.0), |(sum, all), (step, count)| {
                (sum + step, all + count)
            });
        if !(sum > 0.0 && count > 0.0) {
            return None;
        }
        let mut rate_hz = count / sum;
        // The clocks of such devices are within three in a thousand of their word.
        let tolerance = (2.0 * quantum_s / sum).max(3e-3);
        let fitting = nominal_hz
            .iter()
            .copied()
            .filter(|nominal| (rate_hz / nominal - 1.0).abs() <= tolerance);
        let nearest = fitting.min_by(|a, b| (a - rate_hz).abs().total_cmp(&(b - rate_hz).abs()));
        rate_hz = nearest.unwrap_or((rate_hz * 1e6).round() / 1e6);
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return None;
        }
        let breaks = breaks(&steps, rate_hz, regular);
        Some(Self { rate_hz, breaks })
    }

    /// The course of packets at a rate that is known otherwise.
    #[must_use]
    pub fn at_rate(packets: &[Packet], stamped: Stamped, rate_hz: f64) -> Self {
        let regular = |step: f64, count: f64| step * rate_hz <= 1.5 * count;
        let breaks = breaks(&steps(packets, stamped), rate_hz, regular);
        Self { rate_hz, breaks }
    }

    /// Samples missing at all breaks.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.breaks
            .iter()
            .fold(0, |sum, (_, missing)| sum.saturating_add(*missing))
    }

    /// Samples missing before a packet.
    #[must_use]
    pub fn missing_before(&self, packet: usize) -> usize {
        self.breaks
            .binary_search_by_key(&packet, |(at, _)| *at)
            .ok()
            .and_then(|place| self.breaks.get(place))
            .map_or(0, |(_, missing)| *missing as usize)
    }
}

/// From stamp to stamp: seconds, and samples that they span.
fn steps(packets: &[Packet], stamped: Stamped) -> Vec<(f64, f64)> {
    let pairs = packets.iter().zip(packets.iter().skip(1));
    pairs
        .map(|(before, after)| {
            let count = match stamped {
                Stamped::First => before.count,
                Stamped::Last => after.count,
            };
            (after.at_s - before.at_s, count as f64)
        })
        .collect()
}

/// Packets before which samples are missing, and how many.
fn breaks(
    steps: &[(f64, f64)],
    rate_hz: f64,
    regular: impl Fn(f64, f64) -> bool,
) -> Vec<(usize, u64)> {
    steps
        .iter()
        .enumerate()
        .filter(|(_, (step, count))| !regular(*step, *count))
        .map(|(at, (step, count))| (at + 1, (step * rate_hz - count).round().max(0.0) as u64))
        .filter(|(_, missing)| *missing > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_breaks_come_from_the_stamps() {
        let packet = |at_s: f64| Packet { at_s, count: 16 };
        let mut packets: Vec<Packet> = (0..10).map(|i| packet(0.08 * f64::from(i))).collect();
        packets.extend((0..10).map(|i| packet(1.2 + 0.08 * f64::from(i))));
        let course = Course::of(&packets, Stamped::First, 1e-3, &[200.0, 256.0]).unwrap();
        assert_eq!(course.rate_hz, 200.0);
        // 0.72 s is where the last packet ends 0.08 s later: 0.4 s of 200 Hz are missing.
        assert_eq!(course.breaks, [(10, 80)]);
        assert_eq!((course.missing(), course.missing_before(10)), (80, 80));
        assert_eq!(course.missing_before(9), 0);
    }

    #[test]
    fn the_stamp_of_a_last_sample_spans_its_own_packet() {
        let packets = [(0.0, 10), (0.5, 50), (0.6, 10)].map(|(at_s, count)| Packet { at_s, count });
        let course = Course::of(&packets, Stamped::Last, 1e-9, &[]).unwrap();
        assert!((course.rate_hz - 100.0).abs() < 1e-6);
        assert!(course.breaks.is_empty());
        assert!(Course::of(&packets[..1], Stamped::Last, 1e-9, &[]).is_none());
        let still = [packets[0], packets[0]];
        assert!(Course::of(&still, Stamped::Last, 1e-9, &[]).is_none());
    }
}
