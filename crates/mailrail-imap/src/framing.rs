//! Where the next unit ends.
