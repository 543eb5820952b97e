//! Running the program under `strace`: with a fault at one system call, and with a record of all that reach the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

/// The calls by which files come about, change and vanish.
const CALLS: &str =
    "openat,write,writev,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat";

/// What goes wrong, and where.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The system call.
    pub call: String,
    nth: usize,
    /// An error's name, or none for a kill.
    error: Option<String>,
}

impl Fault {
    /// The `nth` such call of a thread fails.
    pub fn error(call: &str, nth: usize, error: &str) -> Fault {
        Fault { call: call.to_owned(), nth, error: Some(error.to_owned()) }
    }

    /// The program is killed at the `nth` such call of a thread.
    pub fn kill(call: &str, nth: usize) -> Fault {
        Fault { call: call.to_owned(), nth, error: None }
    }

    /// Whether the program is killed.
    pub fn is_kill(&self) -> bool {
        self.error.is_none()
    }

    fn option(&self) -> String {
        let what = self.error.as_ref().map_or("signal=SIGKILL".to_owned(), |e| format!("error={e}"));
        format!("inject={}:{what}:when={}", self.call, self.nth)
    }
}

/// Whether faults can be injected here. Where they cannot, that is said and the test proves nothing; under CI it fails.
pub fn strace_is_there() -> bool {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    let why = match tried {
        Ok(o) if o.status.success() => return true,
        Ok(o) => String::from_utf8_lossy(&o.stderr).into_owned(),
        Err(e) => e.to_string(),
    };
    assert!(std::env::var_os("CI").is_none(), "strace cannot be used: {why}");
    eprintln!("NOT TESTED: faults of the machine need strace, which cannot be used here: {why}");
    false
}

/// Runs the program.
pub fn run_traced(args: &[String], fault: Option<&Fault>, log: &Path) -> (Output, Trace) {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-y", "-s", "40", "-e", &format!("trace={CALLS}"), "-o"]).arg(log);
    if let Some(fault) = fault {
        strace.args(["-e", &fault.option()]);
    }
    let output = strace.arg(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("strace runs");
    let text = std::fs::read(log).unwrap_or_default();
    (output, Trace::read(&String::from_utf8_lossy(&text)))
}

/// One call.
#[derive(Debug)]
struct Call {
    thread: String,
    name: String,
    /// Its arguments, file descriptors with their paths.
    text: String,
    /// When it was begun and when it was done, as line numbers.
    when: (usize, usize),
    succeeded: bool,
}

/// The calls of a run.
#[derive(Debug)]
pub struct Trace {
    calls: Vec<Call>,
    injected: bool,
    voice_struck: bool,
}

impl Trace {
    fn read(log: &str) -> Trace {
        let mut calls: Vec<Call> = Vec::new();
        for (n, line) in log.lines().enumerate() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let rest = rest.trim_start();
            let succeeded = !rest.contains("= -1 ") && !rest.contains("= ?");
            if let Some(resumed) = rest.strip_prefix("<... ") {
                let name = resumed.split(' ').next().unwrap_or_default();
                let open = calls.iter_mut().rev().find(|c| c.thread == thread && c.name == name);
                if let Some(call) = open {
                    call.when.1 = n;
                    call.succeeded = succeeded;
                    call.text += resumed;
                }
            } else if let Some((name, text)) = rest.split_once('(') {
                let unfinished = rest.contains("<unfinished ...>");
                calls.push(Call {
                    thread: thread.to_owned(),
                    name: name.to_owned(),
                    text: text.to_owned(),
                    when: (n, if unfinished { usize::MAX } else { n }),
                    succeeded: succeeded && !unfinished,
                });
            }
        }
        let of_voice = |l: &str| l.contains("write(2<") && l.contains("(INJECTED)");
        Trace { calls, injected: log.contains("(INJECTED)"), voice_struck: log.lines().any(of_voice) }
    }

    /// Whether the fault, which strikes every thread at its nth call, struck a write to standard error as well: nobody
    /// can say then what went wrong.
    pub fn voice_was_struck(&self) -> bool {
        self.voice_struck
    }

    /// Whether the fault took place.
    pub fn was_injected(&self) -> bool {
        self.injected
    }

    /// Calls that touch files below a folder: name, and the how-manieth of its thread it was.
    pub fn points(&self, folder: &Path) -> BTreeSet<(String, usize)> {
        let folder = folder.display().to_string() + "/";
        let closed = folder.trim_end_matches('/').to_owned() + ">";
        let quoted = folder.trim_end_matches('/').to_owned() + "\"";
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut points = BTreeSet::new();
        for call in &self.calls {
            let n = counts.entry((&call.thread, &call.name)).or_default();
            *n += 1;
            if [&folder, &closed, &quoted].into_iter().any(|f| call.text.contains(f.as_str())) {
                points.insert((call.name.clone(), *n));
            }
        }
        points
    }

    /// The data of a file are written, then flushed, then named, then its folder flushed, and only then it is said: each
    /// of `stages` is done before the next begins. `stdout` is the next answer.
    pub fn assert_order(&self, file: &str, stages: &[&str]) {
        let renaming = |c: &Call| c.name.starts_with("rename") || c.name.starts_with("link");
        let names = |c: &Call| c.text.contains(&format!("/{file}\"")) && !c.text.starts_with("AT_FDCWD<none>");
        let mut quoted = self.calls.iter().filter(|c| names(c)).flat_map(|c| c.text.split('"').skip(1).step_by(2));
        let path = quoted.find(|p| p.ends_with(&format!("/{file}"))).expect("the file is named").to_owned();
        let folder = Path::new(&path).parent().expect("a folder").display().to_string();
        // What is written under another name first: the first path of the call that gives it its own.
        let renamed = self.calls.iter().find(|c| renaming(c) && names(c));
        let written_as = renamed.and_then(|c| c.text.split('"').nth(1)).unwrap_or(&path).to_owned();
        let is_it = |c: &Call| c.text.contains(&format!("<{written_as}>"));
        let in_place = !stages.contains(&"rename");
        let mut since = 0;
        for stage in stages {
            let mut found = self.calls.iter().filter(|c| c.succeeded && c.when.0 >= since).filter(|c| match *stage {
                "write" => c.name.contains("write") && is_it(c),
                "rename" => renaming(c) && names(c),
                "folder" => c.name == "fsync" && c.text.contains(&format!("<{folder}>")),
                "stdout" => c.name == "write" && c.text.starts_with("1<"),
                sync => c.name == sync && is_it(c),
            });
            // Nothing may be written between flushing and naming: then the last of the writes counts.
            let found = if *stage == "write" && !in_place { found.next_back() } else { found.next() };
            let Some(found) = found else { panic!("{file}: no {stage} after line {since} of {:#?}", self.calls) };
            since = found.when.1 + 1;
        }
    }
}
