//! An issuer that people log in at, over OpenID Connect. It checks what it is asked, signs real
//! tokens, and lies on request.

mod keys;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use fast32::base64::RFC4648;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, StatusCode, Uri};
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use ports::Clock;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::listening::Listening;
use keys::Key;

/// What the server is called there, and the secret it shows.
pub(crate) const CLIENT: (&str, &str) = ("sortie-of-the-test-house", "a secret of both");

/// How long its tokens hold.
const TOKEN_SECONDS: i64 = 300;

/// A running issuer. Ends when it is dropped.
pub struct IssuerStub {
    listening: Listening,
    state: Shared,
}

type Shared = Arc<Mutex<Inner>>;

/// What is wrong with a token, or with what comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// It answers another attempt.
    OtherNonce,
    /// It was made for another client.
    OtherAudience,
    /// It was made for another client too.
    TwoAudiences,
    /// It says that another client asked for it.
    OtherParty,
    /// It says that it is another issuer's.
    OtherIssuer,
    /// It has ended.
    Expired,
    /// It is not signed.
    Unsigned,
    /// It is signed with what both sides know.
    SignedWithTheSecret,
    /// It is signed with a key that nobody serves.
    SignedByNobody,
    /// It was signed, and then changed.
    Changed,
    /// It is another access token's.
    OtherAccessToken,
    /// There is none.
    NoToken,
    /// What comes is no JSON.
    NoJson,
}

/// What a browser was sent with.
struct Asked {
    nonce: String,
    challenge: String,
    redirect: String,
}

struct Inner {
    url: String,
    clock: Arc<dyn Clock>,
    /// The claims about whoever logs in next.
    person: Value,
    /// Whether they are told at the second question alone.
    is_thin: bool,
    lie: Option<Lie>,
    is_down: bool,
    /// Whether whoever asks for a token waits.
    is_holding: watch::Sender<bool>,
    says_whose_answer_it_is: bool,
    takes_secret_in_body: bool,
    key: Key,
    codes: HashMap<String, Asked>,
    /// How often it was asked about itself, and for a token.
    readings: usize,
    exchanges: usize,
}

impl IssuerStub {
    /// Listens on a free port of the loopback. Ada is at its keyboard.
    pub async fn start() -> Self {
        Self::at(Arc::new(ports::time::SystemSources)).await
    }

    /// The same, with this clock.
    pub async fn at(clock: Arc<dyn Clock>) -> Self {
        let state = Arc::new(Mutex::new(Inner {
            url: String::new(),
            clock,
            person: ada(),
            is_thin: false,
            lie: None,
            is_down: false,
            is_holding: watch::Sender::new(false),
            says_whose_answer_it_is: false,
            takes_secret_in_body: false,
            key: Key::ed25519(1),
            codes: HashMap::new(),
            readings: 0,
            exchanges: 0,
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(serve_keys))
            .route("/token", post(give_token))
            .route("/person", get(tell_of_person))
            .with_state(Arc::clone(&state));
        let listening = Listening::start(router).await;
        lock(&state).url = listening.url();
        Self { listening, state }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.listening.url()
    }

    /// Whoever logs in from now on is described by these claims.
    pub fn knows(&self, person: Value) {
        lock(&self.state).person = person;
    }

    /// It lies like this from now on.
    pub fn lies(&self, lie: impl Into<Option<Lie>>) {
        lock(&self.state).lie = lie.into();
    }

    /// It answers nothing but errors, or does again.
    pub fn is_down(&self, is_down: bool) {
        lock(&self.state).is_down = is_down;
    }

    /// It gives nobody a token, or does again, also to those who have asked meanwhile.
    pub fn holds(&self, is_holding: bool) {
        lock(&self.state).is_holding.send_replace(is_holding);
    }

    /// Its tokens hold nothing about people: that is asked for afterwards.
    pub fn is_thin(&self) {
        lock(&self.state).is_thin = true;
    }

    /// Its answers say whom they are from, and it says that they do.
    pub fn says_whose_answer_it_is(&self) {
        lock(&self.state).says_whose_answer_it_is = true;
    }

    /// It takes the client's secret in the body, and in no header.
    pub fn takes_secret_in_body(&self) {
        lock(&self.state).takes_secret_in_body = true;
    }

    /// It signs with another key from now on, and serves no other.
    pub fn changes_its_key(&self) {
        lock(&self.state).key = Key::ed25519(2);
    }

    /// It signs as most do, with RSA.
    pub fn signs_with_rsa(&self) {
        lock(&self.state).key = Key::rsa();
    }

    /// How often it was asked about itself.
    pub fn readings(&self) -> usize {
        lock(&self.state).readings
    }

    /// How often it was asked for a token.
    pub fn exchanges(&self) -> usize {
        lock(&self.state).exchanges
    }

    /// Somebody logs in on the page that a browser was sent to: where it is sent back, path and
    /// query.
    ///
    /// # Panics
    /// If the page is none of this issuer's, or not asked as it should be.
    pub fn logs_in(&self, page: &str) -> String {
        let query = page.strip_prefix(&format!("{}/authorize?", self.url())).expect("a page of this issuer");
        let asked = web::Query::parse(query);
        let of = |name: &str| asked.find(name).unwrap_or_else(|| panic!("no {name}: {page}")).to_owned();
        let (redirect, state) = (of("redirect_uri"), of("state"));
        assert_eq!((of("response_type").as_str(), of("client_id").as_str()), ("code", CLIENT.0));
        assert_eq!((of("scope").as_str(), of("code_challenge_method").as_str()), ("openid email profile", "S256"));
        let mut inner = lock(&self.state);
        let code = format!("code-of-the-issuer-{}", inner.codes.len());
        let asked = Asked { nonce: of("nonce"), challenge: of("code_challenge"), redirect: redirect.clone() };
        inner.codes.insert(code.clone(), asked);
        let from = if inner.says_whose_answer_it_is { format!("&iss={}", inner.url) } else { String::new() };
        let path = redirect.parse::<Uri>().expect("an address to go back to").path().to_owned();
        format!("{path}?code={code}&state={state}{from}")
    }
}

/// Whoever is at the keyboard if nobody else is.
pub fn ada() -> Value {
    json!({ "sub": "subject-of-ada", "email": "ada@house.example", "email_verified": true, "name": "Ada Lovelace" })
}

async fn describe(State(state): State<Shared>) -> Response {
    let mut inner = lock(&state);
    inner.readings += 1;
    let url = &inner.url;
    let method = if inner.takes_secret_in_body { "client_secret_post" } else { "client_secret_basic" };
    let document = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/person"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "of-the-future"],
        "token_endpoint_auth_methods_supported": [method],
        "authorization_response_iss_parameter_supported": inner.says_whose_answer_it_is,
    });
    inner.answer(document)
}

