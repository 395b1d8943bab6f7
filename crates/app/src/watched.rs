//! Rollouts as people look at them: with what their watch came to, and whose keys reported them.

use std::collections::HashMap;
use std::slice;

use domain::monitor::Watch;
use domain::{MemberId, SessionId};

use crate::{App, Ctx, Error, ReportedRollout};

/// A rollout, with what is known of it besides.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedRollout {
    /// The rollout and its project.
    pub reported: ReportedRollout,
    /// How its watch stands; `None` if its session is gone.
    pub watch: Option<Watch>,
    /// Whose keys reported it.
    pub reporters: Vec<Reporter>,
}

/// Somebody whose key reported a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reporter {
    /// Their id.
    pub member: MemberId,
    /// Their name; `None` of somebody who was removed.
    pub name: Option<String>,
}

impl App {
    /// What is known besides of rollouts that the caller was let see, in their order. However
    /// many they are, it is two looks.
    ///
    /// # Errors
    /// The store failed.
    pub async fn watched(&self, ctx: &Ctx, rollouts: Vec<ReportedRollout>) -> Result<Vec<WatchedRollout>, Error> {
        let mut besides = self.besides(ctx, &rollouts).await?;
        Ok(rollouts.into_iter().map(|reported| besides.of(reported)).collect())
    }

    /// The same of one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn watched_one(&self, ctx: &Ctx, reported: ReportedRollout) -> Result<WatchedRollout, Error> {
        Ok(self.besides(ctx, slice::from_ref(&reported)).await?.of(reported))
    }

    async fn besides(&self, ctx: &Ctx, rollouts: &[ReportedRollout]) -> Result<Besides, Error> {
        let store = self.store(ctx.org);
        let watches = store.list_watches(rollouts.iter().map(|reported| reported.rollout.session).collect()).await?;
        let members = match rollouts.iter().any(|reported| !reported.rollout.reporters.is_empty()) {
            true => store.list_members().await?,
            false => Vec::new(),
        };
        Ok(Besides {
            watches: watches.into_iter().map(|watch| (watch.session, watch)).collect(),
            // Whoever was removed is nobody here any more: their name is not told.
            names: members
                .into_iter()
                .filter(|member| member.removed_at.is_none())
                .map(|member| (member.id, member.name))
                .collect(),
        })
    }
}

struct Besides {
    watches: HashMap<SessionId, Watch>,
    names: HashMap<MemberId, String>,
}

impl Besides {
    fn of(&mut self, reported: ReportedRollout) -> WatchedRollout {
        let reporter = |member: &MemberId| Reporter { member: *member, name: self.names.get(member).cloned() };
        WatchedRollout {
            reporters: reported.rollout.reporters.iter().map(reporter).collect(),
            watch: self.watches.remove(&reported.rollout.session),
            reported,
        }
    }
}
