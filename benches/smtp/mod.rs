//! What is measured of mailrail-smtp, each time beside whoever does the same: smtp-proto,
//! mailrs-smtp-proto and io-smtp, or a plain search over the same bytes.
//!
//! smtp-proto reads commands, replies and messages; mailrs-smtp-proto reads commands and whole
//! messages, without framing; io-smtp reads replies and sends messages. Each stands in the rows of
//! what it does.

mod commands;
mod dots;
mod replies;
pub mod session;

/// Somebody who does what a row asks for: tells how many units were done.
pub struct Reader {
    /// Which library.
    pub name: &'static str,
    /// One run.
    pub run: Box<dyn Fn() -> usize>,
}

/// One thing to do.
pub struct Row {
    /// What it is.
    pub name: String,
    /// How many commands or replies, or how many bytes, one run is.
    pub units: usize,
    /// Whether they are bytes.
    pub is_bytes: bool,
    /// How many times as fast as the best peer ours is to be; none where there is no peer to beat.
    pub wanted: Option<f64>,
    /// Ours is first.
    pub readers: Vec<Reader>,
}

/// All of them.
#[must_use]
pub fn rows() -> Vec<Row> {
    let mut rows = commands::rows();
    rows.extend(replies::rows());
    rows.extend(dots::rows());
    rows
}

/// Reads each of the units by itself. What was read is looked at where it lies, so that none of it
/// is left undone, and nothing is moved that a caller would not move. (A macro, since what is read
/// borrows from the unit.)
macro_rules! each {
    ($name:literal, $units:expr, |$unit:ident| $read:expr) => {{
        let units: Vec<Vec<u8>> = $units.to_vec();
        $crate::smtp::Reader {
            name: $name,
            run: Box::new(move || {
                let mut read_well = 0;
                for unit in &units {
                    let $unit = std::hint::black_box(unit.as_slice());
                    let value = $read;
                    read_well += usize::from(std::hint::black_box(&value).is_ok());
                }
                read_well
            }),
        }
    }};
}
use each;
