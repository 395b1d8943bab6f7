//! What an organization brings to call models by: providers, and other names for models.

use domain::change::{Change, ChangeSet, Guard};
use domain::provider::{ModelAlias, OwnProvider, ProviderSettings, WireKind};
use ports::Refusal;

use super::Stage;
use super::stage::{fresh, never, now};

fn provider(name: &str) -> OwnProvider {
    let settings = ProviderSettings {
        name: name.to_owned(),
        kind: WireKind::Anthropic,
        base_url: Some("https://models.example".to_owned()),
        api_key: None,
        models: None,
    };
    OwnProvider::create(fresh(), settings, now()).0
}

fn alias(name: &str, model: &str) -> ModelAlias {
    ModelAlias { name: name.to_owned(), model: model.to_owned(), updated_at: now() }
}

pub async fn a_provider_is_kept_under_one_name_in_its_organization(stage: Stage) {
    let Stage { ours, theirs, .. } = &stage;
    let (zeta, alpha) = (provider("zeta"), provider("alpha"));
    ours.commit([Change::InsertProvider(zeta.clone()), Change::InsertProvider(alpha.clone())]).await;
    theirs.commit([Change::InsertProvider(provider("alpha"))]).await;
    assert_eq!(ours.store.list_providers().await.unwrap(), [alpha.clone(), zeta.clone()]);
    let taken = ChangeSet::of([Change::InsertProvider(provider("zeta"))]);
    assert_eq!(ours.refusal(taken).await, Refusal::Exists);

    let settings = ProviderSettings { name: "alpha".to_owned(), ..zeta.settings.clone() };
    let (_, onto_another) = zeta.clone().update(settings, now());
    assert_eq!(ours.refusal(onto_another).await, Refusal::Exists);
    let settings = ProviderSettings { name: "beta".to_owned(), ..zeta.settings.clone() };
    let (beta, renamed) = zeta.update(settings, now());
    let stale = renamed.clone();
    ours.store.commit(renamed).await.unwrap();
    let guard = Guard::ProviderAt { provider: beta.id, version: 1 };
    assert_eq!(ours.refusal(stale).await, Refusal::Guard(guard));

    for (change, of) in [
        (Change::PutProvider(beta.clone()), theirs),
        (Change::DeleteProvider(beta.id), theirs),
        (Change::DeleteProvider(never()), ours),
    ] {
        assert_eq!(of.refusal(ChangeSet::of([change])).await, Refusal::Missing);
    }
    ours.commit([Change::DeleteProvider(alpha.id)]).await;
    let stage = stage.reopen().await;
    assert_eq!(stage.ours.store.list_providers().await.unwrap(), [beta]);
    assert_eq!(stage.theirs.store.list_providers().await.unwrap().len(), 1);
}

pub async fn an_alias_means_one_thing_at_a_time(stage: Stage) {
    let Stage { ours, theirs, .. } = &stage;
    let (fast, better) = (alias("fast", "p/small"), alias("fast", "p/large"));
    ours.commit([Change::PutAlias(fast), Change::PutAlias(alias("a", "p/m")), Change::PutAlias(better.clone())]).await;
    theirs.commit([Change::PutAlias(alias("fast", "p/theirs"))]).await;
    ours.commit([Change::DeleteAlias("a".to_owned())]).await;
    for absent in ["a", "never"] {
        let gone = ChangeSet::of([Change::DeleteAlias(absent.to_owned())]);
        assert_eq!(ours.refusal(gone).await, Refusal::Missing);
    }
    let stage = stage.reopen().await;
    assert_eq!(stage.ours.store.list_aliases().await.unwrap(), [better]);
}
