//! What a server makes of what the client sends.

use super::{
    Refused, Server,
    state::{Answer, Line, Ready, Searching, State, Turn, What},
};
use crate::{
    Error,
    command::{AuthenticateLine, Command, authenticate_line, is_done},
    framing::{CommandFound, Literal, Refusal, tag_within},
    response::{Code, Continuation, Response, ResponseCode, Status},
    types::{Capability, IString, Tag, Text},
};
use alloc::{boxed::Box, format, vec::Vec};
use mailrail_wire::{Found, Input};

/// How many octets of a message move the deadline.
const PROGRESS: usize = 4 * 1024;

/// What is done about a command.
enum Verdict {
    /// The caller is told, and answers.
    Tell(What),
    Capability,
    Idle,
    Refuse(Status, Option<ResponseCode<'static>>, &'static str),
    PlaintextBehind,
}

const fn no(code: Code, text: &'static str) -> Verdict {
    Verdict::Refuse(Status::No, Some(ResponseCode::Plain(code)), text)
}

const fn bad(text: &'static str) -> Verdict {
    Verdict::Refuse(Status::Bad, None, text)
}

impl Server {
    /// Uses up the next unit, where it is there; false where it is not.
    pub(super) fn receive(&mut self, input: &mut Input) -> bool {
        match self.turn {
            Turn::Idle | Turn::Challenged => self.receive_line(input),
            _ => self.receive_unit(input),
        }
    }

    fn receive_unit(&mut self, input: &mut Input) -> bool {
        match self.finder.find(input.bytes(), &self.config.limits) {
            CommandFound::More => return false,
            CommandFound::Continue => self.go_ahead(),
            CommandFound::Command(len) => self.receive_command(input, len, None),
            CommandFound::Append { len, message } => {
                self.receive_command(input, len, Some(message));
            }
            CommandFound::Octets(len) => {
                self.progress += len;
                if self.progress >= PROGRESS {
                    self.progress = 0;
                    self.deadlines.read = None;
                }
                self.ready = Some(Ready::Octets(len));
            }
            CommandFound::AppendEnd(len) => {
                input.take(len);
                self.deadlines.read = None;
                self.turn = Turn::Answering;
                self.ready = Some(Ready::MessageEnd);
                if let Some(answer) = &mut self.answer {
                    answer.what = What::Other;
                }
            }
            CommandFound::Refused { len, why, over } => {
                let tag = if why == Refusal::BehindMessage {
                    self.turn = Turn::Commands;
                    self.ready = Some(Ready::MessageAborted);
                    self.answer.take().map(|answer| answer.tag)
                } else {
                    let len = len.min(tag_within(&self.config.limits));
                    let unit = input.bytes().get(..len).unwrap_or_default();
                    Tag::of(unit).map(Tag::into_owned)
                };
                self.refused = Some(Box::new(Refused { tag, why }));
                self.skip(input, len, over);
            }
            CommandFound::Skip { len, over } => self.skip(input, len, over),
            CommandFound::Hopeless => self.give_up_literal(),
        }
        true
    }

    /// Asks for a literal (RFC 3501 §7.5).
    pub(super) fn go_ahead(&mut self) {
        let go_ahead = Continuation::new(&Text::known("go ahead"));
        Response::Continuation(go_ahead).encode(&mut self.output);
    }

    /// "Send a BYE and close the connection" (RFC 7888 §4): the literal is too long to be skipped.
    fn give_up_literal(&mut self) {
        let limit = self.config.limits.skip;
        self.fail(Error::LiteralTooLong { limit }, "the literal is too long");
    }

    /// Drops bytes of a command that is refused, and refuses it where it is over.
    fn skip(&mut self, input: &mut Input, len: usize, over: bool) {
        input.take(len);
        let Some(refused) = self.refused.take_if(|_| over) else { return };
        self.deadlines.read = None;
        let (code, text) = match refused.why {
            Refusal::TooLong => (None, "the command is too long"),
            Refusal::LiteralTooLong => {
                (Some(ResponseCode::Plain(Code::TooBig)), "the literal is too long")
            }
            Refusal::BehindMessage => (None, "more than the message"),
        };
        self.refuse(refused.tag, Status::Bad, code, Text::known(text));
    }

    /// Answers what is the client's fault, and counts it.
    fn refuse(
        &mut self,
        tag: Option<Tag<'_>>,
        status: Status,
        code: Option<ResponseCode<'_>>,
        text: Text<'_>,
    ) {
        self.say(tag, status, code, text);
        self.errors = self.errors.saturating_add(1);
        let limit = self.config.limits.errors;
        if self.errors > limit {
            self.fail(Error::TooManyErrors { limit }, "too many faulty commands");
        }
    }

