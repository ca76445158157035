//! Untagged responses: parts of an answer, and news.

use super::{
    Server,
    state::{Fetching, Line, Open, State, Turn, What},
};
use crate::{
    Misuse,
    response::{
        Code, Fetch, Id, List, MailboxStatus, Namespace, Response, ResponseCode, Search, Status,
    },
    types::{Capabilities, Flag, Text},
};
use alloc::vec::Vec;
use bytes::Bytes;
use core::num::NonZeroU32;

/// What a client is told of a mailbox that it selects (RFC 3501 §6.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in, and must know of each")]
pub struct Selected<'a> {
    /// Which flags the mailbox knows.
    pub flags: Vec<Flag<'a>>,
    /// Which flags the client can change so that it lasts.
    pub permanent_flags: Vec<Flag<'a>>,
    /// Whether it can make keywords by setting them.
    pub new_keywords: bool,
    /// How many messages there are.
    pub exists: u32,
    /// How many of them are `\Recent`.
    pub recent: u32,
    /// The sequence number of the first message without `\Seen`; none where there is no such.
    pub unseen: Option<NonZeroU32>,
    /// The UID that the next message will have, at least.
    pub uid_next: NonZeroU32,
    /// By which the client knows whether the UIDs it holds still hold.
    pub uid_validity: NonZeroU32,
    /// Whether it cannot be changed though it was asked for with SELECT.
    pub read_only: bool,
}

impl Server {
    /// Answers [`Event::Select`](super::Event::Select) and
    /// [`Event::Examine`](super::Event::Examine): the mailbox is selected.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where none of them is to be answered.
    pub fn selected(&mut self, mailbox: Selected<'_>) -> Result<(), Misuse> {
        let Some(What::Select { read_only }) = self.answering()? else {
            return Err(Misuse::NotNow);
        };
        let read_only = read_only || mailbox.read_only;
        let out = &mut self.output;
        Response::Flags(mailbox.flags).encode(out);
        Response::Exists(mailbox.exists).encode(out);
        Response::Recent(mailbox.recent).encode(out);
        if let Some(unseen) = mailbox.unseen {
            self.tell(ResponseCode::Unseen(unseen), "first unseen");
        }
        let permanent = ResponseCode::PermanentFlags {
            flags: if read_only { Vec::new() } else { mailbox.permanent_flags },
            any: mailbox.new_keywords && !read_only,
        };
        self.tell(permanent, "what lasts");
        self.tell(ResponseCode::UidNext(mailbox.uid_next), "predicted next UID");
        self.tell(ResponseCode::UidValidity(mailbox.uid_validity), "UIDs valid");
        self.state = State::Selected(Open { exists: mailbox.exists, read_only });
        // It is answered like any other command now.
        if let Some(answer) = &mut self.answer {
            answer.what = What::Other;
        }
        let code = if read_only { Code::ReadOnly } else { Code::ReadWrite };
        self.ok(Some(ResponseCode::Plain(code)), Text::default())
    }

    fn tell(&mut self, code: ResponseCode<'_>, text: &'static str) {
        self.say(None, Status::Ok, Some(code), Text::known(text));
    }

    /// Tells how many messages there are now; no fewer than before.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no mailbox is selected or a FETCH response is not whole;
    /// [`Misuse::Argument`] where it is fewer; [`Misuse::Full`].
    pub fn exists(&mut self, messages: u32) -> Result<(), Misuse> {
        let open = self.may_tell()?;
        if messages < open.exists {
            return Err(Misuse::Argument);
        }
        self.state = State::Selected(Open { exists: messages, ..open });
        self.tell_news(&Response::Exists(messages));
        Ok(())
    }

    /// Tells how many messages are `\Recent`.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no mailbox is selected or a FETCH response is not whole;
    /// [`Misuse::Full`].
    pub fn recent(&mut self, messages: u32) -> Result<(), Misuse> {
        self.may_tell()?;
        self.tell_news(&Response::Recent(messages));
        Ok(())
    }

    /// Tells which flags the mailbox knows, where that has changed.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no mailbox is selected or a FETCH response is not whole;
    /// [`Misuse::Full`].
    pub fn flags(&mut self, flags: Vec<Flag<'_>>) -> Result<(), Misuse> {
        self.may_tell()?;
        self.tell_news(&Response::Flags(flags));
        Ok(())
    }

