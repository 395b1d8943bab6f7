//! Logins that wait for somebody. They live for ten minutes, in memory: a server that is
//! started anew has forgotten them, and programs begin again.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::{Ctx, network_of};
use domain::Timestamp;
use jiff::SignedDuration;
use uuid::Uuid;

use super::codes::{DeviceHash, device_code, folded, user_code};

/// How long the codes of a login are good for.
pub(super) const LIVES_FOR: SignedDuration = SignedDuration::from_secs(600);
/// Logins that one address may begin in a minute.
const BEGUN_MAX: u32 = 20;
const MINUTE: SignedDuration = SignedDuration::from_secs(60);
/// Wrong codes that one person may type,
const WRONG_MAX: u32 = 10;
/// before they are locked out for so long.
const LOCKED_FOR: SignedDuration = SignedDuration::from_secs(600);
/// Between two looks for what is over.
const SWEPT_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Logins that wait at once. Beyond, new ones wait for old ones to expire.
const LOGINS_MAX: usize = 10_000;

/// The logins that wait. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Logins(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    logins: HashMap<DeviceHash, Login>,
    by_user_code: HashMap<String, DeviceHash>,
    begun: HashMap<Option<IpAddr>, Counted>,
    wrong: HashMap<Uuid, Counted>,
    swept_at: Option<Timestamp>,
}

struct Login {
    user_code: String,
    ends_at: Timestamp,
    state: State,
}

enum State {
    Waiting,
    Allowed(Box<Ctx>),
    /// Its key is being made.
    Taking(Box<Ctx>),
}

/// How often something happened since.
#[derive(Clone, Copy)]
struct Counted {
    since: Timestamp,
    times: u32,
}

impl Counted {
    /// Whether it is not so long ago that it counts no more.
    fn counts(&self, now: Timestamp, length: SignedDuration) -> bool {
        (SignedDuration::ZERO..length).contains(&now.duration_since(self.since))
    }
}

/// A login that has begun.
pub(super) struct Begun {
    pub(super) device_code: String,
    pub(super) user_code: String,
}

/// How a login stands.
pub(super) enum Polled {
    Pending,
    /// It was allowed by this person: whoever is told so makes the key.
    Allowed(Box<Ctx>),
    /// Refused, expired, unknown or taken.
    Gone,
}

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Allow,
    Refuse,
}

impl Decision {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "allow" => Some(Decision::Allow),
            "refuse" => Some(Decision::Refuse),
            _ => None,
        }
    }
}

/// Why a decision was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NoSuchCode,
    /// After too many wrong codes; for so long.
    Locked(Duration),
}

impl Logins {
    /// Begins a login.
    ///
    /// # Errors
    /// How long the address is to wait.
    pub(super) fn begin(&self, from: Option<IpAddr>, random: [Uuid; 4], now: Timestamp) -> Result<Begun, Duration> {
        let mut inner = self.lock();
        inner.sweep(now);
        let counted = inner.begun.entry(from.map(network_of)).or_insert(Counted { since: now, times: 0 });
        if !counted.counts(now, MINUTE) {
            *counted = Counted { since: now, times: 0 };
        }
        if counted.times >= BEGUN_MAX {
            return Err(left(counted.since, MINUTE, now));
        }
        counted.times += 1;
        if inner.logins.len() >= LOGINS_MAX {
            return Err(Duration::from_secs(60));
        }
        let [first, second, third, fourth] = random;
        let (device_code, user_code) = (device_code([first, second, third]), user_code(fourth));
        let name = folded(&user_code);
        if inner.by_user_code.contains_key(&name) {
            // Once in millions; the program tries again.
            return Err(Duration::from_secs(1));
        }
        let hash = DeviceHash::of(&device_code);
        let ends_at = now.saturating_add(LIVES_FOR).unwrap_or(Timestamp::MAX);
        inner.by_user_code.insert(name.clone(), hash);
        inner.logins.insert(hash, Login { user_code: name, ends_at, state: State::Waiting });
        Ok(Begun { device_code, user_code })
    }

