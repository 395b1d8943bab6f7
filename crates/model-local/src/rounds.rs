//! What makes up for the two things small models do wrong with tools: they go on calling
//! for as long as they may, and they repeat a call whose result they have just seen.

use serde_json::{Map, Value};

use crate::conversation::{Call, Turn};

/// After this many tool results in a row the model may only answer. Small models go on
/// calling tools for as long as they are allowed to.
pub(crate) const ROUNDS_MAX: usize = 6;

/// Whether the model may still call a tool before it has to answer the user.
pub(crate) fn may_call(turns: &[Turn]) -> bool {
    let results = since_user(turns).filter(|turn| matches!(turn, Turn::Tool { .. }));
    results.count() < ROUNDS_MAX
}

/// Whether this very call was made since the user last spoke. The same question would only
/// get the same answer.
pub(crate) fn already_made(turns: &[Turn], call: &Call) -> bool {
    since_user(turns).any(|turn| match turn {
        Turn::Assistant { calls, .. } => {
            calls.iter().any(|made| made.name == call.name && canonical(&made.arguments) == canonical(&call.arguments))
        }
        _ => false,
    })
}

fn since_user(turns: &[Turn]) -> impl Iterator<Item = &Turn> {
    turns.iter().rev().take_while(|turn| !matches!(turn, Turn::User { .. }))
}

/// The same value with its keys sorted and its numbers spelled one way.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            let sorted = sorted.into_iter().map(|(key, value)| (key.clone(), canonical(value)));
            Value::Object(sorted.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            // 2.0 and 2 are one number; beyond 2^53 a double no longer tells integers apart.
            if float.fract() == 0.0 && float.abs() < 9e15 { Value::from(float as i64) } else { value.clone() }
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(arguments: Value) -> Call {
        Call { name: "search".into(), arguments }
    }

    #[test]
    fn a_call_is_the_same_however_it_is_spelled() {
        let made = vec![
            Turn::User { text: "?".into() },
            Turn::Assistant { text: String::new(), calls: vec![call(json!({"a": 1, "b": {"x": [1, 2], "y": null}}))] },
        ];
        let cases = [
            (json!({"b": {"y": null, "x": [1, 2]}, "a": 1.0}), true),
            (json!({"a": 1, "b": {"x": [2, 1], "y": null}}), false),
            (json!({"a": 1}), false),
            (json!({"a": "1", "b": {"x": [1, 2], "y": null}}), false),
        ];
        for (arguments, same) in cases {
            assert_eq!(already_made(&made, &call(arguments.clone())), same, "{arguments}");
        }
        let other = Call { name: "fetch".into(), arguments: json!({"a": 1, "b": {"x": [1, 2], "y": null}}) };
        assert!(!already_made(&made, &other));

        let mut asked_again = made;
        asked_again.push(Turn::User { text: "again".into() });
        let arguments = json!({"a": 1, "b": {"x": [1, 2], "y": null}});
        assert!(!already_made(&asked_again, &call(arguments)), "the user may want it again");
    }

    #[test]
    fn rounds_end_and_begin_anew_with_the_user() {
        let mut turns = vec![Turn::User { text: "?".into() }];
        for _ in 0..ROUNDS_MAX {
            assert!(may_call(&turns));
            turns.push(Turn::Assistant { text: String::new(), calls: vec![] });
            turns.push(Turn::Tool { name: "search".into(), text: "-".into() });
        }
        assert!(!may_call(&turns));
        turns.push(Turn::User { text: "go on".into() });
        assert!(may_call(&turns));
    }
}