async fn serve_keys(State(state): State<Shared>) -> Response {
    let inner = lock(&state);
    inner.answer(json!({ "keys": [inner.key.public()] }))
}

async fn give_token(
    State(state): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut holding = {
        let mut inner = lock(&state);
        inner.exchanges += 1;
        inner.is_holding.subscribe()
    };
    // The stub outlives who asks it.
    let _ = holding.wait_for(|is_holding| !is_holding).await;
    let mut inner = lock(&state);
    let refuse = |why: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": why }))).into_response();
    if !inner.is_shown_the_secret(&headers, &form) {
        return refuse("invalid_client");
    }
    let of = |name: &str| form.get(name).cloned().unwrap_or_default();
    // Each is good for one token.
    let Some(asked) = inner.codes.get_mut(&of("code")).map(|asked| Asked {
        nonce: std::mem::take(&mut asked.nonce),
        challenge: std::mem::take(&mut asked.challenge),
        redirect: std::mem::take(&mut asked.redirect),
    }) else {
        return refuse("invalid_grant");
    };
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(of("code_verifier")));
    let is_theirs = challenge.as_str() == asked.challenge && of("redirect_uri") == asked.redirect;
    if !is_theirs || of("grant_type") != "authorization_code" {
        return refuse("invalid_grant");
    }
    if inner.lie == Some(Lie::NoJson) {
        return ([(CONTENT_TYPE, "application/json")], "<html>").into_response();
    }
    let mut answer = json!({ "access_token": "access-of-the-issuer", "token_type": "Bearer", "expires_in": 60 });
    if inner.lie != Some(Lie::NoToken) {
        answer["id_token"] = inner.token(&asked.nonce).into();
    }
    inner.answer(answer)
}

async fn tell_of_person(State(state): State<Shared>, headers: HeaderMap) -> Response {
    let inner = lock(&state);
    if headers.get(AUTHORIZATION).is_none_or(|shown| shown != "Bearer access-of-the-issuer") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    inner.answer(inner.person.clone())
}

impl Inner {
    fn answer(&self, body: Value) -> Response {
        if self.is_down { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { Json(body).into_response() }
    }

    fn is_shown_the_secret(&self, headers: &HeaderMap, form: &HashMap<String, String>) -> bool {
        let (client, secret) = CLIENT;
        let in_body = form.get("client_id").is_some_and(|shown| shown == client)
            && form.get("client_secret").is_some_and(|shown| shown == secret);
        let pair = format!("{client}:{}", secret.replace(' ', "+"));
        let basic = format!("Basic {}", RFC4648.encode(pair.as_bytes()));
        let in_header = headers.get(AUTHORIZATION).is_some_and(|shown| *shown == basic);
        if self.takes_secret_in_body { in_body && !in_header } else { in_header && !in_body }
    }

    fn token(&self, nonce: &str) -> String {
        let now = self.clock.now().as_second();
        let mut claims =
            json!({ "iss": self.url, "aud": CLIENT.0, "iat": now, "exp": now + TOKEN_SECONDS, "nonce": nonce });
        let told = self.person.as_object().into_iter().flatten();
        for (name, value) in told.filter(|(name, _)| *name == "sub" || !self.is_thin) {
            claims[name] = value.clone();
        }
        match self.lie {
            Some(Lie::OtherNonce) => claims["nonce"] = "another one".into(),
            Some(Lie::OtherAudience) => claims["aud"] = "another client".into(),
            Some(Lie::TwoAudiences) => claims["aud"] = json!([CLIENT.0, "another client"]),
            Some(Lie::OtherParty) => claims["azp"] = "another client".into(),
            Some(Lie::OtherIssuer) => claims["iss"] = "https://another.example".into(),
            Some(Lie::Expired) => claims["exp"] = now.into(),
            Some(Lie::OtherAccessToken) => claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into(),
            _ => {}
        }
        match self.lie {
            Some(Lie::Unsigned) => keys::unsigned(&claims),
            Some(Lie::SignedWithTheSecret) => Key::hmac(CLIENT.1).sign(&claims),
            Some(Lie::SignedByNobody) => Key::ed25519(9).sign(&claims),
            Some(Lie::Changed) => keys::changed(&self.key.sign(&claims)),
            _ => self.key.sign(&claims),
        }
    }
}

fn lock(state: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
