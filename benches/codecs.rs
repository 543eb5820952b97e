//! Megabytes of decoded samples a second and processor, for each pixel decoder: 512 × 512 frames of 16-bit words with flat
//! parts, slopes, edges and noise (JPEG 2000, HTJ2K and JPEG XL: 128 × 128, from stored streams).
//!
//! `cargo bench --bench codecs`; each line is JSON: name, milliseconds a frame (the best of the runs), megabytes a second,
//! and how many times smaller the stream is.

use std::time::Instant;

use spondyl::study::codec::{FrameLayout, SamplesMut, decode_into, syntax};

#[path = "../src/study/codec/testing/mod.rs"]
#[allow(dead_code)]
mod testing;

use testing::{jpeg_dct, jpeg_lossless, jpeg_ls, picture};

const SIDE: usize = 512;
const NOISE: usize = 50;

fn main() {
    let grey = FrameLayout::grey(SIDE, SIDE, 16);
    let samples = picture(SIDE, SIDE, 1, 12, NOISE);
    let raw: Vec<u8> = samples.iter().flat_map(|v| v.to_le_bytes()).collect();
    report("uncompressed", "1.2.840.10008.1.2.1.98", &raw, &grey);
    report("RLE", "1.2.840.10008.1.2.5", &run_lengths(&samples), &grey);
    for predictor in [1, 6] {
        let options =
            jpeg_lossless::Options { precision: 12, predictor, point_transform: 0, restart_rows: 0, interleaved: true };
        let data = jpeg_lossless::encode(&samples, SIDE, SIDE, 1, options);
        report(&format!("lossless JPEG, predictor {predictor}"), "1.2.840.10008.1.2.4.57", &data, &grey);
    }
    for near in [0, 2] {
        let options = jpeg_ls::Options { precision: 12, near, interleave: 0, presets: None, restart_lines: 0 };
        let (data, _) = jpeg_ls::encode(&samples, SIDE, SIDE, 1, options);
        report(&format!("JPEG-LS, near {near}"), "1.2.840.10008.1.2.4.81", &data, &grey);
    }
    let options = jpeg_dct::Options {
        precision: 12,
        step: 20,
        sampling: (1, 1),
        restart_units: 0,
        interleaved: true,
        adobe: None,
    };
    let data = jpeg_dct::encode(&[samples], SIDE, SIDE, options);
    report("JPEG of 12 bits", "1.2.840.10008.1.2.4.51", &data, &grey);

    let small = FrameLayout::grey(128, 128, 16);
    let stream =
        |name: &str| std::fs::read(format!("{}/src/study/codec/testing/streams/{name}", env!("CARGO_MANIFEST_DIR")));
    for (name, uid, file) in [
        ("JPEG 2000", "1.2.840.10008.1.2.4.90", "large.j2k"),
        ("HTJ2K", "1.2.840.10008.1.2.4.201", "large.jph"),
        ("JPEG XL", "1.2.840.10008.1.2.4.110", "large.jxl"),
    ] {
        report(name, uid, &stream(file).expect("the stream lies beside the tests"), &small);
    }
}

fn report(name: &str, uid: &str, data: &[u8], layout: &FrameLayout) {
    let syntax = syntax(uid).expect("the table has it");
    let mut frame = vec![0u16; layout.samples()];
    let mut best = f64::MAX;
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < 1.0 {
        let start = Instant::now();
        let decoded = decode_into(syntax, data, layout, SamplesMut::U16(&mut frame)).expect("the stream is sound");
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(decoded.damage, None);
    }
    println!(
        "{{\"title\": \"decode {name}\", \"ms\": {:.3}, \"mb_per_s\": {:.0}, \"ratio\": {:.2}}}",
        best * 1e3,
        layout.bytes() as f64 / 1e6 / best,
        layout.bytes() as f64 / data.len() as f64
    );
}

/// PackBits of both byte planes (PS3.5 annex G), runs of three and more.
fn run_lengths(samples: &[u16]) -> Vec<u8> {
    let mut segments = Vec::new();
    for shift in [8, 0] {
        let plane: Vec<u8> = samples.iter().map(|v| (v >> shift) as u8).collect();
        let (mut segment, mut at, mut literal) = (Vec::new(), 0, 0);
        while at < plane.len() {
            let run = plane[at..].iter().take(128).take_while(|byte| **byte == plane[at]).count();
            if run >= 3 {
                put_literals(&mut segment, &plane[literal..at]);
                segment.extend([(257 - run) as u8, plane[at]]);
                literal = at + run;
            }
            at += run;
        }
        put_literals(&mut segment, &plane[literal..]);
        segments.push(segment);
    }
    let mut words = [0u32; 16];
    (words[0], words[1], words[2]) = (2, 64, 64 + segments[0].len() as u32);
    words.iter().flat_map(|word| word.to_le_bytes()).chain(segments.concat()).collect()
}

fn put_literals(segment: &mut Vec<u8>, literals: &[u8]) {
    for chunk in literals.chunks(128) {
        segment.push((chunk.len() - 1) as u8);
        segment.extend(chunk);
    }
}
