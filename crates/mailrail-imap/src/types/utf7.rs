//! Modified UTF-7, in which mailbox names cross the wire (RFC 3501 §5.1.3).

use alloc::{string::String, vec::Vec};

/// Base64 with `,` for `/`, and no padding.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

pub(super) fn encode(name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    // Bits of the run in base64 that are not yet written, and how many.
    let mut run: Option<(u32, u32)> = None;
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            end_run(&mut out, run.take());
            out.extend_from_slice(if c == '&' { b"&-" } else { &[0; 0] });
            if c != '&' {
                out.extend(u8::try_from(c));
            }
            continue;
        }
        if run.is_none() {
            out.push(b'&');
        }
        let (mut bits, mut held) = run.unwrap_or_default();
        for unit in c.encode_utf16(&mut [0; 2]) {
            bits = bits << 16 | u32::from(*unit);
            held += 16;
            while held >= 6 {
                held -= 6;
                push(&mut out, bits >> held);
            }
            bits &= (1 << held) - 1;
        }
        run = Some((bits, held));
    }
    end_run(&mut out, run);
    out
}

fn push(out: &mut Vec<u8>, sextet: u32) {
    out.extend(usize::try_from(sextet & 0x3f).ok().and_then(|at| ALPHABET.get(at)));
}

fn end_run(out: &mut Vec<u8>, run: Option<(u32, u32)>) {
    if let Some((bits, held)) = run {
        if held > 0 {
            push(out, bits << (6 - held));
        }
        out.push(b'-');
    }
}

/// None where the name is not in modified UTF-7.
pub(super) fn decode(mut wire: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(wire.len());
    loop {
        match wire {
            [] => return Some(out),
            [b'&', b'-', rest @ ..] => {
                out.push('&');
                wire = rest;
            }
            [b'&', rest @ ..] => {
                let end = memchr::memchr(b'-', rest)?;
                run(rest.get(..end)?, &mut out)?;
                wire = rest.get(end + 1..)?;
            }
            [b @ b' '..=b'~', rest @ ..] => {
                out.push(char::from(*b));
                wire = rest;
            }
            _ => return None,
        }
    }
}

fn run(base64: &[u8], out: &mut String) -> Option<()> {
    let (mut units, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for b in base64 {
        let sextet = ALPHABET.iter().position(|c| c == b)?;
        bits = (bits << 6 | u32::try_from(sextet).ok()?) & 0xff_ffff;
        held += 6;
        if held >= 16 {
            held -= 16;
            units.push(u16::try_from(bits >> held & 0xffff).ok()?);
        }
    }
    // What is left is padding: less than a sextet, and zero.
    if held >= 6 || bits & ((1 << held) - 1) != 0 {
        return None;
    }
    for c in char::decode_utf16(units) {
        out.push(c.ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_rfc() {
        let name = "~peter/mail/台北/日本語";
        assert_eq!(encode(name), b"~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        for name in [name, "a & b", "Entwürfe", "\0\r\n", "😀x😀", "", "&&", "ä-"] {
            assert_eq!(decode(&encode(name)).as_deref(), Some(name));
        }
        assert_eq!(encode("&ä"), b"&-&AOQ-");
    }

    #[test]
    fn what_is_not_in_it() {
        for bad in ["&", "&AOQ", "&AO-", "&2D0-", "ä", "a\n", "&A!-", "&AOR-"] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad}");
        }
    }
}
