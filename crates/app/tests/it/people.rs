//! People: what their roles are worth to their keys, and whom agents are open to.

use std::time::Duration;

use app::{
    AddMember, AuthFault, CreateKey, CreateSession, Ctx, Error, From, FromPosition, KeyFormat, MemberPatch,
    SessionFilter,
};
use domain::key::Scope;
use domain::org::{Member, Role};
use domain::session::Origin;
use futures::{FutureExt, StreamExt};
use test_kit::TestHouse;

use crate::desk::{Desk, native, within};

async fn add(desk: &Desk, name: &str, role: Role) -> Member {
    let add = AddMember { name: name.into(), email: format!("{name}@house.example"), role };
    desk.app().add_member(&desk.ctx, add).await.expect("a member")
}

/// A key of this person's, with every scope there is.
async fn key_of(desk: &Desk, member: &Member) -> String {
    let create = CreateKey {
        name: "k".into(),
        scopes: vec![Scope::Admin],
        project: None,
        expires_at: None,
        format: KeyFormat::Sortie,
        budget: None,
        member: Some(member.id),
    };
    desk.app().create_key(&desk.ctx, create).await.expect("a key").1.reveal().to_owned()
}

async fn known(desk: &Desk, key: &str) -> Ctx {
    desk.app().authenticate(key).await.expect("known")
}

