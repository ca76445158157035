//! A message's whole journey through two mail servers.

use clap::Parser as _;
use mailrail_examples::{cli::journey::JourneyOptions, journey};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

#[tokio::main]
async fn main() -> ExitCode {
    match journey::run(JourneyOptions::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            // Nobody is left to be told where standard error is closed.
            drop(writeln!(io::stderr(), "journey: {stop}"));
            ExitCode::FAILURE
        }
    }
}
