//! People who log in, what their browsers have of it, and the links by which they come in.
//!
//! A [`Member`] is somebody in one organization. A [`Person`] is whoever logs in, as that member
//! and as others in other organizations. No organization can join the two by itself: what it
//! writes down about a member, the address too, opens nothing. They are joined by whoever has the
//! member's [`Link`] and proves to be the person, or becomes one.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{LoginId, MemberId, PersonId};
use crate::key::KeyHash;
use crate::org::Member;

/// How many characters a password may have. There is no other rule.
pub const PASSWORD_CHARS: RangeInclusive<usize> = 10..=256;

/// Somebody who logs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// The address they log in with; nobody else's in the installation, however it is written.
    pub email: String,
    /// What their password is recognised by; `None` if they have none, and log in elsewhere.
    pub password: Option<PasswordHash>,
    /// Grows with each change.
    pub version: u64,
    /// Since when they can log in.
    pub created_at: Timestamp,
}

impl Person {
    /// With another password. Whoever had logged in as them has to do so again.
    pub fn with_password(self, password: PasswordHash) -> (Person, PersonChange) {
        let next = Person { password: Some(password), version: self.version + 1, ..self };
        (next.clone(), PersonChange::Put(next))
    }

    /// Without a password: whoever chose it has not proved that the address is theirs, and
    /// somebody else has.
    pub fn without_password(self) -> (Person, PersonChange) {
        let next = Person { password: None, version: self.version + 1, ..self };
        (next.clone(), PersonChange::Put(next))
    }

    /// At another version. Whoever may set the password of a member of one organization, by a
    /// link that is under way, may not set that of a member of two.
    pub fn joining(self) -> (Person, PersonChange) {
        let next = Person { version: self.version + 1, ..self };
        (next.clone(), PersonChange::Put(next))
    }
}

/// Whom somebody else vouches for: what an issuer calls a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The address of the issuer.
    pub issuer: String,
    /// What it calls them, for ever: an address of theirs may become somebody else's.
    pub subject: String,
    /// Who they are here.
    pub person: PersonId,
    /// Since when that is known.
    pub created_at: Timestamp,
}

/// What somebody may come to by proving an address that is a person's already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// All of it: nobody has proved it yet, or the person is a member nowhere any more, so that
    /// the address is free again. What was a way in before is none from then on.
    Whole,
    /// One more way in, for the same person, who shows that they are.
    Further,
    /// Nothing: the address was given to somebody else, or may have been.
    Refused,
}

/// What is known of a person whose address somebody proves, whom nobody knows yet by what this
/// issuer calls them.
#[derive(Debug, Clone, Copy)]
pub struct Claimed<'a> {
    /// The issuer that has seen it.
    pub issuer: &'a str,
    /// What issuers that are trusted at the moment call the person.
    pub identities: &'a [Identity],
    /// Whether they are a member anywhere, suspended or not.
    pub is_member: bool,
    /// Whether whoever proves it is logged in as the person.
    pub is_logged_in: bool,
}

impl Claim {
    /// An address proves who somebody is once. From then on it is the issuer's name for them that
    /// does, at each issuer: another one may have been told of a new owner of the address.
    pub fn on(claimed: Claimed<'_>) -> Self {
        let is_called_otherwise = claimed.identities.iter().any(|known| known.issuer == claimed.issuer);
        match claimed {
            Claimed { identities: [], .. } | Claimed { is_member: false, .. } => Claim::Whole,
            Claimed { is_logged_in: true, .. } if !is_called_otherwise => Claim::Further,
            _ => Claim::Refused,
        }
    }
}

/// The part of an address behind the `@`, in lower case.
pub fn domain_of(email: &str) -> Option<String> {
    email.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).filter(|domain| !domain.is_empty())
}

/// Argon2id of a password, with what it was made with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// KiB of memory that it takes.
    pub memory_kib: u32,
    /// How often it goes over them.
    pub passes: u32,
    /// Random, so that two equal passwords have different hashes.
    pub salt: [u8; 16],
    /// The hash.
    pub hash: [u8; 32],
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a browser has after somebody has logged in to an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Its id.
    pub id: LoginId,
    /// Who logged in.
    pub person: PersonId,
    /// As whom: the member says in which organization.
    pub member: MemberId,
    /// Keyed hash of what the browser shows.
    pub hash: KeyHash,
    /// Since when.
    pub created_at: Timestamp,
    /// When it is over, used or not.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
}

