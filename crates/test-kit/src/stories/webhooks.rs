//! Webhooks: told of what is committed, in the same commit; what waits for them, and what came of
//! it.

use domain::change::{Change, ChangeSet, Guard};
use domain::webhook::{
    Answer, Attempt, Delivery, DeliveryState, Disabled, EventType, Notice, Webhook, WebhookSettings, WhyDisabled,
};
use domain::{DeliveryId, ProjectId, Timestamp, WebhookId};
use ports::Refusal;
use serde_json::json;

use super::stage::{appends, fresh, never, now, over, said};
use super::{Stage, Tenant};

fn settings() -> WebhookSettings {
    WebhookSettings { url: "https://a.example".into(), event_types: None, project: None, description: None }
}

fn webhook(settings: WebhookSettings) -> Webhook {
    // What is sealed looks like any text to a store.
    let secret = serde_json::from_value(json!("sealed")).unwrap();
    Webhook::create(fresh(), settings, secret, now()).0
}

async fn told(of: &Tenant, settings: WebhookSettings) -> Webhook {
    let webhook = webhook(settings);
    of.commit([Change::InsertWebhook(Box::new(webhook.clone()))]).await;
    webhook
}

async fn deliveries(of: &Tenant, webhook: WebhookId) -> Vec<Delivery> {
    of.store.list_deliveries(webhook, None, 100).await.unwrap()
}

async fn kinds(of: &Tenant, webhook: WebhookId) -> Vec<EventType> {
    deliveries(of, webhook).await.iter().map(|delivery| delivery.kind).collect()
}

fn notify(webhook: WebhookId) -> (DeliveryId, Change) {
    let notice = Notice::test(fresh::<WebhookId>().0, now());
    let id = Delivery::of(&notice, webhook, None).id;
    (id, Change::Notify { webhook, notice: Box::new(notice) })
}

fn answered(status: u16, at: Timestamp) -> Attempt {
    Attempt { at, took_ms: 3, answer: Answer::Status { status, body: "said".into() } }
}

pub async fn what_is_committed_is_queued_for_who_wants_it(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let before = ours.session().await;
    let all = told(ours, settings()).await.id;
    let ends = told(ours, WebhookSettings { event_types: Some(vec![EventType::RunCompleted]), ..settings() }).await.id;
    let here = told(ours, WebhookSettings { project: Some(ours.project.id), ..settings() }).await.id;
    let elsewhere = told(ours, WebhookSettings { project: Some(never::<ProjectId>()), ..settings() }).await.id;
    let foreign = told(theirs, settings()).await.id;

    let mut waiting = stage.feed.watch_deliveries();
    waiting.mark_unchanged();
    let session = ours.session().await;
    assert!(waiting.has_changed().unwrap(), "whoever sends is woken");
    let run = ours.running_run(&session, stage.fence).await;
    ours.finish(run.id).await;
    let (first, last) = (EventType::SessionCreated, EventType::RunCompleted);
    assert_eq!(kinds(ours, all).await, [last, first]);
    assert_eq!(kinds(ours, ends).await, [last]);
    assert_eq!(kinds(ours, here).await, [last, first]);
    assert!(kinds(ours, elsewhere).await.is_empty() && kinds(theirs, foreign).await.is_empty());
    assert!(kinds(theirs, all).await.is_empty(), "another's is not there");
    let body = &deliveries(ours, all).await[1].body;
    assert!(body.contains(&session.id.to_string()) && body.contains(&ours.project.id.to_string()), "{body}");

    // What is refused is told to nobody, whatever of it had been done.
    let refused = ChangeSet::of([Change::InsertSession(ours.new_session()), Change::DeleteTool(never())]);
    assert_eq!(ours.refusal(refused).await, Refusal::Missing);
    // What has nothing to tell wakes nobody.
    waiting.mark_unchanged();
    ours.commit([appends(before.id, vec![said("hi")])]).await;
    assert!(!waiting.has_changed().unwrap());
    assert_eq!(kinds(ours, all).await.len(), 2);
    // A run that is written again when it is over is over once.
    let again = over(ours.run(run.id).await);
    ours.commit([Change::PutRun(again)]).await;
    assert_eq!(kinds(ours, all).await.len(), 2);
}

pub async fn many_commits_at_once_are_all_queued(stage: Stage) {
    let ours = &stage.ours;
    let webhook = told(ours, settings()).await.id;
    let commits = (0..60).map(|n| {
        let mut changes = vec![Change::InsertSession(ours.new_session())];
        // Every third is refused, after its session was made.
        if n % 3 == 0 {
            changes.push(Change::DeleteTool(never()));
        }
        ours.store.commit(ChangeSet::of(changes))
    });
    let done = futures::future::join_all(commits).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 40);
    assert_eq!(kinds(ours, webhook).await.len(), 40);
}

