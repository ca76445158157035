//! The end of a server: told once, heard by everyone.

use std::io;
use tokio::sync::watch::{Receiver, Sender, channel};

/// Hears of the end. Clones hear the same.
#[derive(Debug, Clone)]
pub struct Shutdown(Receiver<bool>);

/// Tells of the end; dropping it tells so too.
#[derive(Debug)]
pub struct Trigger(Sender<bool>);

impl Trigger {
    /// Tells everyone.
    pub fn shut_down(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// One that the caller triggers.
    #[must_use]
    pub fn new() -> (Trigger, Self) {
        let (sender, receiver) = channel(false);
        (Trigger(sender), Self(receiver))
    }

    /// One that SIGTERM and SIGINT trigger; Ctrl-C where there are no signals.
    ///
    /// # Errors
    ///
    /// Where the system takes no handler.
    pub fn on_signals() -> io::Result<Self> {
        let (trigger, shutdown) = Self::new();
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            tokio::spawn(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                trigger.shut_down();
            });
        }
        #[cfg(not(unix))]
        tokio::spawn(async move {
            let _ = tokio::signal::ctrl_c().await;
            trigger.shut_down();
        });
        Ok(shutdown)
    }

    /// Whether the end has come.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when the end has come.
    pub async fn requested(&mut self) {
        // A trigger that was dropped is an end as well.
        let _ = self.0.wait_for(|requested| *requested).await;
    }
}
