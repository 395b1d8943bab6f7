//! What went wrong, in words for the log. What an issuer wrote is quoted in part, and never what
//! it was sent.

use std::error::Error;

use openidconnect::core::CoreErrorResponseType;
use openidconnect::{
    ClaimsVerificationError, DiscoveryError, RequestTokenError, SignatureVerificationError, StandardErrorResponse,
    UserInfoError,
};
use ports::IssuerFault;

use crate::transport::NotAnswered;

/// Longest word of an issuer that is quoted.
const QUOTED_CHARS_MAX: usize = 100;

/// It could not be asked about itself.
pub(crate) fn of_document(error: DiscoveryError<NotAnswered>) -> IssuerFault {
    IssuerFault::Unreachable(match error {
        DiscoveryError::Request(why) => why.to_string(),
        DiscoveryError::Response(status, _, _) if !status.is_success() => format!("it answered {status}"),
        DiscoveryError::Response(_, _, why) | DiscoveryError::Validation(why) => quoted(&why),
        DiscoveryError::Parse(why) => format!("its document cannot be read: {}", quoted(&why.to_string())),
        other => quoted(&other.to_string()),
    })
}

/// The code could not be redeemed.
pub(crate) fn of_exchange(
    error: RequestTokenError<NotAnswered, StandardErrorResponse<CoreErrorResponseType>>,
) -> IssuerFault {
    match error {
        RequestTokenError::Request(why) => IssuerFault::Unreachable(why.to_string()),
        RequestTokenError::ServerResponse(said) => {
            let advice = match said.error() {
                CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                    " (check client_id and client_secret)"
                }
                _ => "",
            };
            IssuerFault::Refused(format!("{}{advice}", quoted(said.error().as_ref())))
        }
        // The body is not quoted: it may hold tokens.
        RequestTokenError::Parse(_, _) => IssuerFault::Untrusted("its answer to a code cannot be read".to_owned()),
        RequestTokenError::Other(why) => IssuerFault::Unreachable(quoted(&why)),
    }
}

/// It could not be asked about a person.
pub(crate) fn of_person(error: UserInfoError<NotAnswered>) -> IssuerFault {
    match error {
        UserInfoError::Request(why) => IssuerFault::Unreachable(why.to_string()),
        UserInfoError::Response(status, _, _) => IssuerFault::Refused(format!("it answered {status} about a person")),
        UserInfoError::ClaimsVerification(why) => of_claims(&why),
        _ => IssuerFault::Untrusted("what it says about a person cannot be read".to_owned()),
    }
}

/// A token does not hold.
pub(crate) fn of_claims(error: &ClaimsVerificationError) -> IssuerFault {
    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    IssuerFault::Untrusted(quoted(&why))
}

/// Whether other keys may help.
pub(crate) fn is_of_keys(error: &ClaimsVerificationError) -> bool {
    use SignatureVerificationError::{AmbiguousKeyId, CryptoError, NoMatchingKey};
    matches!(
        error,
        // A new key may stand under an old name.
        ClaimsVerificationError::SignatureVerification(NoMatchingKey | AmbiguousKeyId(_) | CryptoError(_))
    )
}

fn quoted(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(QUOTED_CHARS_MAX).collect()
}
