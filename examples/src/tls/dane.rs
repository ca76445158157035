//! TLS that proves to whom a message goes by TLSA records (RFC 7672).

use super::{
    Error,
    judge::{self, Judge, Presented},
    provider, verifier,
};
use mailrail_mx::{Proof, TlsaSet};
use rustls::{
    CertificateError, ClientConfig, RootCertStore,
    client::danger::ServerCertVerifier as _,
    pki_types::{CertificateDer, ServerName},
};
use std::sync::Arc;

/// The settings of a client that talks only to whom these TLSA records speak of.
///
/// # Errors
///
/// Those of rustls.
pub fn dane_client(records: TlsaSet) -> Result<Arc<ClientConfig>, Error> {
    judge::client(Dane(records))
}

/// Lets a certificate pass that the TLSA records prove.
#[derive(Debug)]
struct Dane(TlsaSet);

impl Dane {
    /// Whether the server's certificate leads to `anchor` and has one of the names
    /// (RFC 7672 §3.2.2).
    fn leads_to(
        &self,
        anchor: &CertificateDer<'_>,
        presented: Presented<'_>,
    ) -> Result<(), rustls::Error> {
        let Presented { own, between, now, .. } = presented;
        let mut roots = RootCertStore::empty();
        roots.add(anchor.clone().into_owned())?;
        let verifier = verifier(Arc::new(roots), provider())?;
        let mut last = rustls::Error::General("no name to verify".into());
        for name in &self.0.names {
            let Ok(name) = ServerName::try_from(name.as_str()) else { continue };
            match verifier.verify_server_cert(own, between, &name, &[], now) {
                Ok(_) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Judge for Dane {
    fn judge(&self, presented: Presented<'_>) -> Result<(), rustls::Error> {
        let Presented { own, between, .. } = presented;
        let chain: Vec<&[u8]> = std::iter::once(own).chain(between).map(AsRef::as_ref).collect();
        match self.0.verify(&chain) {
            Ok(Proof::EndEntity) => Ok(()),
            Ok(Proof::TrustAnchor { at }) => match at.checked_sub(1).and_then(|at| between.get(at))
            {
                Some(anchor) => self.leads_to(anchor, presented),
                None => Err(CertificateError::UnknownIssuer.into()),
            },
            Ok(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            Err(mismatch) => Err(rustls::Error::General(mismatch.to_string())),
        }
    }
}
