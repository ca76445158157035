//! Values that are never printed.

use core::fmt;

/// A password, a token or the bytes of a SASL exchange: [`Debug`](fmt::Debug) shows `Secret(..)`.
///
/// It keeps a value out of logs and error messages, in every build. It does not wipe memory.
///
/// ```
/// use mailrail_wire::Secret;
///
/// let password = Secret::new("sesame");
/// assert_eq!(format!("{password:?}"), "Secret(..)");
/// assert_eq!(*password.expose(), "sesame");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself: for the wire or for a comparison, never for a person to read.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, no longer hidden.
    pub fn into_exposed(self) -> T {
        self.0
    }

    /// Hides what `change` makes of the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Secret<U> {
        Secret(change(self.0))
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
