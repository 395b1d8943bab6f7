//! What an operator writes about an issuer.

use std::fmt;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

/// How long the name of an issuer in addresses may be.
const NAME_BYTES_MAX: usize = 32;

/// How long what people call it may be.
const TITLE_CHARS_MAX: usize = 64;

/// Who vouches for people. Its name in the configuration stands in the address that the issuer
/// sends browsers back to, which is to be registered there:
/// `https://agents.example.com/login/oidc/NAME/callback`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OidcOptions {
    /// The issuer's address, exactly as it calls itself: `https://accounts.google.com`. What it
    /// says about itself is read below it, at `/.well-known/openid-configuration`.
    ///
    /// Since 0.1.
    pub issuer: String,

    /// What this server is called there.
    ///
    /// Since 0.1.
    pub client_id: String,

    /// The secret that this server shows there. Better kept out of the file: see
    /// `client_secret_env`. A client that has none needs none.
    ///
    /// Since 0.1.
    pub client_secret: Option<ClientSecret>,

    /// The environment variable that holds the secret. Read at start; `client_secret` wins over
    /// it.
    ///
    /// Since 0.1.
    pub client_secret_env: Option<String>,

    /// What people call it: the login page says `Continue with …`. The section's name, if not
    /// set.
    ///
    /// Since 0.1.
    pub display_name: Option<String>,

    /// What is asked for, besides `openid`.
    ///
    /// Since 0.1.
    pub scopes: Vec<String>,

    /// Let in only those whose verified e-mail address is of one of these domains; all that are
    /// members, if it is empty. A domain below one of them is another one.
    ///
    /// Since 0.1.
    pub domains: Vec<String>,

    /// Makes members of those whom nobody has added, of an address in `domains`, which it needs.
    /// Without it only members are let in: those whom somebody has added with the address that
    /// the issuer has verified.
    ///
    /// Since 0.1.
    pub join: Option<JoinOptions>,

    /// Take addresses for verified where the issuer does not say whether they are. Only for one
    /// at which nobody can write down another's address, such as the directory of one's own
    /// company at Entra ID.
    ///
    /// Since 0.1.
    pub trust_email: bool,

    /// Whether the issuer may be at a private or loopback address, and without TLS.
    ///
    /// Since 0.1.
    pub allow_private: bool,
}

impl Default for OidcOptions {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            client_secret_env: None,
            display_name: None,
            scopes: vec!["email".to_owned(), "profile".to_owned()],
            domains: Vec::new(),
            join: None,
            trust_email: false,
            allow_private: false,
        }
    }
}

/// What becomes of those whom nobody has added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JoinOptions {
    /// The organization that they join, by its name or its id; the first, if not set.
    ///
    /// Since 0.1.
    pub org: Option<String>,

    /// What they may do there: `viewer`, `member` or `admin`. Owners are made by owners.
    ///
    /// Since 0.1.
    pub role: JoinRole,
}

/// What those who join may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JoinRole {
    /// Look.
    #[default]
    Viewer,
    /// Work.
    Member,
    /// Administer.
    Admin,
}

impl From<JoinRole> for domain::org::Role {
    fn from(role: JoinRole) -> Self {
        match role {
            JoinRole::Viewer => Self::Viewer,
            JoinRole::Member => Self::Member,
            JoinRole::Admin => Self::Admin,
        }
    }
}

/// An issuer that cannot be set up as it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("login.oidc.{name}: {why}")]
pub struct BadIssuer {
    /// Its name in the configuration.
    pub name: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl OidcOptions {
    /// Whether it can be set up as it is written, as far as that is known without asking it.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, name: &str) -> Result<(), BadIssuer> {
        self.fault(name).map_or(Ok(()), |why| Err(BadIssuer { name: name.to_owned(), why }))
    }

    /// What people call it.
    pub fn title(&self, name: &str) -> String {
        self.display_name.clone().unwrap_or_else(|| name.to_owned())
    }

