//! Issuers that vouch for people, over OpenID Connect: the authorization code flow with PKCE.
//!
//! [`OpenId`] is one issuer that the operator trusts. What it serves about itself and its keys is
//! fetched when first needed and remembered for an hour; an ID token under a key that is not
//! among them has them fetched once more. The protocol and its checks are `openidconnect`'s, the
//! way out is [`outbound`]'s: no second client, and an address on a private network only where
//! the operator says so.
//!
//! This crate knows nothing of people, logins or browsers: it gives back whom an issuer vouches
//! for ([`ports::issuer`]), and who that is here is for `app` to say. It reads no clock and draws
//! no random number. No text of a fault holds a code, a token or a secret.

mod document;
mod fault;
mod issuer;
mod options;
mod token;
mod transport;

pub use issuer::{OpenId, Served};
pub use options::{BadIssuer, ClientSecret, JoinOptions, JoinRole, OidcOptions};