async fn fault(desk: &Desk, key: &str) -> AuthFault {
    match desk.app().authenticate(key).await {
        Err(Error::Unauthenticated(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

fn role(role: Role) -> MemberPatch {
    MemberPatch { role: Some(role), ..MemberPatch::default() }
}

#[tokio::test]
async fn a_key_has_the_rights_that_its_maker_has_at_the_moment() {
    let desk = Desk::at(TestHouse::new()).await;
    let ada = add(&desk, "ada", Role::Viewer).await;
    let key = key_of(&desk, &ada).await;
    for now in [Role::Viewer, Role::Member, Role::Admin, Role::Member, Role::Viewer] {
        desk.app().update_member(&desk.ctx, ada.id, role(now)).await.expect("changed");
        let ctx = known(&desk, &key).await;
        assert_eq!((ctx.member, ctx.role), (Some(ada.id), now));
        for scope in Scope::ALL {
            assert_eq!(ctx.require(*scope).is_ok(), now.holds(*scope), "{now:?} {scope}");
        }
    }
}

#[tokio::test]
async fn whoever_is_suspended_or_gone_is_let_in_no_more() {
    let desk = Desk::at(TestHouse::new()).await;
    let ada = add(&desk, "ada", Role::Member).await;
    let key = key_of(&desk, &ada).await;
    let mut stream = desk.app().stream_org(&known(&desk, &key).await, FromPosition::Now).await.expect("a stream");
    assert!(stream.next().now_or_never().is_none(), "it is open");

    desk.app().suspend_member(&desk.ctx, ada.id).await.expect("suspended");
    assert_eq!(fault(&desk, &key).await, AuthFault::Suspended);
    let ended = within(stream.next()).await;
    assert!(matches!(ended, Some(Err(Error::Unauthenticated(AuthFault::Suspended)))));
    desk.app().reinstate_member(&desk.ctx, ada.id).await.expect("back again");
    known(&desk, &key).await;
    desk.app().remove_member(&desk.ctx, ada.id).await.expect("removed");
    assert_eq!(fault(&desk, &key).await, AuthFault::Left);
    let again = desk.app().reinstate_member(&desk.ctx, ada.id).await;
    assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
    add(&desk, "ada", Role::Viewer).await;
}

#[tokio::test]
async fn word_that_came_while_a_caller_was_let_in_is_not_missed() {
    let desk = Desk::at(TestHouse::new()).await;
    let ada = add(&desk, "ada", Role::Member).await;
    let caller = known(&desk, &key_of(&desk, &ada).await).await;
    let create = CreateSession { origin: Origin::Cassidy, ..native(desk.agent().await.id) };
    let thread = desk.app().create_session(&caller, create).await.expect("a thread").id;
    desk.app().suspend_member(&desk.ctx, ada.id).await.expect("suspended");

    let is_shut_out = |fault: &Error| matches!(fault, Error::Unauthenticated(AuthFault::Suspended));
    let mut stream = desk.app().stream_session(&caller, thread, From::Now, false).await.expect("a stream");
    assert!(within(stream.next()).await.is_some_and(|item| item.is_err_and(|fault| is_shut_out(&fault))));
    let mut stream = desk.app().stream_org(&caller, FromPosition::Now).await.expect("a stream");
    assert!(within(stream.next()).await.is_some_and(|item| item.is_err_and(|fault| is_shut_out(&fault))));
    let asked = Box::pin(desk.app().ask(&caller, thread, "hi".into(), Duration::from_secs(30)));
    assert!(within(asked).await.is_err_and(|fault| is_shut_out(&fault)));
    assert!(desk.app().list_runs(&desk.ctx, thread).await.expect("runs").is_empty(), "nothing began");
}

#[tokio::test]
async fn owners_are_changed_by_owners_and_one_stays() {
    let desk = Desk::at(TestHouse::new()).await;
    let ada = add(&desk, "ada", Role::Admin).await;
    let admin = known(&desk, &key_of(&desk, &ada).await).await;
    let owner = desk.ctx.member.expect("the owner");

    assert!(matches!(desk.app().suspend_member(&admin, owner).await, Err(Error::Forbidden { missing: None })));
    let raised = desk.app().update_member(&admin, ada.id, role(Role::Owner)).await;
    assert!(matches!(raised, Err(Error::Forbidden { missing: None })), "not by themselves");
    let last = desk.app().update_member(&desk.ctx, owner, role(Role::Admin)).await;
    assert!(matches!(last, Err(Error::Conflict(_))), "{last:?}");
    desk.app().update_member(&desk.ctx, ada.id, role(Role::Owner)).await.expect("a second owner");
    desk.app().update_member(&desk.ctx, owner, role(Role::Viewer)).await.expect("now one may go");

    let same = AddMember { name: "Other".into(), email: "ADA@house.example".into(), role: Role::Viewer };
    let operator = app::Operator::of_this_installation().acting_for(desk.ctx.org, desk.app().now());
    assert!(matches!(desk.app().add_member(&operator, same).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn an_agent_for_some_is_not_there_to_be_used_or_read_along_by_others() {
    let desk = Desk::at(TestHouse::new()).await;
    let (named, other) = (add(&desk, "named", Role::Member).await, add(&desk, "other", Role::Member).await);
    let viewer = add(&desk, "viewer", Role::Viewer).await;
    let mut callers = Vec::new();
    for member in [&named, &other, &viewer] {
        callers.push(known(&desk, &key_of(&desk, member).await).await);
    }
    let agent = desk.agent().await.id;
    let session = desk.session(agent).await.id;
    for caller in &callers {
        desk.app().find_session(caller, session).await.expect("open to all");
    }
    let mut streams = Vec::new();
    for caller in &callers {
        let stream = desk.app().stream_session(caller, session, From::Now, false).await.expect("a stream");
        streams.push(stream);
    }
    for stream in &mut streams {
        assert!(stream.next().now_or_never().is_none(), "it is open");
    }
    desk.app().open_agent(&desk.ctx, agent, Some(vec![named.id])).await.expect("closed to others");
    for closed in &mut streams[1..] {
        let ended = within(closed.next()).await;
        assert!(matches!(ended, Some(Err(Error::Unauthenticated(AuthFault::RightsChanged)))));
    }
    assert!(streams[0].next().now_or_never().is_none(), "it goes on");

    let [may, may_not, looks_on] = &callers[..] else { panic!("three") };
    desk.app().find_agent(may, agent).await.expect("named");
    desk.app().create_session(may, native(agent)).await.expect("named");
    let forbidden = |result: &Result<(), Error>| matches!(result, Err(Error::Forbidden { missing: None }));
    for caller in [may_not, looks_on] {
        assert!(forbidden(&desk.app().find_agent(caller, agent).await.map(drop)));
        assert!(forbidden(&desk.app().find_session(caller, session).await.map(drop)));
        let listed = desk.app().list_sessions(caller, SessionFilter::default()).await.expect("a list");
        assert!(listed.is_empty());
        assert!(desk.app().list_agents(caller, Default::default()).await.expect("a list").is_empty());
    }
    assert!(forbidden(&desk.app().create_session(may_not, native(agent)).await.map(drop)));
    assert!(forbidden(&desk.app().open_agent(may_not, agent, None).await.map(drop)));
    let stranger = desk.app().open_agent(&desk.ctx, agent, Some(vec![domain::MemberId(agent.0)])).await;
    assert!(matches!(stranger, Err(Error::Invalid(_))), "{stranger:?}");

    // What was said to a closed agent stays closed when it is gone.
    desk.app().delete_agent(&desk.ctx, agent).await.expect("deleted");
    assert!(forbidden(&desk.app().find_session(may_not, session).await.map(drop)));
    desk.app().find_session(may, session).await.expect("named");
}

#[tokio::test]
async fn a_member_makes_keys_for_themselves_and_sees_no_others() {
    let desk = Desk::at(TestHouse::new()).await;
    let ada = add(&desk, "ada", Role::Member).await;
    let caller = known(&desk, &key_of(&desk, &ada).await).await;
    let create = |member| CreateKey {
        name: "own".into(),
        scopes: vec![Scope::AgentsRead],
        project: None,
        expires_at: None,
        format: KeyFormat::Sortie,
        budget: None,
        member,
    };
    let (own, _) = desk.app().create_key(&caller, create(None)).await.expect("a key");
    assert_eq!(own.creator, ada.id);
    let others = desk.app().create_key(&caller, create(desk.ctx.member)).await;
    assert!(matches!(others, Err(Error::Forbidden { .. })), "{others:?}");
    let listed = desk.app().list_keys(&caller).await.expect("keys");
    assert!(listed.iter().all(|key| key.creator == ada.id) && listed.len() == 2);
    let owners = desk.ctx.key.expect("a key");
    assert!(matches!(desk.app().revoke_key(&caller, owners).await, Err(Error::NotFound(_))));
}
