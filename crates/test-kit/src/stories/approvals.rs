//! Approvals of rollouts and their rules, and the audit log.

use domain::alias::AliasRange;
use domain::approval::{ApprovalRule, Approvers, Decision, EXPIRES_AFTER_DEFAULT, RuleSpec, Verdict};
use domain::audit::{Act, Action, Actor, AuditEntry};
use domain::change::{Change, ChangeSet, Guard};
use domain::rights::Role;
use domain::rollout::{Details, NewRollout, Report, Rollout, RolloutStatus};
use domain::session::{Progress, Purpose, Session};
use domain::{AuditId, Timestamp};
use ports::IdSource;
use ports::Refusal;
use ports::store::{AuditFilter, RolloutFilter};
use ports::time::SystemSources;

use super::stage::{fresh, never, now};
use super::{Stage, Tenant};

fn spec(name: &str) -> RuleSpec {
    RuleSpec {
        name: name.into(),
        project: None,
        paths: Vec::new(),
        branches: Vec::new(),
        window: None,
        approvers: Approvers { members: Vec::new(), roles: vec![Role::Admin] },
        min_count: 1,
        allow_own: false,
        expires_after: EXPIRES_AFTER_DEFAULT,
    }
}

/// A rollout that waits for approval since this moment.
fn asked(of: &Tenant, session: &Session, at: Timestamp) -> Rollout {
    let new = NewRollout {
        id: fresh(),
        alias: SystemSources.uuid_v4(),
        project: of.project.id,
        session: session.id,
        session_alias: session.alias,
    };
    let details = Details::default();
    let report = Report { status: RolloutStatus::Pending, details, gives_metadata: false, extra: Default::default() };
    let rule = ApprovalRule::create(fresh(), spec("all"), at).0;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    Rollout::begin(new, report, at.timestamp()).considered(None, &[rule], &at).rollout
}

pub(super) async fn stored(of: &Tenant, second: i64) -> (Session, Rollout) {
    let session = Session { purpose: Some(Purpose::DeployMonitor), ..of.new_session() };
    let rollout = asked(of, &session, Timestamp::from_second(1_900_000_000 + second).unwrap());
    of.commit([Change::InsertSession(session.clone()), Change::InsertRollout(rollout.clone())]).await;
    (session, rollout)
}

pub async fn what_waits_for_approval_is_known_of_all_and_survives(stage: Stage) {
    let (mut waits, mut changed) = (stage.feed.watch_approvals(), stage.feed.watch_rollouts());
    waits.mark_unchanged();
    let timers = stage.feed.watch_timers();
    let (session, last) = stored(&stage.ours, 300).await;
    let (_, first) = stored(&stage.theirs, 100).await;
    let (_, second) = stored(&stage.ours, 200).await;
    assert!(waits.has_changed().unwrap(), "whoever sleeps is told");
    assert!(!timers.has_changed().unwrap(), "and nobody else");
    assert_eq!(changed.recv().await.unwrap(), last.id);
    let stage = stage.reopen().await;
    let listed: Vec<_> =
        stage.store.next_approvals(10).await.unwrap().iter().map(|due| (due.org, due.rollout, due.due)).collect();
    let due = |of: &Tenant, rollout: &Rollout| (of.org, rollout.id, rollout.approval_due().unwrap());
    assert_eq!(listed, [due(&stage.theirs, &first), due(&stage.ours, &second), due(&stage.ours, &last)]);
    assert_eq!(stage.store.next_approvals(1).await.unwrap().len(), 1);
    let ours = &stage.ours.store;
    assert_eq!(ours.find_rollout(last.id).await.unwrap().as_ref(), Some(&last));
    let progress = async || {
        let named = ours.list_sessions_named(AliasRange { first: session.alias, last: session.alias }).await.unwrap();
        named[0].progress
    };
    assert_eq!(progress().await, Progress::WaitsForSomeone);
    let waiting = RolloutFilter { waits_for_approval: true, ..RolloutFilter::default() };
    let ids = async |filter: &RolloutFilter| {
        let listed = ours.list_rollouts(filter.clone()).await.unwrap();
        (
            ours.count_rollouts(filter.clone()).await.unwrap(),
            listed.iter().map(|rollout| rollout.id).collect::<Vec<_>>(),
        )
    };
    assert_eq!(ids(&waiting).await, (2, vec![last.id, second.id]));

    let decision = Decision {
        member: fresh(),
        name: "ada".into(),
        role: Role::Admin,
        verdict: Verdict::Approve,
        reason: None,
        asked_at: None,
    };
    let approved = last.clone().decided(decision, last.created_at).unwrap().rollout;
    let guard = Guard::RolloutAt { rollout: last.id, version: last.version };
    let waits = stage.feed.watch_approvals();
    stage.ours.store.commit(ChangeSet::of([Change::PutRollout(approved)]).guarded(guard)).await.unwrap();
    assert!(!waits.has_changed().unwrap(), "nothing is due sooner");
    assert_eq!(ids(&waiting).await, (1, vec![second.id]));
    assert_eq!(stage.store.next_approvals(10).await.unwrap().len(), 2);
    assert_ne!(progress().await, Progress::WaitsForSomeone);

    let behind = RolloutFilter { after: Some(last.id), limit: Some(5), ..RolloutFilter::default() };
    assert_eq!(ids(&behind).await.1, [second.id], "in pages");
    let foreign = RolloutFilter { after: Some(first.id), ..RolloutFilter::default() };
    assert_eq!(ids(&foreign).await.1, [], "behind what is not there is nothing");
}

