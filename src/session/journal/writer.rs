//! The thread that puts lines on the disk, so that no window ever waits for one.

use super::disk::{Disk, why};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Why lines are no longer saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A sentence.
    pub reason: String,
    /// Whether the file was brought back to its last confirmed line, so that trying again makes sense.
    pub may_retry: bool,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes of the file that are confirmed.
    durable_bytes: u64,
    /// The last confirmed entry.
    durable_seq: u64,
    failure: Option<Failure>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines (whole entries) to be written behind the first `from` bytes, with the number of the last one.
struct Order {
    from: u64,
    bytes: Vec<u8>,
    last_seq: u64,
}

/// Hands lines to the thread; dropping it waits until all are dealt with.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. The file is `bytes` long and confirmed up to entry `seq`.
    pub fn start(disk: Box<dyn Disk>, bytes: u64, seq: u64) -> Self {
        let state = State { durable_bytes: bytes, durable_seq: seq, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let (orders, inbox) = channel();
        let theirs = shared.clone();
        let spawned = std::thread::Builder::new().name("journal".to_owned()).spawn(move || work(disk, &inbox, &theirs));
        let thread = match spawned {
            Ok(thread) => Some(thread),
            Err(e) => {
                let reason = format!("the thread that saves could not be started: {e}");
                shared.state().failure = Some(Failure { reason, may_retry: false });
                None
            }
        };
        Writer { shared, orders: Some(orders), thread }
    }

    /// Hands lines over that belong behind the first `from` bytes; returns at once. After a failure nothing is taken:
    /// the caller keeps the text.
    pub fn append(&self, from: u64, bytes: Vec<u8>, last_seq: u64) {
        if self.shared.state().failure.is_some() {
            return;
        }
        let sent = self.orders.as_ref().is_some_and(|o| o.send(Order { from, bytes, last_seq }).is_ok());
        if !sent {
            let reason = "the thread that saves has stopped".to_owned();
            self.shared.state().failure.get_or_insert(Failure { reason, may_retry: false });
            self.shared.changed.notify_all();
        }
    }

    /// The last entry that is on the disk.
    pub fn durable_seq(&self) -> u64 {
        self.shared.state().durable_seq
    }

    /// How many bytes of the file are confirmed.
    pub fn durable_bytes(&self) -> u64 {
        self.shared.state().durable_bytes
    }

    /// Why nothing more is saved, if so.
    pub fn failure(&self) -> Option<Failure> {
        self.shared.state().failure.clone()
    }

    /// Waits until entry `seq` is on the disk.
    ///
    /// # Errors
    /// The [`Failure`] that keeps it from there.
    pub fn wait(&self, seq: u64) -> Result<(), Failure> {
        let mut state = self.shared.state();
        loop {
            if state.durable_seq >= seq {
                return Ok(());
            }
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            // The time limit only guards against a thread that died without a word.
            let (next, _) =
                self.shared.changed.wait_timeout(state, Duration::from_secs(1)).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if self.thread.as_ref().is_none_or(JoinHandle::is_finished) && state.failure.is_none() {
                let reason = "the thread that saves has stopped".to_owned();
                state.failure = Some(Failure { reason, may_retry: false });
            }
        }
    }

    /// Forgets a failure after which trying again makes sense; whether it was one.
    pub fn clear_failure(&self) -> bool {
        let mut state = self.shared.state();
        if state.failure.as_ref().is_some_and(|f| f.may_retry) {
            state.failure = None;
            return true;
        }
        false
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there has been reported as a failure; here it only means that nothing more will come.
            let _ = thread.join();
        }
    }
}

fn work(mut disk: Box<dyn Disk>, inbox: &Receiver<Order>, shared: &Shared) {
    while let Ok(first) = inbox.recv() {
        let (from, failed) = {
            let state = shared.state();
            (state.durable_bytes, state.failure.is_some())
        };
        if failed {
            continue;
        }
        // What has piled up goes to the disk together. Lines that were handed over before a failure and missed it no
        // longer fit the end of the file; they come again from the caller.
        let (mut bytes, mut last_seq) = (Vec::new(), 0);
        for order in std::iter::once(first).chain(inbox.try_iter()) {
            if order.from == from + bytes.len() as u64 {
                bytes.extend_from_slice(&order.bytes);
                last_seq = order.last_seq;
            }
        }
        if bytes.is_empty() {
            continue;
        }
        let result = save(disk.as_mut(), from, &bytes);
        let mut state = shared.state();
        match result {
            Ok(()) => {
                state.durable_bytes = from + bytes.len() as u64;
                state.durable_seq = last_seq;
            }
            Err(failure) => state.failure = Some(failure),
        }
        shared.changed.notify_all();
    }
}

/// Puts bytes after the first `from` ones of the file.
fn save(disk: &mut dyn Disk, from: u64, bytes: &[u8]) -> Result<(), Failure> {
    let lost = |reason: String| Failure { reason, may_retry: false };
    match disk.is_untouched(from) {
        Ok(true) => {}
        Ok(false) => {
            return Err(lost("another program has changed or replaced the case file; save to a new file".to_owned()));
        }
        Err(e) => return Err(lost(format!("the case file cannot be reached: {}", why(&e)))),
    }
    if let Err(e) = disk.append(bytes) {
        // Part of a line may be there. Without it the file ends with the last confirmed line.
        let restored = disk.cut_back(from).is_ok();
        return Err(Failure { reason: why(&e), may_retry: restored });
    }
    disk.sync().map_err(|e| lost(format!("the disk did not confirm the writing ({})", why(&e))))
}

#[cfg(test)]
mod tests;
