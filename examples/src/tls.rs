//! TLS settings of servers and clients.

mod dane;
mod judge;
mod witness;

pub use dane::dane_client;
pub use witness::Witness;

use mailrail_sasl::ChannelBinding;
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::WebPkiServerVerifier,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{path::Path, sync::Arc};

/// Why no TLS settings could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A certificate or key file.
    #[error("{file}: {source}")]
    Pem {
        /// The file's path.
        file: String,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// A certificate file without a certificate in it.
    #[error("{0}: no certificate in it")]
    Empty(String),
    /// A key that does not fit, or a certificate that is none.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    /// A certificate could not be made.
    #[error(transparent)]
    SelfSigned(#[from] rcgen::Error),
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = |source| Error::Pem { file: file.display().to_string(), source };
    let certificates = CertificateDer::pem_file_iter(file)
        .map_err(pem)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(pem)?;
    if certificates.is_empty() {
        return Err(Error::Empty(file.display().to_string()));
    }
    Ok(certificates)
}

/// A server's settings.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Server {
    /// What rustls needs.
    pub config: Arc<ServerConfig>,
    /// What SASL mechanisms that bind to a connection call the certificate.
    pub end_point: Option<ChannelBinding>,
}

/// A server's settings from PEM files: its certificate chain, own first, and the key.
///
/// # Errors
///
/// Where a file cannot be read or the two do not fit.
pub fn server(certificate: &Path, key: &Path) -> Result<Arc<Server>, Error> {
    let key_der = PrivateKeyDer::from_pem_file(key)
        .map_err(|source| Error::Pem { file: key.display().to_string(), source })?;
    server_with(certificates(certificate)?, key_der)
}

/// A certificate that a server signed itself, with its key, in PEM.
#[derive(Clone)]
pub struct SelfSigned {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
    der: (CertificateDer<'static>, Vec<u8>),
}

impl std::fmt::Debug for SelfSigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SelfSigned").finish_non_exhaustive()
    }
}

impl SelfSigned {
    /// A new one for `names`: host names or IP addresses.
    ///
    /// # Errors
    ///
    /// Where a name is none.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, Error> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(names)?.self_signed(&key)?;
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: (certificate.der().clone(), key.serialize_der()),
        })
    }

    /// A server's settings with it.
    ///
    /// # Errors
    ///
    /// Those of rustls.
    pub fn server(&self) -> Result<Arc<Server>, Error> {
        let (certificate, key) = self.der.clone();
        server_with(vec![certificate], PrivateKeyDer::Pkcs8(key.into()))
    }

    /// The settings of a client that trusts it, and nothing else.
    ///
    /// # Errors
    ///
    /// Those of rustls.
    pub fn client(&self) -> Result<Arc<ClientConfig>, Error> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.0.clone())?;
        client_with(roots)
    }
}

fn server_with(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<Server>, Error> {
    let end_point = chain.first().and_then(|own| ChannelBinding::tls_server_end_point(own));
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(Server { config: Arc::new(config), end_point }))
}

fn client_with(roots: impl Into<Arc<RootCertStore>>) -> Result<Arc<ClientConfig>, Error> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The settings of a client that trusts what the system trusts, and the certificates in `ca`.
///
/// # Errors
///
/// Where `ca` cannot be read or holds no certificate.
pub fn client(ca: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    client_with(roots(ca)?)
}

/// Who is trusted to say whose a certificate is.
#[derive(Debug, Clone)]
pub struct Authorities {
    client: Arc<ClientConfig>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Authorities {
    /// Those whom the system trusts, and the certificates in `ca`.
    ///
    /// # Errors
    ///
    /// Where `ca` cannot be read or holds no certificate.
    pub fn new(ca: Option<&Path>) -> Result<Self, Error> {
        let roots = Arc::new(roots(ca)?);
        let verifier = verifier(Arc::clone(&roots), provider())?;
        Ok(Self { client: client_with(roots)?, verifier })
    }

    /// The settings of a client that trusts them, and nobody else.
    #[must_use]
    pub fn client(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.client)
    }

    /// The settings of a client that takes any certificate, and tells what they would say of it; for
    /// one connection.
    ///
    /// # Errors
    ///
    /// Those of rustls.
    pub fn witness(&self) -> Result<(Arc<ClientConfig>, Witness), Error> {
        witness::client(Arc::clone(&self.verifier))
    }
}

fn verifier(
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
    WebPkiServerVerifier::builder_with_provider(roots, provider)
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    // Some systems keep roots that rustls refuses; the others are as good as before.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(ca) = ca {
        for certificate in certificates(ca)? {
            roots.add(certificate)?;
        }
    }
    Ok(roots)
}

/// The settings of a client that takes any certificate: whoever sits between can read along. For
/// delivery between servers, where the alternative is no TLS at all (RFC 7435), and for
/// `--insecure`.
///
/// # Errors
///
/// Those of rustls.
pub fn unchecked_client() -> Result<Arc<ClientConfig>, Error> {
    judge::client(judge::Anyone)
}
