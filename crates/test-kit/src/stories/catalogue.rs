//! What an organization has: members, projects, keys, agents, tools, documents.

use domain::agent::Agent;
use domain::change::{Change, ChangeSet, Guard};
use domain::knowledge::{Document, Reader};
use domain::org::Org;
use domain::run::RunStatus;
use domain::session::{Session, SessionAgent, SessionStatus};
use domain::tool::Tool;
use domain::{AgentId, Timestamp};
use ports::Refusal;
use ports::store::{AgentFilter, KeyOfMember, Order};

use super::Stage;
use super::stage::{
    agent, claimed, document, fresh, key, member, never, new_run, now, project, spec, state, tool, waiting,
};

pub async fn numbers_are_given_in_order_and_never_again(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let tools: Vec<Tool> = ["a", "b", "c"].map(|name| tool(ours.project.id, name)).into();
    let given = ours.commit(tools.iter().cloned().map(Change::InsertTool)).await.numbers;
    assert_eq!(given, [1, 2, 3], "from 1 in each organization, though theirs has one");
    ours.commit([Change::DeleteTool(tools[2].id)]).await;
    let next = tool(ours.project.id, "d");
    assert_eq!(ours.commit([Change::InsertTool(next.clone())]).await.numbers, [4], "a number is never reused");
    let all = ours.store.list_tools(None).await.unwrap();
    assert_eq!(all.iter().map(|tool| tool.number).collect::<Vec<_>>(), [1, 2, 4]);
    assert_eq!(ours.store.find_tool_numbered(4).await.unwrap(), Some(Tool { number: 4, ..next.clone() }));
    assert_eq!(ours.store.find_tool(next.id).await.unwrap(), Some(Tool { number: 4, ..next }));
    assert_eq!(ours.store.find_tool_numbered(3).await.unwrap(), None);
    assert_eq!(ours.store.find_tool_numbered(u64::MAX).await.unwrap(), None);
    assert_eq!(ours.store.list_tools(Some(never())).await.unwrap(), []);

    // Members and projects are numbered over the whole installation.
    let first = ours.commit([Change::InsertMember(member("ada")), Change::InsertProject(project("p"))]).await.numbers;
    let then = theirs.commit([Change::InsertMember(member("bob")), Change::InsertProject(project("q"))]).await.numbers;
    assert_eq!(then, [first[0] + 1, first[1] + 1]);
    let orgs: Vec<u64> = stage.store.list_orgs().await.unwrap().iter().map(|org| org.number).collect();
    assert_eq!(orgs, [1, 2]);
}

pub async fn projects_are_found_by_id_and_number(stage: Stage) {
    let ours = &stage.ours;
    let new = project("second");
    let number = ours.commit([Change::InsertProject(new.clone())]).await.numbers[0];
    let stored = domain::org::Project { number, ..new };
    assert_eq!(ours.store.find_project(stored.id).await.unwrap().as_ref(), Some(&stored));
    assert_eq!(ours.store.find_project_numbered(number).await.unwrap().as_ref(), Some(&stored));
    assert_eq!(ours.store.find_project_numbered(u64::MAX).await.unwrap(), None);
    assert_eq!(ours.store.list_projects().await.unwrap(), [ours.project.clone(), stored.clone()]);

    let (renamed, changes) = stored.update("renamed".into(), None);
    ours.store.commit(changes.clone()).await.unwrap();
    assert_eq!(ours.store.find_project(renamed.id).await.unwrap().as_ref(), Some(&renamed));
    let refused = ours.refusal(changes).await;
    assert!(matches!(refused, Refusal::Guard(Guard::ProjectAt { version: 0, .. })), "from an old version");
    assert!(renamed.clone().update("renamed".into(), None).1.is_empty());

    let found: Option<Org> = ours.store.find_org().await.unwrap();
    assert_eq!(found.map(|org| (org.id, org.name)), Some((ours.org, "ours".to_owned())));
    let new = member("ada");
    let number = ours.commit([Change::InsertMember(new.clone())]).await.numbers[0];
    let stored = domain::org::Member { number, ..new };
    assert_eq!(ours.store.find_member(stored.id).await.unwrap().as_ref(), Some(&stored));
    assert_eq!(ours.store.list_members().await.unwrap(), [ours.owner.clone(), stored]);
}

