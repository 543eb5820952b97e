//! Makes the sample case anew: `cargo run --release --example make_sample_data -- sample-data`.
//!
//! Everything follows from the phantom in `src/phantom`, so the same program always writes the same bytes.

use spondyl::phantom::SampleCase;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(out) = std::env::args_os().nth(1) else {
        eprintln!("usage: make_sample_data OUT   (the folder to write into; `sample-data` in the repository)");
        return ExitCode::from(2);
    };
    let made = SampleCase::new().map_err(|e| e.to_string()).and_then(|case| {
        let mut tell = |what: &str| eprintln!("{what}");
        case.write(Path::new(&out), &mut tell).map_err(|e| e.to_string())
    });
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
