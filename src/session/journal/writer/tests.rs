//! The writer on disks that fail: at every call, with part of a write done, and with power lost at any moment.

use super::*;
use std::io;

/// What a simulated disk has been told, and what of it would survive a loss of power.
#[derive(Clone, Debug, Default)]
struct Platter {
    /// What programs see.
    seen: Vec<u8>,
    /// What is surely on the medium.
    safe: Vec<u8>,
    calls: usize,
    /// The call (from 1) that fails, and with what.
    fails: Option<(usize, io::ErrorKind)>,
    syncs_after_failed_sync: usize,
    sync_failed: bool,
}

#[derive(Clone, Default)]
struct SimDisk(Arc<Mutex<Platter>>);

impl SimDisk {
    fn call(&self) -> (MutexGuard<'_, Platter>, Option<io::Error>) {
        let mut p = self.0.lock().unwrap();
        p.calls += 1;
        let error = p.fails.filter(|(n, _)| *n == p.calls).map(|(_, kind)| io::Error::from(kind));
        (p, error)
    }
}

impl Disk for SimDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut p, error) = self.call();
        let written = if error.is_some() { bytes.len() / 2 } else { bytes.len() };
        p.seen.extend_from_slice(&bytes[..written]);
        error.map_or(Ok(()), Err)
    }

    fn sync(&mut self) -> io::Result<()> {
        let (mut p, error) = self.call();
        if p.sync_failed {
            p.syncs_after_failed_sync += 1;
        }
        match error {
            None => p.safe = p.seen.clone(),
            Some(_) => p.sync_failed = true,
        }
        error.map_or(Ok(()), Err)
    }

    fn cut_back(&mut self, length: u64) -> io::Result<()> {
        let (mut p, error) = self.call();
        if error.is_none() {
            p.seen.truncate(length as usize);
        }
        error.map_or(Ok(()), Err)
    }

    fn is_untouched(&self, length: u64) -> io::Result<bool> {
        let (p, error) = self.call();
        error.map_or(Ok(p.seen.len() as u64 == length), Err)
    }
}

fn line(n: u64) -> Vec<u8> {
    format!("entry {n} with some length to it\n").into_bytes()
}

/// Hands ten lines over, waiting for each; returns the last one confirmed, and the whole text.
fn ten_lines(disk: &SimDisk) -> (u64, Vec<u8>, Option<Failure>) {
    let writer = Writer::start(Box::new(disk.clone()), 0, 0);
    let (mut text, mut confirmed) = (Vec::new(), 0);
    for n in 1..=10 {
        let from = text.len() as u64;
        text.extend_from_slice(&line(n));
        writer.append(from, line(n), n);
        if writer.wait(n).is_ok() {
            assert_eq!(confirmed, n - 1, "confirmed out of order");
            confirmed = n;
        }
    }
    (confirmed, text, writer.failure())
}

#[test]
fn whatever_call_fails_confirmed_lines_survive_a_loss_of_power() {
    let calls = {
        let disk = SimDisk::default();
        assert_eq!(ten_lines(&disk).0, 10);
        disk.0.lock().unwrap().calls
    };
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied, io::ErrorKind::Other] {
        for n in 1..=calls {
            let disk = SimDisk::default();
            disk.0.lock().unwrap().fails = Some((n, kind));
            let (confirmed, text, failure) = ten_lines(&disk);
            let p = disk.0.lock().unwrap().clone();
            assert!(confirmed < 10 && failure.is_some(), "call {n} failed and nobody noticed");
            let safe = (1..=confirmed).map(|n| line(n).len()).sum::<usize>();
            assert!(p.safe.len() >= safe && p.safe[..safe] == text[..safe], "a confirmed line is lost");
            // What else the disk may hold is a beginning of the same text: the unsynced tail, whole or in part.
            assert!(text.starts_with(&p.seen) || p.seen.starts_with(&text));
            assert_eq!(p.syncs_after_failed_sync, 0, "after a failed fsync it was asked again");
        }
    }
}

#[test]
fn room_made_on_a_full_disk_is_used_again() {
    let disk = SimDisk::default();
    disk.0.lock().unwrap().fails = Some((5, io::ErrorKind::StorageFull)); // the second line's write
    let writer = Writer::start(Box::new(disk.clone()), 0, 0);
    let text: Vec<u8> = (1..=3).flat_map(line).collect();
    writer.append(0, line(1), 1);
    writer.wait(1).unwrap();
    writer.append(line(1).len() as u64, line(2), 2);
    let failure = writer.wait(2).unwrap_err();
    writer.append((line(1).len() + line(2).len()) as u64, line(3), 3); // comes too late, and is not written alone
    assert!(failure.may_retry && failure.reason.contains("full"));
    assert!(writer.clear_failure());
    let from = writer.durable_bytes();
    writer.append(from, text[from as usize..].to_vec(), 3);
    writer.wait(3).unwrap();
    assert_eq!(disk.0.lock().unwrap().safe, text);
}

#[test]
fn dropping_the_writer_finishes_what_it_was_given() {
    let disk = SimDisk::default();
    let writer = Writer::start(Box::new(disk.clone()), 0, 0);
    let mut from = 0;
    for n in 1..=50 {
        writer.append(from, line(n), n);
        from += line(n).len() as u64;
    }
    drop(writer);
    assert_eq!(disk.0.lock().unwrap().safe, (1..=50).flat_map(line).collect::<Vec<u8>>());
}
