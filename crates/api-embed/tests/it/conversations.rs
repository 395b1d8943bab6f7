//! What is said, and what its visitor is shown of it.

use serde_json::json;
use test_kit::conversation::{id_of, message};
use test_kit::{Gate, TestHouse, hangs, says};

use crate::site::{Site, refused, rest, said};

#[tokio::test]
async fn what_is_said_is_answered_and_is_there_when_the_visitor_returns() {
    let mut site = Site::echoing().await;
    let embed = site.embed(json!({})).await;
    let mut ada = site.visitor(&embed, "ada");
    assert_eq!(ada.caller.get(&ada.path("stream")).await.status, 204, "nothing was said yet");
    let sessions = site.house.owner().get("/v1/sessions").await.ok();
    assert_eq!(sessions["data"], json!([]), "who says nothing leaves nothing");
    ada.turn("hi").await;
    ada.turn("and again").await;
    let told = rest(&mut ada.follow().await, 2).await;
    let all = [("visitor", "hi"), ("agent", "echo: hi"), ("visitor", "and again"), ("agent", "echo: and again")];
    assert_eq!(said(&told), all);
    site.house.restart().await;
    let ada = site.visitor(&embed, "ada");
    assert_eq!(said(&rest(&mut ada.follow().await, 2).await), all);
}

#[tokio::test]
async fn a_stream_goes_on_behind_what_was_shown() {
    let site = Site::echoing().await;
    let mut ada = site.visitor(&site.embed(json!({})).await, "ada");
    ada.turn("one").await;
    ada.turn("two").await;
    let mut stream = ada.follow().await;
    let mut ids = Vec::new();
    while ids.iter().filter(|(name, _)| name == "message").count() < 4 {
        let frame = stream.next().await.unwrap();
        ids.extend(frame.id.clone().map(|id| (frame.name().to_owned(), id)));
    }
    let whole = said(&rest(&mut ada.follow().await, 2).await).len();
    assert_eq!(whole, 4);
    let first = ids.iter().position(|(name, _)| name == "message").unwrap();
    let behind = ada.with("last-event-id", &ids[first].1);
    let told = rest(&mut behind.follow().await, 2).await;
    assert_eq!(said(&told), [("agent", "echo: one"), ("visitor", "two"), ("agent", "echo: two")]);
    for nonsense in ["nonsense", "sevt_00000000000000000000000001"] {
        let lost = ada.with("last-event-id", nonsense);
        refused(&lost.caller.get(&lost.path("stream")).await, 400, "bad_request");
    }
}

