//! Wall and processor time of repeated work, as the JSON lines that a table of several programs can take up.

use std::time::Instant;

/// Runs `work` once uncounted, then `runs` times, and prints one JSON line: title, name, and for each run (`ms`) wall
/// milliseconds; processor milliseconds of all threads as their mean. Returns what the last run returned.
pub fn row<T>(title: &str, name: &str, runs: usize, mut work: impl FnMut(usize) -> T) -> T {
    let mut last = work(0);
    let mut wall = Vec::with_capacity(runs);
    let before = cpu_ms();
    for n in 1..=runs {
        let start = Instant::now();
        last = std::hint::black_box(work(n));
        wall.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let cpu: Vec<f64> = cpu_ms().zip(before).map(|(a, b)| (a - b) / runs as f64).into_iter().collect();
    println!("{}", serde_json::json!({"title": title, "name": name, "ms": wall, "cpu_ms": cpu}));
    last
}

/// Processor time of all threads of this process, milliseconds; `None` where the system does not tell (not Linux).
pub fn cpu_ms() -> Option<f64> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = |task: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    };
    Some(tasks.filter_map(nanoseconds).sum::<f64>() / 1e6)
}