    fn receive_command(&mut self, input: &mut Input, len: usize, message: Option<Literal>) {
        self.deadlines.read = None;
        let is_last = input.bytes().len() == len;
        let unit = input.bytes().get(..len).unwrap_or_default();
        let verdict = match Command::parse(unit) {
            Ok((tag, command)) => {
                let verdict = self.judge(&command, message, is_last);
                Ok((tag.into_owned(), verb(&command), verdict))
            }
            Err(error) => Err((Tag::of(unit).map(Tag::into_owned), error)),
        };
        match verdict {
            Ok((tag, verb, Verdict::Tell(what))) => {
                self.errors = 0;
                if matches!(what, What::Select { .. }) {
                    // Even if the attempt fails, "no mailbox is selected" (RFC 3501 §6.3.1).
                    self.state = State::Authenticated;
                }
                self.answer = Some(Box::new(Answer { tag, verb, what }));
                self.turn = Turn::Answering;
                // The event lends from the input.
                self.ready = Some(Ready::Command(len));
                return;
            }
            Ok((tag, verb, Verdict::Idle)) => {
                self.errors = 0;
                self.answer = Some(Box::new(Answer { tag, verb, what: What::Other }));
                self.turn = Turn::Idle;
                self.ready = Some(Ready::Idle);
                let idling = Continuation::new(&Text::known("idling"));
                Response::Continuation(idling).encode(&mut self.output);
            }
            Ok((tag, _, Verdict::Capability)) => {
                Response::Capability(self.capabilities()).encode(&mut self.output);
                self.say(Some(tag), Status::Ok, None, Text::known("CAPABILITY completed"));
            }
            Ok((tag, _, Verdict::Refuse(status, code, text))) => {
                self.refuse(Some(tag), status, code, Text::known(text));
            }
            Ok((_, _, Verdict::PlaintextBehind)) => {
                self.fail(Error::PlaintextBehindStartTls, "plaintext behind STARTTLS");
            }
            Err((tag, error)) => {
                let text = Text::new(format!("{error}")).unwrap_or_default();
                self.refuse(tag, Status::Bad, None, text);
            }
        }
        input.take(len);
        if let Some(message) = message {
            self.finder.refuse_message(message, &self.config.limits);
        }
    }

