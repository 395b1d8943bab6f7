//! Conversations kept between the runs of a session, so that a run does not read its whole
//! past again.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use domain::transcript::Transcript;
use domain::{Event, SessionId};
use lru::LruCache;
use ports::OrgStore;
use ports::store::{EventFilter, StoreError};

/// Events read at once.
const PAGE: usize = 500;

/// The conversations in memory. A worker takes one out and puts it back: a session has one
/// worker at a time.
pub(crate) struct Transcripts(Mutex<LruCache<SessionId, Transcript>>);

impl Transcripts {
    pub(crate) fn new(count: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN))))
    }

    /// The conversation up to and including `appended`, or up to now if that is empty. If it has
    /// to be read, from `context_from` on: what is before is only in a summary.
    pub(crate) async fn open(
        &self,
        store: &dyn OrgStore,
        session: SessionId,
        context_from: Option<u64>,
        appended: &[Event],
    ) -> Result<Transcript, StoreError> {
        let read_anew = || context_from.map(Transcript::beginning_at).unwrap_or_default();
        let mut transcript = self.take(session).unwrap_or_else(read_anew);
        let known_to = appended.first().map(|event| event.seq - 1);
        if known_to.is_none_or(|seq| transcript.seq() < seq) {
            read_on(&mut transcript, store, session).await?;
        }
        appended.iter().for_each(|event| transcript.apply(event));
        Ok(transcript)
    }

    pub(crate) fn keep(&self, session: SessionId, transcript: Transcript) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(session, transcript);
    }

    fn take(&self, session: SessionId) -> Option<Transcript> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop(&session)
    }
}

async fn read_on(transcript: &mut Transcript, store: &dyn OrgStore, session: SessionId) -> Result<(), StoreError> {
    loop {
        let filter = EventFilter { after: Some(transcript.seq()), limit: Some(PAGE), ..EventFilter::default() };
        let page = store.list_events(session, filter).await?;
        page.iter().for_each(|event| transcript.apply(event));
        if page.len() < PAGE {
            return Ok(());
        }
    }
}

/// The events of one run, in order.
pub(crate) async fn events_of(store: &dyn OrgStore, run: &domain::run::Run) -> Result<Vec<Event>, StoreError> {
    let after = run.first_seq.map(|seq| seq - 1);
    let filter = EventFilter { run: Some(run.id), after, ..EventFilter::default() };
    store.list_events(run.session, filter).await
}