pub async fn a_key_is_found_by_its_hash_until_forever(stage: Stage) {
    let ours = &stage.ours;
    let key = key(fresh(), ours.owner.id);
    let of_owner = |key| KeyOfMember { org: ours.org, key, maker: ours.owner.clone() };
    ours.commit([Change::InsertKey(key.clone())]).await;
    assert_eq!(stage.store.find_key(key.hash).await.unwrap(), Some(of_owner(key.clone())));
    let (used, later, revoked) = (now(), now(), now());
    ours.commit([Change::TouchKey { key: key.id, at: later }, Change::TouchKey { key: key.id, at: used }]).await;
    ours.commit([Change::RevokeKey { key: key.id, at: revoked }]).await;
    ours.commit([Change::RevokeKey { key: key.id, at: now() }]).await;

    let now = domain::key::Key { last_used_at: Some(later), revoked_at: Some(revoked), ..key.clone() };
    assert_eq!(stage.store.find_key(key.hash).await.unwrap(), Some(of_owner(now.clone())), "the first word counts");
    assert_eq!(ours.store.find_key(key.id).await.unwrap(), Some(now.clone()));
    assert_eq!(ours.store.list_keys().await.unwrap(), [now]);
    assert_eq!(stage.store.find_key(domain::key::KeyHash([9; 32])).await.unwrap(), None);
    let same_hash = domain::key::Key { id: fresh(), ..key };
    assert_eq!(ours.refusal(ChangeSet::of([Change::InsertKey(same_hash)])).await, Refusal::Exists);
}

pub async fn an_agent_keeps_its_versions(stage: Stage) {
    let ours = &stage.ours;
    let first = ours.agent.clone();
    let mut versions = vec![first.clone()];
    for name in ["two", "three"] {
        let newest = versions.last().unwrap().clone();
        let (next, changes) = newest.update(spec(name), None, now()).unwrap();
        ours.store.commit(changes).await.unwrap();
        versions.push(next);
    }
    assert_eq!(ours.store.find_agent(first.id).await.unwrap().as_ref(), versions.last());
    for agent in &versions {
        let found = ours.store.find_agent_version(first.id, agent.version).await.unwrap();
        assert_eq!(found.as_ref(), Some(agent));
    }
    assert_eq!(ours.store.find_agent_version(first.id, 4).await.unwrap(), None);
    let list = async |before, limit| {
        let listed: Vec<Agent> = ours.store.list_agent_versions(first.id, before, limit).await.unwrap();
        listed.iter().map(|agent| agent.version).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, [3, 2, 1]);
    assert_eq!(list(Some(3), 1).await, [2]);
    assert_eq!(list(Some(1), 10).await, [0; 0]);

    let (_, late) = first.update(spec("late"), None, now()).unwrap();
    assert!(matches!(ours.refusal(late.clone()).await, Refusal::Guard(_)), "from an old version");
    let unguarded = ChangeSet { guards: vec![], ..late };
    assert_eq!(ours.refusal(unguarded).await, Refusal::Missing, "whatever its guards say");
}

pub async fn agents_are_listed_in_pages(stage: Stage) {
    let ours = &stage.ours;
    let elsewhere = project("elsewhere");
    ours.commit([Change::InsertProject(elsewhere.clone())]).await;
    let mut all: Vec<Agent> = vec![ours.agent.clone()];
    for n in 0..4 {
        let (agent, inserted) = agent(if n == 3 { elsewhere.id } else { ours.project.id }, "listed");
        ours.store.commit(inserted).await.unwrap();
        all.push(agent);
    }
    ours.commit([Change::ArchiveAgent { agent: all[1].id, at: now() }]).await;
    let list = async |filter| {
        let listed: Vec<Agent> = ours.store.list_agents(filter).await.unwrap();
        listed.iter().map(|agent| agent.id).collect::<Vec<AgentId>>()
    };
    let base = AgentFilter::default;
    let id = |n: usize| all[n].id;
    let shown = [id(0), id(2), id(3), id(4)];

    assert_eq!(list(base()).await, shown);
    assert_eq!(list(AgentFilter { include_archived: true, ..base() }).await.len(), 5);
    let newest = AgentFilter { order: Order::NewestFirst, ..base() };
    assert_eq!(list(newest.clone()).await, [id(4), id(3), id(2), id(0)]);
    assert_eq!(list(AgentFilter { after: Some(id(3)), limit: Some(1), ..newest }).await, [id(2)]);
    assert_eq!(list(AgentFilter { after: Some(id(2)), limit: Some(1), ..base() }).await, [id(3)]);
    assert_eq!(list(AgentFilter { after: Some(id(4)), ..base() }).await, []);
    assert_eq!(list(AgentFilter { after: Some(never()), ..base() }).await, []);
    assert_eq!(list(AgentFilter { project: Some(elsewhere.id), ..base() }).await, [id(4)]);
    let (from, until) = (Some(all[2].created_at), Some(all[3].created_at));
    assert_eq!(list(AgentFilter { created_from: from, created_until: until, ..base() }).await, [id(2), id(3)]);
}

