//! Temporary folders.

use super::Result;
use std::{
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that everyone may look into, removed at its end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        // Short: a Unix socket's path has little room.
        let path = std::env::temp_dir().join(format!("mr-{name}-{}-{next}", process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A path in it, as text.
    pub(crate) fn join(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<String> {
        let path = self.0.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    pub(crate) fn read(&self, name: &str) -> Result<String> {
        Ok(fs::read_to_string(self.0.join(name))?)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What went wrong can be looked at: MAILRAIL_KEEP=1.
        if std::env::var_os("MAILRAIL_KEEP").is_none() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
