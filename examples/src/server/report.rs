//! Reports to a sender about what became of a message (RFC 3464).

use super::{Context, queue};
use crate::{
    accounts::Destination,
    store::{self, Blob, Date, Envelope, Reader, Remote},
};
use mailrail_message::{
    Builder, DateTime, Dsn, DsnAction, DsnRecipient, Mailbox, MessageId, Pieces, ReturnPath,
    Returned,
};
use mailrail_smtp::{
    EnhancedStatusCode, Hold, Ret, ReversePath,
    command::{Mail, Rcpt},
    delivery::{Report, ReportAction, Reported, State},
};
use mailrail_wire::Time;
use std::{fmt::Write as _, io};

/// How much of the message is looked at for the end of its header, in bytes.
const HEADER_MAX: usize = 64 * 1024;
/// The largest message that goes back whole, in bytes.
const RETURNED_MAX: u64 = 1024 * 1024;

/// A report for the store, and whom it is for. None where nobody is told: the sender is an account
/// that is gone.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn report(
    context: &Context,
    message: &Reader,
    state: &State,
    report: &Report,
) -> store::Result<Option<(Blob, Envelope)>> {
    let action = match report.action {
        ReportAction::Delayed => DsnAction::Delayed,
        ReportAction::Relayed => DsnAction::Relayed,
        _ => DsnAction::Failed,
    };
    let recipients = report.recipients.iter().filter_map(|reported| {
        let rcpt = &state.recipients.get(reported.recipient)?.rcpt;
        Some(Told { rcpt, action, reported: reported.clone() })
    });
    let told: Vec<_> = recipients.collect();
    // RFC 3461 §4.3: what of a failed message goes back, its sender says; of others the header does,
    // and of those that require TLS (RFC 8689 §5).
    let is_whole = !state.mail.require_tls
        && action == DsnAction::Failed
        && state.mail.ret == Some(Ret::Full)
        && message.size() <= RETURNED_MAX;
    let returned = if is_whole {
        Returned::message(message.read_all(usize::MAX).await?)
    } else {
        Returned::headers(message.read_all(HEADER_MAX).await?)
    };
    make(context, &state.mail, Some(state), &told, returned).await
}

/// A report of recipients who have a message in their mailbox here, as its sender wants to know;
/// `header` may hold more than that. None where there are none, or nobody is to be told.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn delivered(
    context: &Context,
    header: Vec<u8>,
    mail: &Mail<'_>,
    recipients: &[Rcpt<'static>],
) -> store::Result<Option<(Blob, Envelope)>> {
    let told: Vec<_> = recipients
        .iter()
        .map(|rcpt| {
            let mut reported = Reported::new(0, EnhancedStatusCode::OK);
            reported.text = "it is in the mailbox".into();
            Told { rcpt, action: DsnAction::Delivered, reported }
        })
        .collect();
    make(context, mail, None, &told, Returned::headers(header)).await
}

/// What is told of a recipient.
struct Told<'a> {
    rcpt: &'a Rcpt<'static>,
    action: DsnAction,
    reported: Reported,
}

