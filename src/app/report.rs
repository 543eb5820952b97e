//! What is left of a fault of the program: a report for its makers, beside the reader's cases, without private data. A
//! panic is caught where its job began; everything drawn is on the disk by then.

use crate::session::utc;
use std::backtrace::Backtrace;
use std::fs;
use std::panic::{PanicHookInfo, set_hook};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Folder of the reports below the user's data directory.
const FOLDER: &str = "reports";
/// Calls that a report lists at most.
const CALLS: usize = 48;

/// From now on every fault leaves a report below `root`, and one sentence on standard error.
pub fn install(root: Option<PathBuf>) {
    set_hook(Box::new(move |info| {
        let at = place(info);
        let written = root.as_deref().and_then(|r| write(r, &text(info, &Backtrace::force_capture().to_string())));
        let report = written.map_or(String::new(), |name| {
            format!("; a report without private data is {FOLDER}/{name} in spondyl's data directory")
        });
        eprintln!("spondyl: a fault in the program itself ({at}); what was answered as saved is on the disk{report}");
    }));
}

/// The newest report, if there is one.
pub fn newest(root: &Path) -> Option<PathBuf> {
    let reports = fs::read_dir(root.join(FOLDER)).ok()?;
    reports.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "txt")).max()
}

fn write(root: &Path, text: &str) -> Option<String> {
    let stamp = utc(SystemTime::now()).replace([':', '.'], "-");
    let name = format!("fault-{stamp}.txt");
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).ok()?;
    fs::write(folder.join(&name), text).ok()?;
    Some(name)
}

fn text(info: &PanicHookInfo, calls: &str) -> String {
    let thread = std::thread::current();
    let lines = [
        "spondyl-fault-report 1".to_owned(),
        format!(
            "program: {} on {} {}",
            crate::session::journal::SOFTWARE,
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
        format!("when: {}", utc(SystemTime::now())),
        format!("thread: {}", thread.name().unwrap_or("one without a name")),
        format!("place: {}", place(info)),
        format!("message: {}", message(info)),
        "calls:".to_owned(),
        names(calls),
        String::new(),
    ];
    lines.join("\n")
}

/// Where in the program, without the folders of whoever built it.
fn place(info: &PanicHookInfo) -> String {
    info.location().map_or("somewhere".to_owned(), |l| format!("{}:{}", source(l.file()), l.line()))
}

/// `wgpu-core-30.0/src/device.rs` of a longer path.
fn source(path: &str) -> String {
    let parts: Vec<&str> = path.split(['/', '\\']).collect();
    let from = parts.iter().rposition(|p| *p == "src").map_or(parts.len().saturating_sub(1), |n| n.saturating_sub(1));
    parts[from..].join("/")
}

/// The message, where it is a text of the program itself; one that was put together at run time could hold anything.
fn message(info: &PanicHookInfo) -> String {
    const OURS: [&str; 7] = [
        "index out of bounds: ",
        "attempt to ",
        "called `Option::unwrap()`",
        "range start index ",
        "range end index ",
        "slice index starts at ",
        "capacity overflow",
    ];
    if let Some(literal) = info.payload().downcast_ref::<&'static str>() {
        return (*literal).to_owned();
    }
    match info.payload().downcast_ref::<String>() {
        Some(text) if OURS.iter().any(|o| text.starts_with(o)) => text.clone(),
        Some(text) => format!("left out ({} characters), as it could hold what is private", text.chars().count()),
        None => "none".to_owned(),
    }
}

/// Of a backtrace the names of what was called; no paths.
fn names(calls: &str) -> String {
    let numbered = |line: &&str| line.split_once(": ").is_some_and(|(n, _)| n.trim().parse::<u32>().is_ok());
    calls.lines().filter(numbered).take(CALLS).map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_calls_lose_the_folders_of_whoever_built_the_program() {
        assert_eq!(source("/home/doe/.cargo/registry/src/index-1/wgpu-30.0.0/src/a/b.rs"), "wgpu-30.0.0/src/a/b.rs");
        assert_eq!(source("src/app/mod.rs"), "src/app/mod.rs");
        assert_eq!(source("C:\\Users\\doe\\x\\src\\lib.rs"), "x/src/lib.rs");
        assert_eq!(source("main.rs"), "main.rs");
        let calls = "   0: std::panicking\n             at /rustc/1/library/std/src/panicking.rs:1:1\n   1: spondyl::f\n             at /home/doe/x.rs:2";
        assert_eq!(names(calls), "   0: std::panicking\n   1: spondyl::f");
    }
}