pub async fn a_rule_is_changed_only_as_it_was(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let (one, made) = ApprovalRule::create(fresh(), spec("one"), now());
    let (two, also) = ApprovalRule::create(fresh(), spec("two"), now());
    ours.store.commit(made.and(also)).await.unwrap();
    assert_eq!(ours.store.list_approval_rules().await.unwrap(), [one.clone(), two.clone()]);
    assert_eq!(theirs.store.list_approval_rules().await.unwrap(), []);
    let (next, changes) = one.clone().update(spec("other"), now());
    ours.store.commit(changes.clone()).await.unwrap();
    let guard = Guard::ApprovalRuleAt { rule: one.id, version: 0 };
    assert_eq!(ours.refusal(changes).await, Refusal::Guard(guard), "it has moved on");
    assert_eq!(ours.refusal(one.delete()).await, Refusal::Guard(guard));
    for change in [Change::PutApprovalRule(next.clone()), Change::DeleteApprovalRule(next.id)] {
        assert_eq!(theirs.refusal(ChangeSet::of([change])).await, Refusal::Missing);
    }
    ours.store.commit(two.delete()).await.unwrap();
    assert_eq!(ours.store.list_approval_rules().await.unwrap(), [next]);
}

pub async fn the_audit_log_is_added_to_and_read_backwards(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let member = fresh();
    let entry = |n: i64, action, actor| AuditEntry {
        id: fresh::<AuditId>(),
        at: Timestamp::from_second(n).unwrap(),
        actor,
        act: Act::new(action, format!("thing {n}")).with("n", n),
    };
    let entries = [
        entry(1, Action::KeyCreated, Actor::Operator),
        entry(2, Action::KeyRevoked, Actor::Member { member, key: Some(fresh()) }),
        entry(3, Action::RolloutRejected, Actor::System),
        entry(2, Action::KeyCreated, Actor::Member { member, key: None }),
    ];
    for entry in &entries {
        ours.commit([Change::Audit(entry.clone())]).await;
    }
    theirs.commit([Change::Audit(entry(9, Action::KeyCreated, Actor::Operator))]).await;
    assert_eq!(ours.refusal(ChangeSet::of([Change::Audit(entries[0].clone())])).await, Refusal::Exists);
    let list = async |filter: AuditFilter| {
        let listed = ours.store.list_audit(filter).await.unwrap();
        listed.iter().map(|found| entries.iter().position(|entry| entry == found).unwrap()).collect::<Vec<_>>()
    };
    let base = AuditFilter::default;
    assert_eq!(list(base()).await, [3, 2, 1, 0], "in the order of the commits, whatever the times");
    assert_eq!(list(AuditFilter { limit: Some(2), ..base() }).await, [3, 2]);
    assert_eq!(list(AuditFilter { after: Some(entries[2].id), ..base() }).await, [1, 0]);
    assert_eq!(list(AuditFilter { after: Some(never()), ..base() }).await, [0_usize; 0]);
    assert_eq!(list(AuditFilter { actions: vec![Action::KeyCreated], ..base() }).await, [3, 0]);
    assert_eq!(list(AuditFilter { actor: Some(member.to_string()), ..base() }).await, [3, 1]);
    assert_eq!(list(AuditFilter { actor: Some("system".into()), ..base() }).await, [2]);
    let two = Timestamp::from_second(2).ok();
    assert_eq!(list(AuditFilter { from: two, until: two, ..base() }).await, [3, 1]);
}
