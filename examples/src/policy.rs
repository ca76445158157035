//! MTA-STS policies (RFC 8461): fetched over HTTPS, and kept as long as they hold, in a store over
//! restarts too.

use crate::{
    store::{self, Date, KeptPolicy, Store},
    tls::Authorities,
    tls_reports::Failed,
};
use core::error::Error as StdError;
use mailrail_mx::{Mode, POLICY_MAX, PolicyCache, StsPolicy, StsRecord, TlsFailure, policy_url};
use mailrail_wire::Time;
use reqwest::{Client, Response, StatusCode, header::CONTENT_TYPE, redirect};
use rustls::ClientConfig;
use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long a fetch may take (RFC 8461 §3.3).
const PATIENCE: Duration = Duration::from_secs(60);
/// How many domains' policies are kept.
const CACHE_MAX: u32 = 10_000;

/// The policies of the domains that mail goes to. A clone shares them.
#[derive(Clone)]
pub struct Policies {
    tls: Arc<ClientConfig>,
    host: Option<SocketAddr>,
    cache: Arc<Mutex<PolicyCache>>,
    /// Where they outlive the program.
    store: Option<Store>,
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policies").field("host", &self.host).finish_non_exhaustive()
    }
}

/// How it stands with a domain's policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// The policy that holds.
    pub policy: Option<StsPolicy>,
    /// Why none could be fetched, where that was tried just now.
    pub failed: Option<Failed>,
}

impl Policies {
    /// Policies of hosts that are proved by these authorities. They are fetched from each domain's
    /// policy host, or all from `host`.
    #[must_use]
    pub fn new(authorities: &Authorities, host: Option<SocketAddr>) -> Self {
        let cache = Arc::new(Mutex::new(PolicyCache::new(CACHE_MAX as usize)));
        Self { tls: authorities.client(), host, cache, store: None }
    }

    /// Has them outlive the program, and begins with those that do (RFC 8461 §5.1).
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn kept_in(mut self, store: Store) -> store::Result<Self> {
        let kept = store.kept_policies(Date::now().seconds, CACHE_MAX).await?;
        for KeptPolicy { domain, id, file, fetched, .. } in kept {
            let record = StsRecord::parse(format!("v=STSv1; id={id}").as_bytes());
            let policy = StsPolicy::parse(file.as_bytes()).ok();
            if let (Some(record), Some(policy)) = (record, policy) {
                self.cache().fetched(&domain, &record, policy, time(fetched));
            }
        }
        self.store = Some(store);
        Ok(self)
    }

    fn cache(&self) -> MutexGuard<'_, PolicyCache> {
        // What a panic leaves behind is a whole cache.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The policy that holds for mail to `domain`, of which a lookup has just told this record, or
    /// that there is none. It is fetched where it must be; where that fails, an earlier one holds
    /// on.
    pub async fn policy(&self, domain: &str, record: Option<&StsRecord>) -> Standing {
        let (held, is_to_fetch) = {
            let cache = self.cache();
            let standing = cache.standing(domain, record, time(Date::now().seconds));
            (standing.policy.cloned(), standing.is_to_fetch)
        };
        match record.filter(|_| is_to_fetch) {
            None => Standing { policy: held, failed: None },
            Some(record) => match self.renew(domain, record, held.as_ref()).await {
                Ok(policy) => Standing { policy: Some(policy), failed: None },
                Err(failed) => Standing { policy: held, failed: Some(failed) },
            },
        }
    }

    /// Fetches those anew whose turn it is at `now` (in seconds since 1970), though no mail goes
    /// there: whoever keeps us from a policy must do so for as long as the last one holds
    /// (RFC 8461 §10.2).
    pub async fn refresh(&self, now: i64) {
        let due = self.cache().to_refresh(time(now));
        for (domain, record, policy) in due {
            // What is wrong is logged, and the policy holds on.
            drop(self.renew(&domain, &record, Some(&policy)).await);
        }
    }

    async fn renew(
        &self,
        domain: &str,
        record: &StsRecord,
        held: Option<&StsPolicy>,
    ) -> Result<StsPolicy, Failed> {
        let fetched = self.fetch(domain).await;
        let now = Date::now().seconds;
        match fetched {
            Ok(policy) => {
                self.cache().fetched(domain, record, policy.clone(), time(now));
                self.keep(domain, record, &policy, now).await;
                Ok(policy)
            }
            Err((failure, why)) => {
                self.cache().failed(domain, record, time(now));
                // A domain that ends its policy may end its policy host, too (§8.3).
                if held.is_some_and(|held| held.mode == Mode::None) {
                    tracing::debug!(domain, why, "the MTA-STS policy");
                } else {
                    tracing::warn!(domain, why, "the MTA-STS policy");
                }
                Err(Failed { failure, why, at: None })
            }
        }
    }

    async fn keep(&self, domain: &str, record: &StsRecord, policy: &StsPolicy, now: i64) {
        let Some(store) = &self.store else { return };
        let kept = KeptPolicy {
            domain: domain.to_lowercase(),
            id: record.id.clone(),
            file: policy.lines().join("\n"),
            fetched: now,
            end: now.saturating_add(i64::try_from(policy.max_age.as_secs()).unwrap_or(i64::MAX)),
        };
        if let Err(error) = store.keep_policy(kept).await {
            tracing::error!(domain, %error, "the MTA-STS policy");
        }
    }

    async fn fetch(&self, domain: &str) -> Result<StsPolicy, (TlsFailure, String)> {
        let failed =
            |error: &dyn fmt::Display| (TlsFailure::StsPolicyFetchError, error.to_string());
        let url = policy_url(domain).map_err(|error| failed(&error))?;
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
        let client = client.build().map_err(|error| failed(&error))?;
        let mut answer = client.get(&url).send().await.map_err(|error| {
            let is_certificate = is_about_certificate(&error);
            let failure = if is_certificate {
                TlsFailure::StsWebpkiInvalid
            } else {
                TlsFailure::StsPolicyFetchError
            };
            (failure, whole(&error))
        })?;
        check(&answer).map_err(|error| failed(&error))?;
        let mut file = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| failed(&whole(&error)))? {
            if file.len() + piece.len() > POLICY_MAX {
                return Err((TlsFailure::StsPolicyInvalid, "the policy is too long".into()));
            }
            file.extend_from_slice(&piece);
        }
        let invalid =
            |error: mailrail_mx::InvalidPolicy| (TlsFailure::StsPolicyInvalid, error.to_string());
        StsPolicy::parse(&file).map_err(invalid)
    }
}

/// That many seconds since 1970.
const fn time(seconds: i64) -> Time {
    Time::from_start(Duration::from_secs(seconds.unsigned_abs()))
}

/// An error and all its causes.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    core::iter::successors(Some(error), |&error| match error.downcast_ref::<std::io::Error>() {
        // It tells the source of what is within, and passes that itself over.
        Some(io) => io.get_ref().map(|within| within as _),
        None => error.source(),
    })
}

/// All of it, each thing once.
fn whole(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<_> = causes(error).map(ToString::to_string).collect();
    parts.dedup();
    parts.join(": ")
}

/// Whether the policy's host could not prove its name.
fn is_about_certificate(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .any(|error| matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
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
