//! Whether a message fits what a server offers.

use super::{Extensions, ReversePath};
use crate::command::{Body, Mail};

/// Why a server would not take a message. No other try at the same server makes it fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// It is larger than the server's SIZE: as if answered 552 5.3.4 (RFC 1870 §6.1).
    #[error("the message has {size} bytes, and the server takes {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The server's limit in bytes.
        limit: u64,
    },
    /// It has bytes over 127, and the server offers no 8BITMIME. Without a conversion it can't be
    /// sent: 5.6.3 (RFC 6152 §3).
    #[error("the message has bytes over 127, and the server does not take them")]
    EightBit,
}

impl Extensions {
    /// MAIL for a message of `size` bytes, with bytes over 127 or without: it tells of the message
    /// what this server wants to know beforehand (SIZE, BODY). Of a server that knows HELO alone,
    /// ask the default, which offers nothing.
    ///
    /// ```
    /// use mailrail_smtp::{Extensions, ReversePath, Unfit};
    ///
    /// let mut offered = Extensions::default();
    /// assert_eq!(offered.mail(ReversePath::Null, 1_000, true), Err(Unfit::EightBit));
    /// offered.eight_bit_mime = true;
    /// offered.size = Some(1_000);
    /// assert_eq!(offered.mail(ReversePath::Null, 1_000, true)?.size, Some(1_000));
    /// # Ok::<_, Unfit>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where the server would refuse it.
    pub fn mail<'a>(
        &self,
        reverse_path: ReversePath<'a>,
        size: u64,
        has_eight_bit: bool,
    ) -> Result<Mail<'a>, Unfit> {
        let mut mail = Mail::new(reverse_path);
        if let Some(limit) = self.size {
            if limit != 0 && size > limit {
                return Err(Unfit::TooLarge { size, limit });
            }
            mail.size = Some(size);
        }
        match (has_eight_bit, self.eight_bit_mime) {
            (true, false) => return Err(Unfit::EightBit),
            (true, true) => mail.body = Some(Body::EightBitMime),
            (false, _) => {}
        }
        Ok(mail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_told() {
        let fit = |size, eight_bit_mime, has_eight_bit| {
            let mut offered = Extensions::default();
            (offered.size, offered.eight_bit_mime) = (size, eight_bit_mime);
            offered.mail(ReversePath::Null, 10, has_eight_bit).map(|mail| (mail.size, mail.body))
        };
        assert_eq!(fit(None, false, false), Ok((None, None)));
        assert_eq!(fit(Some(0), true, false), Ok((Some(10), None)));
        assert_eq!(fit(Some(10), true, true), Ok((Some(10), Some(Body::EightBitMime))));
        assert_eq!(fit(Some(9), true, true), Err(Unfit::TooLarge { size: 10, limit: 9 }));
        assert_eq!(fit(Some(10), false, true), Err(Unfit::EightBit));
    }
}
