//! The rooms of `src` may use only those above them; every file says what it is; no file is two ideas long.

use std::path::{Path, PathBuf};

/// From the top; each room may use only rooms named before it. Tests inside a room may also use `phantom`'s images.
const ROOMS: [&str; 18] = [
    "space", "anatomy", "volume", "document", "study", "segment", "assess", "agree", "export", "session", "import",
    "trial", "view", "tool", "render", "app", "cli", "phantom",
];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a source folder").map(|e| e.expect("readable").path()) {
        if entry.is_dir() {
            out.extend(sources(&entry));
        } else if entry.extension().is_some_and(|e| e == "rs") {
            out.push(entry);
        }
    }
    out.sort();
    out
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every room that a line of code names by `crate::room`.
fn rooms_named(line: &str) -> Vec<&'static str> {
    let code = line.split("//").next().unwrap_or_default();
    let named = |room: &str| {
        let path = format!("crate::{room}");
        code.match_indices(&path).any(|(at, _)| {
            let next = code[at + path.len()..].chars().next();
            next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
        })
    };
    ROOMS.into_iter().filter(|r| named(r)).collect()
}

#[test]
fn imports_follow_the_order_of_the_rooms() {
    let mut wrong = Vec::new();
    for file in sources(&src()) {
        let inside = file.strip_prefix(src()).expect("below src");
        let Some(room) = inside.iter().next().and_then(|r| ROOMS.iter().position(|n| r.to_str() == Some(*n))) else {
            continue;
        };
        let text = std::fs::read_to_string(&file).expect("UTF-8 source");
        let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (n, line) in program.lines().enumerate() {
            for used in rooms_named(line) {
                if ROOMS.iter().position(|r| *r == used) > Some(room) {
                    wrong.push(format!("{}:{}: {} uses {used}", inside.display(), n + 1, ROOMS[room]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the order of the rooms:\n{}", wrong.join("\n"));
}

#[test]
fn the_check_itself_sees_imports() {
    assert_eq!(rooms_named("use crate::app::theme;"), ["app"]);
    assert_eq!(rooms_named("    crate::space::Plane::Axial // crate::cli"), ["space"]);
    assert!(rooms_named("use crate::application;").is_empty());
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let silent: Vec<_> = sources(&src())
        .into_iter()
        .filter(|f| !std::fs::read_to_string(f).expect("UTF-8 source").starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "these files do not open with //!: {silent:#?}");
}

/// Every test that RISKS.md names is there.
#[test]
fn the_tests_that_risks_are_held_against_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("RISKS.md")).expect("there");
    let suite: String =
        sources(&root.join("tests")).iter().map(|p| std::fs::read_to_string(p).expect("UTF-8")).collect();
    let (mut file, mut named, mut missing) = (String::new(), 0, Vec::new());
    for row in text.lines().filter(|l| l.starts_with("| ") && l.contains('`')) {
        let proofs = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        for name in proofs.split('`').skip(1).step_by(2) {
            let found = if name.ends_with(".rs") {
                file = std::fs::read_to_string(src().join(name)).unwrap_or_default();
                !file.is_empty()
            } else if let Some((_, test)) = name.rsplit_once("::") {
                named += 1;
                suite.contains(&format!("fn {test}()"))
            } else {
                named += 1;
                file.contains(&format!("fn {name}()"))
            };
            missing.extend((!found).then(|| name.to_owned()));
        }
    }
    assert!(missing.is_empty() && named > 40, "{named} named, missing: {missing:?}");
}
