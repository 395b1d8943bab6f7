//! One organization, and one project, never sees another.

use app::{AgentFilter, CreateKey, Ctx, Error, EventFilter, From, KeyFormat, SessionFilter};
use domain::key::Scope;
use domain::{AgentId, RunId, SessionId};
use test_kit::{TestHouse, says};
use uuid::Uuid;

use crate::desk::{Desk, finished, interrupt, native};

/// What every operation says to this caller about these ids, ids left out.
async fn answers(desk: &Desk, ctx: &Ctx, agent: AgentId, session: SessionId, run: RunId) -> Vec<String> {
    let app = desk.app();
    let said = |result: Result<(), Error>| match result {
        Ok(()) => "done".to_owned(),
        Err(error) => [agent.to_string(), session.to_string(), run.to_string()]
            .iter()
            .fold(error.to_string(), |text, id| text.replace(id.as_str(), "…")),
    };
    let start = app::StartRun { project: desk.project, ..desk.start(agent, None, "hi") };
    vec![
        said(app.find_agent(ctx, agent).await.map(drop)),
        said(app.find_agent_version(ctx, agent, 1).await.map(drop)),
        said(app.list_agent_versions(ctx, agent, None, 10).await.map(drop)),
        said(app.update_agent(ctx, agent, None, |spec| Ok(spec.clone())).await.map(drop)),
        said(app.archive_agent(ctx, agent).await.map(drop)),
        said(app.delete_agent(ctx, agent).await),
        said(app.list_documents(ctx, Some(desk.project), agent).await.map(drop)),
        said(app.create_session(ctx, native(agent)).await.map(drop)),
        said(app.start_run(ctx, start).await.map(drop)),
        said(app.find_session(ctx, session).await.map(drop)),
        said(app.send_events(ctx, session, vec![interrupt()]).await.map(drop)),
        said(app.list_events(ctx, session, EventFilter::default()).await.map(drop)),
        said(app.list_inbox(ctx, session).await.map(drop)),
        said(app.list_runs(ctx, session).await.map(drop)),
        said(app.stream_session(ctx, session, From::Start, false).await.map(drop)),
        said(app.find_run(ctx, run).await.map(drop)),
        said(app.cancel_run(ctx, run).await.map(drop)),
        said(app.resolve_run(ctx, run, true, None).await.map(drop)),
    ]
}

#[tokio::test]
async fn what_is_not_the_callers_looks_like_what_never_was() {
    let mut desk = Desk::at(TestHouse::new().model([says("Hello.")])).await;
    let agent = desk.agent().await.id;
    let done = finished(desk.run(agent, None, "hi").await).await;
    let (session, run) = (done.run.session, done.run.id);
    let nobody = Uuid::from_u128(7);
    let (no_agent, no_session, no_run) = (AgentId(nobody), SessionId(nobody), RunId(nobody));

    let (stranger, neighbour) = (stranger(&mut desk).await, neighbour(&desk).await);
    for caller in [stranger, neighbour] {
        let foreign = answers(&desk, &caller, agent, session, run).await;
        let absent = answers(&desk, &caller, no_agent, no_session, no_run).await;
        assert_eq!(foreign, absent);
        assert!(foreign.iter().all(|answer| answer.ends_with("… not found")), "{foreign:#?}");
        assert!(desk.app().list_agents(&caller, AgentFilter::default()).await.expect("agents").is_empty());
        assert!(desk.app().list_sessions(&caller, SessionFilter::default()).await.expect("sessions").is_empty());
        let named = AgentFilter { project: Some(desk.project), ..AgentFilter::default() };
        assert!(desk.app().list_agents(&caller, named).await.expect("agents").is_empty());
    }
    assert_eq!(desk.app().find_agent(&desk.ctx, agent).await.expect("untouched").archived_at, None);
}

#[tokio::test]
async fn a_project_of_ones_own_organization_is_forbidden_rather_than_absent() {
    let mut desk = Desk::at(TestHouse::new()).await;
    let (stranger, neighbour) = (stranger(&mut desk).await, neighbour(&desk).await);
    let number = desk.app().list_projects(&desk.ctx).await.expect("projects")[0].number;

    let app = desk.app();
    assert!(app.find_project_numbered(&desk.ctx, number).await.is_ok());
    let forbidden = app.find_project_numbered(&neighbour, number).await;
    assert!(matches!(forbidden, Err(Error::Forbidden { missing: None })));
    assert!(matches!(app.find_project_numbered(&stranger, number).await, Err(Error::NotFound(_))));
}

/// The owner of another organization.
async fn stranger(desk: &mut Desk) -> Ctx {
    desk.house.other_org().await;
    let operator = app::Operator::of_this_installation();
    let orgs = desk.app().list_orgs(&operator).await.expect("organizations");
    operator.acting_for(orgs[1].id, desk.app().now())
}

/// Somebody of the same organization who reaches only another project.
async fn neighbour(desk: &Desk) -> Ctx {
    let project = desk.app().create_project(&desk.ctx, "Other".into(), None).await.expect("a project");
    let create = CreateKey {
        name: "neighbour".into(),
        scopes: vec![Scope::Admin],
        project: Some(project.id),
        expires_at: None,
        budget: None,
        member: None,
        format: KeyFormat::Sortie,
    };
    let (_, secret) = desk.app().create_key(&desk.ctx, create).await.expect("a key");
    desk.app().authenticate(secret.reveal()).await.expect("known")
}
