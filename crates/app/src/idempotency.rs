//! Requests with an `Idempotency-Key`: done once, however often they are sent.
//!
//! A façade asks [`App::begin_request`] before it serves such a request. The context it is
//! given names the request, so that the operation records what it makes in its own commit
//! ([`Ctx::recording`]), and finds what it made before the server fell ([`Ctx::made_before`]).

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use domain::idempotency::{Answer, Fingerprint, Made, Repeat, RequestName, RequestRecord, repeat};
use domain::{ChangeSet, KeyId};
use sha2::{Digest, Sha256};

use crate::error::{Error, Repeated};
use crate::{App, Ctx};

/// Longest name that a client may give a request.
const NAME_CHARS_MAX: usize = 255;

/// Records above this are not kept: the request is then found by what it made.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A request that has a name, on its way through an operation.
#[derive(Debug, Clone)]
pub struct NamedRequest {
    name: RequestName,
    fingerprint: Fingerprint,
    made: Option<Made>,
    making: Option<Made>,
}

/// How a request with a name is served.
pub enum Begun {
    /// By the operation, in this context. The place is held until the answer is kept.
    Serve(Box<Ctx>, RequestPlace),
    /// With the answer it had.
    Replay(Answer),
}

/// Requests that are being served, so that nobody does one twice at the same time.
pub(crate) type UnderWay = Arc<Mutex<HashSet<RequestName>>>;

/// A request is being served as long as this lives.
pub struct RequestPlace {
    under_way: UnderWay,
    name: RequestName,
}

impl Drop for RequestPlace {
    fn drop(&mut self) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

impl App {
    /// Begins a request of this name. The operator has no names.
    ///
    /// # Errors
    /// The name is not one, the request is being served at this moment, the name was used
    /// with another body, or the store failed.
    pub async fn begin_request(&self, ctx: &Ctx, path: &str, name: &str, body: &[u8]) -> Result<Begun, Error> {
        // Whoever has logged in has one set of names, with whichever login.
        let of_member = || ctx.member.map(|member| KeyId(member.0));
        let key = ctx.key.or_else(of_member).ok_or(Error::Forbidden { missing: None })?;
        let name = request_name(key, path, name)?;
        let place = self.place(name.clone())?;
        let fingerprint = Fingerprint(Sha256::digest(body).into());
        let kept = self.store(ctx.org).find_request(&name).await?;
        let made = match repeat(kept, fingerprint, ctx.now) {
            Repeat::Replay(answer) => return Ok(Begun::Replay(answer)),
            Repeat::OtherBody => return Err(Repeated::OtherBody.into()),
            Repeat::Finish(made) => Some(made),
            Repeat::Do => None,
        };
        let making = made.clone();
        let request = Some(Arc::new(NamedRequest { name, fingerprint, made, making }));
        Ok(Begun::Serve(Box::new(Ctx { request, ..ctx.clone() }), place))
    }

    /// Keeps the answer of a request that [`App::begin_request`] began.
    ///
    /// # Errors
    /// The store failed; what the request made is on record all the same.
    pub async fn keep_answer(&self, ctx: &Ctx, answer: Answer) -> Result<(), Error> {
        let Some(request) = ctx.request.as_deref() else { return Ok(()) };
        if answer.body.len() > ANSWER_BYTES_MAX {
            return Ok(());
        }
        let kept = request.record(ctx, Some(answer)).kept();
        crate::commit_in_time(&*self.store(ctx.org), ChangeSet::of([kept])).await.map(|_| ())
    }

    fn place(&self, name: RequestName) -> Result<RequestPlace, Error> {
        let under_way = Arc::clone(&self.0.requests);
        let is_first = under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        if is_first { Ok(RequestPlace { under_way, name }) } else { Err(Repeated::StillServed.into()) }
    }
}

impl Ctx {
    /// What the request made when it was first sent, if the server fell before it answered.
    pub(crate) fn made_before(&self) -> Option<&Made> {
        self.request.as_ref()?.made.as_ref()
    }

    /// The same caller, about to make this.
    pub(crate) fn making(&self, made: impl FnOnce() -> Made) -> Cow<'_, Ctx> {
        let Some(request) = &self.request else { return Cow::Borrowed(self) };
        let request = NamedRequest { making: Some(made()), ..NamedRequest::clone(request) };
        Cow::Owned(Ctx { request: Some(Arc::new(request)), ..self.clone() })
    }

    /// The change set, with the record of what it makes. Every commit of an operation that
    /// makes something new goes through here.
    pub(crate) fn recording(&self, changes: ChangeSet) -> ChangeSet {
        match self.request.as_deref() {
            Some(request) if request.making.is_some() => {
                changes.and(ChangeSet::of([request.record(self, None).kept()]))
            }
            _ => changes,
        }
    }
}

impl NamedRequest {
    fn record(&self, ctx: &Ctx, answer: Option<Answer>) -> RequestRecord {
        let request = self.name.clone();
        RequestRecord { request, fingerprint: self.fingerprint, at: ctx.now, made: self.making.clone(), answer }
    }
}

fn request_name(key: KeyId, path: &str, name: &str) -> Result<RequestName, Error> {
    let is_name = (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if !is_name {
        return Err(Error::invalid("Idempotency-Key", "must be 1 to 255 printable characters"));
    }
    Ok(RequestName { key, path: path.to_owned(), name: name.to_owned() })
}
