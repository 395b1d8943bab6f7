//! Seeded mutations of stored inputs: what a fuzzer does first, in any test.

/// Texts that matter to some reader.
const TOKENS: [&str; 24] = [
    "\n\n",
    "\r",
    "\r\n",
    "data: ",
    ":",
    "\0",
    "\u{feff}",
    "\"",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    "null",
    "-1",
    "18446744073709551616",
    "1e999",
    "é",
    "%2e",
    "%%",
    "[::1]",
    "@",
    "0x7f.1",
];

/// An endless row of mutations, the same for the same seed.
#[derive(Debug)]
pub struct Mutations<'a> {
    seeds: &'a [Vec<u8>],
    dice: u64,
}

impl<'a> Mutations<'a> {
    /// Of these inputs; there must be one at least.
    pub fn of(seeds: &'a [Vec<u8>], seed: u64) -> Self {
        Self { seeds, dice: seed }
    }

    /// The next one.
    pub fn make(&mut self) -> Vec<u8> {
        let mut input = self.seed();
        for _ in 0..=self.below(4) {
            self.mutate(&mut input);
        }
        input
    }

    fn seed(&mut self) -> Vec<u8> {
        let place = self.below(self.seeds.len());
        self.seeds[place].clone()
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let from = self.below(input.len() + 1);
        let until = (from + self.below(16) + 1).min(input.len());
        match self.below(7) {
            0 if from < input.len() => input[from] ^= 1 << self.below(8),
            1 if from < input.len() => input[from] = self.below(256) as u8,
            2 => drop(input.drain(from..until)),
            3 => {
                let again = input[from..until].to_vec();
                input.splice(from..from, again);
            }
            4 => {
                let token = TOKENS[self.below(TOKENS.len())];
                input.splice(from..from, token.bytes());
            }
            5 => {
                let other = self.seed();
                let behind = self.below(other.len() + 1);
                input.truncate(from);
                input.extend_from_slice(&other[behind..]);
            }
            _ => input.truncate(from),
        }
    }

    /// Chance that is the same in every run (splitmix64).
    fn below(&mut self, bound: usize) -> usize {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutations_differ_and_come_again() {
        let seeds = [b"data: {}\n\n".to_vec(), b"other".to_vec()];
        let row = |seed| {
            let mut mutations = Mutations::of(&seeds, seed);
            (0..100).map(|_| mutations.make()).collect::<Vec<_>>()
        };
        assert_eq!(row(1), row(1));
        assert_ne!(row(1), row(2));
        let distinct: std::collections::HashSet<_> = row(1).into_iter().collect();
        assert!(distinct.len() > 60, "{}", distinct.len());
    }
}
