//! How many streams visitors may have open: one visitor, all who come from one address, and all
//! of one embed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;
use web::Visit;

use crate::error::ApiError;

/// Of one visitor: the chat may be open in a few windows.
const OF_A_VISITOR: usize = 4;
/// Of one address, behind which a whole office may be.
const OF_AN_ADDRESS: usize = 64;
/// Of one embed: what else its organization streams keeps its places.
const OF_AN_EMBED: usize = 5_000;

/// The streams that are open.
#[derive(Debug, Default)]
pub(crate) struct OpenStreams(Mutex<HashMap<Uuid, usize>>);

/// The right to one; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    streams: Arc<OpenStreams>,
    counted: [Uuid; 3],
}

impl OpenStreams {
    /// Takes one, or says that there are too many.
    pub(crate) fn take(self: &Arc<Self>, visit: &Visit) -> Result<Place, ApiError> {
        let counted = [visit.visitor, visit.address, visit.embed];
        let mut open = self.lock();
        let is_free = |of: Uuid, max: usize| open.get(&of).is_none_or(|count| *count < max);
        let bounds = [(visit.visitor, OF_A_VISITOR), (visit.address, OF_AN_ADDRESS), (visit.embed, OF_AN_EMBED)];
        if !bounds.into_iter().all(|(of, max)| is_free(of, max)) {
            return Err(ApiError::too_many_streams());
        }
        counted.into_iter().for_each(|of| *open.entry(of).or_default() += 1);
        drop(open);
        Ok(Place { streams: Arc::clone(self), counted })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, usize>> {
        // Every change under the lock is one step, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        for of in self.counted {
            if let Some(count) = open.get_mut(&of) {
                *count -= 1;
                if *count == 0 {
                    open.remove(&of);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back_and_each_is_counted_by_themselves() {
        let streams = Arc::new(OpenStreams::default());
        let visit = |visitor, address| {
            let [visitor, address, embed] = [visitor, address, 9].map(Uuid::from_u128);
            Visit { visitor, address, embed }
        };
        let mut held: Vec<_> = (0..OF_A_VISITOR).map(|_| streams.take(&visit(1, 2)).unwrap()).collect();
        assert!(streams.take(&visit(1, 3)).is_err());
        held.extend((OF_A_VISITOR..OF_AN_ADDRESS).map(|other| streams.take(&visit(100 + other as u128, 2)).unwrap()));
        assert!(streams.take(&visit(5, 2)).is_err());
        drop(held);
        assert!(streams.take(&visit(1, 2)).is_ok());
        assert!(streams.lock().is_empty(), "nothing is kept of those who are gone");
    }
}
