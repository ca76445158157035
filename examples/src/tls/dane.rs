//! TLS that proves to whom a message goes by TLSA records (RFC 7672).

use super::{Anyone, Error, client_verifying, provider};
use mailrail_mx::{Proof, TlsaSet};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::sync::Arc;

/// The settings of a client that talks only to whom these TLSA records speak of.
///
/// # Errors
///
/// Those of rustls.
pub fn dane_client(records: TlsaSet) -> Result<Arc<ClientConfig>, Error> {
    client_verifying(Arc::new(Dane { records, anyone: Anyone(provider()) }))
}

/// Lets a certificate pass that the TLSA records prove.
#[derive(Debug)]
struct Dane {
    records: TlsaSet,
    anyone: Anyone,
}

impl Dane {
    /// Whether the server's certificate leads to `anchor` and has one of the names
    /// (RFC 7672 §3.2.2).
    fn leads_to(
        &self,
        anchor: &CertificateDer<'_>,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(anchor.clone().into_owned())?;
        let provider = Arc::clone(&self.anyone.0);
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        let mut last = rustls::Error::General("no name to verify".into());
        for name in &self.records.names {
            let Ok(name) = ServerName::try_from(name.as_str()) else { continue };
            match verifier.verify_server_cert(own, between, &name, &[], now) {
                Ok(verified) => return Ok(verified),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl ServerCertVerifier for Dane {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain: Vec<&[u8]> = std::iter::once(own).chain(between).map(AsRef::as_ref).collect();
        match self.records.verify(&chain) {
            Ok(Proof::EndEntity) => Ok(ServerCertVerified::assertion()),
            Ok(Proof::TrustAnchor { at }) => match at.checked_sub(1).and_then(|at| between.get(at))
            {
                Some(anchor) => self.leads_to(anchor, own, between, now),
                None => Err(CertificateError::UnknownIssuer.into()),
            },
            Ok(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            Err(mismatch) => Err(rustls::Error::General(mismatch.to_string())),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.anyone.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.anyone.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.anyone.supported_verify_schemes()
    }
}
