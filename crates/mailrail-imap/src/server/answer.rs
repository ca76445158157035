//! How a caller ends what it was told: greetings, tagged responses, challenges.

use super::{
    Server,
    state::{Line, Ready, State, Turn, What},
};
use crate::{
    Error, Misuse,
    response::{Code, Continuation, Response, ResponseCode, Status},
    types::Text,
};
use alloc::format;

impl Server {
    /// Answers OK: the command is completed, and the text says so. The same as
    /// [`ok`](Self::ok) without code and text.
    ///
    /// # Errors
    ///
    /// As for [`ok`](Self::ok).
    pub fn done(&mut self) -> Result<(), Misuse> {
        self.ok(None, Text::default())
    }

    /// Answers OK, with a response code where there is one; where the text is empty, it says that
    /// the command is completed.
    ///
    /// To [`Event::Connected`](super::Event::Connected) it is the greeting. There, and where it
    /// lets a user in, the code is CAPABILITY if none is given. To a LOGOUT, BYE is said before.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no event is to be answered so: SELECT and EXAMINE are answered
    /// with [`selected`](Self::selected), the announcement of a message with
    /// [`accept_message`](Self::accept_message), and a FETCH response must be whole before.
    pub fn ok(&mut self, code: Option<ResponseCode<'_>>, text: Text<'_>) -> Result<(), Misuse> {
        let what = self.answering()?;
        let mut turn = Turn::Commands;
        let mut code = code;
        match what {
            None => {
                let code = code.unwrap_or_else(|| ResponseCode::Capability(self.capabilities()));
                self.say(None, Status::Ok, Some(code), or(text, "ready"));
                self.end_answer(turn);
                return Ok(());
            }
            Some(What::Select { .. } | What::Append(_)) => return Err(Misuse::NotNow),
            Some(What::Login | What::Authenticate) => {
                self.state = State::Authenticated;
                if code.is_none() {
                    code = Some(ResponseCode::Capability(self.capabilities()));
                }
            }
            Some(What::StartTls) => turn = Turn::Securing,
            Some(What::Close) => self.state = State::Authenticated,
            Some(What::Search(searching)) => {
                if searching.line == Line::Unwritten {
                    // "The untagged SEARCH response is REQUIRED" (RFC 3501 §6.4.4).
                    self.output.text(b"* SEARCH\r\n");
                }
                self.end_search_line();
            }
            Some(What::Logout) => {
                self.say(None, Status::Bye, None, Text::known("logging out"));
                turn = Turn::Over;
            }
            Some(_) => {}
        }
        self.tagged(Status::Ok, code, text);
        self.end_answer(turn);
        Ok(())
    }

    /// Answers NO: it cannot be done. To [`Event::Connected`](super::Event::Connected), it is the
    /// same as [`bye`](Self::bye). While the message of an APPEND comes, what is left of it is
    /// skipped.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no event is to be answered so: a LOGOUT cannot be refused, and a
    /// FETCH response must be whole before.
    pub fn no(&mut self, code: Option<ResponseCode<'_>>, text: Text<'_>) -> Result<(), Misuse> {
        self.refuse_command(Status::No, code, text)
    }

    /// Answers BAD: the command makes no sense. All that the protocol itself says of that is done
    /// by the machine.
    ///
    /// # Errors
    ///
    /// As for [`no`](Self::no).
    pub fn bad(&mut self, code: Option<ResponseCode<'_>>, text: Text<'_>) -> Result<(), Misuse> {
        self.refuse_command(Status::Bad, code, text)
    }

    fn refuse_command(
        &mut self,
        status: Status,
        code: Option<ResponseCode<'_>>,
        text: Text<'_>,
    ) -> Result<(), Misuse> {
        let mut is_login = false;
        if self.turn == Turn::Message {
            if let Some(Ready::Octets(len)) = self.ready.take() {
                self.dropped = len;
            }
            self.finder.skip_message();
        } else {
            match self.answering()? {
                None => return self.bye(code, text),
                Some(What::Logout) => return Err(Misuse::NotNow),
                Some(What::Append(message)) => {
                    self.finder.refuse_message(message, &self.config.limits);
                }
                Some(What::Login | What::Authenticate) => is_login = status == Status::No,
                Some(_) => self.end_search_line(),
            }
        }
        let is_guess = is_login && code.as_ref().is_none_or(is_authentication_failed);
        self.tagged(status, code, text);
        self.end_answer(Turn::Commands);
        let limit = self.config.limits.logins;
        self.failures = self.failures.saturating_add(u32::from(is_guess));
        if is_guess && self.failures > limit {
            self.fail(Error::TooManyLogins { limit }, "too many attempts");
        }
        Ok(())
    }

