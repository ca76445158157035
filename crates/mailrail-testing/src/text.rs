//! Bytes as text of a transcript.

/// `bytes` as printable ASCII, the rest as `\r`, `\n`, `\\`, `\"` and `\x00`.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\\' => text.push_str("\\\\"),
            b'"' => text.push_str("\\\""),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

/// The bytes that a wire line of a transcript stands for.
pub(crate) fn wire(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            None => return Ok(bytes),
            Some(b'r') => bytes.push(b'\r'),
            Some(b'n') => bytes.push(b'\n'),
            Some(b'x') => {
                let digits = [rest.next(), rest.next()].into_iter().flatten().collect();
                let hex = String::from_utf8(digits).unwrap_or_default();
                bytes.push(u8::from_str_radix(&hex, 16).map_err(|e| format!("\\x{hex}: {e}"))?);
            }
            Some(other) => bytes.push(other),
        }
    }
    bytes.extend_from_slice(b"\r\n");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_read_back() {
        assert_eq!(wire("a\\x00\\\\b").unwrap(), b"a\0\\b\r\n");
        assert_eq!(wire("a\\n\\").unwrap(), b"a\n");
        assert!(wire("\\xz").is_err());
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(wire(&(escaped(&bytes) + "\\")).unwrap(), bytes);
    }
}
