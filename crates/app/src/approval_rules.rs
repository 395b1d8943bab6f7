//! Rules of approvals, as those who administer an organization make them.

use std::sync::Arc;

use domain::approval::{ApprovalRule, RULES_MAX, RuleSpec};
use domain::audit::{Act, Action};
use domain::idempotency::Made;
use domain::key::Scope;
use domain::{ApprovalRuleId, ChangeSet, OrgId};

use crate::error::{Error, Faults, Refused};
use crate::{App, Ctx, TRIES};

impl App {
    /// The rules of approvals that concern what the caller reaches, oldest first.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_approval_rules(&self, ctx: &Ctx) -> Result<Vec<ApprovalRule>, Error> {
        ctx.require(Scope::ApprovalsRead)?;
        let mut rules = self.store(ctx.org).list_approval_rules().await?;
        rules.retain(|rule| rule.spec.project.is_none_or(|project| ctx.reaches(project)));
        Ok(rules)
    }

    /// One of them.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_approval_rule(&self, ctx: &Ctx, id: ApprovalRuleId) -> Result<ApprovalRule, Error> {
        let found = self.list_approval_rules(ctx).await?.into_iter().find(|rule| rule.id == id);
        found.ok_or_else(|| Error::not_found(id))
    }

    /// Makes a rule. It asks about what is reported from now on.
    ///
    /// # Errors
    /// A field breaks a rule, there are too many, the caller does not administer the whole
    /// organization, or the store failed.
    pub async fn create_approval_rule(&self, ctx: &Ctx, spec: RuleSpec) -> Result<ApprovalRule, Error> {
        ctx.require_whole(Scope::Admin)?;
        let store = self.store(ctx.org);
        let rules = store.list_approval_rules().await?;
        if let Some(Made::ApprovalRule { rule: made }) = ctx.made_before()
            && let Some(rule) = rules.iter().find(|rule| rule.id == *made)
        {
            return Ok(rule.clone());
        }
        self.check_rule(ctx, &spec).await?;
        if rules.len() >= RULES_MAX {
            return Err(Refused::Enough { things: "approval rules", max: RULES_MAX }.into());
        }
        let (rule, changes) = ApprovalRule::create(self.fresh(), spec, ctx.now);
        let changes = changes.with(self.audited(ctx, told(Action::ApprovalRuleCreated, &rule)));
        let changes = ctx.making(|| Made::ApprovalRule { rule: rule.id }).recording(changes);
        match self.commit_rules(ctx, changes).await? {
            true => Ok(rule),
            false => Err(Error::contended("list of approval rules")),
        }
    }

    /// Changes a rule. What it has asked about already waits as it was asked. `change` is asked
    /// again if somebody else was faster.
    ///
    /// # Errors
    /// It is not there, or as [`App::create_approval_rule`].
    pub async fn update_approval_rule(
        &self,
        ctx: &Ctx,
        id: ApprovalRuleId,
        change: impl Fn(RuleSpec) -> Result<RuleSpec, Error> + Send + Sync,
    ) -> Result<ApprovalRule, Error> {
        ctx.require_whole(Scope::Admin)?;
        let store = self.store(ctx.org);
        for _ in 0..TRIES {
            let found = store.list_approval_rules().await?.into_iter().find(|rule| rule.id == id);
            let rule = found.ok_or_else(|| Error::not_found(id))?;
            let spec = change(rule.spec.clone())?;
            self.check_rule(ctx, &spec).await?;
            let (next, changes) = rule.update(spec, ctx.now);
            if changes.is_empty() {
                return Ok(next);
            }
            let changes = changes.with(self.audited(ctx, told(Action::ApprovalRuleUpdated, &next)));
            if self.commit_rules(ctx, changes).await? {
                return Ok(next);
            }
        }
        Err(Error::contended("approval rule"))
    }

    /// Removes a rule. What it has asked about waits on.
    ///
    /// # Errors
    /// It is not there, the caller does not administer the whole organization, or the store
    /// failed.
    pub async fn delete_approval_rule(&self, ctx: &Ctx, id: ApprovalRuleId) -> Result<(), Error> {
        ctx.require_whole(Scope::Admin)?;
        let store = self.store(ctx.org);
        for _ in 0..TRIES {
            let found = store.list_approval_rules().await?.into_iter().find(|rule| rule.id == id);
            let rule = found.ok_or_else(|| Error::not_found(id))?;
            let changes = rule.delete().with(self.audited(ctx, told(Action::ApprovalRuleDeleted, &rule)));
            if self.commit_rules(ctx, changes).await? {
                return Ok(());
            }
        }
        Err(Error::contended("approval rule"))
    }

    /// The rules that judge what is reported now.
    pub(crate) async fn judging_rules(&self, org: OrgId) -> Result<Arc<[ApprovalRule]>, Error> {
        let load = async { self.store(org).list_approval_rules().await.map(|rules| Some(rules.into())) };
        Ok(self.known().approval_rules.find(&org, load).await?.unwrap_or_default())
    }

    /// Commits a change, and lets the next report be judged by it; `false` if it came too late.
    async fn commit_rules(&self, ctx: &Ctx, changes: ChangeSet) -> Result<bool, Error> {
        let (app, org) = (self.clone(), ctx.org);
        self.to_the_end(async move {
            let committed = crate::commit_in_time(&*app.store(org), changes).await;
            app.known().approval_rules.forget(&org);
            Ok(committed?.is_some())
        })
        .await
    }

    async fn check_rule(&self, ctx: &Ctx, spec: &RuleSpec) -> Result<(), Error> {
        let mut faults = Faults::default();
        for (field, rule) in spec.faults() {
            faults.add(field, rule);
        }
        let store = self.store(ctx.org);
        if let Some(project) = spec.project {
            faults.check(store.find_project(project).await?.is_some(), "project_id", "is no project here");
        }
        if !spec.approvers.members.is_empty() {
            let members = store.list_members().await?;
            for (index, named) in spec.approvers.members.iter().enumerate() {
                let is_here = members.iter().any(|member| member.id == *named && member.removed_at.is_none());
                faults.check(is_here, &format!("approvers.members[{index}]"), "is nobody of the organization");
            }
        }
        faults.into_result()
    }
}

/// A rule as the audit log tells of it: whole, since what it said is what others will ask.
fn told(action: Action, rule: &ApprovalRule) -> Act {
    let act = Act::new(action, rule.id).with("name", rule.spec.name.clone());
    act.with_some("rule", serde_json::to_value(&rule.spec).ok())
}
