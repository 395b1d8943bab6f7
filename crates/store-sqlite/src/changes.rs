//! Applying a change set: its guards, its changes, and what must be told once they are on
//! disk.

use std::sync::Arc;

use domain::agent::Agent;
use domain::budget::AccountId;
use domain::change::{Change, ChangeSet, Guard};
use domain::deployment::Deployment;
use domain::rollout::Rollout;
use domain::run::{Fence, Run, RunStatus};
use domain::session::{InboxItem, Session, SessionState};
use domain::webhook::{self, Delivery};
use domain::{AgentId, Event, NewEvent, OrgId, RolloutId, RunId, SessionId, Timestamp};
use ports::metrics::RunEnd;
use ports::{Committed, Refusal};
use rusqlite::Connection;

use crate::budgets::Budgeted;
use crate::documents::Documented;
use crate::fault::Fault;
use crate::planted::{Planted, PlantedBug};
use crate::subscribed::Subscribed;
use crate::{
    agents, aliases, approval_rules, audit, callbacks, deletions, deliveries, deployments, documents, events, inbox,
    keys, members, orgs, persons, projects, providers, requests, rollouts, runs, samples, sessions, tools, watches,
    webhooks,
};

/// What must be told, once it is on disk. Grows over all change sets of one transaction.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Events, by session, in commit order.
    pub(crate) appended: Vec<(SessionId, Arc<[Event]>)>,
    /// Sessions that changed, by number.
    pub(crate) changed: Vec<(OrgId, i64, Timestamp)>,
    /// Sessions that were deleted.
    pub(crate) deleted: Vec<(SessionId, Timestamp)>,
    /// Runs that input waits for.
    pub(crate) inputs: Vec<RunId>,
    /// How often work came to wait.
    pub(crate) works: usize,
    /// How often a time was set.
    pub(crate) timers: usize,
    /// How often a rollout came to wait for approval, or waits still.
    pub(crate) approvals: usize,
    /// Of whom what is watched by may have changed.
    pub(crate) monitors: Vec<OrgId>,
    /// Rollouts that were reported, or decided about.
    pub(crate) rollouts: Vec<RolloutId>,
    /// How often something came to wait for a webhook.
    pub(crate) deliveries: usize,
    /// Whether something of a webhook is to be cleared away.
    pub(crate) leftovers: bool,
    /// Runs that are over.
    pub(crate) ended: Vec<RunEnd>,
}

/// How far the effects had grown, so that those of a refused change set can be taken back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark([usize; 11]);

impl Effects {
    pub(crate) fn mark(&self) -> Mark {
        Mark([
            self.appended.len(),
            self.changed.len(),
            self.deleted.len(),
            self.inputs.len(),
            self.works,
            self.timers,
            self.approvals,
            self.monitors.len(),
            self.rollouts.len(),
            self.deliveries,
            self.ended.len(),
        ])
    }

    pub(crate) fn take_back(&mut self, mark: Mark) {
        let Mark([appended, changed, deleted, inputs, works, timers, approvals, monitors, rollouts, deliveries, ended]) =
            mark;
        self.appended.truncate(appended);
        self.changed.truncate(changed);
        self.deleted.truncate(deleted);
        self.inputs.truncate(inputs);
        self.works = works;
        self.timers = timers;
        self.approvals = approvals;
        self.monitors.truncate(monitors);
        self.rollouts.truncate(rollouts);
        self.deliveries = deliveries;
        self.ended.truncate(ended);
    }
}

/// One change set being applied inside the writer's transaction.
pub(crate) struct Application<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) org: OrgId,
    /// The lease that is good now, if any.
    pub(crate) lease: Option<Fence>,
    pub(crate) effects: &'a mut Effects,
    pub(crate) budgeted: &'a mut Budgeted,
    pub(crate) documented: &'a Documented,
    pub(crate) subscribed: &'a mut Subscribed,
    pub(crate) planted: Planted,
}

