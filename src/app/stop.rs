//! SIGTERM and SIGINT: the window closes as by its button; the command line finishes the step it is at, takes temporary
//! files away, and ends. A second signal ends the program at once; what was answered is on the disk in any case.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the window does when it is told to close.
type Close = Box<dyn Fn() + Send>;

static CLOSE: Mutex<Option<Close>> = Mutex::new(None);
static STEP: Mutex<()> = Mutex::new(());

fn locked<T>(m: &'static Mutex<T>) -> MutexGuard<'static, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does a step that a signal does not cut in two.
pub fn undisturbed<T>(step: impl FnOnce() -> T) -> T {
    let _step = locked(&STEP);
    step()
}

/// From now on signals close the window.
pub fn close_with(close: impl Fn() + Send + 'static) {
    *locked(&CLOSE) = Some(Box::new(close));
}

/// Begins to listen. Where that is not possible, signals end the program as the system does it.
#[cfg(unix)]
pub fn listen() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    const SIGNALS: [i32; 2] = [SIGTERM, SIGINT];
    let told = Arc::new(AtomicBool::new(false));
    for signal in SIGNALS {
        // Registered first, so run first: it ends the program when a signal came before.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, told.clone());
        let _ = signal_hook::flag::register(signal, told.clone());
    }
    let Ok(mut signals) = signal_hook::iterator::Signals::new(SIGNALS) else { return };
    let wait = move || {
        let Some(signal) = signals.forever().next() else { return };
        if let Some(close) = locked(&CLOSE).as_ref() {
            return close();
        }
        let _step = locked(&STEP);
        crate::export::remove_temporaries();
        std::process::exit(128 + signal);
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
}

/// Begins to listen; elsewhere the system's own way stays.
#[cfg(not(unix))]
pub fn listen() {}
