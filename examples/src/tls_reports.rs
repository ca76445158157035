//! Reports on TLS (RFC 8460): what became of the sessions with each domain that wants to know is
//! counted, and written to a file a domain once a day.

use crate::store::Date;
use mailrail_mx::{AppliedPolicy, Heading, TlsFailure, TlsReport};
use std::{
    collections::BTreeMap,
    fmt, fs, io,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The seconds of a day: each report is of one, in UTC.
const DAY: u64 = 24 * 60 * 60;
/// How many domains are reported to.
const DOMAINS_MAX: usize = 10_000;
/// How many policies of a domain are told apart, and kinds of failures of each.
const KINDS_MAX: usize = 100;

/// What is counted, and where it is written. A clone shares it.
#[derive(Clone)]
pub struct TlsReports(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    /// Who reports: this host's name.
    sender: String,
    counted: Mutex<Counted>,
}

struct Counted {
    /// From when on, in seconds since 1970.
    since: u64,
    domains: BTreeMap<String, TlsReport>,
}

impl fmt::Debug for TlsReports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsReports").field("folder", &self.0.folder).finish_non_exhaustive()
    }
}

/// A session that did not follow its policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Failed {
    /// In the words of reports.
    pub failure: TlsFailure,
    /// In those of whoever noticed.
    pub why: String,
    /// The exchanger, and its address, as far as it came to them.
    pub at: Option<(String, Option<IpAddr>)>,
}

impl TlsReports {
    /// Reports of `sender`, to be written to `folder`, which is made where it is missing.
    ///
    /// # Errors
    ///
    /// Those of the folder.
    pub fn new(folder: PathBuf, sender: String) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let counted = Counted { since: now(), domains: BTreeMap::new() };
        Ok(Self(Arc::new(Inner { folder, sender, counted: Mutex::new(counted) })))
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        // What a panic leaves behind is a whole report.
        self.0.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what became of a session with an exchanger of `domain`, which is in ASCII and wants
    /// to know.
    pub fn count(&self, domain: &str, policy: &AppliedPolicy, came: Result<(), Failed>) {
        let mut counted = self.counted();
        if counted.domains.len() >= DOMAINS_MAX && !counted.domains.contains_key(domain) {
            return;
        }
        let domain = domain.to_owned();
        let report = counted.domains.entry(domain).or_insert_with(|| TlsReport::new(KINDS_MAX));
        match came {
            Ok(()) => report.succeeded(policy),
            Err(Failed { failure, why, at }) => {
                let (host, address) =
                    at.map_or((None, None), |(host, address)| (Some(host), address));
                report.failed(policy, failure, (None, address), host.as_deref(), Some(&why));
            }
        }
    }

    /// How long it is until the reports of a day are to be written.
    #[must_use]
    pub fn wait(&self) -> Duration {
        let end = (self.counted().since / DAY + 1) * DAY;
        Duration::from_secs(end.saturating_sub(now()))
    }

    /// Writes what was counted so far, a file a domain, and begins anew.
    ///
    /// # Errors
    ///
    /// Those of the files; the other domains' are written.
    pub fn write(&self) -> io::Result<()> {
        let now = now();
        let (since, domains) = {
            let mut counted = self.counted();
            let since = std::mem::replace(&mut counted.since, now);
            (since, std::mem::take(&mut counted.domains))
        };
        let mut written = Ok(());
        for (domain, report) in domains {
            // Its last second is the one before the next report's first.
            let end = now.saturating_sub(1).max(since);
            written = self.write_one(&domain, &report, (since, end)).and(written);
        }
        written
    }

    /// Under the name of RFC 8460 §5.1.
    fn write_one(&self, domain: &str, report: &TlsReport, range: (u64, u64)) -> io::Result<()> {
        let (sender, (start, end)) = (&self.0.sender, range);
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(io::Error::other)?;
        let id = format!("{:016x}", u64::from_be_bytes(id));
        let report = report.to_json(&Heading {
            organization: sender,
            contact: &format!("postmaster@{sender}"),
            id: &format!("{id}@{sender}"),
            start,
            end,
        });
        let name = format!("{sender}!{domain}!{start}!{end}!{id}.json");
        // Whoever collects them finds whole ones alone.
        let unfinished = self.0.folder.join(format!(".{id}"));
        fs::write(&unfinished, report)?;
        fs::rename(unfinished, self.0.folder.join(name))
    }
}

fn now() -> u64 {
    Date::now().seconds.unsigned_abs()
}
