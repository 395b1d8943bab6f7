//! Threads: one question at a time.

use std::time::Duration;

use app::{CreateSession, Ctx, Error, EventFilter};
use domain::SessionId;
use domain::session::{Origin, Session};
use test_kit::{Gate, TestHouse, says};

use crate::desk::{Desk, finished, native, within};

async fn thread(desk: &Desk) -> Session {
    let create = CreateSession { origin: Origin::Cassidy, ..native(desk.agent().await.id) };
    desk.app().create_session(&desk.ctx, create).await.expect("a thread")
}

async fn ask(desk: &Desk, ctx: &Ctx, id: SessionId, patience: Duration) -> Result<app::RunWatch, Error> {
    within(Box::pin(desk.app().ask(ctx, id, "hi".into(), patience))).await
}

#[tokio::test]
async fn a_question_whose_turn_does_not_come_is_not_stored() {
    let gate = Gate::new();
    let desk = Desk::at(TestHouse::new().model([says("one").then_waits(&gate), says("two")])).await;
    let id = thread(&desk).await.id;
    let first = ask(&desk, &desk.ctx, id, Duration::ZERO).await.expect("free");
    for _ in 0..2 {
        let second = ask(&desk, &desk.ctx, id, Duration::from_millis(20)).await;
        assert!(matches!(second, Err(Error::Conflict(_))));
    }
    let waiting = desk.app().list_inbox(&desk.ctx, id).await.expect("an inbox");
    assert!(waiting.is_empty());
    gate.open();
    finished(first).await;
    let said = EventFilter { types: vec!["user.message".into()], ..EventFilter::default() };
    assert_eq!(desk.app().list_events(&desk.ctx, id, said).await.expect("a log").len(), 1);
    finished(ask(&desk, &desk.ctx, id, Duration::ZERO).await.expect("free again")).await;
}

#[tokio::test]
async fn a_question_that_waits_is_asked_when_its_turn_comes() {
    let gate = Gate::new();
    let desk = Desk::at(TestHouse::new().model([says("one").then_waits(&gate), says("two")])).await;
    let id = thread(&desk).await.id;
    let first = ask(&desk, &desk.ctx, id, Duration::ZERO).await.expect("free");
    let (app, ctx) = (desk.app().clone(), desk.ctx.clone());
    let second = tokio::spawn(async move { app.ask(&ctx, id, "hi".into(), Duration::from_secs(30)).await });
    gate.open();
    finished(first).await;
    finished(within(second).await.expect("no panic").expect("its turn")).await;
}

#[tokio::test]
async fn a_session_that_is_nobodys_is_no_thread() {
    let desk = Desk::at(TestHouse::new()).await;
    let session = desk.session(desk.agent().await.id).await.id;
    assert!(matches!(desk.app().find_thread(&desk.ctx, session).await, Err(Error::NotFound(_))));
    assert!(matches!(ask(&desk, &desk.ctx, session, Duration::ZERO).await, Err(Error::NotFound(_))));
    let id = thread(&desk).await.id;
    let operator = app::Operator::of_this_installation().acting_for(desk.ctx.org, desk.app().now());
    assert!(matches!(desk.app().find_thread(&operator, id).await, Err(Error::NotFound(_))));
    assert_eq!(desk.app().list_threads(&desk.ctx, 9).await.expect("threads"), [id]);
    assert!(desk.app().list_threads(&operator, 9).await.expect("none").is_empty());
}
