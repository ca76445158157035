//! MTA-STS policies (RFC 8461): fetched over HTTPS, and kept as long as they hold. They are not kept
//! over restarts.

use crate::{drive::Clock, tls};
use mailrail_mx::{POLICY_MAX, PolicyCache, StsPolicy, StsRecord, policy_url};
use reqwest::{Client, Response, StatusCode, header::CONTENT_TYPE, redirect};
use rustls::ClientConfig;
use std::{
    fmt, io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long a fetch may take (RFC 8461 §3.3).
const PATIENCE: Duration = Duration::from_secs(60);
/// How many domains' policies are kept.
const CACHE_MAX: usize = 10_000;

/// The policies of the domains that mail goes to. A clone shares them.
#[derive(Clone)]
pub struct Policies {
    tls: Arc<ClientConfig>,
    host: Option<SocketAddr>,
    cache: Arc<Mutex<PolicyCache>>,
    clock: Clock,
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policies").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Policies {
    /// Policies of hosts that are proved by the authorities that the system trusts, and those in
    /// `ca`. They are fetched from each domain's policy host, or all from `host`.
    ///
    /// # Errors
    ///
    /// Where `ca` cannot be read or holds no certificate.
    pub fn new(ca: Option<&Path>, host: Option<SocketAddr>) -> Result<Self, tls::Error> {
        let cache = Arc::new(Mutex::new(PolicyCache::new(CACHE_MAX)));
        Ok(Self { tls: tls::client(ca)?, host, cache, clock: Clock::start() })
    }

    /// How an exchanger is checked that a policy asks for.
    #[must_use]
    pub fn client(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    fn cache(&self) -> MutexGuard<'_, PolicyCache> {
        // What a panic leaves behind is a whole cache.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The policy that holds for mail to `domain`, of which a lookup has just told this record, or
    /// that there is none. It is fetched where it must be; where that fails, an earlier one holds
    /// on.
    pub async fn policy(&self, domain: &str, record: Option<&StsRecord>) -> Option<StsPolicy> {
        let (held, is_to_fetch) = {
            let cache = self.cache();
            let standing = cache.standing(domain, record, self.clock.now());
            (standing.policy.cloned(), standing.is_to_fetch)
        };
        let record = record.filter(|_| is_to_fetch);
        let Some(record) = record else { return held };
        let fetched = self.fetch(domain).await;
        let now = self.clock.now();
        match fetched {
            Ok(policy) => {
                self.cache().fetched(domain, record, policy.clone(), now);
                Some(policy)
            }
            Err(error) => {
                tracing::warn!(domain, %error, "the MTA-STS policy");
                self.cache().failed(domain, record, now);
                held
            }
        }
    }

    async fn fetch(&self, domain: &str) -> io::Result<StsPolicy> {
        let url = policy_url(domain).map_err(io::Error::other)?;
        let host = url.split('/').nth(2).unwrap_or_default();
        let mut client = Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(&self.tls))
            .https_only(true)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE);
        if let Some(addr) = self.host {
            client = client.resolve(host, addr);
        }
        let client = client.build().map_err(io::Error::other)?;
        let mut answer = client.get(&url).send().await.map_err(io::Error::other)?;
        check(&answer).map_err(io::Error::other)?;
        let mut file = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(io::Error::other)? {
            if file.len() + piece.len() > POLICY_MAX {
                return Err(io::Error::other("the policy is too long"));
            }
            file.extend_from_slice(&piece);
        }
        StsPolicy::parse(&file).map_err(io::Error::other)
    }
}

/// That it is a policy's answer (RFC 8461 §3.2, §3.3).
fn check(answer: &Response) -> Result<(), String> {
    if answer.status() != StatusCode::OK {
        return Err(format!("the policy host answers {}", answer.status()));
    }
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("text/plain") {
        Ok(())
    } else {
        Err("the policy is not of the type text/plain".into())
    }
}