#[tokio::test]
async fn a_visitor_sees_their_own_conversation_and_nobody_elses() {
    let mut site = Site::echoing().await;
    let (embed, other) = (site.embed(json!({})).await, site.embed(json!({})).await);
    let mut ada = site.visitor(&embed, "ada");
    ada.turn("secret").await;
    for stranger in [site.visitor(&embed, "bob"), site.visitor(&other, "ada")] {
        assert_eq!(stranger.caller.get(&stranger.path("stream")).await.status, 204);
        assert_eq!(stranger.stop().await.status, 204);
    }
    for secret in ["", "short", &"x".repeat(129), &format!("{:é<40}", "a").replace('é', "!")] {
        let nobody = ada.with("sortie-visitor", secret);
        refused(&nobody.say_as(5, "hi").await, 400, "bad_request");
    }
    let without = site.house.nobody().get(&ada.path("stream")).await;
    refused(&without, 400, "bad_request");
    // Rule 4.11: it is in nobody's list of threads; and it is its organization's alone.
    let threads = site.house.owner().get("/api/assistants/threads/get").await.ok();
    assert_eq!(threads, json!({ "threads": [] }));
    let sessions = site.house.owner().get("/v1/sessions").await.ok();
    assert_eq!(sessions["data"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["data"][0]["deployment_id"], embed);
    let stranger = site.house.other_org().await;
    assert_eq!(stranger.get("/v1/sessions").await.ok()["data"], json!([]));
    // The secret itself is nowhere on the disk.
    assert_eq!(site.house.file_with(&format!("{:x<40}", "ada")), None);
}

/// Rules of what is shown: no tool, no instruction, nothing that others say in the session.
#[tokio::test]
async fn only_what_was_said_to_and_by_the_visitor_is_shown() {
    let tool = json!({ "type": "custom", "name": "look", "description": "d",
        "input_schema": { "type": "object", "properties": {} } });
    let script =
        [says("let me see").then_calls("look", json!({ "secret": "argument" })), says("done"), says("to staff")];
    let site = Site::in_house(TestHouse::new().model(script)).await;
    let agent = json!({ "system": "secret instruction", "tools": [tool] });
    let site = Site { agent: site.house.owner().agent(agent).await, ..site };
    let initial = json!({ "initial_events": [message("secret beginning")] });
    let mut ada = site.visitor(&site.deploy(json!({}), initial).await, "ada");
    ada.say("hi").await.ok();
    let mut stream = ada.follow().await;
    let waits = stream.until(|frame| frame.data.contains("waits_for_somebody")).await;
    let owner = site.house.owner();
    let session = id_of(&owner.get("/v1/sessions").await.ok()["data"][0]);
    let events = owner.events(&session).await;
    let call = test_kit::conversation::one(&events, "agent.custom_tool_use")["id"].clone();
    let result = json!([{ "type": "user.custom_tool_result", "custom_tool_use_id": call,
        "content": [{ "type": "text", "text": "secret result" }] }]);
    owner.send_events(&session, result).await.ok();
    stream.until(|frame| frame.data.contains("\"rests\"")).await;
    owner.say(&session, "secret word of the staff").await;
    stream.until(|frame| frame.data.contains("\"rests\"")).await;
    let whole = rest(&mut ada.follow().await, 2).await;
    assert_eq!(said(&whole), [("visitor", "hi"), ("agent", "let me see"), ("agent", "done"), ("agent", "to staff")]);
    let raw = format!("{whole:?}{waits:?}");
    for hidden in ["secret", "look", "argument"] {
        assert!(!raw.contains(hidden), "{hidden}: {raw}");
    }
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_said_once() {
    let site = Site::echoing().await;
    let ada = site.visitor(&site.embed(json!({})).await, "ada");
    let (first, second) = futures::join!(ada.say_as(1, "hi"), ada.say_as(1, "hi"));
    let taken: Vec<_> = [&first, &second].into_iter().filter(|reply| reply.status == 200).collect();
    assert!(!taken.is_empty(), "{first} {second}");
    rest(&mut ada.follow().await, 1).await;
    let again = ada.say_as(1, "hi").await.ok();
    assert!(taken.iter().all(|reply| reply.json() == again), "{taken:?}");
    ada.say_as(2, "bye").await.ok();
    let told = rest(&mut ada.follow().await, 2).await;
    assert_eq!(said(&told).len(), 4, "{told:?}");
}

#[tokio::test]
async fn what_is_said_while_the_agent_answers_is_refused_and_an_answer_can_be_stopped() {
    let site = Site::in_house(TestHouse::new().model([hangs("never"), says("again")])).await;
    let mut ada = site.visitor(&site.embed(json!({})).await, "ada");
    ada.say("hi").await.ok();
    refused(&ada.say("more").await, 409, "busy");
    assert_eq!(ada.stop().await.status, 204);
    let mut stream = ada.follow().await;
    let told = rest(&mut stream, 1).await;
    assert!(told.iter().any(|(_, data)| data["activity"] == "stopped"), "{told:?}");
    assert_eq!(ada.stop().await.status, 204, "there is nothing to stop");
    ada.say("go on").await.ok();
    assert_eq!(said(&rest(&mut stream, 1).await).last(), Some(&("agent", "again")));
}

/// Rule 4.12: nothing of whoever made the embed goes into its conversations.
#[tokio::test]
async fn a_conversation_is_the_deployments_with_its_budget_and_has_its_place_in_the_history() {
    let site = Site::echoing().await;
    let embed = site
        .deploy(json!({}), json!({ "metadata": { "a": "b" }, "budget": { "type": "limit", "max_steps": 1 } }))
        .await;
    let mut ada = site.visitor(&embed, "ada");
    ada.turn("hi").await;
    let request = site.house.model_requests().pop().unwrap();
    assert_eq!(request.messages.len(), 1, "{request:?}");
    let owner = site.house.owner();
    let session = owner.get("/v1/sessions").await.ok()["data"][0].clone();
    assert_eq!((&session["metadata"], &session["title"]), (&json!({ "a": "b" }), &json!("Help")));
    let runs = owner.get(&format!("/v1/deployment_runs?deployment_id={embed}")).await.ok();
    assert_eq!(runs["data"][0]["trigger_context"]["type"], "visitor");
    assert_eq!(runs["data"][0]["session_id"], session["id"]);
    ada.say("once more").await.ok();
    let mut stream = ada.follow().await;
    stream.until(|frame| frame.data.contains("limit_reached")).await;
}

#[tokio::test]
async fn a_maker_who_may_no_more_leaves_a_chat_that_is_not_available() {
    let site = Site::echoing().await;
    let maker = site.house.person("mia", domain::org::Role::Member).await;
    let new = json!({ "name": "Help", "agent": site.agent, "trigger": { "type": "embed" } });
    let embed = id_of(&maker.post("/v1/deployments", new).await.ok());
    let mut ada = site.visitor(&embed, "ada");
    ada.turn("hi").await;
    let member = site.house.app().authenticate(maker.key()).await.unwrap().member.unwrap();
    let owner = site.house.owner_ctx().await;
    site.house.app().suspend_member(&owner, member).await.unwrap();
    let body = refused(&ada.say("hi").await, 503, "unavailable");
    assert!(!body.to_string().contains("suspended"), "{body}");
    refused(&ada.caller.get(&ada.path("stream")).await, 503, "unavailable");
}

#[tokio::test]
async fn what_a_model_writes_is_told_as_it_is() {
    let hostile = "<script>alert(1)</script> [x](javascript:alert(1))\nevent: fault\ndata: {}\n\n";
    let site = Site::in_house(TestHouse::new().model([says(hostile)])).await;
    let mut ada = site.visitor(&site.embed(json!({})).await, "ada");
    ada.say(hostile).await.ok();
    let told = rest(&mut ada.follow().await, 1).await;
    assert_eq!(said(&told), [("visitor", hostile.trim()), ("agent", hostile)]);
    assert!(told.iter().all(|(name, _)| name != "fault"), "{told:?}");
}

#[tokio::test]
async fn a_paused_embed_ends_its_streams_with_the_next_word() {
    let gate = Gate::new();
    let site = Site::in_house(TestHouse::new().model([says("half").then_waits(&gate).then_says(", whole")])).await;
    let embed = site.embed(json!({})).await;
    let mut ada = site.visitor(&embed, "ada");
    ada.say("hi").await.ok();
    let mut stream = ada.follow().await;
    stream.until_named("more").await;
    site.change(&embed, "pause").await;
    gate.open();
    let fault = stream.until_named("fault").await;
    assert_eq!(fault.last().unwrap().json()["code"], "paused");
    assert!(!fault.iter().any(|frame| frame.data.contains("half, whole")), "{fault:?}");
    refused(&ada.say("more").await, 404, "paused");
    refused(&ada.caller.get(&ada.path("stream")).await, 404, "paused");
}
