//! Whether the caller gets to see a command.

use super::{
    Server,
    replies::{self, Canned},
    state::Hello,
};
use crate::{
    ByMode, Hold, SyntaxError,
    command::{Auth, Bdat, Body, Command, Mail, Other, Rcpt},
};

/// What becomes of a command line.
pub(super) enum Verdict {
    /// The caller sees it.
    Tell,
    /// It is answered so.
    Say(Canned),
    /// So is this, once its chunk is skipped.
    Skip(Bdat, Canned),
    /// A chunk may follow, nobody knows how long.
    Lost,
}

impl From<Result<(), Canned>> for Verdict {
    fn from(result: Result<(), Canned>) -> Self {
        result.map_or_else(Self::Say, |()| Self::Tell)
    }
}

impl Server {
    pub(super) fn judge(&self, line: &[u8]) -> Verdict {
        let command = match Command::parse(line) {
            Ok(command) => command,
            Err(SyntaxError { offset: 0, .. }) if self.other(line).is_some() => {
                return Verdict::Tell;
            }
            Err(SyntaxError { offset: 0, .. }) => return Verdict::Say(replies::UNKNOWN),
            Err(_) if line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT")) => {
                return Verdict::Lost;
            }
            Err(error) => return Verdict::Say(Canned(501, [5, 5, 2], error.expected)),
        };
        match command {
            Command::Bdat(bdat) => match self.judge_bdat(bdat) {
                Ok(()) => Verdict::Tell,
                Err(reply) => Verdict::Skip(bdat, reply),
            },
            command => self.judge_line(&command).into(),
        }
    }

    /// A command that the embedder knows.
    pub(super) fn other<'a>(&self, line: &'a [u8]) -> Option<Other<'a>> {
        let other = Other::parse(line.strip_suffix(b"\r\n")?).ok()?;
        self.offer.has_verb(other.verb()).then_some(other)
    }

    fn judge_line(&self, command: &Command<'_>) -> Result<(), Canned> {
        let (session, offer) = (&self.session, &self.offer);
        let between = |offered: bool| match session.recipients {
            _ if !offered => Err(replies::NOT_IMPLEMENTED),
            Some(_) => Err(replies::IN_MAIL),
            None => Ok(()),
        };
        match command {
            Command::Lhlo(_) if self.config.lmtp => Ok(()),
            Command::Ehlo(_) | Command::Helo(_) if !self.config.lmtp => Ok(()),
            Command::Lhlo(_) | Command::Ehlo(_) | Command::Helo(_) => Err(replies::UNKNOWN),
            Command::Rset | Command::Quit => Ok(()),
            Command::StartTls if !offer.starttls => Err(replies::NOT_IMPLEMENTED),
            Command::StartTls if session.secured => Err(replies::SECURED),
            Command::StartTls if session.hello.is_none() => Err(replies::EHLO_FIRST),
            Command::StartTls => Ok(()),
            Command::Auth(auth) => self.judge_auth(auth),
            Command::Mail(mail) => self.judge_mail(mail),
            Command::Rcpt(rcpt) => self.judge_rcpt(rcpt),
            Command::Data => self.judge_data(),
            Command::Burl(_) if offer.burl.is_none() => Err(replies::NOT_IMPLEMENTED),
            Command::Burl(_) => self.judge_part(),
            Command::Noop => Err(replies::NOOP),
            Command::Help(_) if offer.help => Ok(()),
            Command::Help(_) => Err(replies::HELP),
            Command::Vrfy(vrfy) | Command::Expn(vrfy)
                if !(vrfy.as_str().is_ascii() || vrfy.is_smtp_utf8() && offer.smtp_utf8) =>
            {
                Err(replies::NOT_ASCII)
            }
            Command::Vrfy(_) if offer.vrfy => Ok(()),
            Command::Vrfy(_) => Err(replies::NOT_VERIFIED),
            Command::Expn(_) if offer.expn => Ok(()),
            Command::Etrn(_) if offer.etrn && session.hello.is_none() => Err(replies::EHLO_FIRST),
            Command::Etrn(_) => between(offer.etrn),
            Command::Xclient(_) => between(offer.xclient.is_some()),
            Command::Xforward(_) => between(offer.xforward.is_some()),
            _ => Err(replies::NOT_IMPLEMENTED),
        }
    }

    fn judge_auth(&self, auth: &Auth<'_>) -> Result<(), Canned> {
        if self.offer.mechanisms().next().is_none() {
            Err(replies::NOT_IMPLEMENTED)
        } else if self.session.hello != Some(Hello::Ehlo) {
            Err(replies::EHLO_FIRST)
        } else if self.session.authenticated {
            Err(replies::AUTHENTICATED)
        } else if self.session.recipients.is_some() {
            Err(replies::IN_MAIL)
        } else if !self.offer.has_mechanism(auth.mechanism()) || !self.may_use(auth.mechanism()) {
            Err(replies::NO_SUCH_MECHANISM)
        } else {
            Ok(())
        }
    }

    fn judge_mail(&self, mail: &Mail<'_>) -> Result<(), Canned> {
        let (session, offer) = (&self.session, &self.offer);
        let is_known = match session.hello {
            None => return Err(replies::EHLO_FIRST),
            Some(Hello::Helo) => !mail.has_parameters(),
            Some(Hello::Ehlo) => self.takes_mail(mail),
        };
        if session.recipients.is_some() {
            return Err(replies::NESTED_MAIL);
        }
        if self.config.require_auth && !session.authenticated {
            return Err(replies::AUTH_REQUIRED);
        }
        if !is_known {
            return Err(replies::PARAMETERS);
        }
        if mail.require_tls && !session.secured {
            return Err(replies::NO_REQUIRETLS);
        }
        if !mail.smtp_utf8 && !mail.reverse_path.is_ascii() {
            return Err(replies::NOT_ASCII);
        }
        if mail.size.is_some_and(|size| is_over(offer.size, size)) {
            return Err(replies::TOO_LARGE);
        }
        if let (Some(by), Some(least)) = (mail.by, offer.deliver_by)
            && by.mode() == ByMode::Return
            && u32::try_from(by.seconds()).is_ok_and(|seconds| seconds < least)
        {
            return Err(replies::TOO_SOON);
        }
        if let (Some(hold), Some(most)) = (&mail.hold, &offer.future_release)
            && !most.takes(hold)
        {
            return Err(replies::HELD_TOO_LONG);
        }
        if let (Some(Hold::For(held)), Some(by)) = (&mail.hold, mail.by)
            && i64::from(by.seconds()) < i64::from(held.get())
        {
            return Err(replies::HELD_PAST_BY);
        }
        if offer
            .limits
            .as_ref()
            .and_then(|limits| limits.messages)
            .is_some_and(|most| session.messages >= most)
        {
            return Err(replies::TOO_MANY_MESSAGES);
        }
        Ok(())
    }

    /// Whether the extensions that its parameters belong to are offered.
    fn takes_mail(&self, mail: &Mail<'_>) -> bool {
        let offer = &self.offer;
        let body = match mail.body {
            None => true,
            Some(Body::BinaryMime) => offer.binary_mime && offer.chunking,
            Some(_) => offer.eight_bit_mime,
        };
        body && (mail.size.is_none() || offer.size.is_some())
            && (mail.auth.is_none() || offer.mechanisms().next().is_some())
            && (!mail.smtp_utf8 || offer.smtp_utf8)
            && (mail.ret.is_none() && mail.envelope_id.is_none() || offer.dsn)
            && (!mail.require_tls || offer.require_tls)
            && (mail.by.is_none() || offer.deliver_by.is_some())
            && (mail.hold.is_none() || offer.future_release.is_some())
            && (mail.mt_priority.is_none() || offer.mt_priority.is_some())
            && (mail.solicit.is_none() || offer.no_soliciting.is_some())
            && mail.others.iter().all(|other| offer.has_parameter(other.keyword()))
    }

    fn judge_rcpt(&self, rcpt: &Rcpt<'_>) -> Result<(), Canned> {
        let (session, offer) = (&self.session, &self.offer);
        let Some(recipients) = session.recipients else { return Err(replies::MAIL_FIRST) };
        if session.chunks.is_some() {
            return Err(replies::RSET_FIRST);
        }
        if !session.smtp_utf8 && !rcpt.forward_path.is_ascii() {
            return Err(replies::NOT_ASCII);
        }
        if rcpt.has_parameters() {
            let is_known = session.hello == Some(Hello::Ehlo)
                && (rcpt.notify.is_none() && rcpt.original_recipient.is_none() || offer.dsn)
                && (rcpt.valid_since.is_none() || offer.rrvs)
                && rcpt.others.iter().all(|other| offer.has_parameter(other.keyword()));
            if !is_known {
                return Err(replies::PARAMETERS);
            }
        }
        let limits = offer.limits.as_deref();
        let told = limits.and_then(|limits| usize::try_from(limits.recipients?).ok());
        let most = self.config.limits.recipients.min(told.unwrap_or(usize::MAX));
        if recipients >= most {
            return Err(replies::TOO_MANY_RECIPIENTS);
        }
        match limits.and_then(|limits| limits.domains) {
            Some(most) if session.domains.would_exceed(&rcpt.forward_path, most) => {
                Err(replies::TOO_MANY_DOMAINS)
            }
            _ => Ok(()),
        }
    }

    fn judge_data(&self) -> Result<(), Canned> {
        match self.session.recipients {
            None => Err(replies::MAIL_FIRST),
            Some(_) if self.session.chunks.is_some() => Err(replies::BDAT_ALONE),
            Some(_) if self.session.body == Some(Body::BinaryMime) => Err(replies::BDAT_ALONE),
            Some(0) => Err(self.no_recipients()),
            Some(_) => Ok(()),
        }
    }

    /// A part of the message, by BDAT or BURL.
    fn judge_part(&self) -> Result<(), Canned> {
        match self.session.recipients {
            None => Err(replies::MAIL_FIRST),
            Some(_) if self.session.chunks.as_ref().is_some_and(|chunks| chunks.failed) => {
                Err(replies::RSET_FIRST)
            }
            Some(0) => Err(self.no_recipients()),
            Some(_) => Ok(()),
        }
    }

    fn judge_bdat(&self, bdat: Bdat) -> Result<(), Canned> {
        if !self.offer.chunking {
            return Err(replies::NOT_IMPLEMENTED);
        }
        self.judge_part()?;
        let size = self.session.chunks.as_ref().map_or(0, |chunks| chunks.meter.size);
        if is_over(self.offer.size, size.saturating_add(bdat.size)) {
            return Err(replies::TOO_LARGE);
        }
        Ok(())
    }

    const fn no_recipients(&self) -> Canned {
        if self.config.lmtp { replies::LMTP_NO_RECIPIENTS } else { replies::NO_RECIPIENTS }
    }

    /// Whether something may stand behind a command before it is answered (RFC 2920 §3.1).
    pub(super) fn may_be_followed(&self, line: &[u8]) -> bool {
        let verb = line.get(..4).unwrap_or_default();
        let is_group = [b"MAIL", b"RCPT", b"RSET", b"BDAT", b"BURL", b"XFOR"]
            .iter()
            .any(|other| verb.eq_ignore_ascii_case(&other[..]));
        is_group && self.session.hello == Some(Hello::Ehlo) && self.offer.pipelining
    }
}

/// Whether a message of that size passes the limit that SIZE tells.
pub(super) fn is_over(limit: Option<u64>, size: u64) -> bool {
    limit.is_some_and(|limit| limit != 0 && size > limit)
}
