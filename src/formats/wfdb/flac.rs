//! FLAC, as WFDB's formats 508, 516 and 524 use it (RFC 9639): whole streams, frame by frame.

/// What a stream says of itself (RFC 9639, 8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// Channels, 1 to 8.
    pub channels: usize,
    /// Bits of a sample, 4 to 32.
    pub bits: u32,
    /// Samples a channel; 0 where the writer did not know.
    pub samples: u64,
    /// Where the first frame begins.
    pub frames_at: usize,
}

/// Reads the blocks before the first frame.
pub fn stream_info(bytes: &[u8]) -> Option<StreamInfo> {
    let mut at = 4;
    if !bytes.starts_with(b"fLaC") {
        return None;
    }
    let mut found = None;
    loop {
        let head = bytes.get(at..at + 4)?;
        let length = usize::from(head[1]) << 16 | usize::from(head[2]) << 8 | usize::from(head[3]);
        let block = bytes.get(at + 4..at + 4 + length)?;
        if head[0] & 0x7f == 0 {
            let packed = block.get(10..18)?;
            let packed = u64::from_be_bytes(packed.try_into().ok()?);
            found = Some((
                (packed >> 41 & 7) as usize + 1,
                (packed >> 36 & 31) as u32 + 1,
                packed & 0xf_ffff_ffff,
            ));
        }
        at += 4 + length;
        if head[0] & 0x80 != 0 {
            break;
        }
    }
    let (channels, bits, samples) = found?;
    Some(StreamInfo {
        channels,
        bits,
        samples,
        frames_at: at,
    })
}

/// Decodes frame after frame; each is handed over as one slice a channel, and decoding goes on while `take` says so.
/// `false` when the stream ends in something that is no frame.
pub fn decode(bytes: &[u8], info: StreamInfo, mut take: impl FnMut(&[Vec<i32>]) -> bool) -> bool {
    let mut at = info.frames_at;
    let mut channels: Vec<Vec<i32>> = vec![Vec::new(); info.channels];
    while at < bytes.len() {
        let mut bits = Bits::new(bytes.get(at..).unwrap_or_default());
        if frame(&mut bits, info, &mut channels).is_none() {
            // Nothing but zeros after the last frame is padding.
            return bytes
                .get(at..)
                .is_some_and(|rest| rest.iter().all(|&byte| byte == 0));
        }
        at += bits.bytes_used() + 2;
        if !take(&channels) {
            return true;
        }
    }
    true
}

/// Bits from the most significant on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            held: 0,
            count: 0,
        }
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let Some(&byte) = self.bytes.get(self.at) else {
                return;
            };
            self.at += 1;
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    fn take(&mut self, bits: u32) -> Option<u32> {
        if bits == 0 {
            return Some(0);
        }
        if self.count < bits {
            self.fill();
            if self.count < bits {
                return None;
            }
        }
        let value = (self.held >> (64 - bits)) as u32;
        self.held <<= bits;
        self.count -= bits;
        Some(value)
    }

    /// A signed number of up to 32 bits.
    fn signed(&mut self, bits: u32) -> Option<i32> {
        if bits == 0 {
            return Some(0);
        }
        let value = self.take(bits)?;
        Some((value << (32 - bits)) as i32 >> (32 - bits))
    }

    /// A signed number of up to 33 bits (the difference of two 32-bit channels).
    fn wide(&mut self, bits: u32) -> Option<i64> {
        if bits <= 32 {
            return self.signed(bits).map(i64::from);
        }
        let high = self.signed(bits - 32)?;
        let low = self.take(32)?;
        Some(i64::from(high) << 32 | i64::from(low))
    }

    /// Zeros before the next one.
    fn unary(&mut self) -> Option<u32> {
        let mut zeros = 0_u32;
        loop {
            if self.count == 0 {
                self.fill();
                if self.count == 0 {
                    return None;
                }
            }
            let leading = self.held.leading_zeros();
            if leading < self.count {
                self.held <<= leading;
                self.held <<= 1;
                self.count -= leading + 1;
                return Some(zeros + leading);
            }
            zeros = zeros.checked_add(self.count)?;
            self.held = 0;
            self.count = 0;
        }
    }

    fn align(&mut self) {
        let odd = self.count % 8;
        self.held <<= odd;
        self.count -= odd;
    }

    fn bytes_used(&self) -> usize {
        self.at - (self.count / 8) as usize
    }
}

