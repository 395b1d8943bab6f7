//! What an issuer signs with.

use fast32::base64::{RFC4648, RFC4648_URL_NOPAD as BASE64URL};
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJsonWebKey, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey,
};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use serde_json::{Value, json};

/// What stands before the 32 secret bytes of a key in PKCS#8 (RFC 8410).
const ED25519_HEAD: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// Of the tests alone, and in nobody's use.
const RSA: &str = include_str!("rsa.pem");

/// A key, and how it is named.
pub(super) struct Key {
    id: String,
    alg: CoreJwsSigningAlgorithm,
    secret: Box<dyn Signs + Send>,
}

trait Signs {
    fn sign(&self, alg: &CoreJwsSigningAlgorithm, text: &[u8]) -> Vec<u8>;
    fn public(&self) -> CoreJsonWebKey;
}

impl<K: PrivateSigningKey<VerificationKey = CoreJsonWebKey>> Signs for K {
    fn sign(&self, alg: &CoreJwsSigningAlgorithm, text: &[u8]) -> Vec<u8> {
        PrivateSigningKey::sign(self, alg, text).expect("a key of this kind")
    }

    fn public(&self) -> CoreJsonWebKey {
        self.as_verification_key()
    }
}

impl Key {
    /// The same for the same number.
    pub(super) fn ed25519(number: u8) -> Self {
        let bytes = [ED25519_HEAD.as_slice(), &[number; 32]].concat();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", RFC4648.encode(&bytes));
        let id = format!("key-{number}");
        let secret = CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(id.clone())));
        Self { id, alg: CoreJwsSigningAlgorithm::EdDsa, secret: Box::new(secret.expect("a key")) }
    }

    pub(super) fn rsa() -> Self {
        let id = "key-rsa".to_owned();
        let secret = CoreRsaPrivateSigningKey::from_pem(RSA, Some(JsonWebKeyId::new(id.clone())));
        Self { id, alg: CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, secret: Box::new(secret.expect("a key")) }
    }

    pub(super) fn hmac(secret: &str) -> Self {
        let alg = CoreJwsSigningAlgorithm::HmacSha256;
        Self { id: "key-1".to_owned(), alg, secret: Box::new(CoreHmacKey::new(secret)) }
    }

    pub(super) fn public(&self) -> CoreJsonWebKey {
        self.secret.public()
    }

    /// A JSON Web Token of these claims.
    pub(super) fn sign(&self, claims: &Value) -> String {
        let head = json!({ "alg": self.alg, "kid": self.id, "typ": "JWT" });
        let text = format!("{}.{}", part(&head), part(claims));
        let signature = self.secret.sign(&self.alg, text.as_bytes());
        format!("{text}.{}", BASE64URL.encode(&signature))
    }
}

/// A token that says by itself that nobody signed it.
pub(super) fn unsigned(claims: &Value) -> String {
    format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims))
}

/// The same token about somebody else.
pub(super) fn changed(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let claims = BASE64URL.decode(parts[1].as_bytes()).expect("what was just written");
    let mut claims: Value = serde_json::from_slice(&claims).expect("JSON");
    claims["sub"] = "subject-of-mallory".into();
    format!("{}.{}.{}", parts[0], part(&claims), parts[2])
}

fn part(value: &Value) -> String {
    BASE64URL.encode(value.to_string().as_bytes())
}
