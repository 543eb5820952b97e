//! The lossless process of JPEG (T.81 annex H): prediction from three neighbours, Huffman-coded differences modulo 2^16.

use super::bits::Bits;
use super::huffman::Differences;
use super::segments::{Headers, ScanHeader};
use crate::study::codec::{CodecError, Decoded, FrameLayout, Sample};

/// Decodes all scans: one of all components, or one for each.
pub(super) fn decode<S: Sample>(
    mut headers: Headers,
    first: ScanHeader,
    layout: &FrameLayout,
    out: &mut [S],
) -> Result<Decoded, CodecError> {
    let components = headers.frame()?.components.len();
    let mut rows_of = vec![0; components];
    let mut scan = first;
    let mut damage = None;
    loop {
        let (rows, end) = decode_scan(&headers, &scan, layout, out)?;
        for (index, _, _) in &scan.components {
            rows_of[*index] = rows;
        }
        if rows < layout.rows {
            break;
        }
        headers.resume(end);
        if rows_of.iter().all(|rows| *rows == layout.rows) {
            break;
        }
        match headers.next_scan(layout) {
            Ok(Some(next)) => scan = next,
            Ok(None) => break,
            Err(error) => {
                damage = Some(error.to_string());
                break;
            }
        }
    }
    let rows = rows_of.into_iter().min().unwrap_or(0);
    if rows == layout.rows {
        return Ok(Decoded::whole(layout));
    }
    let pixels = rows * layout.columns;
    out[pixels * layout.samples_per_pixel..].fill(S::default());
    Ok(Decoded::partial(layout, pixels, damage.as_deref().unwrap_or("the JPEG stream breaks off")))
}

/// Decodes one scan and says how many rows it gave, and where its bytes end.
fn decode_scan<S: Sample>(
    headers: &Headers,
    scan: &ScanHeader,
    layout: &FrameLayout,
    out: &mut [S],
) -> Result<(usize, usize), CodecError> {
    let frame = headers.frame()?;
    let sampling = frame.components.first().map(|c| c.sampling);
    if frame.components.iter().any(|c| Some(c.sampling) != sampling) {
        return Err(CodecError::unsupported("lossless JPEG with subsampled components"));
    }
    if scan.start > 7 || scan.start == 0 || scan.low >= frame.precision {
        return Err(CodecError::damaged(format!("lossless JPEG has no predictor {} at {} bits", scan.start, scan.low)));
    }
    let restart_rows = restart_rows(headers.restart_interval, layout)?;
    let mut tables = Vec::new();
    for (_, dc, _) in &scan.components {
        let table = headers.dc[*dc].as_ref().ok_or_else(|| CodecError::damaged("a Huffman table is missing"))?;
        tables.push(table.differences());
    }
    let columns = layout.columns;
    let mut lines = vec![(vec![0u16; columns], vec![0u16; columns]); tables.len()];
    let mut bits = Bits::new(headers.data, scan.data_at);
    let initial = 1u16 << (frame.precision - scan.low - 1);
    for row in 0..layout.rows {
        let restarts = row % restart_rows == 0;
        if restarts && row > 0 && bits.restart() != Some(((row / restart_rows - 1) % 8) as u8) {
            return Ok((row, bits.position()));
        }
        read_differences(&mut bits, &tables, &mut lines);
        if bits.overrun() {
            return Ok((row, bits.position()));
        }
        let samples = &mut out[row * columns * layout.samples_per_pixel..][..columns * layout.samples_per_pixel];
        for ((above, line), (index, _, _)) in lines.iter_mut().zip(&scan.components) {
            if restarts {
                add_first_prediction(line, initial);
            } else {
                add_prediction(scan.start, line, above);
            }
            for (sample, value) in samples[*index..].iter_mut().step_by(layout.samples_per_pixel).zip(&*line) {
                *sample = S::from_low(u64::from(value << scan.low));
            }
            std::mem::swap(above, line);
        }
    }
    Ok((layout.rows, bits.position()))
}

/// Rows between restart markers; all of them where there are none. H.1.1 wants whole rows.
fn restart_rows(interval: usize, layout: &FrameLayout) -> Result<usize, CodecError> {
    match interval {
        0 => Ok(layout.rows.max(1)),
        n if n >= layout.pixels() => Ok(layout.rows.max(1)),
        n if n % layout.columns == 0 => Ok(n / layout.columns),
        n => {
            Err(CodecError::unsupported(format!("lossless JPEG with a restart interval of {n} that is not whole rows")))
        }
    }
}

/// Reads the differences of a row into the second line of each component.
fn read_differences(source: &mut Bits, tables: &[Differences], lines: &mut [(Vec<u16>, Vec<u16>)]) {
    let mut bits = *source;
    if let ([table], [(_, line)]) = (tables, &mut *lines) {
        let mut fours = line.chunks_exact_mut(4);
        for four in &mut fours {
            // One refill is enough for four short codes; a long one refills for itself.
            bits.refill();
            for difference in four {
                *difference = table.next(&mut bits);
            }
        }
        for difference in fours.into_remainder() {
            bits.refill();
            *difference = table.next(&mut bits);
        }
    } else {
        let columns = lines.first().map_or(0, |(_, line)| line.len());
        for x in 0..columns {
            for (table, (_, line)) in tables.iter().zip(&mut *lines) {
                bits.refill();
                line[x] = table.next(&mut bits);
            }
        }
    }
    *source = bits;
}

/// The first row of a scan or restart interval is predicted from the left, its first sample from the middle of the range.
fn add_first_prediction(line: &mut [u16], initial: u16) {
    let mut left = initial;
    for value in line {
        left = left.wrapping_add(*value);
        *value = left;
    }
}

/// Turns the differences in `line` into samples, table H.1. The first sample of a row is predicted from above.
fn add_prediction(predictor: usize, line: &mut [u16], above: &[u16]) {
    match predictor {
        1 => predict(line, above, |a, _, _| a),
        2 => predict(line, above, |_, b, _| b),
        3 => predict(line, above, |_, _, c| c),
        4 => predict(line, above, |a, b, c| a + b - c),
        5 => predict(line, above, |a, b, c| a + ((b - c) >> 1)),
        6 => predict(line, above, |a, b, c| b + ((a - c) >> 1)),
        _ => predict(line, above, |a, b, _| (a + b) >> 1),
    }
}

#[inline(always)]
fn predict(line: &mut [u16], above: &[u16], predicted: impl Fn(i32, i32, i32) -> i32) {
    let (Some((first, line)), Some((above_first, above))) = (line.split_first_mut(), above.split_first()) else {
        return;
    };
    *first = first.wrapping_add(*above_first);
    let (mut a, mut c) = (i32::from(*first), i32::from(*above_first));
    for (value, b) in line.iter_mut().zip(above) {
        let b = i32::from(*b);
        *value = value.wrapping_add(predicted(a, b, c) as u16);
        (a, c) = (i32::from(*value), b);
    }
}
