//! Who may be talked to, where that is another question than whether authorities know them.

use super::{Error, provider};
use core::fmt::Debug;
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::sync::Arc;

/// Says whether the certificates that a server has presented are right.
pub(super) trait Judge: Debug + Send + Sync + 'static {
    fn judge(&self, presented: Presented<'_>) -> Result<(), rustls::Error>;
}

/// What a server has presented.
#[derive(Clone, Copy)]
pub(super) struct Presented<'a> {
    pub(super) own: &'a CertificateDer<'a>,
    pub(super) between: &'a [CertificateDer<'a>],
    /// Whom it was asked to be.
    pub(super) name: &'a ServerName<'a>,
    pub(super) ocsp: &'a [u8],
    pub(super) now: UnixTime,
}

/// Whoever it is.
#[derive(Debug)]
pub(super) struct Anyone;

impl Judge for Anyone {
    fn judge(&self, _: Presented<'_>) -> Result<(), rustls::Error> {
        Ok(())
    }
}

/// The settings of a client that talks to whom `judge` lets pass.
pub(super) fn client(judge: impl Judge) -> Result<Arc<ClientConfig>, Error> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Judged(judge, provider())))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Lets a certificate pass that the judge finds right; but not every signature: the peer does hold
/// the key it shows.
#[derive(Debug)]
struct Judged<J>(J, Arc<CryptoProvider>);

impl<J: Judge> ServerCertVerifier for Judged<J> {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = Presented { own, between, name, ocsp, now };
        self.0.judge(presented).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.1.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.1.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}
