//! Tests that need programs which may not be there: these count as ignored then, with the reason.

use super::{
    Result,
    program::{find, run},
};
use libtest_mimic::{Arguments, Conclusion, Trial};

/// What a test can need besides a program of that name: the rights to start servers that change
/// their user.
pub(crate) const ROOT: &str = "root";
/// The rights to mount something for one program alone.
pub(crate) const ROOM: &str = "a room of one's own (unshare --mount)";
/// A swaks whose Perl has TLS.
pub(crate) const SWAKS_TLS: &str = "swaks with TLS (Net::SSLeay)";

#[derive(Default)]
pub(crate) struct Suite(Vec<Trial>);

impl Suite {
    /// Adds a test that needs these programs.
    pub(crate) fn test(
        &mut self,
        name: &str,
        needs: &[&str],
        test: impl FnOnce() -> Result + Send + 'static,
    ) {
        let trial = Trial::test(name, move || test().map_err(|error| error.to_string().into()));
        let missing: Vec<_> = needs.iter().copied().filter(|need| !is_there(need)).collect();
        self.0.push(if missing.is_empty() {
            trial
        } else {
            trial.with_kind(format!("missing: {}", missing.join(", "))).with_ignored_flag(true)
        });
    }

    pub(crate) fn run(self) -> Conclusion {
        libtest_mimic::run(&Arguments::from_args(), self.0)
    }
}

fn is_there(need: &str) -> bool {
    if need == ROOT {
        // A process's folder belongs to whom it runs as.
        #[cfg(unix)]
        return std::fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        #[cfg(not(unix))]
        return false;
    }
    if need == ROOM {
        return run("unshare", &["--mount", "true"]).is_ok();
    }
    if need == SWAKS_TLS {
        let said = run("swaks", &["--support"]).map(|said| said.stdout).unwrap_or_default();
        return String::from_utf8_lossy(&said).contains("=== TLS supported");
    }
    find(need).is_some()
}
