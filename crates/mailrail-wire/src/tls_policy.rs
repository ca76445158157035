//! What TLS a client wants.

/// What TLS a client wants for its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fifth way")]
pub enum TlsPolicy {
    /// None, whatever is offered.
    None,
    /// STARTTLS (STLS) where it is offered, and plaintext where it is not (RFC 7435).
    Opportunistic,
    /// STARTTLS (STLS), or nothing is sent and nobody logs in.
    Required,
    /// TLS is in place from the first byte (RFC 8314 §3).
    Implicit,
}
