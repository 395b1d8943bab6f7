//! What goes on happening, gently.

use std::collections::VecDeque;
use std::time::Duration;

use domain::SessionId;
use domain::rollout::RolloutStatus;

use crate::DemoError;
use crate::company::Company;
use crate::history::With;
use crate::people::Who;
use crate::present;
use crate::rollouts::{Course, Of, Plan};
use crate::talks::{self, Talk};

/// Between two things that happen.
const BEAT: Duration = Duration::from_secs(75);

/// Beats between two rollouts, and between a rollout's begin and end.
const ROLLOUT_EVERY: u32 = 16;
const ROLLOUT_TAKES: u32 = 4;
/// The beat at which the rollout goes through that was under way at the start.
const RUNS_UNTIL: u32 = 2;

/// Conversations of now that are kept: a demo that is forgotten must not grow by them. Its rollouts
/// stay, three an hour.
const KEPT_MAX: usize = 40;

/// Who asks whom for what, in turn. Every other answer takes a while.
const ASKED: [(Who, With, &str, &str); 6] = [
    (Who::Ravi, With::Operator, "Report about checkout", "Write the report about checkout, of the last hour."),
    (Who::Desk, With::Support, "Where is order 52014?", "Where is order 52014?"),
    (Who::Lena, With::Notes, "Changelog for partners", "Write the changelog for our partners, of this release."),
    (Who::Desk, With::Support, "A bag for −5 °C", "Which one keeps me warm at −5 °C? I look for a sleeping bag."),
    (Who::Ravi, With::Operator, "Checkout, once more", "Write the report about checkout, as of now."),
    (Who::Desk, With::Support, "Invoice without VAT", "I need an invoice for order 52077, without VAT please."),
];

/// What is rolled out, in turn.
const ROLLED_OUT: [&str; 3] = [
    "Spell brands as they spell themselves",
    "Fewer queries for each page",
    "Forget what nobody searched for in a year",
];

/// Goes on until `stopping`. What goes wrong is noted, and something else is tried.
pub(crate) async fn go_on(company: &Company, stopping: impl Future<Output = ()>) {
    let mut stopping = std::pin::pin!(stopping);
    let mut life = Life { company, talks: VecDeque::new() };
    for beat in 0_u32.. {
        tokio::select! {
            () = &mut stopping => return,
            () = tokio::time::sleep(BEAT) => {}
        }
        if let Err(error) = life.beat(beat).await {
            tracing::warn!(%error, "something of the demo did not happen");
        }
    }
}

struct Life<'a> {
    company: &'a Company,
    /// The conversations that began since the start, oldest first.
    talks: VecDeque<SessionId>,
}

impl Life<'_> {
    async fn beat(&mut self, beat: u32) -> Result<(), DemoError> {
        let rollout = rollout(beat / ROLLOUT_EVERY);
        match beat % ROLLOUT_EVERY {
            0 => drop(rollout.report(self.company, RolloutStatus::Running).await?),
            ROLLOUT_TAKES => drop(rollout.report(self.company, RolloutStatus::Success).await?),
            RUNS_UNTIL if beat == RUNS_UNTIL => {
                drop(present::RUNS.report(self.company, RolloutStatus::Success).await?);
            }
            _ => {}
        }
        self.talk(beat).await?;
        self.forget().await
    }

    async fn talk(&mut self, beat: u32) -> Result<(), DemoError> {
        let (who, with, title, said) = ASKED[beat as usize % ASKED.len()];
        let (ctx, agent) = (self.company.ctx(who).await?, with.agent(self.company));
        self.talks.push_back(talks::begin(&self.company.app, &ctx, agent, Talk::of(title, said)).await?);
        Ok(())
    }

    /// Lets go of the oldest.
    async fn forget(&mut self) -> Result<(), DemoError> {
        if self.talks.len() > KEPT_MAX
            && let Some(oldest) = self.talks.pop_front()
        {
            let ctx = self.company.ctx(Who::Ravi).await?;
            self.company.app.delete_session(&ctx, oldest).await?;
        }
        Ok(())
    }
}

fn rollout(number: u32) -> Plan {
    let what = ROLLED_OUT[number as usize % ROLLED_OUT.len()];
    Plan { paths: &["src/index.rs"], ..Plan::new(Of::Search, 630 + number, what, Course::Well) }
}
