//! Where the bundled sample case lies: beside the program, or in the source tree it was built from.

use std::path::{Path, PathBuf};

/// The folder of the sample case, if it is there.
pub fn sample_folder() -> Option<PathBuf> {
    let is_sample = |p: &PathBuf| p.join("ct-sagittal").is_dir();
    let named = std::env::var_os("SPONDYL_SAMPLE").map(PathBuf::from);
    let beside = std::env::current_exe().ok().into_iter().flat_map(|exe| {
        let places = ["sample-data", "share/spondyl/sample-data"];
        let above: Vec<PathBuf> = exe.ancestors().skip(1).take(4).map(Path::to_path_buf).collect();
        above.into_iter().flat_map(move |a| places.map(|p| a.join(p)))
    });
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    named.into_iter().chain(beside).chain([source]).find(is_sample)
}
