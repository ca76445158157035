//! A bar that shows how far a long transfer is.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// How long a transfer takes before it counts as long, and how often the bar moves.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);
const WIDTH: u64 = 30;

/// Shows how far a transfer is, on standard error where that is a terminal, and only where it takes
/// more than half a second.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    done: u64,
    total: Option<u64>,
    /// None where nobody looks.
    next: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// A transfer of that many bytes, where that is known; `what` is done with them.
    #[must_use]
    pub fn new(what: &'static str, total: Option<u64>) -> Self {
        let next = io::stderr().is_terminal().then(|| Instant::now() + PATIENCE);
        Self { what, done: 0, total, next, is_shown: false }
    }

    /// So many bytes more are through.
    pub fn advance(&mut self, bytes: usize) {
        self.done += bytes as u64;
        let Some(next) = self.next else { return };
        let now = Instant::now();
        if next <= now {
            self.next = Some(now + TICK);
            self.is_shown = true;
            let bar = bar(self.what, self.done, self.total);
            // Nobody is left to be shown it where standard error is closed.
            let _ = write!(io::stderr(), "\r\x1b[K{bar}");
        }
    }

    /// It is over: the bar goes.
    pub fn finish(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        self.next = None;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn bar(what: &str, done: u64, total: Option<u64>) -> String {
    let kib = done / 1_024;
    let Some(total) = total.filter(|&total| total > 0) else { return format!("{kib} KiB {what}") };
    let done = done.min(total);
    let full = usize::try_from(done * WIDTH / total).unwrap_or_default();
    let open = usize::try_from(WIDTH).unwrap_or_default() - full;
    let percent = done * 100 / total;
    format!("[{}{}] {percent:3}% {kib} KiB {what}", "#".repeat(full), ".".repeat(open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars() {
        assert_eq!(bar("sent", 0, Some(100)), format!("[{}]   0% 0 KiB sent", ".".repeat(30)));
        let half = format!("[{}{}]  50% 1024 KiB sent", "#".repeat(15), ".".repeat(15));
        assert_eq!(bar("sent", 1 << 20, Some(2 << 20)), half);
        assert!(bar("sent", 3 << 20, Some(2 << 20)).contains("] 100%"));
        assert_eq!(bar("fetched", 2_048, None), "2 KiB fetched");
    }
}
