//! Sends, delivers, fetches and reads mail from the command line.

use mailrail_examples::{cli::client::ClientOptions, client};
use std::process::ExitCode;

fn main() -> ExitCode {
    match ClientOptions::parse_args(std::env::args_os()) {
        Ok(options) => client::main(options),
        Err(error) => error.exit(),
    }
}
