//! The command lines of the programs.

pub mod client;
pub mod journey;
pub mod server;
mod url;

pub use url::{Scheme, ServerUrl, UrlError};

/// Whether domains' MTA-STS policies are followed (RFC 8461). DANE is, wherever the name server is
/// to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::Args)]
#[non_exhaustive]
pub struct MtaSts {
    /// Follow domains' MTA-STS policies, which are fetched over HTTPS
    #[arg(long)]
    pub mta_sts: bool,
    /// Where they are fetched from, instead of each domain's policy host
    #[arg(long, value_name = "IP:PORT", requires = "mta_sts")]
    pub mta_sts_host: Option<std::net::SocketAddr>,
}

impl MtaSts {
    /// Where policies come from; none where they are not followed.
    #[must_use]
    pub fn policies(
        &self,
        authorities: &crate::tls::Authorities,
    ) -> Option<crate::policy::Policies> {
        self.mta_sts.then(|| crate::policy::Policies::new(authorities, self.mta_sts_host))
    }
}
