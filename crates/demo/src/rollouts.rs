//! The rollouts of the demo: what pipelines report, and what comes of it.

use std::time::Duration;

use app::{DecideRollout, ReportRollout, ReportedRollout};
use domain::approval::Verdict as Word;
use domain::org::Project;
use domain::rollout::{Details, Report, RolloutStatus};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::DemoError;
use crate::chance::Chance;
use crate::company::Company;
use crate::people::Who;
use crate::talks;
use crate::travel::Travel;
use crate::world::{CHECKOUT_LATENCY, DECLINED, SEARCH_LATENCY, Trouble, World};

/// Which project is rolled out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Storefront,
    Payments,
    Search,
}

/// What comes of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// It goes through, and nothing gets worse.
    Well,
    /// It goes through, and something is a little worse for a while.
    Uneasy,
    /// Something is much worse; somebody has it taken back.
    TakenBack,
    /// The pipeline gives up.
    Fails,
    /// Somebody says no before it begins.
    Refused,
}

/// A rollout that is to be reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) of: Of,
    pub(crate) number: u32,
    pub(crate) what: &'static str,
    pub(crate) paths: &'static [&'static str],
    pub(crate) course: Course,
}

/// How long a rollout is under way.
const TAKES: Duration = Duration::from_secs(6 * 60 + 20);

/// How long somebody thinks who is asked.
const THINKS: Duration = Duration::from_secs(3 * 60 + 10);

impl Plan {
    /// A change like most.
    pub(crate) const fn new(of: Of, number: u32, what: &'static str, course: Course) -> Self {
        Self { of, number, what, paths: &["src/lib.rs"], course }
    }

    /// Reports that it stands so.
    pub(crate) async fn report(&self, company: &Company, status: RolloutStatus) -> Result<ReportedRollout, DemoError> {
        let ctx = company.ctx(Who::Pipeline).await?;
        let repository = self.project(company).repository.clone();
        let report = Report { status, details: self.details(), gives_metadata: true, extra: Map::new() };
        Ok(company.app.report_rollout(&ctx, ReportRollout { repository, report }).await?)
    }

    /// What it is rolled out of.
    fn project<'a>(&self, company: &'a Company) -> &'a Project {
        match self.of {
            Of::Storefront => &company.storefront,
            Of::Payments => &company.payments,
            Of::Search => &company.search,
        }
    }

    fn name(&self) -> &'static str {
        match self.of {
            Of::Storefront => "storefront",
            Of::Payments => "payments",
            Of::Search => "search",
        }
    }

    /// Forty digits, as of a commit, which follow from the number.
    fn commit(&self) -> String {
        let mut chance = Chance::new(u64::from(self.number));
        let digits: String = (0..3).map(|_| format!("{:016x}", chance.next())).collect();
        digits.chars().take(40).collect()
    }

    fn details(&self) -> Details {
        let name = self.name();
        let run = format!("https://ci.kestrel.example/{name}/runs/{}", self.number);
        let metadata = json!({ "environment": "production", "author": "lena", "changed_paths": self.paths });
        let Value::Object(metadata) = metadata else { return Details::default() };
        Details {
            request: format!("{name} {}: {}", self.number, self.what),
            external_url: Some(run.clone()),
            commit: Some(self.commit()),
            commit_message: Some(format!("{} (#{})", self.what, self.number)),
            git_ref: Some("refs/heads/main".to_owned()),
            metadata,
            run_id: Some(self.number.to_string()),
            run_url: Some(run),
            workflow_id: Some("deploy.yml".to_owned()),
        }
    }

    /// What it does to the world from now on.
    pub(crate) fn harm(&self, travel: &Travel, world: &World) {
        let (query, times) = match (self.course, self.of) {
            (Course::TakenBack, _) => (CHECKOUT_LATENCY, 2.6),
            (Course::Uneasy, Of::Search) => (SEARCH_LATENCY, 1.38),
            (Course::Uneasy, _) => (DECLINED, 1.66),
            (Course::Well | Course::Fails | Course::Refused, _) => return,
        };
        world.suffers(Trouble { query, times, from: travel.now(), lasts: SignedDuration::from_mins(9) });
    }

    /// Takes its course, with all that follows but the end of its watch.
    pub(crate) async fn take_course(&self, company: &Company, travel: &Travel, world: &World) -> Result<(), DemoError> {
        self.harm(travel, world);
        let is_asked_about = self.course == Course::Refused;
        let first = if is_asked_about { RolloutStatus::Pending } else { RolloutStatus::Running };
        let begun = self.report(company, first).await?;
        if is_asked_about {
            travel.on(THINKS).await?;
            let reason = Some("The nightly export holds this table until eight. Please try again then.".to_owned());
            return decide(company, &begun, Word::Reject, reason).await;
        }
        travel.on(TAKES).await?;
        let status = if self.course == Course::Fails { RolloutStatus::Failure } else { RolloutStatus::Success };
        self.report(company, status).await?;
        if self.course == Course::TakenBack {
            travel.on(THINKS).await?;
            let ctx = company.ctx(Who::Ravi).await?;
            talks::allow(&company.app, &ctx, begun.rollout.session).await?;
        }
        travel.rest().await
    }
}

/// Somebody says yes or no to a rollout.
async fn decide(
    company: &Company,
    asked: &ReportedRollout,
    verdict: Word,
    reason: Option<String>,
) -> Result<(), DemoError> {
    let ctx = company.ctx(Who::Ravi).await?;
    let said = DecideRollout { verdict, reason, asked_at: None };
    company.app.decide_rollout(&ctx, &asked.rollout.id.to_string(), said).await?;
    Ok(())
}
