//! A machine that lacks what the window needs: a sentence says what is missing and what to do, nothing panics, and no path
//! of the machine that built the program is quoted.

use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::space::{DVec3, Geometry, PatientPoint};
use std::path::Path;
use std::process::{Command, Output};

/// Where no driver of any kind lies.
const NOWHERE: &str = "/nowhere/drivers";

fn images(folder: &Path) -> String {
    let images = folder.join("images");
    let geometry = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z * 2.0], [24, 20, 5]);
    write_ct_series(&images, &geometry.expect("spans space"), &[7; 24 * 20 * 5], "machine").expect("the series");
    images.to_str().expect("readable").to_owned()
}

fn without_drivers(args: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spondyl"));
    for driver in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "__EGL_VENDOR_LIBRARY_DIRS", "__EGL_VENDOR_LIBRARY_FILENAMES"]
    {
        command.env(driver, NOWHERE);
    }
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET").env("HOME", folder);
    command.args(args).output().expect("the executable runs")
}

fn said(output: &Output) -> String {
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains(".rs:") && !said.contains("panicked"), "{said}");
    said
}

#[test]
fn without_a_display_it_says_so_and_what_works_without_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = said(&without_drivers(&[&images(folder.path())], folder.path()));
    assert!(said.contains("no display") && said.contains("spondyl render"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn without_an_adapter_it_says_what_to_install_and_the_processor_still_draws() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, out) = (images(folder.path()), folder.path().join("a.png"));
    let out = out.to_str().expect("readable");
    let by = |renderer| without_drivers(&["render", &images, "-o", out, "--renderer", renderer], folder.path());
    let said = said(&by("gpu"));
    assert!(said.contains("mesa-vulkan-drivers") && said.contains("--renderer cpu"), "{said}");
    assert!(!Path::new(out).exists(), "no picture is left half way");
    assert!(by("cpu").status.success());
    assert!(image::open(out).is_ok());
}