    fn fault(&self, name: &str) -> Option<String> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
            return Some(format!("its name may have {NAME_BYTES_MAX} of the characters a-z, 0-9 and `-`"));
        }
        if self.client_id.is_empty() {
            return Some("needs a `client_id`: what the issuer calls this server".to_owned());
        }
        if self.title(name).trim().is_empty() || self.title(name).chars().count() > TITLE_CHARS_MAX {
            return Some(format!("`display_name` must have 1 to {TITLE_CHARS_MAX} characters"));
        }
        let is_domain = |domain: &String| !domain.is_empty() && !domain.contains(['@', '*', '/', ' ']);
        if let Some(wrong) = self.domains.iter().find(|domain| !is_domain(domain)) {
            return Some(format!("`{wrong}` in `domains` is no domain such as `example.com`"));
        }
        if self.join.is_some() && self.domains.is_empty() {
            return Some("`join` needs `domains`, or whoever has an account there becomes a member here".to_owned());
        }
        if let Some(wrong) = self.scopes.iter().find(|scope| !is_scope(scope)) {
            return Some(format!("`{wrong}` in `scopes` is no scope"));
        }
        self.fault_of_issuer()
    }

    fn fault_of_issuer(&self) -> Option<String> {
        let form = "`issuer` must be an address such as `https://accounts.google.com`";
        let Ok(url) = Url::parse(&self.issuer) else { return Some(form.to_owned()) };
        match url.scheme() {
            "https" => {}
            "http" if self.allow_private => {}
            "http" => {
                let why = "`issuer` must begin with https:// (http is for one on this network, with `allow_private`)";
                return Some(why.to_owned());
            }
            _ => return Some(form.to_owned()),
        }
        let is_bare = url.query().is_none() && url.fragment().is_none() && url.host().is_some();
        (!is_bare).then(|| format!("{form}, without `?` and `#`"))
    }
}

/// RFC 6749, section 3.3.
fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// What this server shows an issuer. It is never printed: `Debug` and `Serialize` show that there
/// is one.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(from = "String")]
pub struct ClientSecret(#[schemars(with = "String")] SecretString);

impl ClientSecret {
    /// Wraps a secret. Space around it, as files and variables often bring, is no part of it.
    pub fn new(secret: impl AsRef<str>) -> Self {
        Self(SecretString::from(secret.as_ref().trim()))
    }

    /// The secret itself, for the issuer alone.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for ClientSecret {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Serialize for ClientSecret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> OidcOptions {
        OidcOptions { issuer: "https://id.example".into(), client_id: "sortie".into(), ..OidcOptions::default() }
    }

    #[test]
    fn what_is_wrong_is_said_before_anybody_logs_in() {
        let domains = vec!["example.com".to_owned()];
        let join = Some(JoinOptions::default());
        let cases: Vec<(&str, OidcOptions, &str)> = vec![
            ("Corp", good(), "its name"),
            ("", good(), "its name"),
            ("a/b", good(), "its name"),
            ("corp", OidcOptions { client_id: String::new(), ..good() }, "client_id"),
            ("corp", OidcOptions { issuer: String::new(), ..good() }, "`issuer`"),
            ("corp", OidcOptions { issuer: "id.example".into(), ..good() }, "`issuer`"),
            ("corp", OidcOptions { issuer: "ftp://id.example".into(), allow_private: true, ..good() }, "`issuer`"),
            ("corp", OidcOptions { issuer: "http://id.example".into(), ..good() }, "https://"),
            ("corp", OidcOptions { issuer: "https://id.example/?a=b".into(), ..good() }, "without `?`"),
            ("corp", OidcOptions { domains: vec!["*.example.com".into()], ..good() }, "`domains`"),
            ("corp", OidcOptions { domains: vec!["@example.com".into()], ..good() }, "`domains`"),
            ("corp", OidcOptions { join: join.clone(), ..good() }, "`join` needs `domains`"),
            ("corp", OidcOptions { scopes: vec!["email profile".into()], ..good() }, "`scopes`"),
            ("corp", OidcOptions { display_name: Some(" ".into()), ..good() }, "display_name"),
        ];
        for (name, options, word) in cases {
            let said = options.check(name).expect_err(word).to_string();
            assert!(said.starts_with(&format!("login.oidc.{name}: ")) && said.contains(word), "{said}");
        }
        for options in [
            good(),
            OidcOptions { domains: domains.clone(), join, ..good() },
            OidcOptions { issuer: "http://10.0.0.7:8080/realms/corp".into(), allow_private: true, ..good() },
        ] {
            assert_eq!(options.check("corp-2"), Ok(()));
        }
    }

    #[test]
    fn a_section_reads_as_documented_and_shows_no_secret() {
        let options: OidcOptions = serde_json::from_value(serde_json::json!({
            "issuer": "https://id.example",
            "client_id": "sortie",
            "client_secret": " hush ",
            "domains": ["example.com"],
            "join": { "role": "member" },
        }))
        .expect("readable");
        assert_eq!(options.client_secret.as_ref().map(ClientSecret::expose), Some("hush"));
        assert_eq!(options.join.as_ref().map(|join| join.role), Some(JoinRole::Member));
        let shown = format!("{options:?} {}", serde_json::to_string(&options).expect("serialisable"));
        assert!(!shown.contains("hush") && shown.contains("[secret]"), "{shown}");
        let owner = serde_json::json!({ "join": { "role": "owner" } });
        assert!(serde_json::from_value::<OidcOptions>(owner).is_err(), "owners are made by owners");
    }
}
