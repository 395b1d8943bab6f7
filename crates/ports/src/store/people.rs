//! People who log in. They are of the installation, so what stands here belongs to no
//! organization's part of the store; what changes goes with an organization's change set.

use async_trait::async_trait;
use domain::key::KeyHash;
use domain::org::{Member, Org};
use domain::person::{Identity, Link, Login, Person};
use domain::{OrgId, PersonId};

use super::StoreError;

/// People who log in, their logins, and the links by which they come in.
#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// A person.
    async fn find_person(&self, id: PersonId) -> Result<Option<Person>, StoreError>;

    /// The person who logs in with this address, however it is written.
    async fn find_person_by_email(&self, email: &str) -> Result<Option<Person>, StoreError>;

    /// The person whom this issuer calls so.
    async fn find_person_by_identity(&self, issuer: &str, subject: &str) -> Result<Option<Person>, StoreError>;

    /// What issuers call a person.
    async fn list_identities(&self, person: PersonId) -> Result<Vec<Identity>, StoreError>;

    /// The members with this address, however it is written, whom nobody logs in as: of every
    /// organization, oldest first, suspended ones too.
    async fn list_waiting(&self, email: &str) -> Result<Vec<Membership>, StoreError>;

    /// As whom a person logs in, oldest first; those who left are not among them.
    async fn list_memberships(&self, person: PersonId) -> Result<Vec<Membership>, StoreError>;

    /// The login with this hash, and as whom.
    async fn find_login(&self, hash: KeyHash) -> Result<Option<LoginOfMember>, StoreError>;

    /// A person's logins, oldest first.
    async fn list_logins(&self, person: PersonId) -> Result<Vec<Login>, StoreError>;

    /// The link with this hash, and whom it lets in.
    async fn find_link(&self, hash: KeyHash) -> Result<Option<LinkOfMember>, StoreError>;

    /// Whether an owner of the first organization, who may act, can log in.
    async fn has_owner(&self) -> Result<bool, StoreError>;
}

/// As whom a person logs in.
#[derive(Debug, Clone, PartialEq)]
pub struct Membership {
    /// The organization.
    pub org: Org,
    /// They, in it.
    pub member: Member,
}

/// A login, and as whom.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginOfMember {
    /// The organization.
    pub org: OrgId,
    /// The login.
    pub login: Login,
    /// As whom.
    pub member: Member,
}

/// A link, and whom it lets in.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkOfMember {
    /// The organization.
    pub org: Org,
    /// The link.
    pub link: Link,
    /// As whom.
    pub member: Member,
    /// Who logs in as that member already.
    pub person: Option<PersonId>,
}
