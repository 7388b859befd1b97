//! The system's numbers about this process. A number that the system does not give is left out.

use std::fs;

use metrics::{counter, gauge};

/// Ticks of the processor time that Linux tells, in a second: a part of its interface, and the same on every machine.
const TICKS: u64 = 100;

/// Reads `/proc/self`.
pub(crate) fn read() {
    if let Some(usage) = usage() {
        counter!("process_cpu_seconds_total").absolute(usage.processor / TICKS);
        if let Some(booted) = booted() {
            gauge!("process_start_time_seconds").set((booted + usage.started / TICKS) as f64);
        }
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kibibytes) = number(&status, "VmRSS:") {
        gauge!("process_resident_memory_bytes").set((kibibytes * 1024) as f64);
    }
    if let Some(threads) = number(&status, "Threads:") {
        gauge!("process_threads").set(threads as f64);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        // One of them is the folder itself.
        gauge!("process_open_fds").set(files.count().saturating_sub(1) as f64);
    }
}

/// The processor time of this process, and its start after the machine's, in ticks.
struct Usage {
    processor: u64,
    started: u64,
}

fn usage() -> Option<Usage> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program stands in brackets, and may hold blanks (proc(5)).
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |nth: usize| fields.get(nth)?.parse::<u64>().ok();
    Some(Usage { processor: field(11)? + field(12)?, started: field(19)? })
}

/// Returns the start of the machine, in Unix seconds.
fn booted() -> Option<u64> {
    number(&fs::read_to_string("/proc/stat").ok()?, "btime")
}

/// Returns the number on the line that begins with a word.
fn number(text: &str, word: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_whitespace().next()?.parse().ok()
}
