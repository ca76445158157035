//! MTA-STS policies that outlive the program (RFC 8461 §5.1).

use super::{Result, Store};
use rusqlite::{Row, params};

/// A policy as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct KeptPolicy {
    /// Whose it is.
    pub domain: String,
    /// The record's id when it was fetched.
    pub id: String,
    /// The policy's file.
    pub file: String,
    /// When it was fetched, in seconds since 1970.
    pub fetched: i64,
    /// When it ceases to hold, in seconds since 1970.
    pub end: i64,
}

impl KeptPolicy {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            domain: row.get(0)?,
            id: row.get(1)?,
            file: row.get(2)?,
            fetched: row.get(3)?,
            end: row.get(4)?,
        })
    }
}

impl Store {
    /// Keeps a domain's policy, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub async fn keep_policy(&self, policy: KeptPolicy) -> Result<()> {
        self.write(move |db, _| {
            let KeptPolicy { domain, id, file, fetched, end } = policy;
            db.prepare_cached("INSERT OR REPLACE INTO sts_policy VALUES (?, ?, ?, ?, ?)")?
                .execute(params![domain, id, file, fetched, end])?;
            Ok(())
        })
        .await
    }

    /// The policies that hold at `now` (seconds since 1970), `limit` of them at most, those that
    /// hold longest. The others are forgotten.
    ///
    /// # Errors
    ///
    /// Those of the index.
    pub async fn kept_policies(&self, now: i64, limit: u32) -> Result<Vec<KeptPolicy>> {
        self.write(move |db, _| {
            db.execute("DELETE FROM sts_policy WHERE end <= ?", [now])?;
            let mut kept = db.prepare(
                "SELECT domain, id, file, fetched, end FROM sts_policy ORDER BY end DESC LIMIT ?",
            )?;
            let kept = kept.query_map([limit], KeptPolicy::from_row)?;
            Ok(kept.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}