    /// Whether a command is offered, allowed in this state, and makes sense in it.
    fn judge(&self, command: &Command<'_>, message: Option<Literal>, is_last: bool) -> Verdict {
        let needs = match command {
            Command::Enable(_) => Some(Capability::Enable),
            Command::Expunge(expunge) => expunge.uids.as_ref().map(|_| Capability::UidPlus),
            Command::Id(_) => Some(Capability::Id),
            Command::Idle => Some(Capability::Idle),
            Command::Move(_) => Some(Capability::Move),
            Command::Namespace => Some(Capability::Namespace),
            Command::StartTls => Some(Capability::StartTls),
            Command::Unselect => Some(Capability::Unselect),
            _ => None,
        };
        if needs.is_some_and(|needs| !self.offer.has(needs)) {
            return bad("not offered");
        }
        if !self.state.allows(command) {
            return bad("not in this state");
        }
        let set = match command {
            Command::Copy(it) | Command::Move(it) => Some((&it.set, it.uid)),
            Command::Fetch(it) => Some((&it.set, it.uid)),
            Command::Store(it) => Some((&it.set, it.uid)),
            _ => None,
        };
        if set.is_some_and(|(set, uid)| !uid && !self.state.has_all(set)) {
            return bad("no such message");
        }
        if self.state.is_read_only()
            && matches!(command, Command::Expunge(_) | Command::Move(_) | Command::Store(_))
        {
            return no(Code::ReadOnly, "the mailbox is open for reading only");
        }
        Verdict::Tell(match command {
            Command::Capability => return Verdict::Capability,
            Command::Idle => return Verdict::Idle,
            Command::StartTls if self.secured => return bad("TLS is in place"),
            Command::StartTls if !is_last => return Verdict::PlaintextBehind,
            Command::StartTls => What::StartTls,
            Command::Login(_) if self.capabilities().has(Capability::LoginDisabled) => {
                return if self.secured {
                    no(Code::Cannot, "LOGIN is disabled")
                } else {
                    no(Code::PrivacyRequired, "LOGIN is disabled without TLS")
                };
            }
            Command::Login(_) => What::Login,
            Command::Authenticate(it) => {
                if !self.capabilities().has_auth(it.mechanism.as_str()) {
                    let known = self.offer.has_auth(it.mechanism.as_str());
                    let code = if known { Code::PrivacyRequired } else { Code::Cannot };
                    return no(code, "this mechanism is not offered");
                }
                if it.initial_response.is_some() && !self.offer.has(Capability::SaslIr) {
                    return bad("initial responses are not offered");
                }
                What::Authenticate
            }
            Command::Append(append) => {
                if append.length > self.config.limits.append {
                    return no(Code::TooBig, "the message is too large");
                }
                let length = append.length;
                What::Append(message.unwrap_or(Literal { len: length, waits: true }))
            }
            Command::Search(search) => {
                let known = |name: &IString<'_>| {
                    CHARSETS.iter().any(|known| name.as_bytes().eq_ignore_ascii_case(known))
                };
                if search.charset.as_ref().is_some_and(|charset| !known(charset)) {
                    let names: Vec<_> =
                        CHARSETS.iter().filter_map(|name| IString::new(*name).ok()).collect();
                    let code = Some(ResponseCode::BadCharset(names));
                    return Verdict::Refuse(Status::No, code, "the charset is not known");
                }
                What::Search(Searching { uid: search.uid, line: Line::Unwritten })
            }
            Command::Check | Command::Expunge(_) | Command::Move(_) | Command::Noop => What::News,
            Command::Close | Command::Unselect => What::Close,
            Command::Enable(_) => What::Enable,
            Command::Examine(_) => What::Select { read_only: true },
            Command::Fetch(it) => What::Fetch { uid: it.uid },
            Command::Id(_) => What::Id,
            Command::List(_) => What::List,
            Command::Logout => What::Logout,
            Command::Lsub(_) => What::Lsub,
            Command::Namespace => What::Namespace,
            Command::Select(_) => What::Select { read_only: false },
            Command::Status(_) => What::Status,
            Command::Store(it) => What::Store { uid: it.uid },
            _ => What::Other,
        })
    }

    /// A line that is no command: DONE, or the answer to a challenge.
    fn receive_line(&mut self, input: &mut Input) -> bool {
        let found = self.finder.find_line(input.bytes(), &self.config.limits);
        let (len, whole) = match found {
            Found::More => return false,
            Found::Overlong(len) => {
                input.take(len);
                return true;
            }
            Found::Line(len) => (len, true),
            Found::OverlongEnd(len) => (len, false),
        };
        self.deadlines.read = None;
        let line = input.take(len);
        let line = if whole { line } else { &[] };
        if self.turn == Turn::Challenged
            && let Ok(AuthenticateLine::Response(response)) = authenticate_line(line)
        {
            self.turn = Turn::Answering;
            self.ready = Some(Ready::Response(response));
            return true;
        }
        let idle = self.turn == Turn::Idle;
        let tag = self.answer.take().map(|answer| answer.tag);
        self.turn = Turn::Commands;
        if idle && is_done(line) {
            self.say(tag, Status::Ok, None, Text::known("IDLE completed"));
        } else if idle {
            self.refuse(tag, Status::Bad, None, Text::known("expected DONE"));
        } else if line == b"*\r\n" {
            // RFC 3501 §6.2.2: "by sending a tagged BAD response".
            self.refuse(tag, Status::Bad, None, Text::known("AUTHENTICATE cancelled"));
        } else {
            self.refuse(tag, Status::Bad, None, Text::known("expected base64"));
        }
        if idle && self.failed.is_none() {
            self.ready = Some(Ready::Done);
        }
        true
    }
}

/// The charsets of SEARCH; all strings in them are in UTF-8.
const CHARSETS: [&[u8]; 2] = [b"US-ASCII", b"UTF-8"];

/// The name of a command that the caller answers.
const fn verb(command: &Command<'_>) -> &'static str {
    match command {
        Command::Append(_) => "APPEND",
        Command::Authenticate(_) => "AUTHENTICATE",
        Command::Capability => "CAPABILITY",
        Command::Check => "CHECK",
        Command::Close => "CLOSE",
        Command::Copy(_) => "COPY",
        Command::Create(_) => "CREATE",
        Command::Delete(_) => "DELETE",
        Command::Enable(_) => "ENABLE",
        Command::Examine(_) => "EXAMINE",
        Command::Expunge(_) => "EXPUNGE",
        Command::Fetch(_) => "FETCH",
        Command::Id(_) => "ID",
        Command::Idle => "IDLE",
        Command::List(_) => "LIST",
        Command::Login(_) => "LOGIN",
        Command::Logout => "LOGOUT",
        Command::Lsub(_) => "LSUB",
        Command::Move(_) => "MOVE",
        Command::Namespace => "NAMESPACE",
        Command::Noop => "NOOP",
        Command::Rename(_) => "RENAME",
        Command::Search(_) => "SEARCH",
        Command::Select(_) => "SELECT",
        Command::StartTls => "STARTTLS",
        Command::Status(_) => "STATUS",
        Command::Store(_) => "STORE",
        Command::Subscribe(_) => "SUBSCRIBE",
        Command::Unselect => "UNSELECT",
        Command::Unsubscribe(_) => "UNSUBSCRIBE",
    }
}
