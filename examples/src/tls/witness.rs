//! TLS that lets any certificate pass, and tells what is wrong with it: for policies that are only
//! tested.

use super::{
    Error,
    judge::{self, Judge, Presented},
};
use rustls::{
    ClientConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
};
use std::sync::{Arc, Mutex, PoisonError};

/// What would be wrong with the certificate that a server has presented.
#[derive(Debug, Clone, Default)]
pub struct Witness(Arc<Mutex<Option<rustls::Error>>>);

impl Witness {
    /// That; none where it is right, or none was presented yet.
    #[must_use]
    pub fn take(self) -> Option<rustls::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub(super) fn client(
    verifier: Arc<WebPkiServerVerifier>,
) -> Result<(Arc<ClientConfig>, Witness), Error> {
    let witness = Witness::default();
    let config = judge::client(Tolerant { verifier, witness: witness.clone() })?;
    Ok((config, witness))
}

#[derive(Debug)]
struct Tolerant {
    verifier: Arc<WebPkiServerVerifier>,
    witness: Witness,
}

impl Judge for Tolerant {
    fn judge(&self, presented: Presented<'_>) -> Result<(), rustls::Error> {
        let Presented { own, between, name, ocsp, now } = presented;
        let error = self.verifier.verify_server_cert(own, between, name, ocsp, now).err();
        *self.witness.0.lock().unwrap_or_else(PoisonError::into_inner) = error;
        Ok(())
    }
}
