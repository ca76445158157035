//! The command line of `journey`.

use clap::Parser;
use std::path::PathBuf;

/// Takes one message the whole way: composed, submitted, looked up, relayed, stored, and fetched by
/// POP3 and by IMAP; exits 0 only where it arrived byte for byte.
#[derive(Debug, Clone, Parser)]
#[command(name = "journey", version)]
#[non_exhaustive]
pub struct JourneyOptions {
    /// Print every protocol line, too
    #[arg(long)]
    pub transcript: bool,
    /// Send this message instead; it is sent as it is
    #[arg(long, value_name = "FILE")]
    pub message: Option<PathBuf>,
}
