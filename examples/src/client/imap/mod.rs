//! `imap`: looks at a mail store.

mod fetch;
mod look;
mod talk;
mod watch;

use super::Failure;
use crate::cli::client::{Connect, Imap, Verb};
use talk::Talk;

/// Does what the verb says.
///
/// # Errors
///
/// Where the server cannot be reached, refuses, or breaks off.
pub async fn run(connect: &Connect, options: &Imap) -> Result<(), Failure> {
    let (mailbox, arguments) = (&*options.mailbox, &options.arguments);
    // What is wrong with the arguments is said before anybody is asked anything.
    match options.verb {
        Verb::List => look::list(&mut Talk::begin(connect, &options.server).await?).await,
        Verb::Status => look::status(&mut Talk::begin(connect, &options.server).await?).await,
        Verb::Search => {
            let search = look::query(arguments)?;
            let mut talk = Talk::begin(connect, &options.server).await?;
            look::search(&mut talk, mailbox, search).await
        }
        Verb::Fetch => {
            let uids = fetch::uids(arguments)?;
            let mut talk = Talk::begin(connect, &options.server).await?;
            fetch::fetch(&mut talk, mailbox, uids).await
        }
        Verb::Watch => {
            let mut talk = Talk::begin(connect, &options.server).await?;
            watch::watch(&mut talk, mailbox).await
        }
        Verb::Sync => Err(Failure::new("imap sync is not there yet")),
    }
}
