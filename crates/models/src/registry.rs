//! The providers by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::OrgId;
use ports::{Model, Models, Provider};

/// Providers by name: the operator's, which every organization sees, and each
/// organization's own, which win over the operator's of the same name.
///
/// It is built once, at start; what changes while the server runs belongs to the `Arc`s
/// inside it.
#[derive(Default)]
pub struct Registry {
    operator: BTreeMap<String, Entry>,
    own: HashMap<OrgId, BTreeMap<String, Entry>>,
}

struct Entry {
    kind: String,
    model: Arc<dyn Model>,
}

/// Collects the providers of a [`Registry`].
#[derive(Default)]
pub struct RegistryBuilder {
    registry: Registry,
}

impl Registry {
    /// Starts with no providers.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// What this organization finds under `provider`.
    fn entry(&self, org: OrgId, provider: &str) -> Option<&Entry> {
        let own = self.own.get(&org).and_then(|own| own.get(provider));
        own.or_else(|| self.operator.get(provider))
    }
}

impl RegistryBuilder {
    /// Adds a provider of the operator's configuration. A second one of the same name
    /// replaces the first.
    #[must_use]
    pub fn add(mut self, name: impl Into<String>, kind: impl Into<String>, model: Arc<dyn Model>) -> Self {
        self.registry.operator.insert(name.into(), Entry { kind: kind.into(), model });
        self
    }

    /// Adds a provider that one organization brought; nobody else sees it.
    #[must_use]
    pub fn add_own(
        mut self,
        org: OrgId,
        name: impl Into<String>,
        kind: impl Into<String>,
        model: Arc<dyn Model>,
    ) -> Self {
        let own = self.registry.own.entry(org).or_default();
        own.insert(name.into(), Entry { kind: kind.into(), model });
        self
    }

    /// The registry.
    pub fn build(self) -> Registry {
        self.registry
    }
}

impl Models for Registry {
    fn find(&self, org: OrgId, provider: &str) -> Option<Arc<dyn Model>> {
        self.entry(org, provider).map(|entry| entry.model.clone())
    }

    fn list(&self, org: OrgId) -> Vec<Provider> {
        let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
        let own = self.own.get(&org).into_iter().flatten();
        for (name, entry) in self.operator.iter().chain(own) {
            kinds.insert(name, &entry.kind);
        }
        kinds.into_iter().map(|(name, kind)| Provider { name: name.to_owned(), kind: kind.to_owned() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::{Demo, Scripted};

    fn org(number: u128) -> OrgId {
        OrgId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn an_organizations_own_provider_wins_for_it_alone() {
        let theirs: Arc<dyn Model> = Arc::new(Scripted::new([]));
        let registry = Registry::builder()
            .add("mock", "scripted", Arc::new(Demo))
            .add("zeta", "scripted", Arc::new(Demo))
            .add_own(org(1), "mock", "openai", theirs.clone())
            .build();

        let found = registry.find(org(1), "mock").expect("registered");
        assert!(Arc::ptr_eq(&found, &theirs));
        let found = registry.find(org(2), "mock").expect("registered");
        assert!(!Arc::ptr_eq(&found, &theirs));
        assert!(registry.find(org(1), "absent").is_none());

        let names = |org| -> Vec<String> {
            let list = registry.list(org);
            list.into_iter().map(|p| format!("{}:{}", p.name, p.kind)).collect()
        };
        assert_eq!(names(org(1)), ["mock:openai", "zeta:scripted"]);
        assert_eq!(names(org(2)), ["mock:scripted", "zeta:scripted"]);
    }
}
