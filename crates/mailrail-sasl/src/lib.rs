#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod anonymous;
mod authenticator;
mod channel;
mod cram_md5;
mod credentials;
mod error;
pub mod exchange;
mod external;
mod gs2;
mod login;
mod mechanism;
mod nonce;
mod oauth;
mod plain;
mod question;
pub mod saslprep;
pub mod scram;
mod setting;
mod single;

pub use anonymous::{AnonymousClient, AnonymousServer};
pub use authenticator::Authenticator;
pub use channel::{Channel, ChannelBinding};
pub use cram_md5::{CramMd5Client, CramMd5Server};
pub use credentials::Credentials;
pub use error::Error;
pub use external::{ExternalClient, ExternalServer};
pub use login::{LoginClient, LoginServer};
pub use mechanism::{
    ClientMechanism, Mechanism, ServerMechanism, is_mechanism_name, may_offer, sends_password,
};
pub use nonce::Nonce;
pub use oauth::{OAuthBearerClient, OAuthBearerServer, XOAuth2Client, XOAuth2Server};
pub use plain::{PlainClient, PlainServer};
pub use question::{Answer, Claim, Progress, Question, TokenClaim, is_password};
pub use setting::{Setting, TokenHint};
