//! RLE Lossless (PS3.5 Annex G): byte planes, each packed as TIFF PackBits, row by row.

/// One frame of 16-bit samples as an RLE fragment, padded to even length: a header of 16 little-endian words (segment
/// count, offsets), then the segment of the high bytes and the segment of the low bytes.
pub(super) fn encode_frame_u16(samples: &[u16], columns: usize) -> Vec<u8> {
    let segment = |shift: u32| {
        let mut packed = Vec::with_capacity(samples.len());
        for row in samples.chunks(columns.max(1)) {
            let bytes: Vec<u8> = row.iter().map(|s| (s >> shift) as u8).collect();
            pack_bits(&bytes, &mut packed);
        }
        packed.resize(packed.len().next_multiple_of(2), 0);
        packed
    };
    let (high, low) = (segment(8), segment(0));
    let mut header = [0_u32; 16];
    header[..3].copy_from_slice(&[2, 64, 64 + high.len() as u32]);
    header.iter().flat_map(|word| word.to_le_bytes()).chain(high).chain(low).collect()
}

/// PackBits (PS3.5 G.3.1): a run of 2 to 128 equal bytes is `257 - n` and the byte; 1 to 128 literal bytes are `n - 1`
/// and the bytes. Two equal bytes inside a literal stay literal, which is never longer.
fn pack_bits(row: &[u8], out: &mut Vec<u8>) {
    let run_at = |at: usize| row[at..].iter().take(128).take_while(|b| **b == row[at]).count();
    let mut at = 0;
    while at < row.len() {
        let run = run_at(at);
        if run >= 2 {
            out.extend([(257 - run) as u8, row[at]]);
            at += run;
            continue;
        }
        let start = at;
        while at < row.len() && at - start < 128 && run_at(at) < 3 {
            at += 1;
        }
        out.push((at - start - 1) as u8);
        out.extend(&row[start..at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(mut packed: &[u8], length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while out.len() < length {
            let n = packed[0] as i8;
            if n >= 0 {
                out.extend(&packed[1..2 + n as usize]);
                packed = &packed[2 + n as usize..];
            } else {
                out.extend(std::iter::repeat_n(packed[1], 1 - n as isize as usize));
                packed = &packed[2..];
            }
        }
        out
    }

    #[test]
    fn frames_unpack_to_themselves() {
        let mixed: Vec<u16> = (0..600_u32).map(|n| if n % 7 < 4 { 1024 } else { (n * n % 4096) as u16 }).collect();
        for (samples, columns) in [(mixed, 200), (vec![7; 300], 300), (vec![1, 2, 3], 3)] {
            let frame = encode_frame_u16(&samples, columns);
            let word = |n: usize| u32::from_le_bytes(frame[4 * n..4 * n + 4].try_into().unwrap()) as usize;
            assert_eq!((word(0), word(1), frame.len() % 2), (2, 64, 0));
            let high = unpack(&frame[word(1)..word(2)], samples.len());
            let low = unpack(&frame[word(2)..], samples.len());
            let back: Vec<u16> = high.iter().zip(&low).map(|(h, l)| u16::from_be_bytes([*h, *l])).collect();
            assert_eq!(back, samples);
        }
    }
}