    /// How a login stands. One that was allowed is the caller's to finish ([`Logins::taking`]).
    pub(super) fn poll(&self, device_code: &str, now: Timestamp) -> Polled {
        let mut inner = self.lock();
        inner.sweep(now);
        let login = inner.logins.get_mut(&DeviceHash::of(device_code)).filter(|login| now < login.ends_at);
        let Some(login) = login else { return Polled::Gone };
        match std::mem::replace(&mut login.state, State::Waiting) {
            State::Waiting => Polled::Pending,
            State::Taking(ctx) => {
                login.state = State::Taking(ctx);
                Polled::Pending
            }
            State::Allowed(ctx) => {
                login.state = State::Taking(ctx.clone());
                Polled::Allowed(ctx)
            }
        }
    }

    /// For whoever makes the key of a login that was allowed.
    pub(super) fn taking<'a>(&'a self, device_code: &'a str) -> Taking<'a> {
        Taking { logins: self, device_code, is_over: false }
    }

    /// A person decides about the login of this code.
    ///
    /// # Errors
    /// See [`Refused`].
    pub(super) fn decide(
        &self,
        person: Uuid,
        user_code: &str,
        decision: Decision,
        ctx: &Ctx,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        inner.sweep(now);
        let locked = |counted: &&Counted| counted.times >= WRONG_MAX && counted.counts(now, LOCKED_FOR);
        if let Some(counted) = inner.wrong.get(&person).filter(locked) {
            return Err(Refused::Locked(left(counted.since, LOCKED_FOR, now)));
        }
        let hash = inner.by_user_code.get(&folded(user_code)).copied();
        let waits = |hash: &DeviceHash| match inner.logins.get(hash) {
            Some(Login { state: State::Waiting, ends_at, .. }) => now < *ends_at,
            _ => false,
        };
        let Some(hash) = hash.filter(waits) else {
            let before = inner.wrong.get(&person).filter(|counted| counted.counts(now, LOCKED_FOR));
            let times = before.map_or(0, |counted| counted.times) + 1;
            inner.wrong.insert(person, Counted { since: now, times });
            return Err(Refused::NoSuchCode);
        };
        match decision {
            Decision::Allow => {
                if let Some(login) = inner.logins.get_mut(&hash) {
                    login.state = State::Allowed(Box::new(ctx.clone()));
                }
            }
            Decision::Refuse => inner.forget(hash),
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A login whose key is being made. Unless it is over when this is dropped, the next poll tries
/// again.
pub(super) struct Taking<'a> {
    logins: &'a Logins,
    device_code: &'a str,
    is_over: bool,
}

impl Taking<'_> {
    /// The key was handed out, or there will be none: the code is of no use any more.
    pub(super) fn is_over(&mut self) {
        self.is_over = true;
    }
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        let (mut inner, hash) = (self.logins.lock(), DeviceHash::of(self.device_code));
        if self.is_over {
            inner.forget(hash);
        } else if let Some(login) = inner.logins.get_mut(&hash) {
            match std::mem::replace(&mut login.state, State::Waiting) {
                State::Taking(ctx) | State::Allowed(ctx) => login.state = State::Allowed(ctx),
                State::Waiting => {}
            }
        }
    }
}

impl Inner {
    /// Forgets whatever is over, once a second at most: it looks at everything, and whoever has
    /// no key can ask for it.
    fn sweep(&mut self, now: Timestamp) {
        if self.swept_at.is_some_and(|at| (SignedDuration::ZERO..SWEPT_EVERY).contains(&now.duration_since(at))) {
            return;
        }
        self.swept_at = Some(now);
        self.logins.retain(|_, login| now < login.ends_at);
        let logins = &self.logins;
        self.by_user_code.retain(|_, hash| logins.contains_key(hash));
        self.begun.retain(|_, counted| counted.counts(now, MINUTE));
        self.wrong.retain(|_, counted| counted.counts(now, LOCKED_FOR));
    }

    fn forget(&mut self, hash: DeviceHash) {
        if let Some(login) = self.logins.remove(&hash) {
            self.by_user_code.remove(&login.user_code);
        }
    }
}

