//! Money: amounts in whole millionths of a currency, and what a model's tokens cost.
//!
//! There is no floating point here: a call's cost is computed exactly and rounded up once, to
//! a whole millionth, and sums of whole millionths are exact.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::Usage;

/// Millionths in one unit of a currency.
const MICROS: u64 = 1_000_000;

/// Tokens that a price is for.
const PRICED_TOKENS: u128 = 1_000_000;

/// A currency by its code of three capital letters: `USD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The US dollar.
    pub const USD: Currency = Currency(*b"USD");

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Millionths in one minor unit: 10,000 for currencies with cents.
    pub fn micros_per_minor(self) -> u64 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => MICROS,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 1_000,
            _ => 10_000,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three capital letters, such as USD")]
pub struct NoCurrency;

impl FromStr for Currency {
    type Err = NoCurrency;

    fn from_str(text: &str) -> Result<Self, NoCurrency> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| NoCurrency)?;
        if code.iter().all(u8::is_ascii_uppercase) { Ok(Currency(code)) } else { Err(NoCurrency) }
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Millionths of the currency's unit.
    pub micros: u64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// So many minor units (cents); `None` if no amount is that large.
    pub fn of_minor(minor: u64, currency: Currency) -> Option<Money> {
        let micros = minor.checked_mul(currency.micros_per_minor())?;
        Some(Money { micros, currency })
    }

    /// Whole minor units in it; a begun one does not count.
    pub fn minor(self) -> u64 {
        self.micros / self.currency.micros_per_minor()
    }

    /// Both together. Sums stop at the top. All prices of an installation are in one
    /// currency; of an amount in another, from before that was changed, nothing is kept: what
    /// is spent from then on must count.
    #[must_use]
    pub fn plus(self, newer: Money) -> Money {
        if self.currency != newer.currency {
            return newer;
        }
        Money { micros: self.micros.saturating_add(newer.micros), ..self }
    }

    /// What is left of it after this was spent. What was spent in another currency, which the
    /// prices had before, cannot be compared and counts for nothing.
    #[must_use]
    pub fn less(self, spent: Option<Money>) -> Money {
        let spent = spent.filter(|spent| spent.currency == self.currency).map_or(0, |spent| spent.micros);
        Money { micros: self.micros.saturating_sub(spent), ..self }
    }
}

/// The sum of two amounts, either of which may be unknown.
pub fn sum(one: Option<Money>, other: Option<Money>) -> Option<Money> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.plus(other)),
        (known, None) | (None, known) => known,
    }
}

/// What a million tokens of a model cost, in millionths of a currency's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
    /// Tokens read from the provider's cache.
    pub cache_read: u64,
    /// Tokens written to the provider's cache.
    pub cache_write: u64,
    /// The currency.
    pub currency: Currency,
}

impl Price {
    /// The price of what costs nothing.
    pub fn nothing(currency: Currency) -> Price {
        Price { input: 0, output: 0, cache_read: 0, cache_write: 0, currency }
    }

    /// What a call with this usage costs: exact, then rounded up to a whole millionth.
    pub fn cost_of(&self, usage: &Usage) -> Money {
        let parts = [
            (usage.input_tokens, self.input),
            (usage.output_tokens, self.output),
            (usage.cache_read_input_tokens, self.cache_read),
            (usage.cache_creation_input_tokens, self.cache_write),
        ];
        let cost = |(tokens, price)| u128::from(tokens) * u128::from(price);
        let exact = parts.into_iter().map(cost).fold(0, u128::saturating_add);
        let micros = u64::try_from(exact.div_ceil(PRICED_TOKENS)).unwrap_or(u64::MAX);
        Money { micros, currency: self.currency }
    }
}

/// What the models of one provider cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// These models cost this.
    pub by_model: BTreeMap<String, Price>,
    /// Others cost this, if it is known.
    pub others: Option<Price>,
}

impl Prices {
    /// What a model costs; `None` if that is not known.
    pub fn of(&self, model: &str) -> Option<Price> {
        self.by_model.get(model).copied().or(self.others)
    }
}

