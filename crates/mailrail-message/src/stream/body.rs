//! The bodies of a streamed message, and the delimiters between them.

use memchr::memchr2;

use super::decoder::Decoder;
use super::{MessageStream, PIECE, State, Step, Told};
use crate::multipart::Delimiter;
use crate::scan::{LineEnds, from, slice};

/// What is closed, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    /// All parts that stand deeper than this.
    pub(super) depth: usize,
    /// Where the line starts that ends them, and how long the line end before it is.
    pub(super) line: usize,
    pub(super) line_end: usize,
    /// Where the part ended that was closed last.
    pub(super) end: usize,
    pub(super) after: After,
    /// How long the line end of the delimiter is.
    pub(super) next_line_end: usize,
}

/// What follows.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    Delimiter(Delimiter),
    End,
}

impl MessageStream {
    pub(super) fn body(&mut self, window: &[u8]) -> Step {
        if !self.nest.is_bounded() {
            self.clear = window.len();
            // A first line too long for a header tells what ends lines all the same.
            if self.ends.is_none()
                && let Some(at) = memchr2(b'\r', b'\n', window)
                && !self.settle(from(window, at))
            {
                self.clear = at;
                if at == 0 {
                    return Step::More;
                }
            }
        }
        if self.clear == 0 {
            self.clear = match self.look(window) {
                Look::Clear(clear) => clear,
                Look::Delimiter(used) => return Step::Used(used),
                Look::More => return Step::More,
            };
        }
        if self.clear == 0 {
            // All bytes are used up.
            if !self.is_ended {
                return Step::More;
            }
            self.state = State::Finish(Closing {
                depth: 0,
                line: self.offset,
                line_end: 0,
                end: 0,
                after: After::End,
                next_line_end: 0,
            });
            return Step::Used(0);
        }
        self.data(window)
    }

    /// Gives some of the bytes that are clear.
    fn data(&mut self, window: &[u8]) -> Step {
        let clear = self.clear.min(window.len());
        self.line_start = None;
        let used = match self.decoder {
            Decoder::Skip | Decoder::Plain => clear,
            _ => clear.min(PIECE),
        };
        self.clear -= used;
        match self.decoder {
            Decoder::Skip => Step::Used(used),
            Decoder::Plain => Step::Event(used, Told::Data(used)),
            _ => {
                self.decoder.decode(slice(window, 0..used), &mut self.decoded);
                self.told_decoded(used)
            }
        }
    }

    /// Looks for the next delimiter.
    fn look(&mut self, window: &[u8]) -> Look {
        let found = self.search.next_within(window, self.line_start.is_some());
        let ends = self.nest.ends;
        let Some(at) = found else {
            let held = match self.is_ended {
                true => 0,
                false => held(window, ends, self.line_start.is_some()),
            };
            return match window.len() - held {
                0 if held > 0 => Look::More,
                clear => Look::Clear(clear),
            };
        };
        let line_end = match at {
            0 => self.line_start.unwrap_or(0),
            at => ends.before(window, at),
        };
        if at > line_end {
            return Look::Clear(at - line_end);
        }
        let rest = from(window, at);
        if !self.is_ended && rest.len() < self.look_ahead() && self.lacks_line_end(window, at) {
            return Look::More;
        }
        let line = ends.line(rest, 0);
        let is_whole = self.is_ended || ends.is_whole(rest, line);
        if !is_whole && rest.len() < self.look_ahead() {
            return Look::More;
        }
        let Some(delimiter) = self.nest.delimiter_at(window, at) else {
            return Look::Clear(at + 2);
        };
        let used = delimiter.next;
        self.state = State::Finish(Closing {
            depth: delimiter.open + 1,
            line: self.offset + at,
            line_end,
            end: 0,
            after: After::Delimiter(Delimiter { start: self.offset + at, ..delimiter }),
            next_line_end: ends.before(window, used),
        });
        Look::Delimiter(used)
    }
}

enum Look {
    /// So many bytes, all where there are none, are no delimiter.
    Clear(usize),
    /// One that makes up so many bytes.
    Delimiter(usize),
    More,
}

/// How many bytes at the end may be the start of a delimiter, with the line end before it.
fn held(window: &[u8], ends: LineEnds, is_line_start: bool) -> usize {
    let (rest, dash) = match window.strip_suffix(b"-") {
        Some(rest) => (rest, 1),
        None => (window, 0),
    };
    match rest {
        [] if is_line_start => dash,
        [.., b'\r', b'\n'] => 2 + dash,
        [.., b'\n'] => 1 + dash,
        [.., b'\r'] if dash == 0 || ends == LineEnds::Any => 1 + dash,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_start_a_delimiter_is_held() {
        let lf = LineEnds::Lf;
        for (text, length) in [
            (&b"a"[..], 0),
            (b"a\r", 1),
            (b"a\n", 1),
            (b"a\r\n", 2),
            (b"a\r\n-", 3),
            (b"a\n-", 2),
            (b"a\r-", 0),
            (b"a-", 0),
        ] {
            assert_eq!(held(text, lf, false), length, "{text:?}");
        }
        assert_eq!(held(b"a\r-", LineEnds::Any, false), 2);
        assert_eq!((held(b"-", lf, true), held(b"-", lf, false)), (1, 0));
    }
}
