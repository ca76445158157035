//! What message/partial says (RFC 2046 §5.2.2).

use alloc::borrow::Cow;

use crate::header::content_type::ContentType;
use crate::header::parameter::Parameters;

/// Which piece of a message a message/partial part is. Whoever has all pieces of an `id` joins their bodies in the order of
/// their numbers, and takes most of the header from the first one (RFC 2046 §5.2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partial<'a> {
    /// What all pieces of one message have in common. It must be there.
    pub id: Option<Cow<'a, str>>,
    /// Which piece this is, from 1. It must be there; `None` also where it is no number.
    pub number: Option<u32>,
    /// How many pieces there are. The last piece must say it, the others may.
    pub total: Option<u32>,
}

/// A parameter that is a number.
pub(super) fn number<N: core::str::FromStr>(parameters: Parameters<'_>, name: &str) -> Option<N> {
    parameters.get(name)?.trim().parse().ok()
}

impl<'a> ContentType<'a> {
    /// Which piece of a message it is, if it is message/partial (RFC 2046 §5.2.2). Such a part is a leaf.
    ///
    /// # Examples
    /// ```
    /// use mailrail_message::ContentType;
    ///
    /// let found = ContentType::parse(b"message/partial; number=2; total=3; id=\"oc=jpbe0M2Yt4s@foo.com\"")?;
    /// let piece = found.partial().ok_or("no piece")?;
    /// assert_eq!((piece.number, piece.total), (Some(2), Some(3)));
    /// assert_eq!(piece.id.as_deref(), Some("oc=jpbe0M2Yt4s@foo.com"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn partial(&self) -> Option<Partial<'a>> {
        let parameters = self.parameters();
        self.is("message", "partial").then(|| Partial {
            id: parameters.get("id"),
            number: number(parameters, "number").filter(|number| *number > 0),
            total: number(parameters, "total").filter(|total| *total > 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::ContentType;

    #[test]
    fn pieces_are_told() {
        for (text, found) in [
            ("message/partial; id=\"a@b\"; number=1", Some((Some("a@b"), Some(1), None))),
            ("Message/Partial; ID=x; Number=3; Total=3", Some((Some("x"), Some(3), Some(3)))),
            ("message/partial; number=0; total=x", Some((None, None, None))),
            ("message/partial", Some((None, None, None))),
            ("message/rfc822; number=1", None),
        ] {
            let content_type = ContentType::parse(text.as_bytes()).unwrap();
            let piece = content_type.partial();
            let shown =
                piece.as_ref().map(|piece| (piece.id.as_deref(), piece.number, piece.total));
            assert_eq!(shown, found, "{text}");
        }
    }
}