/// An amount written as a decimal number (`0.15`), as whole millionths; `None` if it is no
/// such number, is negative, has more than six places, or is larger than any amount.
pub fn micros_of(decimal: &str) -> Option<u64> {
    let (whole, places) = decimal.split_once('.').unwrap_or((decimal, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(places) || places.len() > 6 {
        return None;
    }
    let places: u64 = format!("{places:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(MICROS)?.checked_add(places)
}

/// Millionths as a decimal number, as short as it can be: what [`micros_of`] reads.
pub fn decimal(micros: u64) -> String {
    let written = format!("{}.{:06}", micros / MICROS, micros % MICROS);
    written.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_is_written_as_people_write_it() {
        for (text, micros) in [
            ("0", Some(0)),
            ("3", Some(3_000_000)),
            ("0.15", Some(150_000)),
            ("0.000001", Some(1)),
            ("12.50", Some(12_500_000)),
            ("0.0000001", None),
            ("-1", None),
            ("1e3", None),
            (".5", None),
            ("5.", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(micros_of(text), micros, "{text}");
        }
        for (micros, text) in [(0, "0"), (3_000_000, "3"), (150_000, "0.15"), (1, "0.000001"), (10_000_000, "10")] {
            assert_eq!(decimal(micros), text);
        }
        assert_eq!(micros_of(&decimal(u64::MAX)), Some(u64::MAX));
    }

    /// The operator's prices were in another currency before.
    #[test]
    fn what_is_spent_counts_after_a_change_of_currency() {
        let [usd, eur] = ["USD", "EUR"].map(|code| code.parse::<Currency>().unwrap());
        let spent = sum(Some(Money { micros: 3, currency: usd }), Some(Money { micros: 4, currency: eur }));
        let spent = sum(spent, Some(Money { micros: 5, currency: eur }));
        assert_eq!(spent, Some(Money { micros: 9, currency: eur }));
        assert_eq!(Money { micros: 10, currency: eur }.less(spent).micros, 1);
    }

    #[test]
    fn minor_units_are_those_of_the_currency() {
        for (code, micros) in [("USD", 10_000), ("JPY", 1_000_000), ("KWD", 1_000)] {
            let currency: Currency = code.parse().unwrap();
            assert_eq!(Money::of_minor(1, currency).unwrap().micros, micros);
            assert_eq!(Money { micros: 2 * micros - 1, currency }.minor(), 1);
        }
        assert_eq!(Money::of_minor(u64::MAX, Currency::USD), None);
        for wrong in ["usd", "US", "USDX", "U$D", ""] {
            assert_eq!(wrong.parse::<Currency>(), Err(NoCurrency));
        }
    }

    #[test]
    fn a_call_costs_what_its_tokens_cost() {
        let price =
            Price { input: 3_000_000, output: 15_000_000, cache_read: 300_000, cache_write: 3_750_000, ..free() };
        let usage = Usage {
            input_tokens: 1_000,
            output_tokens: 10,
            cache_read_input_tokens: 100,
            cache_creation_input_tokens: 1,
        };
        // 3,000 + 150 + 30 + 3.75 millionths.
        assert_eq!(price.cost_of(&usage), Money { micros: 3_184, currency: Currency::USD });
        assert_eq!(free().cost_of(&usage).micros, 0);
        let absurd = Usage { input_tokens: u64::MAX, output_tokens: u64::MAX, ..usage };
        let dear = Price { input: u64::MAX, output: u64::MAX, ..price };
        assert_eq!(dear.cost_of(&absurd).micros, u64::MAX);
    }

    fn free() -> Price {
        Price::nothing(Currency::USD)
    }

    proptest! {
        #[test]
        fn a_cost_is_never_less_than_exact_and_less_than_a_millionth_more(
            input_tokens in 0..10_000_000u64, output_tokens in 0..10_000_000u64,
            input in 0..1_000_000_000u64, output in 0..1_000_000_000u64,
        ) {
            let usage = Usage { input_tokens, output_tokens, ..Usage::default() };
            let cost = u128::from(Price { input, output, ..free() }.cost_of(&usage).micros) * 1_000_000;
            let exact = u128::from(input_tokens) * u128::from(input) + u128::from(output_tokens) * u128::from(output);
            prop_assert!(cost >= exact && cost - exact < 1_000_000);
        }

        #[test]
        fn what_is_written_is_read_back(whole in 0..1_000_000_000u64, places in 0..1_000_000u64) {
            prop_assert_eq!(micros_of(&format!("{whole}.{places:06}")), Some(whole * 1_000_000 + places));
        }
    }
}
