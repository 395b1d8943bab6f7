//! The operator's price table: what an operator writes, and what is looked up by it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use domain::money::{Currency, Price, Prices, micros_of};
use schemars::JsonSchema;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::options::{ProviderKind, ProviderOptions};

/// What a million tokens of a model cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PriceOptions {
    /// Tokens read.
    pub input: Amount,
    /// Tokens written.
    pub output: Amount,
    /// Tokens read from the provider's cache; those cost as `input` if absent.
    pub cache_read: Option<Amount>,
    /// Tokens written to the provider's cache; those cost as `input` if absent.
    pub cache_write: Option<Amount>,
    /// The currency, by its code of three capital letters; `USD` if absent.
    pub currency: Option<String>,
}

impl PriceOptions {
    /// The price.
    ///
    /// # Errors
    /// What is wrong with the currency.
    pub fn price(&self) -> Result<Price, String> {
        let currency = match self.currency.as_deref() {
            None => Currency::USD,
            Some(code) => code.parse().map_err(|error| format!("{error}, not {code:?}"))?,
        };
        Ok(Price {
            input: self.input.0,
            output: self.output.0,
            cache_read: self.cache_read.unwrap_or(self.input).0,
            cache_write: self.cache_write.unwrap_or(self.input).0,
            currency,
        })
    }
}

/// What a provider's models cost, as the operator writes it. The built-in model costs nothing
/// unless it is said.
///
/// # Errors
/// What is wrong with a price.
pub fn prices_of(options: &ProviderOptions, currency: Currency) -> Result<Prices, String> {
    let mut by_model = BTreeMap::new();
    for (model, price) in &options.prices {
        by_model.insert(model.clone(), price.price().map_err(|why| format!("the price of {model}: {why}"))?);
    }
    let others = (options.kind == ProviderKind::Local).then(|| Price::nothing(currency));
    Ok(Prices { by_model, others })
}

/// The currency of all prices of these providers.
///
/// # Errors
/// Which price is in another than those before it, or in none.
pub fn currency_of(providers: &BTreeMap<String, ProviderOptions>) -> Result<Currency, String> {
    let mut known: Option<(Currency, String)> = None;
    for (provider, options) in providers {
        for (model, price) in &options.prices {
            let path = format!("`providers.{provider}.prices.{model}`");
            let currency = price.price().map_err(|why| format!("{path}: {why}"))?.currency;
            match &known {
                Some((first, at)) if *first != currency => {
                    return Err(format!("{path} is in {currency} and {at} in {first}: all prices must be in one"));
                }
                _ => known = Some((currency, path)),
            }
        }
    }
    Ok(known.map_or(Currency::USD, |(currency, _)| currency))
}

/// An amount of money in whole millionths, written as a decimal number.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount(u64);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number of at most six places, such as 0.15")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        micros_of(text).map(Amount).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Amount, E> {
        self.visit_str(&whole.to_string())
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Amount, E> {
        self.visit_str(&whole.to_string())
    }

    /// The shortest text that stands for a number is the one that was written: nothing is
    /// computed with it.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
        micros_of(&number.to_string()).map(Amount).ok_or_else(|| E::invalid_value(de::Unexpected::Float(number), &self))
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["number", "string"], "minimum": 0 })
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use domain::model::Usage;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_price_is_read_exactly_as_it_was_written() {
        let read = |value| serde_json::from_value::<PriceOptions>(value).expect("a price").price().expect("a currency");
        let price = read(json!({ "input": 0.1, "output": "12.5", "cache_write": 3 }));
        let expected =
            Price { input: 100_000, output: 12_500_000, cache_read: 100_000, cache_write: 3_000_000, ..price };
        assert_eq!((price, price.currency), (expected, Currency::USD));
        assert_eq!(read(json!({ "input": 0.000001 })).input, 1);
        assert_eq!(read(json!({ "currency": "EUR" })).currency.as_str(), "EUR");
        let usage = Usage { input_tokens: 10, ..Usage::default() };
        assert_eq!(price.cost_of(&usage).micros, 1);
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for wrong in [json!(-1), json!(-0.5), json!("1,5"), json!(0.000_000_1), json!(1e30), json!(null)] {
            let read = serde_json::from_value::<PriceOptions>(json!({ "input": wrong }));
            assert!(read.is_err(), "{wrong}");
        }
        assert!(PriceOptions { currency: Some("euro".into()), ..PriceOptions::default() }.price().is_err());
    }

    #[test]
    fn an_amount_is_shown_as_it_is_written() {
        for text in ["0", "3", "0.15", "12.5", "0.000001"] {
            assert_eq!(Amount(micros_of(text).expect("an amount")).to_string(), text);
        }
    }
}