/// One frame without its closing checksum (RFC 9639, 9).
fn frame(bits: &mut Bits<'_>, info: StreamInfo, channels: &mut [Vec<i32>]) -> Option<()> {
    if bits.take(15)? != 0b111_1111_1111_1100 {
        return None;
    }
    bits.take(1)?;
    let size_code = bits.take(4)?;
    let rate_code = bits.take(4)?;
    let assignment = bits.take(4)? as usize;
    let depth_code = bits.take(3)?;
    bits.take(1)?;
    // The frame's number, written like a character of UTF-8.
    let first = bits.take(8)? as u8;
    let more = match first.leading_ones() {
        0 => 0,
        ones @ 2..=7 => ones - 1,
        _ => return None,
    };
    for _ in 0..more {
        bits.take(8)?;
    }
    let size = match size_code {
        1 => 192,
        2..=5 => 144 << size_code,
        6 => bits.take(8)? + 1,
        7 => bits.take(16)? + 1,
        8..=15 => 1 << size_code,
        _ => return None,
    } as usize;
    match rate_code {
        12 => bits.take(8)?,
        13 | 14 => bits.take(16)?,
        15 => return None,
        _ => 0,
    };
    bits.take(8)?;
    let depth = match depth_code {
        0 => info.bits,
        1 => 8,
        2 => 12,
        4 => 16,
        5 => 20,
        6 => 24,
        7 => 32,
        _ => return None,
    };
    let count = if assignment < 8 { assignment + 1 } else { 2 };
    if count != channels.len() || assignment > 10 {
        return None;
    }
    for (place, channel) in channels.iter_mut().enumerate() {
        // The channel of differences has one bit more.
        let side = matches!((assignment, place), (8 | 10, 1) | (9, 0));
        subframe(bits, depth + u32::from(side), size, channel)?;
    }
    bits.align();
    if let (8.., [left, right]) = (assignment, channels) {
        for (left, right) in left.iter_mut().zip(right) {
            match assignment {
                8 => *right = left.wrapping_sub(*right),
                9 => *left = left.wrapping_add(*right),
                _ => {
                    let (middle, side) = (i64::from(*left), i64::from(*right));
                    let sum = middle << 1 | (side & 1);
                    *left = ((sum + side) >> 1) as i32;
                    *right = ((sum - side) >> 1) as i32;
                }
            }
        }
    }
    Some(())
}

/// One channel of a frame (RFC 9639, 9.2).
fn subframe(bits: &mut Bits<'_>, depth: u32, size: usize, out: &mut Vec<i32>) -> Option<()> {
    out.clear();
    if bits.take(1)? != 0 {
        return None;
    }
    let kind = bits.take(6)?;
    let wasted = if bits.take(1)? == 1 {
        bits.unary()? + 1
    } else {
        0
    };
    let depth = depth.checked_sub(wasted).filter(|&depth| depth > 0)?;
    match kind {
        0 => out.resize(size, bits.wide(depth)? as i32),
        1 => {
            for _ in 0..size {
                out.push(bits.wide(depth)? as i32);
            }
        }
        8..=12 => {
            let order = kind as usize - 8;
            warm_up(bits, depth, order.min(size), out)?;
            residual(bits, order, size, out)?;
            fixed(order, out);
        }
        32..=63 => {
            let order = kind as usize - 31;
            warm_up(bits, depth, order.min(size), out)?;
            let precision = bits.take(4)? + 1;
            let shift = bits.signed(5)?;
            if precision == 16 || shift < 0 {
                return None;
            }
            let mut weights = [0_i32; 32];
            for weight in weights.iter_mut().take(order) {
                *weight = bits.signed(precision)?;
            }
            residual(bits, order, size, out)?;
            predict(&weights[..order], shift as u32, out);
        }
        _ => return None,
    }
    if wasted > 0 {
        out.iter_mut()
            .for_each(|sample| *sample = sample.wrapping_shl(wasted));
    }
    Some(())
}

fn warm_up(bits: &mut Bits<'_>, depth: u32, order: usize, out: &mut Vec<i32>) -> Option<()> {
    for _ in 0..order {
        out.push(bits.wide(depth)? as i32);
    }
    Some(())
}

/// The differences from the prediction, in Rice codes (RFC 9639, 9.2.7).
fn residual(bits: &mut Bits<'_>, order: usize, size: usize, out: &mut Vec<i32>) -> Option<()> {
    let (width, escape) = match bits.take(2)? {
        0 => (4, 15),
        1 => (5, 31),
        _ => return None,
    };
    let partitions = bits.take(4)?;
    let each = size >> partitions;
    if each << partitions != size || each < order {
        return None;
    }
    for partition in 0..1_usize << partitions {
        let count = if partition == 0 { each - order } else { each };
        let parameter = bits.take(width)?;
        if parameter == escape {
            let depth = bits.take(5)?;
            for _ in 0..count {
                out.push(bits.signed(depth)?);
            }
            continue;
        }
        for _ in 0..count {
            let high = bits.unary()?;
            let low = bits.take(parameter)?;
            let folded = u64::from(high) << parameter | u64::from(low);
            out.push(((folded >> 1) as i64 ^ -((folded & 1) as i64)) as i32);
        }
    }
    Some(())
}

/// The fixed predictors (RFC 9639, 9.2.5): the order's difference is summed up.
fn fixed(order: usize, out: &mut [i32]) {
    const WEIGHTS: [&[i32]; 5] = [&[], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]];
    predict(WEIGHTS[order.min(4)], 0, out);
}