async fn make(
    context: &Context,
    mail: &Mail<'_>,
    state: Option<&State>,
    told: &[Told<'_>],
    returned: Returned,
) -> store::Result<Option<(Blob, Envelope)>> {
    let ReversePath::Mailbox(sender) = &mail.reverse_path else { return Ok(None) };
    if told.is_empty() {
        return Ok(None);
    }
    let address = sender.to_string();
    let prefix = ReturnPath::new(None).encode().map_err(io::Error::other)?;
    let mut envelope = Envelope { prefix, ..Envelope::default() };
    match context.accounts.destination(&address) {
        Destination::Local(account) => envelope.local.push(account),
        Destination::Remote => {
            let mut from = Mail::new(ReversePath::Null);
            // RFC 8689 §5.
            from.require_tls = mail.require_tls;
            let rcpt = Rcpt::from(sender.clone().into_owned());
            let remote: Remote = queue::remote(&from, &rcpt)?;
            envelope.remote.push(remote);
        }
        Destination::Unknown => return Ok(None),
    }
    let pieces = match compose(context.hostname.as_str(), &address, mail, state, told, returned) {
        Ok(pieces) => pieces,
        Err(error) => {
            tracing::error!(%error, sender = address, "no report could be made");
            return Ok(None);
        }
    };
    let mut incoming = context.store.incoming()?;
    for piece in pieces {
        incoming.append(&piece).await?;
    }
    Ok(Some((incoming.finish().await?, envelope)))
}

/// The subject, and what is said before the recipients.
const fn words(action: DsnAction) -> (&'static str, &'static str) {
    match action {
        DsnAction::Delayed => (
            "Your message is delayed",
            "Your message could not be delivered to these recipients yet. It is tried again; there \
             is nothing\nthat you need to do:",
        ),
        DsnAction::Relayed => (
            "Your message was passed on",
            "Your message was passed on to servers that do not tell whether these recipients get it:",
        ),
        DsnAction::Delivered => {
            ("Your message was delivered", "Your message was delivered to these recipients:")
        }
        _ => (
            "Your message could not be delivered",
            "Your message could not be delivered to these recipients, and is not tried again:",
        ),
    }
}

fn compose(
    hostname: &str,
    sender: &str,
    mail: &Mail<'_>,
    state: Option<&State>,
    told: &[Told<'_>],
    returned: Returned,
) -> Result<Pieces, Box<dyn std::error::Error + Send + Sync>> {
    let (subject, about) = words(told.first().map_or(DsnAction::Failed, |told| told.action));
    let mut text = format!("This is the mail system at {hostname}.\n\n{about}\n\n");
    for Told { rcpt, reported, .. } in told {
        let path = rcpt.forward_path.to_string();
        write!(text, "{}\n    {}\n\n", path.trim_matches(['<', '>']), reported.text)?;
    }
    text += match returned {
        Returned::Message(_) => "Your message is attached.\n",
        _ => "The header of your message is attached.\n",
    };
    let (mut id, mut boundary) = ([0; 16], [0; 16]);
    getrandom::fill(&mut id)?;
    getrandom::fill(&mut boundary)?;
    let from = format!("MAILER-DAEMON@{hostname}");
    let now = DateTime::from_unix(Date::now().seconds, 0).ok_or("the clock tells no date")?;
    let mut dsn = Dsn::new(hostname, told.iter().map(recipient).collect());
    dsn.original_envelope_id = mail.envelope_id.as_ref().map(|id| id.as_str().into());
    dsn.arrival_date = state.and_then(|state| date(state.created)).or(Some(now));
    dsn.deliver_by_date = state.and_then(State::deliver_by).and_then(date);
    dsn.future_release_request = mail.hold.as_ref().map(|hold| match hold {
        Hold::For(seconds) => format!("for;{}", seconds.get()).into(),
        Hold::Until(until) => format!("until;{until}").into(),
    });
    dsn.returned = returned;
    let pieces = Builder::new()
        .from(Mailbox::new(&from)?.with_name("Mail Delivery System"))
        .to(Mailbox::new(sender)?)
        .subject(subject)
        .date(now)
        .message_id(MessageId::generate(id, hostname)?)
        .text(text)
        .report(dsn)
        .build(boundary)?;
    Ok(pieces)
}

fn date(time: Time) -> Option<DateTime> {
    DateTime::from_unix(i64::try_from(queue::seconds(time)).ok()?, 0)
}

/// What programs are told of a recipient.
fn recipient<'a>(told: &'a Told<'_>) -> DsnRecipient<'a> {
    let Told { rcpt, action, reported } = told;
    let path = rcpt.forward_path.to_string();
    let address = path.trim_matches(['<', '>']).to_owned();
    let mut dsn = DsnRecipient::new(address, *action, reported.status.to_string());
    let original = rcpt.original_recipient.as_ref();
    dsn.original_recipient = original.map(|it| (it.address_type().into(), it.address().into()));
    dsn.remote_mta = reported.remote_mta.as_deref().map(Into::into);
    dsn.diagnostic_code = Some(match &reported.diagnostic_code {
        Some(reply) => ("smtp".into(), reply.into()),
        None => ("x-mailrail".into(), reported.text.as_str().into()),
    });
    dsn.last_attempt_date = reported.last_attempt.and_then(date);
    dsn.will_retry_until = reported.will_retry_until.and_then(date);
    dsn
}
