//! What the two ends of a TLS connection call it, for the SASL mechanisms that bind to it.

use mailrail_sasl::{Channel, ChannelBinding};
use rustls::{ConnectionCommon, ProtocolVersion};

/// Where the connection's name comes from (RFC 9266 §2).
const LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// The channel that `tls` is, whose server has the binding `end_point`. Keying material is exported
/// from TLS 1.3 only: of an older connection rustls does not tell whether it is safe (RFC 9266
/// §4.2).
pub fn secure<D>(tls: &ConnectionCommon<D>, end_point: Option<ChannelBinding>) -> Channel {
    let exported = (tls.protocol_version() == Some(ProtocolVersion::TLSv1_3))
        .then(|| tls.export_keying_material([0; 32], LABEL, Some(b"")).ok())
        .flatten();
    [exported.map(ChannelBinding::TlsExporter), end_point]
        .into_iter()
        .flatten()
        .fold(Channel::tls(), Channel::with_binding)
}

/// As [`secure`], of a client's connection.
#[must_use]
pub fn of_client(tls: &rustls::ClientConnection) -> Channel {
    let certificate = tls.peer_certificates().and_then(<[_]>::first);
    secure(tls, certificate.and_then(|it| ChannelBinding::tls_server_end_point(it)))
}
