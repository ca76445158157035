//! The index's tables.

use super::{BUSY, Error, Result};
use rusqlite::Connection;
use std::path::Path;

const VERSION: i64 = 4;

/// Flags: `system` is a set of bits, `keywords` the others with spaces between. `modseq` is the
/// mailbox's change counter when the row last changed (RFC 7162). A message's bytes are `prefix`,
/// then the body's file; `lacks` says how many bytes its last line lacks of its CR LF.
const TABLES: &str = "
    CREATE TABLE counter (uidvalidity INTEGER NOT NULL);
    INSERT INTO counter VALUES (0);
    CREATE TABLE mailbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL,
        name TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL UNIQUE,
        uidnext INTEGER NOT NULL DEFAULT 1,
        modseq INTEGER NOT NULL DEFAULT 1,
        first_recent INTEGER NOT NULL DEFAULT 1,
        UNIQUE (account, name)
    );
    CREATE TABLE subscription (
        account TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (account, name)
    ) WITHOUT ROWID;
    CREATE TABLE blob (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL
    );
    CREATE TABLE message (
        mailbox INTEGER NOT NULL REFERENCES mailbox,
        uid INTEGER NOT NULL,
        blob INTEGER NOT NULL REFERENCES blob,
        prefix BLOB NOT NULL,
        size INTEGER NOT NULL,
        lacks INTEGER NOT NULL,
        date INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        system INTEGER NOT NULL,
        keywords TEXT NOT NULL,
        modseq INTEGER NOT NULL,
        PRIMARY KEY (mailbox, uid)
    ) WITHOUT ROWID;
    CREATE INDEX message_blob ON message (blob);
    CREATE INDEX message_modseq ON message (mailbox, modseq);
    CREATE TABLE expunged (
        mailbox INTEGER NOT NULL REFERENCES mailbox,
        uid INTEGER NOT NULL,
        modseq INTEGER NOT NULL,
        PRIMARY KEY (mailbox, uid)
    ) WITHOUT ROWID;
    CREATE INDEX expunged_modseq ON expunged (mailbox, modseq);
    CREATE TABLE queue (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        blob INTEGER NOT NULL REFERENCES blob,
        sender TEXT NOT NULL,
        recipient TEXT NOT NULL,
        state TEXT NOT NULL,
        next_attempt INTEGER NOT NULL,
        created INTEGER NOT NULL
    );
    CREATE INDEX queue_blob ON queue (blob);
    CREATE INDEX queue_next ON queue (next_attempt);
";

/// Domains' MTA-STS policies, as they were fetched.
const POLICIES: &str = "
    CREATE TABLE sts_policy (
        domain TEXT PRIMARY KEY,
        id TEXT NOT NULL,
        file TEXT NOT NULL,
        fetched INTEGER NOT NULL,
        end INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// From version 1, whose queue did not keep what the client had said of a message.
const FROM_1: &str = r#"
    ALTER TABLE queue DROP COLUMN attempts;
    ALTER TABLE queue DROP COLUMN last_error;
    ALTER TABLE queue ADD COLUMN state TEXT NOT NULL DEFAULT '';
    UPDATE queue SET state = json_object(
        'mail', 'MAIL FROM:<' || sender || '>' || char(13, 10),
        'rcpt', 'RCPT TO:<' || recipient || '>' || char(13, 10));
"#;

/// From version 3, which did not keep how a message ends.
const FROM_3: &str = "ALTER TABLE message ADD COLUMN lacks INTEGER NOT NULL DEFAULT 0;";

/// Opens the index. A commit returns when the disk has it.
pub(super) fn open(file: &Path) -> Result<Connection> {
    let db = Connection::open(file)?;
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// Makes the tables where they are missing.
pub(super) fn migrate(db: &Connection) -> Result<()> {
    match db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? {
        0 => upgrade(db, &[TABLES, POLICIES]),
        1 => upgrade(db, &[FROM_1, POLICIES, FROM_3]),
        2 => upgrade(db, &[POLICIES, FROM_3]),
        3 => upgrade(db, &[FROM_3]),
        VERSION => Ok(()),
        _ => Err(Error::Version),
    }
}

/// Takes these steps, all or none.
fn upgrade(db: &Connection, steps: &[&str]) -> Result<()> {
    let steps = steps.concat();
    Ok(db.execute_batch(&format!(
        "BEGIN IMMEDIATE; {steps} PRAGMA user_version = {VERSION}; COMMIT;"
    ))?)
}

/// Holds `file` for this process; the system lets it go when the process ends, however it ends.
pub(super) fn lock(file: &Path) -> Result<Connection> {
    let db = Connection::open(file)?;
    // A predecessor may still be ending.
    db.busy_timeout(BUSY / 5)?;
    match db.execute_batch("BEGIN EXCLUSIVE") {
        Ok(()) => Ok(db),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
            Err(Error::InUse)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_of_version_1_goes_on() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE TABLE queue (id INTEGER PRIMARY KEY, blob INTEGER, sender TEXT, recipient TEXT,
                 attempts INTEGER, next_attempt INTEGER, last_error TEXT, created INTEGER);
             CREATE TABLE message (uid INTEGER);
             INSERT INTO message VALUES (7);
             INSERT INTO queue VALUES (1, 1, 'a@b', '\"c d\"@e', 2, 3, 'x', 4), (2, 1, '', 'f@g', 0, 3, NULL, 4);
             PRAGMA user_version = 1;",
        )
        .unwrap();
        migrate(&db).unwrap();
        let mut rows = db.prepare("SELECT state FROM queue ORDER BY id").unwrap();
        let rows = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let rows: Vec<serde_json::Value> =
            rows.map(|row| serde_json::from_str(&row.unwrap()).unwrap()).collect();
        assert_eq!(rows[0]["mail"], "MAIL FROM:<a@b>\r\n");
        assert_eq!(rows[0]["rcpt"], "RCPT TO:<\"c d\"@e>\r\n");
        assert_eq!(rows[1]["mail"], "MAIL FROM:<>\r\n");
        migrate(&db).unwrap();
        let policies = || db.query_row("SELECT count(*) FROM sts_policy", [], |row| row.get(0));
        assert_eq!(policies(), Ok(0));
        // From version 2, which kept no policies.
        db.execute_batch("DROP TABLE sts_policy; ALTER TABLE message DROP COLUMN lacks; PRAGMA user_version = 2;").unwrap();
        migrate(&db).unwrap();
        assert_eq!(policies(), Ok(0));
        let lacks = db.query_row("SELECT lacks FROM message WHERE uid = 7", [], |row| row.get(0));
        assert_eq!(lacks, Ok(0));
    }
}