pub async fn who_is_told_is_known_whatever_is_undone(stage: Stage) {
    let ours = &stage.ours;
    let refused = webhook(settings());
    let set = ChangeSet::of([Change::InsertWebhook(Box::new(refused.clone())), Change::DeleteTool(never())]);
    assert_eq!(ours.refusal(set).await, Refusal::Missing);
    ours.session().await;
    assert!(ours.store.list_webhooks().await.unwrap().is_empty());

    let kept = told(ours, settings()).await;
    let off = kept.clone().disabled(now()).1.changes.remove(0);
    let set = ChangeSet::of([off.clone(), Change::DeleteTool(never())]);
    assert_eq!(ours.refusal(set).await, Refusal::Missing);
    ours.session().await;
    assert_eq!(kinds(ours, kept.id).await.len(), 1, "it is not switched off after all");
    ours.commit([off]).await;
    ours.session().await;
    let stage = stage.reopen().await;
    let ours = &stage.ours;
    ours.session().await;
    assert_eq!(kinds(ours, kept.id).await.len(), 1);
    let (_, test) = notify(kept.id);
    assert_eq!(ours.refusal(ChangeSet::of([test])).await, Refusal::Missing);
    let (on, changes) = ours.store.find_webhook(kept.id).await.unwrap().unwrap().enabled(now()).unwrap();
    ours.store.commit(changes).await.unwrap();
    assert_eq!(ours.store.list_webhooks().await.unwrap(), [on]);
    ours.session().await;
    assert_eq!(kinds(ours, kept.id).await.len(), 2);
}

pub async fn what_waits_is_known_of_all_and_survives(stage: Stage) {
    let first = told(&stage.ours, settings()).await;
    let second = told(&stage.theirs, settings()).await;
    let silent = told(&stage.ours, settings()).await;
    for webhook in [&first, &first, &silent] {
        stage.ours.commit([notify(webhook.id).1]).await;
    }
    stage.theirs.commit([notify(second.id).1]).await;
    stage.ours.commit([Change::DisableWebhook { webhook: silent.id, at: now(), why: WhyDisabled::Gone }]).await;
    let stage = stage.reopen().await;
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let due = stage.store.list_due_webhooks().await.unwrap();
    assert_eq!(
        due.iter().map(|due| (due.org, due.webhook)).collect::<Vec<_>>(),
        [(ours.org, first.id), (theirs.org, second.id)]
    );
    let mut waiting = deliveries(ours, first.id).await;
    waiting.reverse();
    assert_eq!(due[0].due, waiting[0].created_at);
    let listed = async |by, limit| ours.store.list_due_deliveries(first.id, by, limit).await.unwrap();
    assert_eq!(listed(now(), 9).await, waiting);
    assert_eq!(listed(now(), 1).await, waiting[..1]);
    assert_eq!(listed(waiting[0].created_at, 9).await, waiting[..1]);
    assert!(theirs.store.list_due_deliveries(first.id, now(), 9).await.unwrap().is_empty());
    let disabled = ours.store.find_webhook(silent.id).await.unwrap().unwrap();
    assert!(matches!(disabled.disabled, Some(Disabled { why: WhyDisabled::Gone, .. })) && disabled.version == 2);
    assert_eq!(disabled.secret, silent.secret);
}

pub async fn a_delivery_moves_on_from_where_it_was(stage: Stage) {
    let ours = &stage.ours;
    let made = told(ours, settings()).await;
    let (id, test) = notify(made.id);
    ours.commit([test]).await;
    let found = async || ours.store.find_delivery(made.id, id).await.unwrap().unwrap();
    let webhook = async || ours.store.find_webhook(made.id).await.unwrap().unwrap();
    let failed = now();
    let tried = found().await.tried(&made.settings.url, &made, answered(500, failed), None, 0.5);
    ours.store.commit(tried.changes.clone()).await.unwrap();
    let guard = Guard::DeliveryAt { webhook: made.id, delivery: id, attempts: 0 };
    assert_eq!(ours.refusal(tried.changes).await, Refusal::Guard(guard), "it was told of this already");
    let waits = found().await;
    assert_eq!((waits.attempts, waits.last.clone()), (1, Some(answered(500, failed))));
    assert!(matches!(waits.state, DeliveryState::Waiting { .. }));
    assert_eq!(webhook().await.failing_since, Some(failed));
    assert!(stage.store.list_due_webhooks().await.unwrap()[0].is_failing);

    // What somebody changes meanwhile does not forget how its receiver does.
    let described = WebhookSettings { description: Some("mine".into()), ..settings() };
    ours.store.commit(made.clone().update(described, now()).1).await.unwrap();
    assert_eq!(webhook().await.failing_since, Some(failed));
    let tried = found().await.tried(&made.settings.url, &webhook().await, answered(200, now()), None, 0.5);
    ours.store.commit(tried.changes).await.unwrap();
    assert_eq!((found().await.state, webhook().await.failing_since), (DeliveryState::Delivered, None));
    assert!(stage.store.list_due_webhooks().await.unwrap().is_empty());
    let (again, changes) = found().await.again(now());
    ours.store.commit(changes).await.unwrap();
    assert_eq!(found().await, again);

    let theirs = &stage.theirs.store;
    assert!(theirs.find_webhook(made.id).await.unwrap().is_none());
    assert!(theirs.find_delivery(made.id, id).await.unwrap().is_none());
    assert_eq!(stage.theirs.refusal(again.again(now()).1).await, Refusal::Missing);
    assert_eq!(stage.theirs.refusal(ChangeSet::of([Change::DeleteWebhook(made.id)])).await, Refusal::Missing);
    let made_id = made.id;
    assert_eq!(
        stage.theirs.refusal(made.update(settings_of("b"), now()).1).await,
        Refusal::Guard(Guard::WebhookAt { webhook: made_id, version: 1 })
    );
}