/// Adds what the samples before predict; `out` holds differences from the order on.
fn predict(weights: &[i32], shift: u32, out: &mut [i32]) {
    let order = weights.len();
    for at in order..out.len() {
        let before = out[at - order..at].iter().rev();
        let sum: i64 = before
            .zip(weights)
            .map(|(&sample, &weight)| i64::from(sample) * i64::from(weight))
            .sum();
        out[at] = out[at].wrapping_add((sum >> shift) as i32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes bits from the most significant on.
    #[derive(Default)]
    struct Writer(Vec<u8>, u32);

    impl Writer {
        fn put(&mut self, value: u64, bits: u32) {
            for bit in (0..bits).rev() {
                if self.1 == 0 {
                    self.0.push(0);
                }
                let last = self.0.last_mut().unwrap();
                *last |= ((value >> bit & 1) as u8) << (7 - self.1);
                self.1 = (self.1 + 1) % 8;
            }
        }

        fn rice(&mut self, value: i64, parameter: u32) {
            let folded = if value < 0 {
                (-value * 2 - 1) as u64
            } else {
                value as u64 * 2
            };
            self.put(1, (folded >> parameter) as u32 + 1);
            self.put(folded & ((1 << parameter) - 1), parameter);
        }
    }

    /// A stream of one frame, the subframes written by `body`.
    fn stream(channels: u64, assignment: u64, size: u64, body: impl Fn(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::default();
        for byte in *b"fLaC" {
            writer.put(u64::from(byte), 8);
        }
        writer.put(0x80, 8);
        writer.put(34, 24);
        writer.put(size << 16 | size, 32);
        writer.put(0, 48);
        writer.put(96_000, 20);
        writer.put(channels - 1, 3);
        writer.put(15, 5);
        writer.put(size, 36);
        writer.put(0, 64);
        writer.put(0, 64);
        writer.put(0b111_1111_1111_1100, 15);
        writer.put(0, 1);
        writer.put(6, 4);
        writer.put(0, 4);
        writer.put(assignment, 4);
        writer.put(4, 3);
        writer.put(0, 1);
        writer.put(0, 8);
        writer.put(size - 1, 8);
        writer.put(0, 8);
        body(&mut writer);
        while writer.1 != 0 {
            writer.put(0, 1);
        }
        writer.put(0, 16);
        writer.0
    }

    fn decoded(bytes: &[u8]) -> Vec<Vec<i32>> {
        let info = stream_info(bytes).unwrap();
        let mut all = vec![Vec::new(); info.channels];
        assert!(decode(bytes, info, |block| {
            for (all, block) in all.iter_mut().zip(block) {
                all.extend(block);
            }
            true
        }));
        all
    }

    #[test]
    fn each_kind_of_subframe_gives_the_samples_worked_out_by_hand() {
        let bytes = stream(3, 2, 6, |writer| {
            // Constant.
            writer.put(0, 8);
            writer.put(0xfffe, 16);
            // Verbatim, with two wasted bits.
            writer.put(0b0000_0011, 8);
            writer.put(0b01, 2);
            for value in [1_u64, 2, 3, 4, 5, 0x3fff] {
                writer.put(value, 14);
            }
            // Second differences: 10, 20, then +1 each; one partition, parameter 2.
            writer.put(10 << 1, 8);
            writer.put(10, 16);
            writer.put(20, 16);
            writer.put(0, 6);
            writer.put(2, 4);
            for _ in 0..4 {
                writer.rice(1, 2);
            }
        });
        let all = decoded(&bytes);
        assert_eq!(all[0], [-2; 6]);
        assert_eq!(all[1], [4, 8, 12, 16, 20, -4]);
        assert_eq!(all[2], [10, 20, 31, 43, 56, 70]);
    }

    #[test]
    fn weights_and_differences_of_channels_are_undone() {
        let bytes = stream(2, 10, 4, |writer| {
            // Middle: x(n) = (3 x(n-1)) >> 1 + r, first sample 8.
            writer.put(32 << 1, 8);
            writer.put(8, 16);
            writer.put(3, 4);
            writer.put(1, 5);
            writer.put(3, 4);
            writer.put(0, 6);
            writer.put(15, 4);
            writer.put(6, 5);
            for value in [0_i64, -1, 5] {
                writer.put((value & 63) as u64, 6);
            }
            // Side, one bit more.
            writer.put(1 << 1, 8);
            for value in [0_i64, 2, -3, 4] {
                writer.put((value & 0x1ffff) as u64, 17);
            }
        });
        // Middle: 8, 12, 17, 30. left = (2 m + s odd + s) / 2, right = left - side.
        let all = decoded(&bytes);
        assert_eq!(all[0], [8, 13, 16, 32]);
        assert_eq!(all[1], [8, 11, 19, 28]);
    }

    #[test]
    fn cut_and_changed_streams_end() {
        let bytes = stream(1, 0, 6, |writer| {
            writer.put(1 << 1, 8);
            for value in 0..6_u64 {
                writer.put(value, 16);
            }
        });
        for length in 0..bytes.len() {
            if let Some(info) = stream_info(&bytes[..length]) {
                let _ = decode(&bytes[..length], info, |_| true);
            }
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            if let Some(info) = stream_info(&changed) {
                let _ = decode(&changed, info, |_| true);
            }
        }
    }
}