impl Login {
    /// How long it lasts.
    pub const LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);

    /// How long it lasts unused.
    pub const IDLES: SignedDuration = SignedDuration::from_hours(7 * 24);

    /// A login that begins now.
    pub fn new(id: LoginId, person: PersonId, member: MemberId, hash: KeyHash, now: Timestamp) -> Self {
        let expires_at = later(now, Self::LASTS);
        Self { id, person, member, hash, created_at: now, expires_at, last_used_at: now }
    }

    /// Whether it opens anything, if it was last used at this time.
    pub fn works_at(&self, now: Timestamp, last_used_at: Timestamp) -> bool {
        now < self.expires_at && now < later(last_used_at, Self::IDLES)
    }
}

/// What lets somebody in once: whoever has it may log in as the member from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// As whom. A member has one link at a time.
    pub member: MemberId,
    /// Keyed hash of what stands in its address.
    pub hash: KeyHash,
    /// What it is for.
    pub kind: LinkKind,
    /// Who made it; `None` is the operator. It is worth what they may do at the moment.
    pub maker: Option<MemberId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A member who cannot log in yet.
    Invitation,
    /// One who can, and has forgotten the password.
    Reset,
    /// The first owner of an installation.
    Owner,
}

impl LinkKind {
    /// How long such a link is good.
    pub fn lasts(self) -> SignedDuration {
        match self {
            LinkKind::Invitation | LinkKind::Owner => SignedDuration::from_hours(7 * 24),
            LinkKind::Reset => SignedDuration::from_hours(24),
        }
    }
}

impl Link {
    /// A link that is good from now on.
    pub fn new(member: MemberId, hash: KeyHash, kind: LinkKind, maker: Option<MemberId>, now: Timestamp) -> Self {
        Self { member, hash, kind, maker, created_at: now, expires_at: later(now, kind.lasts()) }
    }

    /// Whether it lets anybody in as this member, whom a person logs in as already or not. Its
    /// maker must still be somebody who could make it.
    pub fn opens(&self, member: &Member, maker: Option<&Member>, is_joined: bool, now: Timestamp) -> bool {
        let may = |maker: &Member| maker.is_active() && maker.role.administers() && maker.role >= member.role;
        let is_backed = self.maker.is_none() || maker.is_some_and(may);
        let is_fitting = is_joined == (self.kind == LinkKind::Reset);
        now < self.expires_at && member.is_active() && is_backed && is_fitting
    }
}

