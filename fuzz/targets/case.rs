//! A case file of any bytes. One way in takes the bytes as they are; the other takes any lines and gives them the
//! numbers and the chain of a sound file, so that what is behind the checksums is reached too.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use spondyl::session::{Access, Session, recover};
use std::fs;

/// The line with its hash, as a sound file ends it; and the hash.
fn sealed(body: &[u8]) -> (Vec<u8>, String) {
    let hash: String = Sha256::digest(body).iter().map(|b| format!("{b:02x}")).collect();
    ([body, b",\"hash\":\"", hash.as_bytes(), b"\"}\n"].concat(), hash)
}

/// The first line is taken as it is, up to its hash; each further one is `{…}` without number and chain.
fn chained(lines: &[u8]) -> Vec<u8> {
    let mut lines = lines.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    let first = lines.next().unwrap_or_default();
    let (mut out, mut last) = sealed(first.strip_suffix(b"}").unwrap_or(first));
    for (n, line) in lines.enumerate() {
        let inner = line.strip_prefix(b"{").unwrap_or(line);
        let inner = inner.strip_suffix(b"}").unwrap_or(inner);
        let begin = format!("{{\"seq\":{},", n + 1);
        let end = format!(",\"prev\":\"{last}\"");
        let (text, hash) = sealed(&[begin.as_bytes(), inner, end.as_bytes()].concat());
        out.extend_from_slice(&text);
        last = hash;
    }
    out
}

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = data.split_first() else { return };
    let bytes = if way % 4 == 0 { data.to_vec() } else { chained(data) };
    let [path, rescued] = ["one.spondyl", "rescued.spondyl"].map(|n| common::folder().join(n));
    fs::write(&path, &bytes).expect("memory");
    let opened = Session::open(&path, Access::Read);
    let _ = fs::remove_file(&rescued);
    let recovered = recover(&path, &rescued, &|_| None);
    assert!(fs::read(&path).expect("there") == bytes, "reading and recovering leave the file as it is");
    if let Ok(r) = &recovered {
        let again = Session::open(&rescued, Access::Read).expect("what was recovered opens").session;
        assert!(*again.document() == r.document, "and says what it was said to say");
    }
    let Ok(before) = opened else { return };
    let recovered = recovered.expect("a sound file can be recovered");
    // A last line that was cut short is dropped by both, and said by both.
    let torn = usize::from(!before.notices.is_empty());
    assert!(recovered.lost.len() == torn && recovered.document == *before.session.document(), "{:?}", recovered.lost);
    let Ok(open) = Session::open(&path, Access::Write) else { return };
    let mut session = open.session;
    let (full, steps) = (session.document().clone(), session.history().done().len());
    (0..steps).for_each(|_| drop(session.undo().expect("what stands can be undone")));
    (0..steps).for_each(|_| drop(session.redo().expect("what was undone can be redone")));
    assert!(full == *session.document(), "there and back again");
    drop(session);
    assert!(*Session::open(&path, Access::Read).expect("it was sound").session.document() == full);
});