impl Application<'_> {
    /// Applies the change set. On an error the caller rolls back whatever was done.
    pub(crate) fn apply(mut self, set: ChangeSet) -> Result<Committed, Fault> {
        let ChangeSet { guards, changes } = set;
        let is_last = |guard: &&Guard| matches!(guard, Guard::NoInput { .. });
        for guard in guards.iter().filter(|guard| !is_last(guard)) {
            self.check(*guard)?;
        }
        // Whoever has no webhooks pays for none.
        let has_webhooks = self.subscribed.has(self.org);
        let notices = if has_webhooks { webhook::notices(&changes) } else { Vec::new() };
        let mut committed = Committed::default();
        for change in changes {
            self.change(change, &mut committed)?;
        }
        for notice in &notices {
            self.effects.deliveries += self.subscribed.queue(self.db, self.org, notice)?;
        }
        for guard in guards.iter().filter(is_last) {
            self.check(*guard)?;
        }
        Ok(committed)
    }

    fn check(&mut self, guard: Guard) -> Result<(), Fault> {
        let (db, org) = (self.db, self.org);
        let holds = match guard {
            Guard::AgentAt { agent, version } => agents::is_at(db, org, agent, version)?,
            Guard::AgentLives { agent } => agents::lives(db, org, agent)?,
            Guard::SessionFree { session, seq } => match sessions::head(db, org, session)? {
                Some(head) => head.seq == seq && head.active_run.is_none() && !runs::queued_in(db, head.number)?,
                None => false,
            },
            Guard::SessionAt { session, seq } => sessions::head(db, org, session)?.is_some_and(|head| head.seq == seq),
            Guard::SessionDescribedAt { session, version } => sessions::is_described_at(db, org, session, version)?,
            Guard::ProjectAt { project, version } => projects::is_at(db, org, project, version)?,
            Guard::DeploymentAt { deployment, version } => deployments::is_at(db, org, deployment, version)?,
            Guard::ProviderAt { provider, version } => providers::is_at(db, org, provider, version)?,
            Guard::RolloutAt { rollout, version } => rollouts::is_at(db, org, rollout, version)?,
            Guard::ApprovalRuleAt { rule, version } => approval_rules::is_at(db, org, rule, version)?,
            Guard::WatchAt { session, version } => watches::is_at(db, org, session, version)?,
            Guard::WebhookAt { webhook, version } => webhooks::is_at(db, org, webhook, version)?,
            Guard::DeliveryAt { webhook, delivery, attempts } => {
                deliveries::is_at(db, org, webhook, delivery, attempts)?
            }
            Guard::RunAt { run, version } => runs::is_at(db, org, run, version)?,
            Guard::Held { run, fence } => {
                self.planted.is(PlantedBug::IgnoreFence)
                    || (self.lease == Some(fence) && runs::is_held(db, org, run, fence)?)
            }
            Guard::Affords(payers) => self.budgeted.affords(db, org, payers)?,
            Guard::NoInput { run } => !inbox::waits_for(db, run)?,
        };
        if holds { Ok(()) } else { Err(Refusal::Guard(guard).into()) }
    }

    fn change(&mut self, change: Change, committed: &mut Committed) -> Result<(), Fault> {
        let (db, org) = (self.db, self.org);
        match change {
            Change::InsertOrg(new) if new.id != org => return Err(Refusal::Missing.into()),
            Change::InsertOrg(new) => committed.numbers.push(orgs::insert(db, &new)?),
            Change::PutOrg(changed) if changed.id != org => return Err(Refusal::Missing.into()),
            Change::PutOrg(changed) => orgs::put(db, &changed)?,
            Change::InsertMember(new) => committed.numbers.push(members::insert(db, org, &new)?),
            Change::PutMember(changed) => members::put(db, org, &changed)?,
            Change::Person(changed) => persons::change(db, org, changed)?,
            Change::InsertProject(new) => committed.numbers.push(projects::insert(db, org, &new)?),
            Change::PutProject(changed) => projects::put(db, org, &changed)?,
            Change::InsertTool(new) => committed.numbers.push(tools::insert(db, org, &new)?),
            Change::DeleteTool(tool) => tools::delete(db, org, tool)?,
            Change::InsertKey(new) => keys::insert(db, org, &new)?,
            Change::RevokeKey { key, at } => keys::revoke(db, org, key, at)?,
            Change::TouchKey { key, at } => keys::touch(db, org, key, at)?,
            Change::InsertAgent(new) => {
                agents::insert(db, org, &new)?;
                self.set_agent_budget(&new)?;
            }
            Change::PutAgentVersion(next) => {
                agents::put_version(db, org, &next)?;
                self.set_agent_budget(&next)?;
            }
            Change::ArchiveAgent { agent, at } => agents::archive(db, org, agent, at)?,
            Change::DeleteAgent { agent, at } => self.delete_agent(agent, at)?,
            Change::OpenAgent { agent, members } => agents::open_to(db, org, agent, members.as_deref())?,
            Change::InsertDeployment(new) => {
                deployments::insert(db, org, &new)?;
                self.tell_of_monitor(&new);
            }
            Change::PutDeployment(changed) => {
                deployments::put(db, org, &changed)?;
                self.tell_of_monitor(&changed);
            }
            Change::SetDue { deployment, due } => deployments::set_due(db, org, deployment, due)?,
            Change::InsertDeploymentRun { begun, name, next_due } => {
                deployments::insert_run(db, org, &begun, name.as_deref(), next_due)?;
            }
            Change::KeepEmbedSecret(secret) => orgs::keep_embed_secret(db, org, &secret)?,
            Change::InsertProvider(new) => providers::insert(db, org, &new)?,
            Change::PutProvider(changed) => providers::put(db, org, &changed)?,
            Change::DeleteProvider(provider) => providers::delete(db, org, provider)?,
            Change::PutAlias(alias) => aliases::put(db, org, &alias)?,
            Change::DeleteAlias(name) => aliases::delete(db, org, &name)?,
            Change::PutDocument { document, text } => {
                self.documented.add(org, &document);
                documents::put(db, org, &document, &text)?;
            }
            Change::DeleteDocument(document) => documents::delete(db, org, document)?,
            Change::InsertSession(new) => self.insert_session(&new)?,
            Change::PutSession(changed) => {
                sessions::put(db, org, &changed)?;
                self.budgeted.set(db, org, AccountId::Session(changed.id), changed.budget.as_ref())?;
            }
            Change::ArchiveSession { session, at } => self.archive_session(session, at)?,
            Change::DeleteSession { session, at } => self.delete_session(session, at)?,
            Change::InsertRollout(new) => {
                rollouts::insert(db, org, &new)?;
                self.tell_of_rollout(&new);
            }
            Change::PutRollout(changed) | Change::ReportRollout(changed) => {
                rollouts::put(db, org, &changed)?;
                self.tell_of_rollout(&changed);
            }
            Change::InsertApprovalRule(new) => approval_rules::insert(db, org, &new)?,
            Change::PutApprovalRule(changed) => approval_rules::put(db, org, &changed)?,
            Change::DeleteApprovalRule(rule) => approval_rules::delete(db, org, rule)?,
            Change::Audit(entry) => audit::insert(db, org, &entry)?,
            Change::InsertWatch(new) => {
                watches::insert(db, org, &new)?;
                self.effects.timers += 1;
            }
            Change::PutWatch(changed) => {
                watches::put(db, org, &changed)?;
                self.effects.timers += 1;
            }
            Change::KeepSamples(samples) => samples::keep(db, org, &samples)?,
            Change::InsertWebhook(_)
            | Change::PutWebhook(_)
            | Change::DeleteWebhook(_)
            | Change::DisableWebhook { .. } => self.change_webhook(change)?,
            Change::WebhookTook(webhook) => webhooks::took(db, org, webhook)?,
            Change::WebhookFailed { webhook, at } => webhooks::failed(db, org, webhook, at)?,
            Change::Notify { webhook, notice } => {
                self.subscribed.queue_for(db, org, webhook, &notice)?;
                self.effects.deliveries += 1;
            }
            Change::PutDelivery(changed) => self.put_delivery(&changed)?,
            Change::InsertRun(new) => self.insert_run(&new)?,
            Change::PutRun(changed) => self.put_run(&changed)?,
            Change::Append { session, events, state } => {
                committed.events.push(self.append(session, events, state.as_ref())?);
            }
            Change::Release(session) => self.release(session)?,
            Change::AddCallback { run, url } => callbacks::insert(db, org, run, &url)?,
            Change::CallbackMade(run) => callbacks::delete(db, org, run)?,
            Change::KeepRequest(record) => requests::keep(db, org, &record)?,
            Change::Enqueue(item) => self.enqueue(&item)?,
            Change::SetBudget { account, budget } => self.budgeted.set(db, org, account, budget.as_ref())?,
            Change::Spend { payers, amount } => self.budgeted.spend(db, org, payers, amount)?,
            Change::Reserve { payers, call } => self.budgeted.reserve(db, org, payers, call)?,
            Change::TakeInput { session, items } => {
                for item in items {
                    inbox::take(db, org, session, item)?;
                }
            }
        }
        Ok(())
    }

    fn tell_of_monitor(&mut self, deployment: &Deployment) {
        self.effects.monitors.extend(deployment.monitor().map(|_| self.org));
    }

    fn tell_of_rollout(&mut self, rollout: &Rollout) {
        self.effects.rollouts.push(rollout.id);
        self.effects.approvals += usize::from(rollout.is_asking());
    }

    /// A change of who is told. What waits for one that is enabled is due from then on.
    fn change_webhook(&mut self, change: Change) -> Result<(), Fault> {
        let (db, org) = (self.db, self.org);
        self.subscribed.change(org);
        self.effects.deliveries += 1;
        match change {
            Change::InsertWebhook(new) => webhooks::insert(db, org, &new),
            Change::PutWebhook(changed) => webhooks::put(db, org, &changed),
            Change::DisableWebhook { webhook, at, why } => webhooks::disable(db, org, webhook, at, why),
            Change::DeleteWebhook(webhook) => {
                self.effects.leftovers = true;
                webhooks::delete(db, org, webhook)
            }
            _ => Ok(()),
        }
    }

    fn put_delivery(&mut self, changed: &Delivery) -> Result<(), Fault> {
        let more = deliveries::put(self.db, self.org, changed)?;
        if more != 0 {
            self.subscribed.count(self.org, changed.webhook, more);
        }
        self.effects.deliveries += usize::from(changed.due().is_some());
        Ok(())
    }

    fn set_agent_budget(&mut self, agent: &Agent) -> Result<(), Fault> {
        self.budgeted.set(self.db, self.org, AccountId::Agent(agent.id), agent.spec.budget.as_ref())
    }

    /// Whoever holds or claims a run of the agent ends it, so it is enough that each is
    /// looked at: no matter how many there are, this writes only those that nobody would.
    fn delete_agent(&mut self, agent: AgentId, at: Timestamp) -> Result<(), Fault> {
        agents::delete(self.db, self.org, agent, at)?;
        self.effects.inputs.extend(runs::held_of(self.db, self.org, agent)?);
        for session in runs::call_in(self.db, self.org, agent)? {
            self.effects.changed.push((self.org, session, at));
            self.effects.works += 1;
        }
        Ok(())
    }

    fn insert_session(&mut self, new: &Session) -> Result<(), Fault> {
        let number = sessions::insert(self.db, self.org, new)?;
        if let Some(budget) = &new.budget {
            self.budgeted.set(self.db, self.org, AccountId::Session(new.id), Some(budget))?;
        }
        self.effects.changed.push((self.org, number, new.created_at));
        Ok(())
    }

    fn archive_session(&mut self, session: SessionId, at: Timestamp) -> Result<(), Fault> {
        let head = sessions::need(self.db, self.org, session)?;
        let is_busy = head.active_run.is_some() || runs::queued_in(self.db, head.number)?;
        if is_busy || watches::goes_on(self.db, session)? {
            return Err(Refusal::SessionBusy.into());
        }
        sessions::archive(self.db, head.number, at)?;
        self.effects.changed.push((self.org, head.number, at));
        Ok(())
    }

    /// What belongs to the session is gone with its row, and cleared away later, since it
    /// may be much.
    fn delete_session(&mut self, session: SessionId, at: Timestamp) -> Result<(), Fault> {
        let head = sessions::need(self.db, self.org, session)?;
        let is_under_way = match head.active_run {
            Some(run) => !runs::is_waiting(self.db, run)?,
            None => runs::queued_in(self.db, head.number)?,
        };
        if is_under_way {
            return Err(Refusal::SessionBusy.into());
        }
        deletions::insert(self.db, head.number, head.active_run)?;
        sessions::delete(self.db, head.number)?;
        watches::delete(self.db, session)?;
        self.budgeted.set(self.db, self.org, AccountId::Session(session), None)?;
        self.effects.changed.push((self.org, head.number, at));
        self.effects.deleted.push((session, at));
        Ok(())
    }

    fn insert_run(&mut self, new: &Run) -> Result<(), Fault> {
        self.refuse_dead_lease(new)?;
        let ready = runs::insert(self.db, self.org, new)?;
        self.tell_of_work(new, ready);
        self.tell_of_end(new);
        Ok(())
    }

    fn put_run(&mut self, changed: &Run) -> Result<(), Fault> {
        self.refuse_dead_lease(changed)?;
        let ready = runs::put(self.db, self.org, changed)?;
        self.tell_of_work(changed, ready);
        self.tell_of_end(changed);
        Ok(())
    }

    fn tell_of_end(&mut self, run: &Run) {
        let outcome = run.outcome.as_ref().filter(|_| run.status.is_over());
        self.effects.ended.extend(outcome.map(RunEnd::from));
    }

    /// Nothing shows `running` without a live lease, whatever the guards say.
    fn refuse_dead_lease(&self, run: &Run) -> Result<(), Fault> {
        if run.status != RunStatus::Running || self.planted.is(PlantedBug::IgnoreFence) {
            return Ok(());
        }
        match run.fence {
            Some(fence) if self.lease == Some(fence) => Ok(()),
            Some(fence) => Err(Refusal::Guard(Guard::Held { run: run.id, fence }).into()),
            None => Err(Refusal::Missing.into()),
        }
    }

    fn tell_of_work(&mut self, run: &Run, ready: bool) {
        let is_held_or_over = run.status == RunStatus::Running || run.status.is_over();
        if ready || (run.deadline.is_some() && !is_held_or_over) {
            self.effects.works += 1;
        }
    }

    fn append(
        &mut self,
        session: SessionId,
        events: Vec<NewEvent>,
        state: Option<&SessionState>,
    ) -> Result<Arc<[Event]>, Fault> {
        let head = sessions::need(self.db, self.org, session)?;
        let mut stored = Vec::with_capacity(events.len());
        let mut seq = head.seq;
        for event in events {
            seq += 1;
            stored.push(events::insert(self.db, head.number, seq, event)?);
        }
        let last_at = stored.last().map(|event: &Event| event.at);
        if let Some(at) = state.map(|state| state.updated_at).or(last_at) {
            sessions::advance(self.db, head.number, seq, at, state)?;
            self.effects.changed.push((self.org, head.number, at));
        }
        let stored: Arc<[Event]> = stored.into();
        self.effects.appended.push((session, Arc::clone(&stored)));
        Ok(stored)
    }

    fn release(&mut self, session: SessionId) -> Result<(), Fault> {
        let head = sessions::need(self.db, self.org, session)?;
        if runs::release(self.db, head.number)? {
            self.effects.works += 1;
        }
        Ok(())
    }

    fn enqueue(&mut self, item: &InboxItem) -> Result<(), Fault> {
        let session = inbox::enqueue(self.db, self.org, item)?;
        self.effects.changed.push((self.org, session, item.accepted_at));
        self.effects.inputs.push(item.run);
        Ok(())
    }
}
