//! How long the present wait may last.

use core::time::Duration;
use mailrail_wire::Time;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    Read,
    Write,
}

/// The end of the present wait, which begins when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Deadline(Option<(Wait, Time)>);

impl Deadline {
    /// When the wait ends that began `time` ago or less; none where that moment is over.
    pub(crate) fn of(&mut self, wait: Wait, now: Time, time: Duration) -> Option<Time> {
        let until = match self.0 {
            Some((of, until)) if of == wait => until,
            _ => now + time,
        };
        self.0 = Some((wait, until));
        (now < until).then_some(until)
    }

    /// Something whole has come or gone: the next wait is a new one.
    pub(crate) const fn moved(&mut self) {
        self.0 = None;
    }
}
