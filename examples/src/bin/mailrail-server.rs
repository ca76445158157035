//! A mail server for SMTP, submission, POP3 and IMAP.

use mailrail_examples::{cli::server::ServerOptions, server, shutdown::Shutdown};
use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};
use tracing_subscriber::{EnvFilter, fmt};

fn main() -> ExitCode {
    let options = match ServerOptions::parse(std::env::args_os()) {
        Ok(options) => options,
        Err(error) => error.exit(),
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let ansi = io::stderr().is_terminal();
    fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(ansi).init();
    match start(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told where standard error is closed.
            drop(writeln!(io::stderr(), "mailrail-server: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn start(options: ServerOptions) -> Result<(), server::StartError> {
    let shutdown = Shutdown::on_signals()?;
    let server = server::start(options, None).await?;
    server.announce()?;
    server.serve(shutdown).await;
    Ok(())
}
