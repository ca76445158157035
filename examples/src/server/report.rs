//! A report to a sender about recipients that never get the message (RFC 5321 §6.1).

use super::Context;
use crate::{
    accounts::Destination,
    dialogue::Reason,
    store::{self, Blob, Date, Envelope, Queued, Reader},
};
use mailrail_message::{
    Builder, DateTime, Dsn, DsnAction, DsnRecipient, Mailbox, MessageId, Pieces, ReturnPath,
    Returned,
};
use std::io;

/// How much of the message is looked at for the end of its header, in bytes.
const HEADER_MAX: usize = 64 * 1024;

/// A report for the store, and whom it is for. None where nobody is told: the message had no sender,
/// as reports have none, or its sender is an account that is gone.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn report(
    context: &Context,
    message: &Reader,
    failed: &[(&Queued, &Reason)],
) -> store::Result<Option<(Blob, Envelope)>> {
    let Some((first, _)) = failed.first() else { return Ok(None) };
    if first.sender.is_empty() {
        return Ok(None);
    }
    let prefix = ReturnPath::new(None).encode().map_err(io::Error::other)?;
    let mut envelope = Envelope { prefix, ..Envelope::default() };
    match context.accounts.destination(&first.sender) {
        Destination::Local(account) => envelope.local.push(account),
        Destination::Remote => envelope.remote.push(first.sender.clone()),
        Destination::Unknown => return Ok(None),
    }
    let header = message.read_all(HEADER_MAX).await?;
    let pieces = match compose(context.hostname.as_str(), &first.sender, failed, header) {
        Ok(pieces) => pieces,
        Err(error) => {
            tracing::error!(%error, sender = first.sender, "no report could be made");
            return Ok(None);
        }
    };
    let mut incoming = context.store.incoming()?;
    for piece in pieces {
        incoming.append(&piece).await?;
    }
    Ok(Some((incoming.finish().await?, envelope)))
}

fn compose(
    hostname: &str,
    sender: &str,
    failed: &[(&Queued, &Reason)],
    header: Vec<u8>,
) -> Result<Pieces, Box<dyn std::error::Error + Send + Sync>> {
    let mut text = format!(
        "This is the mail system at {hostname}.\n\n\
         Your message could not be delivered to these recipients, and is not tried again:\n\n"
    );
    for (queued, reason) in failed {
        text += &format!("{}\n    {reason}\n\n", queued.recipient);
    }
    text += "The header of your message is attached.\n";
    let (mut id, mut boundary) = ([0; 16], [0; 16]);
    getrandom::fill(&mut id)?;
    getrandom::fill(&mut boundary)?;
    let from = format!("MAILER-DAEMON@{hostname}");
    let date = DateTime::from_unix(Date::now().seconds, 0).ok_or("the clock tells no date")?;
    let arrived = failed.iter().map(|(queued, _)| queued.created).min();
    let mut dsn = Dsn::new(hostname, failed.iter().map(|failed| recipient(failed, date)).collect());
    dsn.arrival_date = arrived.and_then(|seconds| DateTime::from_unix(seconds, 0));
    dsn.returned = Returned::headers(header);
    let pieces = Builder::new()
        .from(Mailbox::new(&from)?.with_name("Mail Delivery System"))
        .to(Mailbox::new(sender)?)
        .subject("Your message could not be delivered")
        .date(date)
        .message_id(MessageId::generate(id, hostname)?)
        .text(text)
        .report(dsn)
        .build(boundary)?;
    Ok(pieces)
}

/// What programs are told of a recipient.
fn recipient<'a>((queued, reason): &(&'a Queued, &Reason), last: DateTime) -> DsnRecipient<'a> {
    let status = match reason.reply().map(|reply| (reply, reply.enhanced())) {
        Some((_, Some(code))) => code.to_string(),
        Some((reply, None)) if reply.code().is_permanent() => "5.0.0".to_owned(),
        // RFC 3463 §3.3: the domain takes no mail, or nobody knows where it would; §3.5: it was tried too long.
        _ if reason.is_final() => "5.4.4".to_owned(),
        _ => "4.4.7".to_owned(),
    };
    let mut told = DsnRecipient::new(&*queued.recipient, DsnAction::Failed, status);
    told.diagnostic_code = Some(match reason.reply() {
        Some(reply) => ("smtp".into(), reply.to_string().into()),
        None => ("x-mailrail".into(), reason.to_string().into()),
    });
    told.last_attempt_date = Some(last);
    told
}
