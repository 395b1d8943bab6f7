//! Whose look is next.
//!
//! An organization may have as many looks under way as places are free. One alone takes half
//! of the places; several share them alike, since who has the fewest comes first; and while
//! there are not very many of them, a place stays free for one that comes later.

use std::collections::{HashMap, HashSet, VecDeque};

use domain::{OrgId, SessionId};
use ports::store::DueWatch;

/// Who has a place, and who waits for one.
#[derive(Debug)]
pub(super) struct Turns {
    places: usize,
    /// Those that are looked at.
    sessions: HashSet<SessionId>,
    of_org: HashMap<OrgId, usize>,
    /// Those that are due, first due first.
    waiting: HashMap<OrgId, VecDeque<DueWatch>>,
}

impl Turns {
    /// With so many places.
    pub(super) fn of(places: usize) -> Self {
        Self { places, sessions: HashSet::new(), of_org: HashMap::new(), waiting: HashMap::new() }
    }

    /// These are due. They are of organizations of which none waits yet.
    pub(super) fn take_up(&mut self, due: impl IntoIterator<Item = DueWatch>) {
        for watch in due.into_iter().filter(|watch| !self.sessions.contains(&watch.session)) {
            self.waiting.entry(watch.org).or_default().push_back(watch);
        }
    }

    /// Those whose turn it is now. They have a place until they are over.
    pub(super) fn begin(&mut self) -> Vec<DueWatch> {
        std::iter::from_fn(|| self.next()).collect()
    }

    fn next(&mut self) -> Option<DueWatch> {
        let free = self.places.saturating_sub(self.sessions.len());
        let turn =
            |(org, waiting): (&OrgId, &VecDeque<DueWatch>)| Some((self.looks_of(*org), waiting.front()?.due, *org));
        let (looks, _, org) = self.waiting.iter().filter_map(turn).min()?;
        if looks >= free {
            return None;
        }
        let waiting = self.waiting.get_mut(&org)?;
        let watch = waiting.pop_front()?;
        if waiting.is_empty() {
            self.waiting.remove(&org);
        }
        self.sessions.insert(watch.session);
        self.of_org.insert(org, looks + 1);
        Some(watch)
    }

    fn looks_of(&self, org: OrgId) -> usize {
        self.of_org.get(&org).copied().unwrap_or_default()
    }

    /// One that had a place has been looked at. Whether its organization has no other.
    pub(super) fn over(&mut self, watch: &DueWatch) -> bool {
        if !self.sessions.remove(&watch.session) {
            return false;
        }
        let left = self.looks_of(watch.org).saturating_sub(1);
        match left {
            0 => self.of_org.remove(&watch.org),
            left => self.of_org.insert(watch.org, left),
        };
        left == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.sessions.len() >= self.places
    }

    pub(super) fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The organizations of which some wait.
    pub(super) fn waiting_orgs(&self) -> HashSet<OrgId> {
        self.waiting.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use uuid::Uuid;

    /// So many of an organization, due one after the other.
    fn due(org: u128, watches: std::ops::Range<u128>) -> Vec<DueWatch> {
        let due = |number| DueWatch {
            org: OrgId(Uuid::from_u128(org)),
            session: SessionId(Uuid::from_u128((org << 64) | number)),
            due: Timestamp::from_second(i64::try_from(number).unwrap()).unwrap(),
        };
        watches.map(due).collect()
    }

    fn begun(turns: &mut Turns, org: u128, watches: std::ops::Range<u128>) -> usize {
        turns.take_up(due(org, watches));
        turns.begin().len()
    }

    #[test]
    fn an_organization_has_its_share_and_leaves_places_to_others() {
        let mut turns = Turns::of(4);
        assert_eq!(begun(&mut turns, 1, 0..10), 2, "half of the places are one organization's");
        assert_eq!(begun(&mut turns, 2, 0..10), 1);
        assert_eq!(begun(&mut turns, 3, 0..10), 1);
        assert!(turns.is_full());
        assert_eq!(begun(&mut turns, 4, 0..10), 0);
        turns.over(&due(1, 0..1)[0]);
        let next = turns.begin();
        assert_eq!(next, due(4, 0..1), "who has none comes before who has one, however late");
    }

    #[test]
    fn sixteen_busy_organizations_do_not_starve_the_seventeenth() {
        let all = |from, until| (1..=16).flat_map(move |org| due(org, from..until)).collect::<Vec<_>>();
        // Whether they come together,
        let mut together = Turns::of(512);
        let mut first = all(0, 100);
        first.sort_by_key(|watch| watch.due);
        together.take_up(first);
        assert!(together.begin().len() > 450);
        assert!(begun(&mut together, 17, 0..100) >= 10);
        // or one after the other, and nothing of theirs ends but one look.
        let mut in_turn = Turns::of(512);
        for org in 1..=16 {
            begun(&mut in_turn, org, 0..1_000);
        }
        begun(&mut in_turn, 17, 0..100);
        in_turn.over(&due(1, 0..1)[0]);
        in_turn.over(&due(1, 1..2)[0]);
        let rest = in_turn.begin();
        assert!(rest.iter().all(|watch| watch.org != OrgId(Uuid::from_u128(1))), "{rest:?}");
        for number in 2..100 {
            in_turn.over(&due(1, number..number + 1)[0]);
        }
        assert!(in_turn.begin().iter().any(|watch| watch.org == OrgId(Uuid::from_u128(17))));
    }

    #[test]
    fn what_was_listed_once_is_begun_once_as_places_become_free() {
        let mut turns = Turns::of(512);
        turns.take_up(due(1, 0..1_000));
        let mut begun = turns.begin();
        assert_eq!(begun.len(), 256);
        // Those under way are due until they are over, and listed with the others.
        turns.take_up(due(1, 0..256));
        let mut next = 0;
        while next < begun.len() {
            turns.over(&begun[next]);
            begun.extend(turns.begin());
            next += 1;
        }
        assert_eq!(begun, due(1, 0..1_000));
        assert!(!turns.is_waited_for() && turns.of_org.is_empty() && turns.sessions.is_empty());
    }
}
