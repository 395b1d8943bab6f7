//! Events that clients send, and where they go.

use app::{Error, Refused};
use domain::EventId;
use domain::event::{EventBody, StopReason, Verdict};
use domain::model::Block;
use domain::run::RunStatus;
use domain::session::SessionStatus;
use serde_json::json;
use test_kit::{Gate, TestHouse, calls, hangs, says, wait};
use uuid::Uuid;

use crate::desk::{Desk, adder, assert_gapless, interrupt, message, native, paths, result};

#[tokio::test]
async fn a_message_to_a_session_at_rest_is_in_the_log_at_once() {
    let desk = Desk::at(TestHouse::new().model([says("Hello.")])).await;
    let session = desk.session(desk.agent().await.id).await;

    let sent = desk.send(session.id, vec![message("hi")]).await;

    assert_eq!((sent[0].seq, sent[0].processed_at.is_some()), (Some(1), true));
    desk.at_rest(session.id).await;
    let log = desk.log(session.id).await;
    assert_eq!((log[0].id, &log[0].body), (sent[0].event, &message("hi")));
}

#[tokio::test]
async fn a_session_may_begin_with_its_first_message() {
    let desk = Desk::at(TestHouse::new().model([says("Hello.")])).await;
    let agent = desk.agent().await;

    let create = app::CreateSession { initial_events: vec![message("hi")], ..native(agent.id) };
    let session = desk.app().create_session(&desk.ctx, create).await.expect("a session");

    desk.at_rest(session.id).await;
    assert_eq!(desk.names(session.id).await[0], "user.message");
    let wrong = app::CreateSession { initial_events: vec![interrupt()], ..native(agent.id) };
    assert_eq!(paths(desk.app().create_session(&desk.ctx, wrong).await), ["initial_events[0].type"]);
}

#[tokio::test]
async fn messages_to_a_busy_session_wait_and_share_the_next_turn() {
    let gate = Gate::new();
    let desk = Desk::at(TestHouse::new().model([says("One. ").then_waits(&gate), says("Two.")])).await;
    let session = desk.session(desk.agent().await.id).await;
    desk.send(session.id, vec![message("first")]).await;

    for text in ["second", "third"] {
        let sent = desk.send(session.id, vec![message(text)]).await;
        assert_eq!((sent[0].seq, sent[0].processed_at), (None, None));
    }
    let waiting = desk.app().list_inbox(&desk.ctx, session.id).await.expect("the inbox");
    assert_eq!(waiting.iter().map(|item| item.body.clone()).collect::<Vec<_>>(), [message("second"), message("third")]);
    gate.open();

    desk.at_rest(session.id).await;
    assert_eq!(desk.app().list_runs(&desk.ctx, session.id).await.expect("runs").len(), 2);
    let log = desk.log(session.id).await;
    assert_gapless(&log);
    let first_idle = log.iter().position(|event| event.body.name() == "session.status_idle").expect("idle");
    let texts = [&log[first_idle + 1].body, &log[first_idle + 2].body];
    assert_eq!(texts, [&message("second"), &message("third")]);
}

#[tokio::test]
async fn an_interrupt_ends_the_turn_and_what_follows_it_begins_the_next() {
    let desk = Desk::at(TestHouse::new().model([hangs("Hm"), says("At once.")])).await;
    let session = desk.session(desk.agent().await.id).await;
    desk.send(session.id, vec![message("think")]).await;
    // An interrupt that comes before the model is asked would leave its first reply to the next turn.
    wait::until("the model is asked", || desk.house.model_requests().len() == 1).await;

    desk.send(session.id, vec![interrupt(), message("stop thinking")]).await;

    let session = desk.at_rest(session.id).await;
    assert_eq!(session.state.stop_reason, Some(StopReason::EndTurn));
    let runs = desk.app().list_runs(&desk.ctx, session.id).await.expect("runs");
    let statuses: Vec<_> = runs.iter().map(|run| run.status).collect();
    assert_eq!(statuses, [RunStatus::Cancelled, RunStatus::Completed]);
}

#[tokio::test]
async fn an_interrupt_of_a_session_at_rest_is_only_recorded() {
    let desk = Desk::at(TestHouse::new().model([says("Yes?")])).await;
    let session = desk.session(desk.agent().await.id).await;

    let sent = desk.send(session.id, vec![interrupt()]).await;
    assert_eq!(sent[0].seq, Some(1));
    assert_eq!(desk.names(session.id).await, ["user.interrupt"]);
    let found = desk.app().find_session(&desk.ctx, session.id).await.expect("the session");
    assert_eq!(found.state.status, SessionStatus::Idle);

    desk.send(session.id, vec![interrupt(), message("hi")]).await;
    desk.at_rest(session.id).await;
    assert_eq!(desk.names(session.id).await[..3], ["user.interrupt", "user.interrupt", "user.message"]);
    assert!(desk.names(session.id).await.contains(&"agent.message"));
}

