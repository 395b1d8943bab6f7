//! The part of the store that is no organization's: people who log in.

use std::sync::Arc;

use async_trait::async_trait;
use domain::PersonId;
use domain::key::KeyHash;
use domain::person::{Identity, Login, Person};
use ports::StoreError;
use ports::store::{LinkOfMember, LoginOfMember, Membership, PeopleStore};

use crate::store::Inner;
use crate::{links, logins, persons};

pub(crate) struct PeopleView {
    pub(crate) inner: Arc<Inner>,
}

#[async_trait]
impl PeopleStore for PeopleView {
    async fn find_person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        self.inner.readers.short(|db| persons::find(db, id)).await
    }

    async fn find_person_by_email(&self, email: &str) -> Result<Option<Person>, StoreError> {
        self.inner.readers.short(|db| persons::find_by_email(db, email)).await
    }

    async fn find_person_by_identity(&self, issuer: &str, subject: &str) -> Result<Option<Person>, StoreError> {
        self.inner.readers.short(|db| persons::find_by_identity(db, issuer, subject)).await
    }

    async fn list_identities(&self, person: PersonId) -> Result<Vec<Identity>, StoreError> {
        self.inner.readers.short(|db| persons::list_identities(db, person)).await
    }

    async fn list_waiting(&self, email: &str) -> Result<Vec<Membership>, StoreError> {
        self.inner.readers.short(|db| persons::list_waiting(db, email)).await
    }

    async fn list_memberships(&self, person: PersonId) -> Result<Vec<Membership>, StoreError> {
        self.inner.readers.short(|db| persons::list_memberships(db, person)).await
    }

    async fn find_login(&self, hash: KeyHash) -> Result<Option<LoginOfMember>, StoreError> {
        self.inner.readers.short(|db| logins::find_by_hash(db, hash)).await
    }

    async fn list_logins(&self, person: PersonId) -> Result<Vec<Login>, StoreError> {
        self.inner.readers.short(|db| logins::list_of(db, person)).await
    }

    async fn find_link(&self, hash: KeyHash) -> Result<Option<LinkOfMember>, StoreError> {
        self.inner.readers.short(|db| links::find(db, hash)).await
    }

    async fn has_owner(&self) -> Result<bool, StoreError> {
        self.inner.readers.short(persons::has_owner).await
    }
}
