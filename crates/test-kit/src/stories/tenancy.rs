//! Tenancy: one organization never sees or moves what is another's.

use domain::change::{Change, ChangeSet, Guard};
use domain::session::{Session, SessionAgent};
use ports::Refusal;
use ports::store::{AgentFilter, EventFilter, SessionFilter};

use super::stage::{
    agent, appends, document, fresh, input, key, member, never, new_run, now, over, project, said, tool,
};
use super::{Stage, Tenant};

/// One of everything of another organization.
struct Foreign {
    session: Session,
    run: domain::run::Run,
    event: domain::EventId,
    key: domain::key::Key,
    tool: domain::tool::Tool,
    document: domain::knowledge::Document,
    member: domain::org::Member,
}

async fn furnish(theirs: &Tenant) -> Foreign {
    let session = Session { thread: Some("theirs".into()), owner: Some(theirs.owner.id), ..theirs.new_session() };
    let run = new_run(&session);
    let event = said("secret");
    let (key, tool, document, member) = (
        key(fresh(), theirs.owner.id),
        tool(theirs.project.id, "secret"),
        document(theirs, "secret.txt"),
        member("eve"),
    );
    let given = theirs
        .commit([
            Change::InsertSession(session.clone()),
            Change::InsertRun(run.clone()),
            appends(session.id, vec![event.clone()]),
            Change::Enqueue(input(&run, "secret")),
            Change::InsertKey(key.clone()),
            Change::InsertTool(tool.clone()),
            Change::InsertMember(member.clone()),
            Change::PutDocument { document: document.clone(), text: "secret".into() },
        ])
        .await;
    let tool = domain::tool::Tool { number: given.numbers[0], ..tool };
    Foreign { session, run, event: event.id, key, tool, document, member }
}

pub async fn a_foreign_thing_is_as_one_that_never_was(stage: Stage) {
    let (ours, theirs) = (&stage.ours.store, &stage.theirs);
    let foreign = furnish(theirs).await;
    let session = foreign.session.id;

    assert_eq!(ours.find_member(foreign.member.id).await.unwrap(), None);
    assert_eq!(ours.list_threads(theirs.owner.id, None, 9).await.unwrap(), []);
    assert_eq!(ours.find_project(theirs.project.id).await.unwrap(), None);
    assert_eq!(ours.find_project_numbered(theirs.project.number).await.unwrap(), None);
    assert_eq!(ours.find_key(foreign.key.id).await.unwrap(), None);
    assert_eq!(ours.find_agent(theirs.agent.id).await.unwrap(), None);
    assert_eq!(ours.find_agent_version(theirs.agent.id, 1).await.unwrap(), None);
    assert_eq!(ours.list_agent_versions(theirs.agent.id, None, 9).await.unwrap(), []);
    assert_eq!(ours.find_tool(foreign.tool.id).await.unwrap(), None);
    assert_eq!(ours.find_tool_numbered(foreign.tool.number).await.unwrap(), None);
    assert_eq!(ours.find_document(foreign.document.id).await.unwrap(), None);
    assert_eq!(ours.read_document(foreign.document.id).await.unwrap(), None);
    assert_eq!(ours.list_documents(theirs.agent.id, now()).await.unwrap(), []);
    assert_eq!(ours.find_session(session).await.unwrap(), None);
    assert_eq!(ours.find_session_by_alias(foreign.session.alias).await.unwrap(), None);
    assert_eq!(ours.find_thread(theirs.project.id, theirs.agent.id, "theirs").await.unwrap(), None);
    assert_eq!(ours.find_run(foreign.run.id).await.unwrap(), None);
    assert_eq!(ours.find_queued_run(session).await.unwrap(), None);
    assert_eq!(ours.list_queued_runs(session).await.unwrap(), []);
    assert_eq!(ours.list_runs(session).await.unwrap(), []);
    assert_eq!(ours.list_inbox(foreign.run.id).await.unwrap(), []);
    assert_eq!(ours.list_session_inbox(session).await.unwrap(), []);
    assert_eq!(ours.find_event(session, foreign.event).await.unwrap(), None);
    let of_run = EventFilter { run: Some(foreign.run.id), ..EventFilter::default() };
    for filter in [EventFilter::default(), of_run] {
        assert_eq!(ours.list_events(session, filter).await.unwrap(), []);
        assert_eq!(ours.survey_log(session, 1..=u64::MAX, 9).await.unwrap(), []);
    }
    assert!(theirs.store.find_session(session).await.unwrap().is_some(), "they have it");
}

