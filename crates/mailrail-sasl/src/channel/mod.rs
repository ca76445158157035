//! The channel under an exchange, and what names it.

mod certificate;

use alloc::vec::Vec;
use mailrail_wire::Secret;

/// The connection that an exchange runs over, as far as the mechanisms care.
///
/// Bindings are what both ends of a TLS connection know of it and nobody in between can make the
/// same. The crate has no TLS: the caller asks its own for them. Without a binding the `-PLUS`
/// mechanisms are not used.
///
/// ```
/// use mailrail_sasl::{Channel, ChannelBinding};
///
/// // 32 bytes for the label `EXPORTER-Channel-Binding` and an empty context (RFC 9266 §2).
/// let exported = [0; 32];
/// let channel = Channel::tls().with_binding(ChannelBinding::TlsExporter(exported));
/// assert!(channel.is_secure() && channel.has_binding());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channel {
    is_secure: bool,
    bindings: Vec<ChannelBinding>,
}

/// What names a TLS connection (RFC 5056).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelBinding {
    /// `tls-exporter` (RFC 9266): 32 bytes of exported keying material. Of TLS 1.3, and of older
    /// TLS only where the extended master secret is in use.
    TlsExporter([u8; 32]),
    /// `tls-server-end-point` (RFC 5929 §4): the hash of the server's certificate, by the hash of
    /// the certificate's signature, but SHA-256 in the place of MD5 and SHA-1:
    /// [`tls_server_end_point`](Self::tls_server_end_point) makes it.
    TlsServerEndPoint(Vec<u8>),
}

impl Channel {
    /// A connection that everyone on the way can read.
    #[must_use]
    pub const fn plaintext() -> Self {
        Self { is_secure: false, bindings: Vec::new() }
    }

    /// A connection over TLS, or one that is as good, such as a socket of this host.
    #[must_use]
    pub const fn tls() -> Self {
        Self { is_secure: true, bindings: Vec::new() }
    }

    /// The same, with a name. A client binds to the first one given; a server takes any.
    #[must_use]
    pub fn with_binding(mut self, binding: ChannelBinding) -> Self {
        self.bindings.push(binding);
        self
    }

    /// Whether nobody on the way can read.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether the `-PLUS` mechanisms can be used over it.
    #[must_use]
    pub const fn has_binding(&self) -> bool {
        !self.bindings.is_empty()
    }

    pub(crate) fn first_binding(&self) -> Option<&ChannelBinding> {
        self.bindings.first()
    }

    pub(crate) fn binding(&self, name: &str) -> Option<&ChannelBinding> {
        self.bindings.iter().find(|binding| binding.name() == name)
    }
}

impl ChannelBinding {
    /// `tls-server-end-point` of a connection whose server has shown that certificate, in DER.
    ///
    /// None where its signature has no hash function of its own, such as Ed25519, or one that is
    /// not known here: that binding is not defined then.
    #[must_use]
    pub fn tls_server_end_point(certificate: &[u8]) -> Option<Self> {
        certificate::hash(certificate).map(Self::TlsServerEndPoint)
    }

    /// The name that its type is registered under.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TlsExporter(_) => "tls-exporter",
            Self::TlsServerEndPoint(_) => "tls-server-end-point",
        }
    }

    /// The bytes themselves.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        match self {
            Self::TlsExporter(data) => data,
            Self::TlsServerEndPoint(data) => data,
        }
    }
}

impl core::fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple(self.name()).field(&Secret::new(())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_are_found_by_name_and_not_printed() {
        let channel = Channel::tls()
            .with_binding(ChannelBinding::TlsExporter([214; 32]))
            .with_binding(ChannelBinding::TlsServerEndPoint([213; 48].into()));
        assert_eq!(channel.first_binding().unwrap().name(), "tls-exporter");
        assert_eq!(channel.binding("tls-server-end-point").unwrap().data(), [213; 48]);
        assert_eq!(channel.binding("tls-unique"), None);
        let printed = alloc::format!("{channel:?}");
        assert!(!printed.contains("21") && printed.contains("tls-exporter(Secret(..))"));
        assert!(!Channel::tls().has_binding() && !Channel::plaintext().is_secure());
    }
}