    /// Greets a client that is known already, such as by its certificate: it need not log in.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where [`Event::Connected`](super::Event::Connected) is not to be
    /// answered.
    pub fn preauth(&mut self, text: Text<'_>) -> Result<(), Misuse> {
        if self.answering()?.is_some() {
            return Err(Misuse::NotNow);
        }
        self.state = State::Authenticated;
        let code = ResponseCode::Capability(self.capabilities());
        self.say(None, Status::PreAuth, Some(code), or(text, "ready"));
        self.end_answer(Turn::Commands);
        Ok(())
    }

    /// Says BYE at any time, and closes once it is written: refuses a connection, or shuts down. A
    /// command that is being answered is left without an answer.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where a FETCH response is not whole, or TLS is being started;
    /// [`Misuse::Closed`] where the conversation is over already.
    pub fn bye(&mut self, code: Option<ResponseCode<'_>>, text: Text<'_>) -> Result<(), Misuse> {
        if self.failed.is_some() || self.turn == Turn::Over {
            return Err(Misuse::Closed);
        }
        if self.fetching.is_some() || self.turn == Turn::Securing {
            return Err(Misuse::NotNow);
        }
        self.end_search_line();
        self.say(None, Status::Bye, code, or(text, "closing"));
        self.ready = None;
        self.end_answer(Turn::Over);
        Ok(())
    }

    /// Gives a challenge in an AUTHENTICATE; it may be empty.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no AUTHENTICATE is to be answered.
    pub fn challenge(&mut self, challenge: &[u8]) -> Result<(), Misuse> {
        if self.answering()? != Some(What::Authenticate) {
            return Err(Misuse::NotNow);
        }
        Response::Continuation(Continuation::challenge(challenge)).encode(&mut self.output);
        self.turn = Turn::Challenged;
        self.owed = false;
        Ok(())
    }

    /// Takes the message that was announced: it comes as
    /// [`Event::AppendData`](super::Event::AppendData).
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where no [`Event::Append`](super::Event::Append) is to be answered.
    pub fn accept_message(&mut self) -> Result<(), Misuse> {
        let Some(What::Append(message)) = self.answering()? else { return Err(Misuse::NotNow) };
        if message.waits {
            self.go_ahead();
        }
        self.turn = Turn::Message;
        self.owed = false;
        self.progress = 0;
        Ok(())
    }

    /// What is being answered; none for the greeting. An event that was not taken yet cannot be
    /// answered.
    pub(super) fn answering(&self) -> Result<Option<What>, Misuse> {
        if self.failed.is_some() || self.turn == Turn::Over {
            return Err(Misuse::Closed);
        }
        if self.turn != Turn::Answering || self.has_untold() || self.fetching.is_some() {
            return Err(Misuse::NotNow);
        }
        Ok(self.answer.as_ref().map(|answer| answer.what))
    }

    /// Whether an event that is to be answered was not taken yet.
    pub(super) fn has_untold(&self) -> bool {
        self.ready.as_ref().is_some_and(|ready| {
            ready.wants_answer() && !matches!(ready, Ready::WantResponse | Ready::WantLiteral)
        })
    }

    fn tagged(&mut self, status: Status, code: Option<ResponseCode<'_>>, text: Text<'_>) {
        let Some(answer) = &self.answer else { return };
        let how = if status == Status::Ok { "completed" } else { "failed" };
        let (tag, own) = (answer.tag.clone(), format!("{} {how}", answer.verb));
        let text =
            if text.as_bytes().is_empty() { Text::new(own).unwrap_or_default() } else { text };
        self.say(Some(tag), status, code, text);
    }

    pub(super) fn end_answer(&mut self, turn: Turn) {
        self.answer = None;
        self.turn = turn;
        self.moved();
    }

    /// The caller did something: it owes nothing, and is not to be asked for what it has done.
    pub(super) fn moved(&mut self) {
        self.owed = false;
        if matches!(self.ready, Some(Ready::WantResponse | Ready::WantLiteral)) {
            self.ready = None;
        }
    }

    /// Ends the SEARCH response, where one is open: nothing else can be said before.
    pub(super) fn end_search_line(&mut self) {
        if let Some(answer) = &mut self.answer
            && let What::Search(searching) = &mut answer.what
            && searching.line == Line::Open
        {
            searching.line = Line::Ended;
            self.output.text(b"\r\n");
        }
    }
}

/// The text, or one of the machine's where it is empty.
fn or<'t>(text: Text<'t>, own: &'static str) -> Text<'t> {
    if text.as_bytes().is_empty() { Text::known(own) } else { text }
}

/// Whether the credentials are at fault, and not the server, which may be asked again.
fn is_authentication_failed(code: &ResponseCode<'_>) -> bool {
    matches!(code, ResponseCode::Plain(Code::AuthenticationFailed))
}
