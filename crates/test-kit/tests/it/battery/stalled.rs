//! A worker stalls, another takes its lease and its run over, and then the first goes on as if
//! nothing had happened.

use domain::model::{Message, ModelRequest};
use serde_json::{Value, json};
use test_kit::{Gate, ModelReply, PlantedBug, TestHouse, ToolStub, calls, says, wait};

/// At which point of its run the first worker stalls.
#[derive(Debug, Clone, Copy)]
enum Stalls {
    /// Its model is about to ask for an unsafe call.
    BeforeTheCall,
    /// Its model is about to give the last answer.
    BeforeTheEnd,
}

const MOMENTS: [Stalls; 2] = [Stalls::BeforeTheCall, Stalls::BeforeTheEnd];

#[tokio::test]
async fn a_worker_that_lost_its_lease_does_nothing_more() {
    for moment in MOMENTS {
        assert_eq!(stall(moment, None).await, Ok(()), "{moment:?}");
    }
}

/// A test of the checker: a store that lets the first worker write does not pass.
#[tokio::test]
async fn an_ignored_fence_is_noticed() {
    for moment in MOMENTS {
        let checked = stall(moment, Some(PlantedBug::IgnoreFence)).await;
        assert!(checked.is_err(), "{moment:?}: the planted bug goes unnoticed");
    }
}

/// Plays it; what is wrong afterwards, by the ledger of the outside world and by the log.
async fn stall(moment: Stalls, planted: Option<PlantedBug>) -> Result<(), String> {
    let world = ToolStub::start([]).await;
    let gate = Gate::new();
    let house = TestHouse::new().whose_worker_stalls().answering(stalling(moment, &gate));
    let mut house = planted.into_iter().fold(house, |house, bug| house.planted(bug)).start().await;
    let owner = house.owner();
    let fire = json!({ "type": "http", "name": "fire", "description": "fires", "method": "POST",
        "effect": "unsafe", "url": world.url("/fire") });
    let session = owner.session(&owner.agent(json!({ "tools": [fire] })).await).await;
    let asked_before = match moment {
        Stalls::BeforeTheCall => 1,
        Stalls::BeforeTheEnd => 2,
    };
    let mut stream = owner.follow(&session, "").await;
    owner.say(&session, "go").await;
    wait::until("the first worker stalls", || house.model_requests().len() == asked_before).await;

    house.take_over().await;
    stream.until_named("session.status_idle").await;
    gate.open();
    wait::until("the first worker is at its end", || house.engine().running() == 0).await;

    check(&owner.events(&session).await, world.calls().len())
}

/// A model that asks for the call and then says that it is done; the reply of the first worker
/// at that moment comes when the gate is opened.
fn stalling(moment: Stalls, gate: &Gate) -> impl FnMut(&ModelRequest) -> ModelReply + Send + 'static {
    let mut gate = Some(gate.clone());
    move |request| {
        let is_answered = matches!(request.messages.last().map(AsRef::as_ref), Some(Message::Tool { .. }));
        let stalls_here =
            matches!((moment, is_answered), (Stalls::BeforeTheCall, false) | (Stalls::BeforeTheEnd, true));
        let reply = if is_answered { says("Done.") } else { calls("fire", json!({})) };
        match gate.take_if(|_| stalls_here) {
            Some(gate) => reply.then_waits(&gate),
            None => reply,
        }
    }
}

fn check(events: &[Value], fired: usize) -> Result<(), String> {
    if fired != 1 {
        return Err(format!("an unsafe call was made {fired} times"));
    }
    let is_gap_free = events.iter().enumerate().all(|(index, event)| event["seq"] == index as u64 + 1);
    let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    let ends = (count("agent.tool_use"), count("agent.message"), count("session.status_idle"));
    if is_gap_free && ends == (1, 1, 1) { Ok(()) } else { Err(format!("a second hand in the log: {events:#?}")) }
}