/// A change of how people log in. What concerns one organization is refused in another's change
/// set; a person and their logins are nobody's, and change with whatever they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonChange {
    /// A new person. Refused if their address is another's.
    Insert(Person),
    /// A person as they are now, at the version after the one they had: refused otherwise. The
    /// links of all members they log in as are over.
    Put(Person),
    /// An issuer vouches for a person from now on. Refused if it calls somebody else so, or them
    /// something else.
    Identify(Identity),
    /// Nobody vouches for a person any more.
    ForgetIdentities(PersonId),
    /// A person logs in as this member from now on. Refused if somebody does already, or if they
    /// are another member of the organization.
    Join {
        /// As whom.
        member: MemberId,
        /// Who.
        person: PersonId,
    },
    /// Somebody logged in. Refused unless they log in as that member, and are at the version at
    /// which they proved to be who they are. Some logins that are over go, whosever they were.
    InsertLogin {
        /// The login.
        login: Login,
        /// [`Person::version`].
        version: u64,
    },
    /// A login was used.
    TouchLogin {
        /// Which.
        login: LoginId,
        /// When.
        at: Timestamp,
    },
    /// A login is over. Twice is as once.
    EndLogin {
        /// Whose.
        person: PersonId,
        /// Which.
        login: LoginId,
    },
    /// A login is over, and another one takes its place. Refused if it was over before.
    TakeLogin {
        /// Whose.
        person: PersonId,
        /// Which.
        login: LoginId,
    },
    /// All logins of a person are over, in whichever organization.
    EndLogins(PersonId),
    /// A new link, in the place of the one that its member had.
    PutLink(Link),
    /// A link is used up. Refused if it is not there any more.
    UseLink {
        /// Whose.
        member: MemberId,
        /// Which.
        hash: KeyHash,
    },
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::Role;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(hours: i64) -> Timestamp {
        NOW + SignedDuration::from_hours(hours)
    }

    fn member(role: Role) -> Member {
        Member {
            id: MemberId(Uuid::nil()),
            number: 1,
            name: "Ada".into(),
            email: "ada@house.example".into(),
            role,
            created_at: NOW,
            suspended_at: None,
            removed_at: None,
        }
    }

    #[test]
    fn an_address_is_proved_once_and_then_by_whoever_is_logged_in_alone() {
        let by = |issuer: &str| Identity {
            issuer: issuer.to_owned(),
            subject: "1".to_owned(),
            person: PersonId(Uuid::nil()),
            created_at: NOW,
        };
        let (none, here, there) = (vec![], vec![by("here")], vec![by("there")]);
        let both = vec![by("here"), by("there")];
        for (identities, is_member, is_logged_in, claim) in [
            (&none, true, false, Claim::Whole),
            (&none, false, false, Claim::Whole),
            (&here, true, false, Claim::Refused),
            (&here, true, true, Claim::Refused),
            (&here, false, false, Claim::Whole),
            (&there, true, false, Claim::Refused),
            (&there, true, true, Claim::Further),
            (&there, false, false, Claim::Whole),
            (&both, true, true, Claim::Refused),
        ] {
            let claimed = Claimed { issuer: "here", identities, is_member, is_logged_in };
            assert_eq!(Claim::on(claimed), claim, "{claimed:?}");
        }
    }

    #[test]
    fn a_login_is_over_after_thirty_days_or_seven_unused() {
        let login =
            Login::new(LoginId(Uuid::nil()), PersonId(Uuid::nil()), MemberId(Uuid::nil()), KeyHash([0; 32]), NOW);
        for (used, now, works) in [(0, 7 * 24 - 1, true), (0, 7 * 24, false), (700, 719, true), (700, 720, false)] {
            assert_eq!(login.works_at(after(now), after(used)), works, "{used} {now}");
        }
    }

    #[test]
    fn a_link_is_worth_what_its_maker_may_do_at_the_moment() {
        let link =
            Link::new(MemberId(Uuid::nil()), KeyHash([0; 32]), LinkKind::Reset, Some(MemberId(Uuid::nil())), NOW);
        for of_maker in Role::ALL {
            for role in Role::ALL {
                let maker = member(of_maker);
                let opens = |maker: Option<&Member>| link.opens(&member(role), maker, true, NOW);
                assert_eq!(opens(Some(&maker)), of_maker.administers() && role <= of_maker, "{of_maker:?} {role:?}");
                let gone = [
                    Member { suspended_at: Some(NOW), ..maker.clone() },
                    Member { removed_at: Some(NOW), ..maker.clone() },
                ];
                assert!(gone.iter().all(|maker| !opens(Some(maker))) && !opens(None));
                let by_operator = Link { maker: None, ..link.clone() };
                assert!(by_operator.opens(&member(role), None, true, NOW));
                let suspended = Member { suspended_at: Some(NOW), ..member(role) };
                assert!(!by_operator.opens(&suspended, None, true, NOW));
            }
        }
    }

    #[test]
    fn the_domain_of_an_address_is_what_is_behind_its_last_at() {
        for (email, domain) in [
            ("ada@Corp.Example", Some("corp.example")),
            ("\"a@evil.example\"@corp.example", Some("corp.example")),
            ("ada@corp.example@evil.example", Some("evil.example")),
            ("ada@", None),
            ("ada", None),
        ] {
            assert_eq!(domain_of(email).as_deref(), domain, "{email}");
        }
    }

    #[test]
    fn a_link_is_for_one_thing_and_for_its_time() {
        for (kind, is_joined, hours) in
            [(LinkKind::Invitation, false, 7 * 24), (LinkKind::Owner, false, 7 * 24), (LinkKind::Reset, true, 24)]
        {
            let link = Link::new(MemberId(Uuid::nil()), KeyHash([0; 32]), kind, None, NOW);
            let opens = |is_joined, hours| link.opens(&member(Role::Owner), None, is_joined, after(hours));
            assert!(opens(is_joined, hours - 1) && !opens(is_joined, hours) && !opens(!is_joined, 0), "{kind:?}");
        }
    }
}
