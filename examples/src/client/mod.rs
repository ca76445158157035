//! What `mailrail-client` does: one module a command.

mod failure;
mod json;

pub mod compose;
pub mod deliver;
pub mod imap;
pub mod mx;
pub mod parse;
pub mod pop3;
pub mod report;
pub mod services;
pub mod submit;

pub use failure::Failure;
pub use json::write_json;

use crate::{
    cli::client::{ClientOptions, Command, Connect},
    terminal::printable,
    tls,
};
use rustls::ClientConfig;
use std::{
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

/// Does what the command line says. What fails is told on standard error.
#[must_use]
pub fn main(options: ClientOptions) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run(options)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to be told where standard error is closed.
            drop(writeln!(io::stderr(), "{failure}"));
            ExitCode::from(failure.status())
        }
    }
}

async fn run(options: ClientOptions) -> Result<(), Failure> {
    match options.command {
        Command::Compose(message) => compose::run(&message),
        Command::Send { server, message } => submit::send(&options.connect, &server, &message),
        Command::Submit { server, message } => submit::submit(&options.connect, &server, &message),
        Command::Deliver { resolver, port, sts, message } => {
            deliver::run(&options.connect, resolver, port, &sts, &message).await
        }
        Command::Mx { domain, resolver, json, tls, port, mta_sts_host } => {
            let how = mx::Options { resolver, json, tls, port, mta_sts_host };
            mx::run(&domain, how, options.connect.ca.as_deref()).await
        }
        Command::Services { name, resolver, json } => services::run(&name, resolver, json).await,
        Command::Parse { file, json } => parse::run(&file, json),
        Command::Pop3 { server, maildir, keep } => {
            pop3::run(&options.connect, &server, &maildir, keep).await
        }
        Command::Imap(what) => imap::run(&options.connect, &what).await,
    }
}

/// Reads a whole file; `-` is standard input.
///
/// # Errors
///
/// Where it cannot be read; the error names the file.
pub fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    bytes.map_err(|error| Failure::about(file.display(), error))
}

/// Prints a line on standard output, at once. Nothing in it can command a terminal.
///
/// # Errors
///
/// Where standard output takes no more.
pub fn print(line: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", printable(line.as_bytes()))?;
    Ok(out.flush()?)
}

/// Whom a connection trusts, as the options say. It warns where that is anyone.
///
/// # Errors
///
/// Where the file of `--ca` cannot be read.
pub fn trust(connect: &Connect) -> Result<Arc<ClientConfig>, Failure> {
    if !connect.insecure {
        return Ok(tls::client(connect.ca.as_deref())?);
    }
    writeln!(io::stderr(), "warning: --insecure: the server's certificate is not checked")?;
    Ok(tls::unchecked_client()?)
}
