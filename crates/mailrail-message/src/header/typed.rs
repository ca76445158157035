//! The fields that have types, beside those of every message.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::encoding::encoded_word;
use crate::grammar::Cursor;
use crate::header::address::Address;
use crate::header::authentication_results::AuthenticationResults;
use crate::header::auto_submitted::AutoSubmitted;
use crate::header::content_type::ContentType;
use crate::header::list::{ListId, ListUris, without_spaces};
use crate::header::notification_options::NotificationOption;
use crate::header::return_path::ReturnPath;
use crate::header::stamp::Stamp;
use crate::header::{Field, Headers};
use crate::scan::{is_fws, trim};

impl<'m> Headers<'m> {
    /// `Content-Type` (RFC 2045 §5), where there is one that parses. [`Part::content_type`](crate::Part::content_type) also
    /// knows what stands for one that is missing.
    pub fn content_type(&self) -> Option<ContentType<'m>> {
        self.field("Content-Type")?.content_type().ok()
    }

    /// `Received`: what each server said of how the message came to it, the last one first (RFC 5321 §4.4).
    pub fn received(&self) -> impl Iterator<Item = Stamp<'m>> + use<'m> {
        self.all("Received").map(|field| Stamp::parse_within(field.raw_value(), field.limits()))
    }

    /// `Return-Path`: where failures go (RFC 5321 §4.4).
    pub fn return_path(&self) -> Option<ReturnPath<'m>> {
        let field = self.field("Return-Path")?;
        ReturnPath::parse_within(field.raw_value(), field.limits()).ok()
    }

    /// The blocks of `Resent-` fields, the last resending first (RFC 5322 §3.6.6). Each is read like a
    /// header: `addresses("Resent-To")`, `field("Resent-Date")`.
    pub fn resent(&self) -> impl Iterator<Item = Self> + use<'m> {
        let headers = *self;
        let mut fields = headers.iter().enumerate().peekable();
        core::iter::from_fn(move || {
            let is_resent = |field: &Field<'_>| {
                field.name().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("Resent-"))
            };
            let (first, field) = fields.by_ref().find(|(_, field)| is_resent(field))?;
            let mut names = Vec::from([field.name()]);
            let mut range = field.range();
            let mut last = first;
            // A second field of a name belongs to the next block.
            while let Some((at, field)) = fields.next_if(|(_, field)| {
                is_resent(field)
                    && names.len() < 16
                    && !names.iter().any(|name| field.is_named(name))
            }) {
                names.push(field.name());
                range.end = field.range().end;
                last = at;
            }
            let spans = headers.spans.get(first..=last)?;
            Some(Headers::new(headers.raw, range, spans, headers.limits))
        })
    }

    /// `Keywords`, decoded (RFC 5322 §3.6.5).
    pub fn keywords(&self) -> Vec<Cow<'m, str>> {
        let phrases = self.all("Keywords").flat_map(|field| {
            let limits = field.limits();
            let mut cursor = Cursor::new(field.raw_value(), limits);
            core::iter::from_fn(move || {
                cursor.peek()?;
                let start = cursor.at();
                loop {
                    cursor.gap();
                    match cursor.peek() {
                        None | Some(b',') => break,
                        Some(_) if cursor.quoted().is_some() => {}
                        Some(other) => {
                            cursor.eat(other);
                            cursor.take_while(|byte| !is_fws(byte) && !b",(\"".contains(&byte));
                        }
                    }
                }
                let phrase = trim(cursor.since(start));
                cursor.eat(b',');
                let mut whole = Cursor::new(phrase, limits);
                let plain = whole.quoted().filter(|_| whole.peek().is_none());
                Some(encoded_word::decode_cow(plain.unwrap_or(Cow::Borrowed(phrase)), limits))
            })
        });
        phrases.filter(|phrase| !phrase.is_empty()).collect()
    }

    /// `Content-Location`: a URI that other parts name this one by (RFC 2557 §4.2).
    pub fn content_location(&self) -> Option<Cow<'m, str>> {
        let field = self.field("Content-Location")?;
        let value = trim(field.raw_value());
        // Some write it in quotes.
        let bare = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        Some(without_spaces(encoded_word::decode_within(bare.unwrap_or(value), field.limits())))
    }

    /// `Content-Language`: the tags of the languages of the text (RFC 3282 §2).
    pub fn content_language(&self) -> Vec<&'m str> {
        let Some(field) = self.field("Content-Language") else { return Vec::new() };
        let mut cursor = Cursor::new(field.raw_value(), field.limits());
        let mut tags = Vec::new();
        while cursor.peek().is_some() && tags.len() < field.limits().parameters {
            cursor.gap();
            tags.extend(cursor.token());
            cursor.gap();
            cursor.take_while(|byte| byte != b',');
            cursor.eat(b',');
        }
        tags
    }

    /// The URIs of `List-Help`, `List-Unsubscribe`, `List-Subscribe`, `List-Post`, `List-Owner` or `List-Archive`
    /// (RFC 2369 §3); none without such a field.
    pub fn list_uris(&self, name: &str) -> ListUris<'m> {
        ListUris::parse_within(self.value(name), self.limits.of_values())
    }

    /// `List-ID`: the mailing list that a message came through (RFC 2919).
    pub fn list_id(&self) -> Option<ListId<'m>> {
        let field = self.field("List-ID")?;
        ListId::parse_within(field.raw_value(), field.limits()).ok()
    }

    /// Where to POST `List-Unsubscribe=One-Click` to leave the list, if it offers that (RFC 8058 §3.1). Only to be done
    /// where a DKIM signature covers both fields (§4).
    pub fn one_click_unsubscribe(&self) -> Option<Cow<'m, str>> {
        let wanted = self.field("List-Unsubscribe-Post")?.text();
        let is_https = |uri: &Cow<'_, str>| {
            uri.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
        };
        let is_one_click = wanted.eq_ignore_ascii_case("List-Unsubscribe=One-Click");
        self.list_uris("List-Unsubscribe").find(is_https).filter(|_| is_one_click)
    }

    /// `Auto-Submitted`: whether a program sent it (RFC 3834 §5).
    pub fn auto_submitted(&self) -> Option<AutoSubmitted<'m>> {
        let field = self.field("Auto-Submitted")?;
        AutoSubmitted::parse_within(field.raw_value(), field.limits()).ok()
    }

    /// `Authentication-Results`, the last server's first (RFC 8601).
    pub fn authentication_results(
        &self,
    ) -> impl Iterator<Item = AuthenticationResults<'m>> + use<'m> {
        self.all("Authentication-Results").filter_map(|field| {
            AuthenticationResults::parse_within(field.raw_value(), field.limits()).ok()
        })
    }

    /// `TLS-Required: No`: the sender would rather have the message sent without TLS than not at all (RFC 8689 §3).
    pub fn is_tls_waived(&self) -> bool {
        self.field("TLS-Required").is_some_and(Field::is_tls_waiver)
    }

    /// `Disposition-Notification-To`: who asks to be told what becomes of the message (RFC 8098 §2.1).
    pub fn disposition_notification_to(&self) -> Vec<Address<'m>> {
        self.addresses("Disposition-Notification-To")
    }

    /// `Disposition-Notification-Options`: what they wish of the notification (RFC 8098 §2.2).
    pub fn disposition_notification_options(&self) -> Vec<NotificationOption<'m>> {
        let value = self.value("Disposition-Notification-Options");
        NotificationOption::parse_within(value, self.limits.of_values())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use crate::Message;

    #[test]
    fn fields_of_lists_and_programs() {
        let message = Message::parse(
            b"List-Unsubscribe: <mailto:u@l.test>, <https://l.test/u?x=1>\r\n\
              List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
              List-ID: L <l.test>\r\nAuto-Submitted: auto-generated\r\n\
              Authentication-Results: a.test; spf=pass\r\nAuthentication-Results: b.test; none\r\n\
              Disposition-Notification-To: A <a@b.test>\r\nContent-Language: de, en-GB (x), fr\r\n\
              TLS-Required:\r\n no\r\n\
              Content-Location: http://a.test/\r\n b.html\r\nKeywords: one, \"two, \\\"three\"\r\n\
              Keywords: =?utf-8?q?=C3=A9?=,\r\n four (x) words\r\n\r\n",
        );
        let headers = message.headers();
        assert_eq!(headers.list_uris("List-Unsubscribe").count(), 2);
        assert_eq!(headers.one_click_unsubscribe().as_deref(), Some("https://l.test/u?x=1"));
        assert_eq!(headers.list_id().unwrap().id, "l.test");
        assert!(headers.auto_submitted().unwrap().is_automatic());
        let services: Vec<_> = headers.authentication_results().map(|all| all.service).collect();
        assert_eq!(services, ["a.test", "b.test"]);
        assert_eq!(headers.disposition_notification_to().len(), 1);
        assert!(headers.is_tls_waived());
        assert!(!Message::parse(b"TLS-Required: yes\r\n\r\n").headers().is_tls_waived());
        assert_eq!(headers.content_language(), ["de", "en-GB", "fr"]);
        assert_eq!(headers.content_location().as_deref(), Some("http://a.test/b.html"));
        assert_eq!(headers.keywords(), ["one", "two, \"three", "\u{e9}", "four (x) words"]);
    }

    #[test]
    fn no_https_no_click() {
        let message = Message::parse(
            b"List-Unsubscribe: <mailto:u@l.test>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n",
        );
        assert_eq!(message.headers().one_click_unsubscribe(), None);
    }

    #[test]
    fn blocks_of_resent_fields() {
        let message = Message::parse(
            b"Resent-From: c@d.test\r\nResent-Date: 2 Jan 2000 00:00 Z\r\n\
              Resent-From: a@b.test\r\nResent-To: e@f.test\r\nReceived: by x\r\n\
              Resent-To: g@h.test\r\nFrom: z@z.test\r\n\r\n",
        );
        let headers = message.headers();
        let blocks: Vec<_> = headers.resent().collect();
        assert_eq!(blocks.len(), 3);
        assert_eq!(blocks[0].iter().len(), 2);
        assert_eq!(blocks[0].field("Resent-Date").unwrap().date().unwrap().year(), 2000);
        assert_eq!(blocks[1].addresses("Resent-To")[0].mailboxes()[0].domain(), "f.test");
        assert_eq!(
            blocks[1].range(),
            blocks[1].iter().next().unwrap().range().start
                ..blocks[1].iter().last().unwrap().range().end
        );
        assert_eq!(blocks[2].addresses("Resent-To")[0].mailboxes()[0].local_part(), "g");
    }
}
