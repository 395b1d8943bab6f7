//! How much a visitor may send, and how often.

use std::time::Duration;

use serde_json::json;
use test_kit::TestHouse;

use crate::site::{Site, echo, refused};

#[tokio::test]
async fn a_message_has_its_size_and_its_form() {
    let site = Site::echoing().await;
    let ada = site.visitor(&site.embed(json!({})).await, "ada");
    for text in ["", "   \n", &"é".repeat(8_001)] {
        refused(&ada.say_as(1, text).await, 400, "bad_request");
    }
    for body in [json!({}), json!({ "id": "x", "text": "hi" }), json!({ "id": uuid::Uuid::nil() }), json!([])] {
        refused(&ada.caller.post(&ada.path("messages"), body).await, 400, "bad_request");
    }
    refused(&ada.say_as(1, &"x".repeat(200_000)).await, 413, "too_large");
    let plain = http::Request::post(ada.path("messages")).header("content-type", "text/plain");
    refused(&ada.caller.send_raw(plain.body("{}".into()).unwrap()).await, 415, "bad_request");
    ada.say_as(2, &"é".repeat(8_000)).await.ok();
}

#[tokio::test]
async fn a_visitor_an_address_and_an_embed_have_their_messages_a_minute() {
    let limits = |web: &mut web::WebOptions| {
        (web.embed_visitor_per_minute, web.embed_address_per_minute, web.embed_per_minute) = (2, 4, 100);
    };
    let site = Site::in_house(TestHouse::new().answering(echo).web(limits)).await;
    let embed = site.embed(json!({})).await;
    let mut ada = site.visitor(&embed, "ada");
    ada.turn("one").await;
    ada.turn("two").await;
    let body = refused(&ada.say("three").await, 429, "too_many");
    assert_eq!(body["retry_after"], 60);
    assert_eq!(ada.say("three").await.header("retry-after"), Some("60"));
    let mut bob = site.visitor(&embed, "bob");
    bob.turn("one").await;
    bob.turn("two").await;
    // All of them come from one address here.
    refused(&site.visitor(&embed, "cyd").say("one").await, 429, "too_many");
    site.clock.advance(Duration::from_secs(60));
    site.visitor(&embed, "cyd").say("one").await.ok();
}

#[tokio::test]
async fn a_visitor_has_four_streams() {
    let site = Site::echoing().await;
    let mut ada = site.visitor(&site.embed(json!({})).await, "ada");
    ada.turn("hi").await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(ada.follow().await);
    }
    refused(&ada.caller.get(&ada.path("stream")).await, 429, "too_many");
    open.pop();
    assert_eq!(ada.follow().await.status, 200);
}
