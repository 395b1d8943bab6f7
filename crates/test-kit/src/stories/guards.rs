//! Guards: a change set decided on a state that has changed is refused whole.

use domain::change::{Change, ChangeSet, Guard};
use domain::run::Fence;
use domain::session::Session;
use ports::Refusal;

use super::Stage;
use super::stage::{agent, appends, begins, claimed, input, key, never, new_run, now, over, said, tool};

/// Tries a guard that holds with a harmless change, and others that do not.
async fn check(stage: &Stage, session: &Session, holds: Guard, refused: &[Guard]) {
    let harmless = || ChangeSet::of([Change::Release(session.id)]);
    stage.ours.store.commit(harmless().guarded(holds)).await.unwrap_or_else(|error| panic!("{holds:?}: {error}"));
    for guard in refused {
        assert_eq!(stage.ours.refusal(harmless().guarded(*guard)).await, Refusal::Guard(*guard));
        let among_others = harmless().guarded(holds).guarded(*guard);
        assert_eq!(stage.ours.refusal(among_others).await, Refusal::Guard(*guard));
    }
}

pub async fn each_guard_holds_and_refuses(stage: Stage) {
    let (ours, fence) = (&stage.ours, stage.fence);
    let session = ours.session().await;
    let id = session.id;
    ours.commit([appends(id, vec![said("one"), said("two")])]).await;

    let at = |seq| Guard::SessionAt { session: id, seq };
    let free = |seq| Guard::SessionFree { session: id, seq };
    check(&stage, &session, at(2), &[at(1), at(3), Guard::SessionAt { session: never(), seq: 0 }]).await;
    check(&stage, &session, free(2), &[free(1), free(3), Guard::SessionFree { session: never(), seq: 0 }]).await;

    let run = ours.queued_run(&session).await;
    let run_at = |version| Guard::RunAt { run: run.id, version };
    check(&stage, &session, run_at(0), &[free(2), run_at(1), Guard::RunAt { run: never(), version: 0 }]).await;
    let held = |fence| Guard::Held { run: run.id, fence };
    check(&stage, &session, at(2), &[held(fence)]).await;
    ours.claim(run.id, fence).await;
    let refused = [held(Fence(fence.0 + 1)), held(Fence(0)), free(3), Guard::Held { run: never(), fence }];
    check(&stage, &session, held(fence), &refused).await;
    check(&stage, &session, run_at(1), &[run_at(0)]).await;

    let no_input = Guard::NoInput { run: run.id };
    check(&stage, &session, no_input, &[]).await;
    ours.commit([Change::Enqueue(input(&run, "wait"))]).await;
    check(&stage, &session, held(fence), &[no_input]).await;

    let (agent, inserted) = agent(ours.project.id, "guarded");
    ours.store.commit(inserted).await.unwrap();
    let agent_at = |version| Guard::AgentAt { agent: agent.id, version };
    check(&stage, &session, agent_at(1), &[agent_at(0), agent_at(2), Guard::AgentAt { agent: never(), version: 1 }])
        .await;
    let lives = Guard::AgentLives { agent: agent.id };
    check(&stage, &session, lives, &[Guard::AgentLives { agent: never() }]).await;
    ours.commit([Change::ArchiveAgent { agent: agent.id, at: now() }]).await;
    check(&stage, &session, lives, &[agent_at(1)]).await;
    ours.commit([Change::DeleteAgent { agent: agent.id, at: now() }]).await;
    check(&stage, &session, at(3), &[lives, agent_at(1)]).await;
}