    /// Tells that the message with that sequence number is gone; those behind it move up.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no mailbox is selected, no command is in progress, or it is a
    /// FETCH, STORE or SEARCH by sequence numbers (RFC 3501 §7.4.1): see
    /// [`may_expunge`](Self::may_expunge). [`Misuse::Argument`] where there is no such message;
    /// [`Misuse::Full`].
    pub fn expunge(&mut self, sequence: u32) -> Result<(), Misuse> {
        let open = self.may_tell()?;
        if !self.may_expunge() {
            return Err(Misuse::NotNow);
        }
        let number = NonZeroU32::new(sequence).filter(|_| sequence <= open.exists);
        let number = number.ok_or(Misuse::Argument)?;
        self.state = State::Selected(Open { exists: open.exists.saturating_sub(1), ..open });
        self.tell_news(&Response::Expunge(number));
        Ok(())
    }

    /// Whether EXPUNGE is allowed at this moment: by the protocol, and not before the caller has
    /// taken the event of a command, which may hold sequence numbers.
    #[must_use]
    pub fn may_expunge(&self) -> bool {
        self.is_selected()
            && self.fetching.is_none()
            && match self.turn {
                Turn::Idle => true,
                Turn::Answering if !self.has_untold() => {
                    self.answer.as_ref().is_some_and(|answer| answer.what.allows_expunge())
                }
                _ => false,
            }
    }

    /// Tells of a message: in answer to FETCH or STORE, or as news of its flags.
    ///
    /// Where the response ends with a literal (in answer to a FETCH only), give its octets with
    /// [`literal`](Self::literal), then the rest of the response in a further call, and so on up
    /// to one without a literal; nothing else can be said before that.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no mailbox is selected, or a literal is not whole;
    /// [`Misuse::Argument`] where there is no such message, or it is not the one whose response
    /// goes on; [`Misuse::Full`].
    pub fn fetch(&mut self, response: Fetch<'_>) -> Result<(), Misuse> {
        let (seq, left) = (response.seq, response.literal.as_ref().map(|it| it.length));
        if let Some(fetching) = self.fetching {
            if self.failed.is_some() || fetching.left > 0 {
                return Err(Misuse::NotNow);
            }
            if fetching.seq != seq {
                return Err(Misuse::Argument);
            }
            if !self.has_room() {
                return Err(Misuse::Full);
            }
            response.encode_next(&mut self.output);
            self.moved();
        } else {
            let open = self.may_tell()?;
            if seq.get() > open.exists {
                return Err(Misuse::Argument);
            }
            if left.is_some() && !matches!(self.answering()?, Some(What::Fetch { .. })) {
                return Err(Misuse::NotNow);
            }
            self.tell_news(&Response::Fetch(response));
        }
        self.fetching = left.map(|left| Fetching { seq, left });
        Ok(())
    }

    /// Gives the next octets of the literal that the last FETCH response ends with.
    ///
    /// Where they cannot be had any more, close the connection: the client must not take what it
    /// has for all.
    ///
    /// # Errors
    ///
    /// [`Misuse::LiteralLength`] where more are given than are left, or none at all;
    /// [`Misuse::NotNow`] where there is no literal; [`Misuse::Full`].
    pub fn literal(&mut self, octets: Bytes) -> Result<(), Misuse> {
        let Some(fetching) = self.fetching.filter(|it| it.left > 0 && self.failed.is_none()) else {
            return Err(Misuse::NotNow);
        };
        let len = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        if len == 0 || len > fetching.left {
            return Err(Misuse::LiteralLength { left: fetching.left });
        }
        if !self.has_room() {
            return Err(Misuse::Full);
        }
        self.output.payload(octets);
        self.fetching = Some(Fetching { left: fetching.left - len, ..fetching });
        self.moved();
        Ok(())
    }

    /// Adds messages to the answer to SEARCH: their sequence numbers, or their UIDs where it is a
    /// UID SEARCH. It is one response, in as many calls as you like.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no SEARCH is being answered, or something else was said since;
    /// [`Misuse::Full`].
    pub fn search(&mut self, numbers: &[NonZeroU32]) -> Result<(), Misuse> {
        let Some(What::Search(searching)) = self.answering()? else { return Err(Misuse::NotNow) };
        if !self.has_room() {
            return Err(Misuse::Full);
        }
        let part = Search { numbers: numbers.to_vec(), last: false };
        match searching.line {
            Line::Unwritten => Response::Search(part).encode(&mut self.output),
            Line::Open => part.encode_next(&mut self.output),
            Line::Ended => return Err(Misuse::NotNow),
        }
        if let Some(answer) = &mut self.answer {
            answer.what = What::Search(super::state::Searching { line: Line::Open, ..searching });
        }
        self.moved();
        Ok(())
    }

