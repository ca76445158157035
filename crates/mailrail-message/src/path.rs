//! Where a part stands, as IMAP counts.

use alloc::vec::Vec;
use core::fmt;

/// The number of a part, as IMAP's `BODY[section]` names it (RFC 3501 §6.4.5); empty for the message itself.
///
/// Displayed with dots between: `2.1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct PartPath(pub(crate) Vec<u32>);

impl PartPath {
    /// The numbers, outermost first.
    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }

    /// Whether this is the message itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for PartPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, number) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            write!(f, "{number}")?;
        }
        Ok(())
    }
}