#[tokio::test]
async fn a_result_that_the_client_owes_lets_the_run_go_on() {
    let desk = Desk::at(TestHouse::new().model([calls("add", json!({"a": 2})), says("Five.")])).await;
    let session = desk.session(desk.agent_with(adder()).await.id).await;
    desk.send(session.id, vec![message("2 + 3")]).await;
    let (_, owed) = desk.waiting(session.id).await;

    let queued = desk.send(session.id, vec![message("and then?")]).await;
    assert_eq!(queued[0].seq, None, "a message waits behind what is owed");
    desk.house.model().then(says("Nothing."));
    let sent = desk.send(session.id, vec![result(owed[0], "5")]).await;
    assert!(sent[0].seq.is_some());

    desk.at_rest(session.id).await;
    let log = desk.log(session.id).await;
    assert_gapless(&log);
    let said = log.iter().filter(|event| event.body.name() == "agent.message").count();
    assert_eq!(said, 2);
}

#[tokio::test]
async fn a_decision_counts_once_and_only_for_what_is_asked() {
    let two = calls("add", json!({"a": 1})).then_calls("add", json!({"a": 2}));
    let desk = Desk::at(TestHouse::new().model([two, says("Done.")])).await;
    let session = desk.session(desk.agent_with(adder()).await.id).await;
    let nothing = EventId(Uuid::from_u128(7));
    assert_eq!(paths(desk.try_send(session.id, vec![result(nothing, "5")]).await), ["events[0]"]);

    desk.send(session.id, vec![message("add")]).await;
    let (_, owed) = desk.waiting(session.id).await;
    let before = desk.names(session.id).await;
    let confirmation = EventBody::UserToolConfirmation {
        tool_use_id: owed[0],
        result: Verdict::Allow,
        deny_message: None,
        content: None,
    };
    for (events, path) in [
        (vec![message("x"), result(nothing, "5")], "events[1]"),
        (vec![result(owed[0], "1"), result(owed[0], "1")], "events[1]"),
        (vec![confirmation], "events[0]"),
    ] {
        assert_eq!(paths(desk.try_send(session.id, events).await), [path]);
    }
    assert_eq!(desk.names(session.id).await, before, "nothing of a refused request is stored");
    assert!(desk.app().list_inbox(&desk.ctx, session.id).await.expect("the inbox").is_empty());

    desk.send(session.id, vec![result(owed[0], "1")]).await;
    assert_eq!(desk.waiting(session.id).await.1, owed[1..]);
    assert_eq!(paths(desk.try_send(session.id, vec![result(owed[0], "1")]).await), ["events[0]"]);
    desk.send(session.id, vec![result(owed[1], "2")]).await;
    desk.at_rest(session.id).await;
}

#[tokio::test]
async fn a_run_that_waits_can_be_interrupted() {
    let desk = Desk::at(TestHouse::new().model([calls("add", json!({"a": 2}))])).await;
    let session = desk.session(desk.agent_with(adder()).await.id).await;
    desk.send(session.id, vec![message("2 + 3")]).await;
    let (run, _) = desk.waiting(session.id).await;

    desk.send(session.id, vec![interrupt()]).await;

    desk.run_is(run.id, RunStatus::Cancelled).await;
    assert_gapless(&desk.log(session.id).await);
}

#[tokio::test]
async fn instructions_go_where_the_event_before_them_goes() {
    let script = [calls("add", json!({"a": 2})), says("Five.")];
    let desk = Desk::at(TestHouse::new().model(script)).await;
    let session = desk.session(desk.agent_with(adder()).await.id).await;
    let brief = EventBody::SystemMessage { content: vec![Block::text("be brief")], dropped: false };
    desk.send(session.id, vec![message("2 + 3"), brief.clone()]).await;
    let (run, owed) = desk.waiting(session.id).await;

    desk.send(session.id, vec![result(owed[0], "5"), brief]).await;

    desk.at_rest(session.id).await;
    let log = desk.log(session.id).await;
    let places = log.iter().filter(|event| event.body.name() == "system.message");
    assert_eq!(places.map(|event| event.run).collect::<Vec<_>>(), [Some(run.id), Some(run.id)]);
}

#[tokio::test]
async fn a_session_whose_agent_was_deleted_only_tells_its_past() {
    let desk = Desk::at(TestHouse::new().model([says("Hello.")])).await;
    let agent = desk.agent().await;
    let session = desk.session(agent.id).await;
    desk.send(session.id, vec![message("hi")]).await;
    desk.at_rest(session.id).await;

    desk.app().delete_agent(&desk.ctx, agent.id).await.expect("deleted");

    let refused = desk.try_send(session.id, vec![message("hi")]).await;
    assert!(matches!(refused, Err(Error::Refused(Refused::AgentDeleted))));
    assert!(!desk.log(session.id).await.is_empty());
    assert_eq!(desk.app().session_agent(&desk.ctx, &session).await.expect("its agent").spec, agent.spec);
}