pub async fn a_foreign_thing_cannot_be_changed(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let foreign = furnish(theirs).await;
    let (session, agent) = (foreign.session.id, theirs.agent.id);
    let waiting = theirs.store.list_inbox(foreign.run.id).await.unwrap();
    let stolen_document = Change::PutDocument { document: foreign.document.clone(), text: "stolen".into() };
    let next = domain::agent::Agent { version: 2, ..theirs.agent.clone() };
    let changes = [
        (Change::InsertOrg(theirs.store.find_org().await.unwrap().unwrap()), Refusal::Missing),
        (Change::RevokeKey { key: foreign.key.id, at: now() }, Refusal::Missing),
        (Change::TouchKey { key: foreign.key.id, at: now() }, Refusal::Missing),
        (Change::PutAgentVersion(next), Refusal::Missing),
        (Change::ArchiveAgent { agent, at: now() }, Refusal::Missing),
        (Change::OpenAgent { agent, members: Some(vec![]) }, Refusal::Missing),
        (Change::PutMember(theirs.owner.clone()), Refusal::Missing),
        (Change::InsertKey(key(fresh(), theirs.owner.id)), Refusal::Missing),
        (Change::DeleteAgent { agent, at: now() }, Refusal::Missing),
        (Change::DeleteTool(foreign.tool.id), Refusal::Missing),
        (stolen_document, Refusal::Exists),
        (Change::DeleteDocument(foreign.document.id), Refusal::Missing),
        (Change::InsertSession(Session { thread: None, ..foreign.session.clone() }), Refusal::Missing),
        (Change::InsertSession(Session { id: session, ..ours.new_session() }), Refusal::Exists),
        (Change::PutSession(foreign.session.clone()), Refusal::Missing),
        (Change::ArchiveSession { session, at: now() }, Refusal::Missing),
        (Change::DeleteSession { session, at: now() }, Refusal::Missing),
        (Change::InsertRun(new_run(&foreign.session)), Refusal::Missing),
        (Change::PutRun(over(foreign.run.clone())), Refusal::Missing),
        (appends(session, vec![said("forged")]), Refusal::Missing),
        (Change::Release(session), Refusal::Missing),
        (Change::Enqueue(input(&foreign.run, "forged")), Refusal::Missing),
        (Change::TakeInput { session, items: vec![waiting[0].id] }, Refusal::Missing),
    ];
    for (change, refusal) in changes {
        assert_eq!(ours.refusal(ChangeSet::of([change.clone()])).await, refusal, "{change:?}");
    }
    let harmless = || ChangeSet::of([Change::InsertProject(project("p"))]);
    let guards = [
        Guard::AgentAt { agent, version: 1 },
        Guard::AgentLives { agent },
        Guard::SessionAt { session, seq: 1 },
        Guard::SessionFree { session, seq: 1 },
        Guard::SessionDescribedAt { session, version: 0 },
        Guard::RunAt { run: foreign.run.id, version: 0 },
        Guard::Held { run: foreign.run.id, fence: stage.fence },
    ];
    for guard in guards {
        assert_eq!(ours.refusal(harmless().guarded(guard)).await, Refusal::Guard(guard));
    }
    assert_eq!(theirs.log(session).await.len(), 1);
    assert_eq!(theirs.run(foreign.run.id).await, foreign.run);
    assert_eq!(theirs.store.list_inbox(foreign.run.id).await.unwrap(), waiting);
    assert_eq!(theirs.store.find_key(foreign.key.id).await.unwrap(), Some(foreign.key));
    assert_eq!(theirs.store.find_agent(agent).await.unwrap().as_ref(), Some(&theirs.agent));
    assert_eq!(theirs.store.read_document(foreign.document.id).await.unwrap().as_deref(), Some("secret"));
}

pub async fn nothing_is_made_of_foreign_parts(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let with = |agent| SessionAgent::Following { agent };
    let pinned = SessionAgent::Pinned { agent: theirs.agent.id, version: 1, overrides: Default::default() };
    let elsewhere = project("elsewhere");
    ours.commit([Change::InsertProject(elsewhere.clone())]).await;
    let sessions = [
        Session { agent: with(theirs.agent.id), ..ours.new_session() },
        Session { agent: pinned, ..ours.new_session() },
        Session { project: theirs.project.id, ..ours.new_session() },
        Session { project: theirs.project.id, agent: with(theirs.agent.id), ..ours.new_session() },
        Session { agent: with(never()), ..ours.new_session() },
        // Ours, but not of one project.
        Session { project: elsewhere.id, ..ours.new_session() },
    ];
    for session in sessions {
        let refused = ours.refusal(ChangeSet::of([Change::InsertSession(session.clone())])).await;
        assert_eq!(refused, Refusal::Missing, "{session:?}");
        assert_eq!(ours.store.find_session(session.id).await.unwrap(), None);
    }
    let (lent, inserted) = agent(theirs.project.id, "lent");
    assert_eq!(ours.refusal(inserted).await, Refusal::Missing);
    assert_eq!(theirs.store.find_agent(lent.id).await.unwrap(), None);
    let (last, inserted) = agent(elsewhere.id, "last");
    ours.store.commit(inserted).await.unwrap();
    let session = Session { project: elsewhere.id, agent: with(last.id), ..ours.new_session() };
    ours.commit([Change::InsertSession(session)]).await;
}

pub async fn an_organization_lists_only_its_own(stage: Stage) {
    furnish(&stage.theirs).await;
    let (ours, project) = (&stage.ours.store, stage.theirs.project.id);
    assert_eq!(ours.list_members().await.unwrap(), std::slice::from_ref(&stage.ours.owner));
    assert_eq!(ours.list_projects().await.unwrap(), std::slice::from_ref(&stage.ours.project));
    assert_eq!(ours.list_keys().await.unwrap(), []);
    assert_eq!(ours.list_tools(None).await.unwrap(), []);
    assert_eq!(ours.list_tools(Some(project)).await.unwrap(), []);
    assert_eq!(ours.list_agents(AgentFilter::default()).await.unwrap(), std::slice::from_ref(&stage.ours.agent));
    let in_theirs = AgentFilter { project: Some(project), ..AgentFilter::default() };
    assert_eq!(ours.list_agents(in_theirs).await.unwrap(), []);
    assert_eq!(ours.list_sessions(SessionFilter::default()).await.unwrap(), []);
    let in_theirs = SessionFilter { project: Some(project), ..SessionFilter::default() };
    assert_eq!(ours.list_sessions(in_theirs).await.unwrap(), []);
    let nobody = stage.store.of(never());
    assert_eq!(nobody.find_org().await.unwrap(), None);
    assert_eq!(nobody.list_agents(AgentFilter::default()).await.unwrap(), []);
}