pub async fn a_refused_change_set_leaves_nothing_behind(stage: Stage) {
    let (ours, fence) = (&stage.ours, stage.fence);
    let session = ours.session().await;
    let run = ours.queued_run(&session).await;
    let before = (ours.session_now(session.id).await, ours.run(run.id).await, ours.log(session.id).await);
    let next = ours.new_session();
    let everything = || {
        vec![
            Change::InsertSession(next.clone()),
            Change::InsertRun(new_run(&next)),
            Change::InsertTool(tool(ours.project.id, "lost")),
            Change::InsertKey(key(never(), ours.owner.id)),
            begins(&run),
            Change::PutRun(claimed(run.clone(), fence)),
            Change::Enqueue(input(&run, "lost")),
        ]
    };
    // Refused by a guard before the changes, by one after them, and by the last change.
    let guarded = Guard::RunAt { run: run.id, version: 7 };
    assert_eq!(ours.refusal(ChangeSet::of(everything()).guarded(guarded)).await, Refusal::Guard(guarded));
    let last = Guard::NoInput { run: run.id };
    assert_eq!(ours.refusal(ChangeSet::of(everything()).guarded(last)).await, Refusal::Guard(last));
    let mut impossible = everything();
    impossible.push(Change::Release(never()));
    assert_eq!(ours.refusal(ChangeSet::of(impossible)).await, Refusal::Missing);

    // Among many that are fine and share its flush, too.
    let fine = (0..20).map(|_| ours.session());
    let refused = (0..20).map(|_| ours.refusal(ChangeSet::of(everything()).guarded(guarded)));
    let (fine, refused) = futures::join!(futures::future::join_all(fine), futures::future::join_all(refused));
    assert_eq!((fine.len(), refused.len()), (20, 20));

    let after = (ours.session_now(session.id).await, ours.run(run.id).await, ours.log(session.id).await);
    assert_eq!(after, before);
    assert_eq!(ours.store.find_session(next.id).await.unwrap(), None);
    assert_eq!(ours.store.list_runs(next.id).await.unwrap(), []);
    assert_eq!(ours.store.list_tools(None).await.unwrap(), []);
    assert_eq!(ours.store.list_keys().await.unwrap(), []);
    assert_eq!(ours.store.list_inbox(run.id).await.unwrap(), []);
}

pub async fn what_is_not_there_cannot_be_changed(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let ghost = new_run(&ours.new_session());
    let missing = [
        appends(never(), vec![said("x")]),
        Change::Release(never()),
        Change::PutRun(over(ghost.clone())),
        Change::InsertRun(ghost.clone()),
        Change::Enqueue(input(&ghost, "x")),
        Change::TakeInput { session: session.id, items: vec![never()] },
        Change::RevokeKey { key: never(), at: now() },
        Change::TouchKey { key: never(), at: now() },
        Change::ArchiveAgent { agent: never(), at: now() },
        Change::DeleteAgent { agent: never(), at: now() },
        Change::PutAgentVersion(agent(ours.project.id, "ghost").0),
        Change::DeleteTool(never()),
        Change::DeleteDocument(never()),
    ];
    for change in missing {
        assert_eq!(ours.refusal(ChangeSet::of([change.clone()])).await, Refusal::Missing, "{change:?}");
    }
    let twice = [
        Change::InsertSession(session.clone()),
        Change::InsertAgent(ours.agent.clone()),
        Change::InsertProject(ours.project.clone()),
        Change::InsertRun(ours.queued_run(&session).await),
    ];
    for change in twice {
        assert_eq!(ours.refusal(ChangeSet::of([change.clone()])).await, Refusal::Exists, "{change:?}");
    }
    let event = said("once");
    ours.commit([appends(session.id, vec![event.clone()])]).await;
    assert_eq!(ours.refusal(ChangeSet::of([appends(session.id, vec![event])])).await, Refusal::Exists);
}

pub async fn the_last_guard_sees_the_changes(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let run = ours.queued_run(&session).await;
    let item = input(&run, "take me");
    ours.commit([Change::Enqueue(item.clone())]).await;
    let guard = Guard::NoInput { run: run.id };
    assert_eq!(ours.refusal(ChangeSet::of([Change::Release(session.id)]).guarded(guard)).await, Refusal::Guard(guard));

    let taken = Change::TakeInput { session: session.id, items: vec![item.id] };
    ours.store.commit(ChangeSet::of([taken]).guarded(guard)).await.unwrap();
}