/// What is left of a time that began then, in whole seconds.
fn left(since: Timestamp, length: SignedDuration, now: Timestamp) -> Duration {
    let left = length.saturating_sub(now.duration_since(since));
    Duration::try_from(left).unwrap_or_default().max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::Operator;
    use domain::OrgId;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn ctx() -> Ctx {
        Operator::of_this_installation().acting_for(OrgId(Uuid::nil()), at(0))
    }

    fn begin(logins: &Logins, n: u128, second: i64) -> Begun {
        let random = [0, 1, 2, 3].map(|part| Uuid::from_u128(n * 4 + part));
        logins.begin(Some(IpAddr::from([127, 0, 0, (n / 10) as u8])), random, at(second)).ok().unwrap()
    }

    #[test]
    fn a_login_is_handed_out_once() {
        let logins = Logins::default();
        let begun = begin(&logins, 1, 0);
        assert!(matches!(logins.poll(&begun.device_code, at(1)), Polled::Pending));
        logins.decide(Uuid::nil(), &begun.user_code.to_lowercase(), Decision::Allow, &ctx(), at(2)).unwrap();
        assert!(matches!(logins.poll(&begun.device_code, at(3)), Polled::Allowed(_)));
        assert!(matches!(logins.poll(&begun.device_code, at(3)), Polled::Pending), "its key is being made");
        drop(logins.taking(&begun.device_code));
        assert!(matches!(logins.poll(&begun.device_code, at(4)), Polled::Allowed(_)), "and is tried again");
        logins.taking(&begun.device_code).is_over();
        assert!(matches!(logins.poll(&begun.device_code, at(5)), Polled::Gone));
    }

    #[test]
    fn what_is_refused_or_too_old_is_gone() {
        let logins = Logins::default();
        let (refused, old) = (begin(&logins, 1, 0), begin(&logins, 2, 0));
        logins.decide(Uuid::nil(), &refused.user_code, Decision::Refuse, &ctx(), at(1)).unwrap();
        assert!(matches!(logins.poll(&refused.device_code, at(2)), Polled::Gone));
        assert!(matches!(logins.poll(&old.device_code, at(599)), Polled::Pending));
        assert!(matches!(logins.poll(&old.device_code, at(600)), Polled::Gone));
        let late = logins.decide(Uuid::nil(), &old.user_code, Decision::Allow, &ctx(), at(601));
        assert_eq!(late, Err(Refused::NoSuchCode));
        assert!(matches!(logins.poll("junk", at(601)), Polled::Gone));
    }

    #[test]
    fn who_guesses_is_locked_out_for_a_while() {
        let logins = Logins::default();
        let begun = begin(&logins, 1, 0);
        let (guesser, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let decide = |person, code: &str, second| logins.decide(person, code, Decision::Allow, &ctx(), at(second));
        for _ in 0..10 {
            assert_eq!(decide(guesser, "AAAA-0000", 0), Err(Refused::NoSuchCode));
        }
        assert_eq!(decide(guesser, &begun.user_code, 100), Err(Refused::Locked(Duration::from_secs(500))));
        let patient = Uuid::from_u128(3);
        for n in 10..19 {
            assert_eq!(decide(patient, "AAAA-0000", 0), Err(Refused::NoSuchCode));
            let own = begin(&logins, n, 0);
            logins.decide(patient, &own.user_code, Decision::Refuse, &ctx(), at(0)).unwrap();
        }
        assert_eq!(decide(patient, "AAAA-0000", 1), Err(Refused::NoSuchCode));
        assert!(matches!(decide(patient, "AAAA-0000", 2), Err(Refused::Locked(_))), "whatever was right in between");
        decide(other, &begun.user_code, 100).unwrap();
        let next = begin(&logins, 2, 600);
        decide(guesser, &next.user_code, 600).unwrap();
    }

    #[test]
    fn an_address_begins_only_so_many_in_a_minute() {
        let logins = Logins::default();
        let from = Some(IpAddr::from([1, 2, 3, 4]));
        let try_one = |n: u128, from, second| {
            logins.begin(from, [0, 1, 2, 3].map(|part| Uuid::from_u128(n * 4 + part)), at(second)).err()
        };
        for n in 0..20 {
            assert_eq!(try_one(n, from, 0), None);
        }
        assert_eq!(try_one(20, from, 15), Some(Duration::from_secs(45)));
        assert_eq!(try_one(21, None, 15), None, "others are counted apart");
        assert_eq!(try_one(22, from, 60), None);
        let of_one_network = |n: u128| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, n as u16]));
        for n in 30..50 {
            assert_eq!(try_one(n, of_one_network(n), 60), None);
        }
        assert!(try_one(50, of_one_network(50), 60).is_some());
    }
}
