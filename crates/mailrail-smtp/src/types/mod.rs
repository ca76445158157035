//! What several commands and replies are made of.

mod address;
mod domain;
mod dsn;
mod extension;
mod extensions;
mod fit;
mod parameter;
mod path;
mod protocol;
mod received;
mod schedule;
mod solicitation;
mod text;
mod timestamp;

pub(crate) use address::mailbox;
pub use address::{LocalPart, Mailbox};
pub(crate) use domain::host;
pub use domain::{AddressLiteral, Domain, GeneralLiteral, Host};
pub use dsn::{EnvelopeId, Notify, OriginalRecipient, Ret};
pub use extension::Extension;
pub use extensions::{Extensions, FutureRelease, SessionLimits};
pub use fit::Unfit;
pub use parameter::Parameter;
pub(crate) use parameter::{Pair, parameter, parameters, write_xtext};
pub use path::{ForwardPath, ReversePath};
pub(crate) use path::{forward_path, reverse_path};
pub use protocol::Protocol;
pub use received::Received;
pub use schedule::{ByMode, DeliverBy, Hold, HoldSeconds, Otherwise, Priority, ValidSince};
pub use solicitation::Solicitation;
pub(crate) use text::Text;
pub use timestamp::Timestamp;

/// `FromStr` for a type that has `parse` and `into_owned`.
macro_rules! from_str {
    ($type:ident) => {
        impl core::str::FromStr for $type<'static> {
            type Err = crate::SyntaxError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $type::parse(text.as_bytes()).map($type::into_owned)
            }
        }
    };
}
pub(crate) use from_str;
