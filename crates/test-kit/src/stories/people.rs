//! People: their addresses, the owner who stays, what is open to them, and their threads.

use domain::MemberId;
use domain::agent::Agent;
use domain::change::{Change, ChangeSet};
use domain::org::{Member, Role};
use domain::session::{Purpose, Session, SessionAgent};
use ports::Refusal;
use ports::store::{AgentFilter, PurposefulFilter, SessionFilter};

use super::Stage;
use super::stage::{appends, fresh, member, now, said, spec};

pub async fn an_address_is_one_persons_and_an_owner_stays(stage: Stage) {
    let ours = &stage.ours;
    let ada = member("ada");
    ours.commit([Change::InsertMember(ada.clone())]).await;
    let same = Member { email: ada.email.to_uppercase(), ..member("other") };
    let same = || ChangeSet::of([Change::InsertMember(same.clone())]);
    assert_eq!(ours.refusal(same()).await, Refusal::Exists, "two people, one address");
    let left = Member { removed_at: Some(now()), ..ada };
    ours.commit([Change::PutMember(left.clone())]).await;
    assert_eq!(ours.store.find_member(left.id).await.unwrap().and_then(|member| member.removed_at), left.removed_at);
    ours.store.commit(same()).await.unwrap();

    for last in [
        Member { role: Role::Admin, ..ours.owner.clone() },
        Member { suspended_at: Some(now()), ..ours.owner.clone() },
        Member { removed_at: Some(now()), ..ours.owner.clone() },
    ] {
        assert_eq!(ours.refusal(ChangeSet::of([Change::PutMember(last)])).await, Refusal::NoOwner);
    }
    let second = Member { role: Role::Owner, ..member("second") };
    ours.commit([Change::InsertMember(second)]).await;
    ours.commit([Change::PutMember(Member { role: Role::Viewer, ..ours.owner.clone() })]).await;
}

pub async fn an_agent_is_listed_for_those_it_is_open_to(stage: Stage) {
    let ours = &stage.ours;
    let [maker, named, other]: [MemberId; 3] = [fresh(), fresh(), fresh()];
    let (closed, inserted) = Agent::create_by(Some(maker), fresh(), ours.project.id, spec("closed"), now());
    ours.store.commit(inserted).await.unwrap();
    ours.commit([Change::OpenAgent { agent: closed.id, members: Some(vec![named]) }]).await;
    let following = SessionAgent::Following { agent: closed.id };
    let session = Session { agent: following, purpose: Some(Purpose::General), ..ours.new_session() };
    ours.commit([Change::InsertSession(session.clone())]).await;
    for (member, sees) in [(Some(maker), true), (Some(named), true), (Some(other), false), (None, true)] {
        let agents = ours.store.list_agents(AgentFilter { open_to: member, ..AgentFilter::default() }).await.unwrap();
        assert_eq!(agents.iter().any(|agent| agent.id == closed.id), sees);
        assert!(agents.iter().any(|agent| agent.id == ours.agent.id), "open to all");
        let filter = SessionFilter { open_to: member, ..SessionFilter::default() };
        let sessions = ours.store.list_sessions(filter).await.unwrap();
        assert_eq!(sessions.iter().any(|listed| listed.id == session.id), sees);
        let filter = PurposefulFilter { open_to: member, ..PurposefulFilter::default() };
        assert_eq!(ours.store.count_purposeful(filter.clone()).await.unwrap(), u64::from(sees));
        assert_eq!(ours.store.list_purposeful(filter).await.unwrap().len(), usize::from(sees));
    }
    let found = ours.store.find_agent(closed.id).await.unwrap().unwrap();
    assert_eq!((found.access.creator, found.access.members.clone()), (Some(maker), Some(vec![named])));
    ours.commit([Change::OpenAgent { agent: closed.id, members: None }]).await;
    assert!(ours.store.find_agent(closed.id).await.unwrap().unwrap().access.lets(other, Role::Viewer));
}

pub async fn threads_are_listed_by_their_last_change(stage: Stage) {
    let ours = &stage.ours;
    let owner = ours.owner.id;
    let mut threads = Vec::new();
    for _ in 0..3 {
        let thread = Session { owner: Some(owner), ..ours.new_session() };
        ours.commit([Change::InsertSession(thread.clone())]).await;
        threads.push(thread.id);
    }
    ours.commit([Change::InsertSession(Session { owner: Some(fresh()), ..ours.new_session() })]).await;
    ours.session().await;
    let list = async |limit| ours.store.list_threads(owner, None, limit).await.unwrap();
    assert_eq!(list(9).await, [threads[2], threads[1], threads[0]]);
    let elsewhere = ours.store.list_threads(owner, Some(fresh()), 9).await.unwrap();
    assert_eq!(elsewhere, []);
    ours.commit([appends(threads[0], vec![said("again")])]).await;
    assert_eq!(list(2).await, [threads[0], threads[2]]);
    ours.commit([Change::DeleteSession { session: threads[2], at: now() }]).await;
    assert_eq!(list(9).await, [threads[0], threads[1]]);
}