pub async fn what_waits_begins_anew_when_its_webhook_is_enabled(stage: Stage) {
    let ours = &stage.ours;
    let (made, other) = (told(ours, settings()).await, told(ours, settings()).await);
    let mut waiting = Vec::new();
    for webhook in [&made, &made, &other] {
        let (id, test) = notify(webhook.id);
        ours.commit([test]).await;
        let sent = ours.store.find_delivery(webhook.id, id).await.unwrap().unwrap();
        let url = &webhook.settings.url;
        ours.store.commit(sent.tried(url, webhook, answered(500, now()), None, 0.5).changes).await.unwrap();
        waiting.push(ours.store.find_delivery(webhook.id, id).await.unwrap().unwrap());
    }
    let taken = waiting.remove(0);
    let tried = taken.tried(&made.settings.url, &made, answered(200, now()), None, 0.5);
    ours.store.commit(tried.changes).await.unwrap();
    let over = deliveries(ours, made.id).await.pop().unwrap();

    let found = async || ours.store.find_webhook(made.id).await.unwrap().unwrap();
    ours.store.commit(found().await.disabled(now()).1).await.unwrap();
    let described = WebhookSettings { description: Some("mine".into()), ..settings() };
    ours.store.commit(found().await.update(described, now()).1).await.unwrap();
    assert_eq!(deliveries(ours, made.id).await, [waiting[0].clone(), over.clone()], "it is still off");
    let at = now();
    ours.store.commit(found().await.enabled(at).unwrap().1).await.unwrap();
    let anew = Delivery { queued_at: at, attempts: 0, state: DeliveryState::Waiting { due: at }, ..waiting[0].clone() };
    assert_eq!(deliveries(ours, made.id).await, [anew, over]);
    assert_eq!(deliveries(ours, other.id).await, waiting[1..], "another's stays");
}

pub async fn a_webhook_is_gone_with_its_deliveries(stage: Stage) {
    let ours = &stage.ours;
    let (gone, stays) = (told(ours, settings()).await.id, told(ours, settings()).await.id);
    let (id, test) = notify(gone);
    ours.commit([test, notify(stays).1]).await;
    ours.commit([Change::DeleteWebhook(gone)]).await;
    assert!(ours.store.find_webhook(gone).await.unwrap().is_none());
    assert!(deliveries(ours, gone).await.is_empty());
    assert!(ours.store.find_delivery(gone, id).await.unwrap().is_none());
    let due = stage.store.list_due_webhooks().await.unwrap();
    assert_eq!(due.iter().map(|due| due.webhook).collect::<Vec<_>>(), [stays]);
    ours.session().await;
    let next = told(ours, settings()).await.id;
    assert!(deliveries(ours, next).await.is_empty());
    assert_eq!(deliveries(ours, stays).await.len(), 2);
}

pub async fn what_is_over_is_forgotten_when_it_is_older(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let mut over = Vec::new();
    for of in [ours, theirs] {
        let webhook = told(of, settings()).await;
        let (sent, test) = notify(webhook.id);
        of.commit([test, notify(webhook.id).1]).await;
        let delivery = of.store.find_delivery(webhook.id, sent).await.unwrap().unwrap();
        let tried = delivery.clone().tried(&webhook.settings.url, &webhook, answered(200, now()), None, 0.5);
        of.store.commit(tried.changes).await.unwrap();
        over.push((of, webhook.id, delivery));
    }
    let (_, _, first) = &over[0];
    assert_eq!(stage.store.forget_deliveries(first.created_at).await.unwrap(), Some(first.created_at));
    for (of, webhook, _) in &over {
        assert_eq!(deliveries(of, *webhook).await.len(), 2, "nothing is older");
    }
    let (_, _, second) = &over[1];
    assert_eq!(stage.store.forget_deliveries(second.created_at).await.unwrap(), Some(second.created_at));
    assert_eq!(stage.store.forget_deliveries(now()).await.unwrap(), None);
    for (of, webhook, delivery) in &over {
        let left = deliveries(of, *webhook).await;
        assert!(left.len() == 1 && left[0].id != delivery.id, "what waits stays: {left:?}");
    }
}

fn settings_of(name: &str) -> WebhookSettings {
    WebhookSettings { url: format!("https://{name}.example"), ..settings() }
}
