//! Connections that are kept for a moment, for the next message to the same host.

use crate::drive::tokio::{Link, Stream};
use mailrail_mx::TlsRequirement;
use mailrail_smtp::{Submission, submission::TlsPolicy};
use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// How long one waits for the next message.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a server may take for its goodbye.
const GOODBYE: Duration = Duration::from_secs(5);
/// How many are kept.
const KEPT_MAX: usize = 100;

/// What a message must find the same to go over another one's connection. What TLS has proved
/// there was proved for the domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) domain: String,
    pub(crate) host: String,
    pub(crate) addr: SocketAddr,
    pub(crate) tls: TlsPolicy,
    /// What was to be proved.
    pub(crate) requirement: TlsRequirement,
}

type Connection = Link<Submission, Stream>;

/// Connections that have no message now. Clones share them.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    idle: HashMap<Key, Vec<(u64, Connection)>>,
    count: usize,
    next: u64,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("count", &self.kept().count).finish()
    }
}

impl Pool {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // What a panic leaves behind is a whole map.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last, if one is kept. Its server may have closed it meanwhile.
    pub(crate) fn take(&self, key: &Key) -> Option<Connection> {
        let mut kept = self.kept();
        let links = kept.idle.get_mut(key)?;
        let taken = links.pop();
        if links.is_empty() {
            kept.idle.remove(key);
        }
        kept.count -= usize::from(taken.is_some());
        taken.map(|(_, link)| link)
    }

    /// Keeps a connection for the next message, or says goodbye after a while.
    pub(crate) fn keep(&self, key: Key, link: Connection) {
        let number = {
            let mut kept = self.kept();
            if kept.count >= KEPT_MAX {
                drop(kept);
                drop(tokio::spawn(say_goodbye(link)));
                return;
            }
            kept.count += 1;
            kept.next += 1;
            let number = kept.next;
            kept.idle.entry(key.clone()).or_default().push((number, link));
            number
        };
        let pool = self.clone();
        drop(tokio::spawn(async move {
            sleep(PATIENCE).await;
            if let Some(link) = pool.remove(&key, number) {
                say_goodbye(link).await;
            }
        }));
    }

    fn remove(&self, key: &Key, number: u64) -> Option<Connection> {
        let mut kept = self.kept();
        let links = kept.idle.get_mut(key)?;
        let place = links.iter().position(|&(it, _)| it == number)?;
        let (_, link) = links.swap_remove(place);
        if links.is_empty() {
            kept.idle.remove(key);
        }
        kept.count -= 1;
        Some(link)
    }

    /// Says goodbye to all servers, and waits for that.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.kept()).idle;
        for (_, link) in all.into_values().flatten() {
            say_goodbye(link).await;
        }
    }
}

/// Whatever comes of it: nothing is lost by it.
pub(crate) async fn say_goodbye(mut link: Connection) {
    let goodbye = async {
        let _ = link.conn().quit();
        while let Ok(Some(_)) = link.next_event().await {}
    };
    let _ = timeout(GOODBYE, goodbye).await;
}