    /// Adds a mailbox to the answer to LIST or LSUB.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where neither is being answered; [`Misuse::Full`].
    pub fn list(&mut self, mailbox: List<'_>) -> Result<(), Misuse> {
        let response = match self.answering()? {
            Some(What::List) => Response::List(mailbox),
            Some(What::Lsub) => Response::Lsub(mailbox),
            _ => return Err(Misuse::NotNow),
        };
        self.add(&response)
    }

    /// Answers STATUS.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where none is being answered; [`Misuse::Full`].
    pub fn status(&mut self, status: MailboxStatus<'_>) -> Result<(), Misuse> {
        self.add_to(What::Status, &Response::MailboxStatus(status))
    }

    /// Answers NAMESPACE.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where none is being answered; [`Misuse::Full`].
    pub fn namespace(&mut self, namespace: Namespace<'_>) -> Result<(), Misuse> {
        self.add_to(What::Namespace, &Response::Namespace(namespace))
    }

    /// Answers ID.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where none is being answered; [`Misuse::Full`].
    pub fn id(&mut self, id: Id<'_>) -> Result<(), Misuse> {
        self.add_to(What::Id, &Response::Id(id))
    }

    /// Answers ENABLE: what was turned on; may be none.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where none is being answered; [`Misuse::Full`].
    pub fn enabled(&mut self, capabilities: Capabilities) -> Result<(), Misuse> {
        self.add_to(What::Enable, &Response::Enabled(capabilities))
    }

    /// Says something that belongs to no command, or precedes its end: an ALERT, the COPYUID of a
    /// MOVE.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] before the greeting, while TLS is being started, and where a FETCH
    /// response is not whole; [`Misuse::Argument`] where the text is empty; [`Misuse::Full`].
    pub fn untagged_ok(
        &mut self,
        code: Option<ResponseCode<'_>>,
        text: Text<'_>,
    ) -> Result<(), Misuse> {
        self.untagged(Status::Ok, code, text)
    }

    /// Says a warning that belongs to no command, or to the one that is being answered without
    /// ending it (RFC 3501 §7.1.2).
    ///
    /// # Errors
    ///
    /// As for [`untagged_ok`](Self::untagged_ok).
    pub fn untagged_no(
        &mut self,
        code: Option<ResponseCode<'_>>,
        text: Text<'_>,
    ) -> Result<(), Misuse> {
        self.untagged(Status::No, code, text)
    }

    fn untagged(
        &mut self,
        status: Status,
        code: Option<ResponseCode<'_>>,
        text: Text<'_>,
    ) -> Result<(), Misuse> {
        if self.failed.is_some() || self.turn == Turn::Over {
            return Err(Misuse::Closed);
        }
        let greeted = self.turn != Turn::Answering || self.answer.is_some();
        if !greeted || self.turn == Turn::Securing || self.fetching.is_some() {
            return Err(Misuse::NotNow);
        }
        if text.as_bytes().is_empty() {
            return Err(Misuse::Argument);
        }
        if !self.has_room() {
            return Err(Misuse::Full);
        }
        self.end_search_line();
        self.say(None, status, code, text);
        self.moved_by_news();
        Ok(())
    }

    /// The mailbox whose news can be told now.
    fn may_tell(&self) -> Result<Open, Misuse> {
        if self.failed.is_some() || self.turn == Turn::Over {
            return Err(Misuse::Closed);
        }
        match self.state.open() {
            Some(_) if !self.has_room() => Err(Misuse::Full),
            Some(open) if self.fetching.is_none() => Ok(open),
            _ => Err(Misuse::NotNow),
        }
    }

    /// Writes what is news, and a part of the answer where that has such parts.
    fn tell_news(&mut self, news: &Response<'_>) {
        self.end_search_line();
        news.encode(&mut self.output);
        self.moved_by_news();
    }

    fn moved_by_news(&mut self) {
        if self.answering().is_ok_and(|what| what.is_some_and(What::has_news)) {
            self.moved();
        }
    }

    fn add_to(&mut self, what: What, response: &Response<'_>) -> Result<(), Misuse> {
        if self.answering()? != Some(what) {
            return Err(Misuse::NotNow);
        }
        self.add(response)
    }

    /// Writes a part of the answer.
    fn add(&mut self, response: &Response<'_>) -> Result<(), Misuse> {
        if !self.has_room() {
            return Err(Misuse::Full);
        }
        response.encode(&mut self.output);
        self.moved();
        Ok(())
    }
}