pub async fn an_archived_agent_stays_and_a_deleted_one_goes(stage: Stage) {
    let ours = &stage.ours;
    let (id, session) = (ours.agent.id, ours.session().await);
    let at = now();
    ours.commit([Change::ArchiveAgent { agent: id, at }, Change::ArchiveAgent { agent: id, at: now() }]).await;
    let archived = Agent { archived_at: Some(at), ..ours.agent.clone() };
    assert_eq!(ours.store.find_agent(id).await.unwrap().as_ref(), Some(&archived));

    ours.commit([Change::DeleteAgent { agent: id, at: now() }]).await;

    assert_eq!(ours.store.find_agent(id).await.unwrap(), None);
    let everything = AgentFilter { include_archived: true, ..AgentFilter::default() };
    assert_eq!(ours.store.list_agents(everything).await.unwrap(), []);
    assert_eq!(ours.store.list_agent_versions(id, None, 9).await.unwrap(), []);
    assert_eq!(ours.store.find_agent_version(id, 1).await.unwrap(), Some(archived), "its sessions show it");
    assert!(ours.store.find_session(session.id).await.unwrap().is_some());
    for change in [Change::ArchiveAgent { agent: id, at }, Change::DeleteAgent { agent: id, at }] {
        assert_eq!(ours.refusal(ChangeSet::of([change])).await, Refusal::Missing);
    }
}

pub async fn the_runs_of_a_deleted_agent_are_looked_at(stage: Stage) {
    let (ours, fence) = (&stage.ours, stage.fence);
    let (held, waits, queued) = (ours.session().await, ours.session().await, ours.session().await);
    let held = ours.running_run(&held, fence).await;
    let parked = ours.running_run(&waits, fence).await;
    let idle = state(SessionStatus::Idle, Some(parked.id));
    let rests = Change::Append { session: waits.id, events: vec![], state: Some(idle) };
    ours.commit([rests, Change::PutRun(waiting(parked.clone()))]).await;
    let queued = ours.queued_run(&queued).await;
    let (other, inserted) = agent(ours.project.id, "other");
    ours.store.commit(inserted).await.unwrap();
    let others = Session { agent: SessionAgent::Following { agent: other.id }, ..ours.new_session() };
    let others_run = claimed(new_run(&others), fence);
    ours.commit([Change::InsertSession(others), Change::InsertRun(others_run.clone())]).await;
    ours.commit([Change::PutRun(waiting(others_run.clone()))]).await;
    let (mut work, mut told) = (stage.feed.watch_work(), stage.feed.watch_inbox());
    work.mark_unchanged();

    ours.commit([Change::DeleteAgent { agent: ours.agent.id, at: now() }]).await;

    assert!(work.has_changed().unwrap(), "whoever claims runs looks again");
    assert_eq!(told.recv().await.unwrap(), held.id, "its worker is told");
    assert!(told.try_recv().is_err(), "and no other");
    let ready = stage.store.next_ready(None, 100).await.unwrap();
    let ready: Vec<_> = ready.into_iter().filter(|ready| ready.org == ours.org).map(|ready| ready.run).collect();
    assert_eq!(ready, [parked.id, queued.id]);
    assert_eq!(ours.run(parked.id).await.status, RunStatus::Queued);
    assert_eq!(ours.session_now(waits.id).await.state.status, SessionStatus::Rescheduling);
    assert_eq!(ours.run(others_run.id).await.status, RunStatus::Waiting, "another agent's");
}

