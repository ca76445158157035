//! Messages that RFCs print, each with what is read of it beside it, under CRLF, LF and CR.
//!
//! With `BLESS=1` in the environment the readings are written anew, to be looked at.
#![cfg(test)]

use core::fmt::Write;

use mailrail_message::report::{ReportContent, TypedValue};
use mailrail_message::{Address, Headers, Message, MessageIds, Part};

fn addresses(list: &[Address<'_>]) -> String {
    let mailboxes = |list: &[mailrail_message::Mailbox<'_>]| {
        list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let items = list.iter().map(|address| match address {
        Address::Group(group) => format!("{}: {};", group.name, mailboxes(&group.members)),
        other => mailboxes(other.mailboxes()),
    });
    items.collect::<Vec<_>>().join(" | ")
}

fn ids(ids: MessageIds<'_>) -> String {
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(" ")
}

fn typed(value: Option<&TypedValue>) -> String {
    value.map_or_else(String::new, |value| format!("{} | {}", value.kind, value.value))
}

fn line(out: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        writeln!(out, "{name}: {}", value.replace("\r\n", "~").replace(['\r', '\n'], "~")).unwrap();
    }
}

fn header(out: &mut String, headers: Headers<'_>) {
    let date = headers.date().map(|date| date.rfc3339().to_string());
    let resent: Vec<_> =
        headers.resent().map(|block| addresses(&block.addresses("Resent-To"))).collect();
    let received: Vec<_> = headers
        .received()
        .map(|stamp| {
            let clauses =
                stamp.clauses.iter().map(|clause| format!("{} {}", clause.name, clause.value));
            let date = stamp.date.map(|date| date.rfc3339().to_string()).unwrap_or_default();
            format!("{}; {date}", clauses.collect::<Vec<_>>().join(", "))
        })
        .collect();
    for (name, value) in [
        ("received", received.join(" | ")),
        ("resent to", resent.join(" / ")),
        ("from", addresses(&headers.from())),
        ("sender", addresses(&headers.sender())),
        ("reply to", addresses(&headers.reply_to())),
        ("to", addresses(&headers.to())),
        ("cc", addresses(&headers.cc())),
        ("bcc", addresses(&headers.bcc())),
        ("date", date.unwrap_or_default()),
        ("subject", headers.subject().unwrap_or_default().into_owned()),
        ("id", headers.message_id().map(|id| id.to_string()).unwrap_or_default()),
        ("in reply to", ids(headers.in_reply_to())),
        ("references", ids(headers.references())),
    ] {
        line(out, name, &value);
    }
}

fn part(out: &mut String, part: Part<'_>) {
    let content_type = part.content_type();
    let mut text = format!("part {}: {content_type}", part.path());
    let decoded = content_type.parameters().decoded();
    for parameter in decoded.iter().filter(|parameter| parameter.name != "boundary") {
        write!(text, " {}={}", parameter.name, parameter.value).unwrap();
        if let Some(language) = &parameter.language {
            write!(text, " ({language})").unwrap();
        }
    }
    if let Some(id) = part.content_id() {
        write!(text, " {id}").unwrap();
    }
    writeln!(out, "{}", text.replace("part :", "part -:")).unwrap();
    if let Some(message) = part.message() {
        header(out, message.headers());
    }
}

fn report(out: &mut String, message: &Message<'_>) {
    let Some(report) = message.report() else { return };
    line(out, "report", report.report_type.as_deref().unwrap_or("untyped"));
    let path = |part: Option<Part<'_>>| part.map(|part| part.path().to_string());
    line(out, "explanation", &path(report.explanation).unwrap_or_default());
    line(out, "original", &path(report.original).unwrap_or_default());
    match &report.content {
        ReportContent::DeliveryStatus(status) => {
            line(out, "reporting MTA", &typed(status.reporting_mta.as_ref()));
            for recipient in &status.recipients {
                line(out, "recipient", &typed(recipient.final_recipient.as_ref()));
                line(out, "original recipient", &typed(recipient.original_recipient.as_ref()));
                line(out, "action", recipient.action.map_or("", |action| action.as_str()));
                line(out, "status", &recipient.status.map(|s| s.to_string()).unwrap_or_default());
                line(out, "remote MTA", &typed(recipient.remote_mta.as_ref()));
                line(out, "diagnostic", &typed(recipient.diagnostic_code.as_ref()));
                let date = recipient.last_attempt_date.map(|date| date.rfc3339().to_string());
                line(out, "last attempt", &date.unwrap_or_default());
            }
        }
        ReportContent::DispositionNotification(mdn) => {
            line(out, "reporting UA", mdn.reporting_ua.as_deref().unwrap_or_default());
            line(out, "product", mdn.ua_product.as_deref().unwrap_or_default());
            line(out, "recipient", &typed(mdn.final_recipient.as_ref()));
            line(out, "original recipient", &typed(mdn.original_recipient.as_ref()));
            line(out, "about", mdn.original_message_id.as_deref().unwrap_or_default());
            line(out, "disposition", &format!("{:?}", mdn.disposition.as_ref().unwrap()));
        }
        ReportContent::FeedbackReport(report) => {
            line(out, "feedback", report.feedback_type.as_deref().unwrap_or_default());
            line(out, "agent", report.user_agent.as_deref().unwrap_or_default());
            line(out, "version", report.version.as_deref().unwrap_or_default());
            line(out, "mail from", report.original_mail_from.as_deref().unwrap_or_default());
            line(out, "rcpt to", &report.original_rcpt_to.join(" "));
            let date = report.arrival_date.map(|date| date.rfc3339().to_string());
            line(out, "arrival", &date.unwrap_or_default());
            line(out, "reporting MTA", &typed(report.reporting_mta.as_ref()));
            line(out, "source", &report.source_ip.map(|ip| ip.to_string()).unwrap_or_default());
            line(out, "incidents", &report.incidents.to_string());
            line(out, "results", &report.authentication_results.join(" / "));
            line(out, "domains", &report.reported_domains.join(" "));
            line(out, "URIs", &report.reported_uris.join(" "));
            line(out, "fields", &report.fields.len().to_string());
        }
        _ => line(out, "content", "none"),
    }
}

fn reading(message: &Message<'_>) -> String {
    let mut out = String::new();
    header(&mut out, message.headers());
    message.parts().for_each(|one| part(&mut out, one));
    line(&mut out, "text", message.text().unwrap_or_default().trim_end());
    line(&mut out, "html", message.html().unwrap_or_default().trim_end());
    let attachments: Vec<_> = message.attachments().map(|part| part.path().to_string()).collect();
    line(&mut out, "attached", &attachments.join(" "));
    report(&mut out, message);
    for defect in message.check() {
        line(&mut out, "defect", defect.kind.description());
    }
    out
}

#[test]
fn messages_are_read_as_the_rfcs_mean_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        count += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = path.with_extension("txt");
        for end in ["\r\n", "\n", "\r"] {
            let bytes = text.replace('\n', end);
            let found = reading(&Message::parse(bytes.as_bytes()));
            let found = found.replace("defect: line end without line feed\n", "");
            let found = found.replace("defect: line end without carriage return\n", "");
            if end == "\r\n" && std::env::var_os("BLESS").is_some() {
                std::fs::write(&expected, &found).unwrap();
            }
            let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
            assert_eq!(found, wanted, "{} with {end:?}", path.display());
        }
    }
    assert!(count >= 33, "{count}");
}
