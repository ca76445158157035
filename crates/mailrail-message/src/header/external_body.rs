//! What message/external-body says (RFC 2046 §5.2.3, URLs RFC 2017).

use alloc::borrow::Cow;

use super::partial::number;
use crate::header::content_type::ContentType;
use crate::header::date::DateTime;
use crate::header::list::without_spaces;

/// Where the content of a message/external-body part is. The part's body is a header block: that of the content, which
/// [`Message::parse`](crate::Message::parse) reads from [`Part::raw_body`](crate::Part::raw_body).
///
/// Nothing of it may be trusted: whoever fetches it tells the sender so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExternalBody<'a> {
    /// `access-type`: `FTP`, `ANON-FTP`, `TFTP`, `LOCAL-FILE`, `MAIL-SERVER`, `URL`, `CONTENT-ID` or another, as it is written;
    /// case does not count. It must be there.
    pub access_type: Option<Cow<'a, str>>,
    /// `expiration`: how long it is there at least.
    pub expiration: Option<DateTime>,
    /// `size`: how many bytes it has before it is encoded.
    pub size: Option<u64>,
    /// `permission`: whether it may be changed there; `read` where nothing else is said.
    pub is_writable: bool,
    /// `name`: that of the file.
    pub name: Option<Cow<'a, str>>,
    /// `site`: the host that has the file.
    pub site: Option<Cow<'a, str>>,
    /// `directory`: where on it.
    pub directory: Option<Cow<'a, str>>,
    /// `mode`: how it is transferred, such as `ascii` or `image`.
    pub mode: Option<Cow<'a, str>>,
    /// `server`: the address of a mail server that sends it to who writes the body of this part.
    pub server: Option<Cow<'a, str>>,
    /// `subject`: that of the mail to it.
    pub subject: Option<Cow<'a, str>>,
    /// `URL`: the place, for the access type `URL` (RFC 2017 §3), without the white space that parts its lines.
    pub url: Option<Cow<'a, str>>,
}

impl<'a> ContentType<'a> {
    /// Where the content is, if it is message/external-body (RFC 2046 §5.2.3). Such a part is a leaf.
    ///
    /// # Examples
    /// ```
    /// use mailrail_message::ContentType;
    ///
    /// let found = ContentType::parse(b"message/external-body; access-type=ANON-FTP; name=\"BodyFormats.ps\"; \
    ///     site=\"thumper.bellcore.com\"; expiration=\"Fri, 14 Jun 1991 19:13:14 -0400 (EDT)\"")?;
    /// let place = found.external_body().ok_or("no place")?;
    /// assert_eq!(place.site.as_deref(), Some("thumper.bellcore.com"));
    /// assert_eq!(place.expiration.map(|date| date.year()), Some(1991));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn external_body(&self) -> Option<ExternalBody<'a>> {
        let all = self.parameters();
        self.is("message", "external-body").then(|| ExternalBody {
            access_type: all.get("access-type"),
            expiration: all
                .get("expiration")
                .and_then(|date| DateTime::parse(date.as_bytes()).ok()),
            size: number(all, "size"),
            is_writable: all
                .get("permission")
                .is_some_and(|permission| permission.eq_ignore_ascii_case("read-write")),
            name: all.get("name"),
            site: all.get("site"),
            directory: all.get("directory"),
            mode: all.get("mode"),
            server: all.get("server"),
            subject: all.get("subject"),
            url: all.get("url").map(without_spaces),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Message;

    /// The parts of the message that RFC 2046 §5.2.3.7 prints, and of RFC 2017 §3.
    #[test]
    fn the_examples_of_the_rfcs() {
        let message = Message::parse(include_bytes!("../../tests/data/rfc2046-external.eml"));
        let places: Vec<_> = message
            .parts()
            .filter_map(|part| Some((part, part.content_type().external_body()?)))
            .collect();
        let access: Vec<_> =
            places.iter().map(|(_, place)| place.access_type.as_deref().unwrap()).collect();
        assert_eq!(access, ["ANON-FTP", "local-file", "mail-server"]);
        let (_, ftp) = &places[0];
        assert_eq!(ftp.name.as_deref(), Some("BodyFormats.ps"));
        assert_eq!((ftp.directory.as_deref(), ftp.mode.as_deref()), (Some("pub"), Some("image")));
        assert!(ftp.expiration.is_some() && !ftp.is_writable && ftp.size.is_none());
        let (_, file) = &places[1];
        assert_eq!(file.name.as_deref(), Some("/u/nsb/writing/rfcs/RFC-MIME.ps"));
        let (mail, server) = &places[2];
        assert_eq!(server.server.as_deref(), Some("listserv@bogus.bitnet"));
        // The content's own header, and what is to be written to the server.
        let content = Message::parse(mail.raw_body());
        assert_eq!(content.root().content_type().to_string(), "application/postscript");
        assert!(content.root().raw_body().starts_with(b"get RFC-MIME.DOC"));
        let message = Message::parse(
            b"Content-type: message/external-body; access-type=URL; size=12;\n permission=Read-Write;\n \
              URL*0=\"http://www.foo.com/\";\n URL*1=\"file \t name\"\n\nContent-type: text/html\n\n",
        );
        let place = message.root().content_type().external_body().unwrap();
        assert_eq!(place.url.as_deref(), Some("http://www.foo.com/filename"));
        assert_eq!((place.size, place.is_writable), (Some(12), true));
        assert!(message.root().headers().content_type().unwrap().partial().is_none());
    }
}