pub async fn a_replaced_document_keeps_its_id(stage: Stage) {
    let ours = &stage.ours;
    let (first, second) = (document(ours, "a.txt"), document(ours, "b.txt"));
    for document in [&first, &second] {
        ours.commit([Change::PutDocument { document: document.clone(), text: document.name.clone() }]).await;
    }
    let replaced = Document { kind: "md".into(), text_bytes: 3, ..first.clone() };

    ours.commit([Change::PutDocument { document: replaced.clone(), text: "new".into() }]).await;

    let list = async || ours.store.list_documents(ours.agent.id, now()).await.unwrap();
    assert_eq!(list().await, [replaced.clone(), second.clone()], "in its old place");
    assert_eq!(ours.store.find_document(first.id).await.unwrap(), Some(replaced));
    assert_eq!(ours.store.read_document(first.id).await.unwrap().as_deref(), Some("new"));
    ours.commit([Change::DeleteDocument(first.id)]).await;
    assert_eq!(list().await, [second]);
    assert_eq!(ours.store.read_document(first.id).await.unwrap(), None);
    assert_eq!(ours.store.list_documents(never(), now()).await.unwrap(), []);
}

pub async fn every_agent_reads_what_is_for_all(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let own = document(ours, "own.txt");
    let for_all = Document { reader: Reader::Organization, ..document(ours, "all.txt") };
    for (document, text) in [(&for_all, "all"), (&own, "own")] {
        ours.commit([Change::PutDocument { document: document.clone(), text: text.into() }]).await;
    }
    let (other, inserted) = agent(ours.project.id, "other");
    ours.store.commit(inserted).await.unwrap();
    let read_by =
        async |tenant: &super::Tenant, agent| tenant.store.list_documents_read_by(agent, now()).await.unwrap();
    assert_eq!(read_by(ours, ours.agent.id).await, [own.clone(), for_all.clone()], "its own first");
    assert_eq!(read_by(ours, other.id).await, std::slice::from_ref(&for_all));
    assert_eq!(ours.store.list_documents(ours.agent.id, now()).await.unwrap(), [own]);
    assert_eq!(ours.store.list_documents_of_all().await.unwrap(), std::slice::from_ref(&for_all));
    assert_eq!(theirs.store.list_documents_of_all().await.unwrap(), []);
    assert!(!read_by(theirs, theirs.agent.id).await.contains(&for_all));
    assert_eq!(ours.store.read_document(for_all.id).await.unwrap().as_deref(), Some("all"));
}

pub async fn an_expired_document_leaves_with_the_next_one(stage: Stage) {
    let ours = &stage.ours;
    let ends = Timestamp::from_second(1_900_000_000).unwrap();
    let second = std::time::Duration::from_secs(1);
    let brief = Document { expires_at: Some(ends), ..document(ours, "brief.txt") };
    ours.commit([Change::PutDocument { document: brief.clone(), text: "brief".into() }]).await;
    let list = async |at| ours.store.list_documents(ours.agent.id, at).await.unwrap().len();
    assert_eq!((list(ends - second).await, list(ends).await), (1, 0));
    assert!(ours.store.find_document(brief.id).await.unwrap().is_some());

    let next = Document { created_at: ends, ..document(ours, "next.txt") };
    ours.commit([Change::PutDocument { document: next, text: "next".into() }]).await;

    assert_eq!(ours.store.find_document(brief.id).await.unwrap(), None);
    assert_eq!(ours.store.read_document(brief.id).await.unwrap(), None);
}

pub async fn a_large_document_comes_back_whole(stage: Stage) {
    let ours = &stage.ours;
    let document = document(ours, "large.txt");
    for text in ["ü".repeat(2 * 1024 * 1024), "small".into(), "ö".repeat(300 * 1024)] {
        ours.commit([Change::PutDocument { document: document.clone(), text: text.clone() }]).await;
        assert!(ours.store.read_document(document.id).await.unwrap() == Some(text));
    }
}

pub async fn a_provider_keeps_its_number(stage: Stage) {
    for (name, number) in [("openai", 1), ("local", 2), ("openai", 1)] {
        assert_eq!(stage.store.provider_number(name).await.unwrap(), number);
    }
    let racing = (0..8).map(|_| stage.store.provider_number("scripted"));
    let given = futures::future::join_all(racing).await;
    assert!(given.into_iter().all(|number| number.unwrap() == 3));
    let stage = stage.reopen().await;
    assert_eq!(stage.store.provider_number("local").await.unwrap(), 2);
}
