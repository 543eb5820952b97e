//! One frame of any bytes under any header. Nine bytes say syntax, size and sample format; the rest is the frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spondyl::study::codec::{FrameLayout, decode_frame, syntax};

/// Transfer syntaxes whose frames a decoder reads.
const SYNTAXES: [&str; 22] = [
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.98",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.8.1",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.92",
    "1.2.840.10008.1.2.4.93",
    "1.2.840.10008.1.2.4.110",
    "1.2.840.10008.1.2.4.111",
    "1.2.840.10008.1.2.4.112",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
];

fuzz_target!(|data: &[u8]| {
    let Some(([which, rows_low, rows_high, columns_low, columns_high, samples, bits, planar, ybr], frame)) =
        data.split_first_chunk::<9>()
    else {
        return;
    };
    let Some(syntax) = syntax(SYNTAXES[usize::from(*which) % SYNTAXES.len()]) else { return };
    let side = |low: &u8, high: &u8| (usize::from(*low) | usize::from(*high) << 8) % 1025;
    let layout = FrameLayout {
        rows: side(rows_low, rows_high),
        columns: side(columns_low, columns_high),
        samples_per_pixel: if samples % 2 == 0 { 1 } else { 3 },
        bits_allocated: [1, 8, 16, 32, 64][usize::from(*bits) % 5],
        planar: planar % 2 == 1,
        ybr: ybr % 2 == 1,
    };
    if let Ok((_, decoded)) = decode_frame(syntax, frame, &layout) {
        assert!(decoded.pixels <= layout.pixels());
        assert!(decoded.damage.is_some() || decoded.pixels == layout.pixels(), "what is missing is said");
    }
});
