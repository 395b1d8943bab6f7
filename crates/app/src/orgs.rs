//! Organizations, their people, and the very first start.

use std::sync::Arc;

use domain::agent::{Agent, AgentSpec, ModelChoice};
use domain::audit::{Act, Action};
use domain::deployment::Deployment;
use domain::key::{Key, Scope, Scopes};
use domain::org::{Member, Org, Project, Role, RolloutSettings};
use domain::{Change, ChangeSet, OrgId};
use ports::Committed;
use secrecy::SecretString;

use crate::deployments::first_monitor;
use crate::error::{Error, Faults};
use crate::keys::{CreateKey, KeyFormat};
use crate::secret::NewSecret;
use crate::{App, Ctx, Operator, investigator};

/// Longest name of an organization, person or project.
const NAME_CHARS_MAX: usize = 256;

/// What the agent that a new installation comes with is told.
const ASSISTANT_INSTRUCTIONS: &str = "You are a helpful assistant. Answer briefly and plainly.";

/// What the first start makes.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// The organization's name.
    pub org_name: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// The owner's name.
    pub owner_name: String,
    /// The owner's e-mail address.
    pub owner_email: String,
    /// The first key's text; a random one if absent.
    pub key: Option<SecretString>,
    /// The model of the agent `assistant`, as `provider/model`.
    pub model: String,
}

/// What a new organization is to be.
#[derive(Debug, Clone)]
pub struct CreateOrg {
    /// Its name.
    pub name: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// The owner's name.
    pub owner_name: String,
    /// The owner's e-mail address.
    pub owner_email: String,
    /// The model of its agent `assistant`; no such agent if absent.
    pub model: Option<String>,
    /// The model of its agent `investigator`, which its rollout monitor sends; both are made
    /// when they are first needed if absent.
    pub investigator: Option<String>,
    /// The first key's text; a random one if absent.
    pub key: Option<SecretString>,
}

/// What of an organization is to be another; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct OrgPatch {
    /// Its name.
    pub name: Option<String>,
    /// IANA name of its time zone.
    pub time_zone: Option<String>,
    /// What becomes of reported rollouts.
    pub rollouts: Option<RolloutSettings>,
}

/// A new organization with everything needed to use it.
#[derive(Debug, Clone)]
pub struct FirstKey {
    /// The organization.
    pub org: Org,
    /// Its owner.
    pub owner: Member,
    /// Its first project.
    pub project: Project,
    /// The agent `assistant`, if one was wanted.
    pub agent: Option<Agent>,
    /// The agent that watches rollouts, and the monitor that sends it, if they were wanted.
    pub watch: Option<(Agent, Deployment)>,
    /// The owner's key, with every right.
    pub key: Key,
    /// The key itself.
    pub secret: NewSecret,
}

/// Who a caller is.
#[derive(Debug, Clone)]
pub struct CallerView {
    /// The organization.
    pub org: Arc<Org>,
    /// The person.
    pub member: Member,
    /// What the caller may do.
    pub scopes: Scopes,
}

impl App {
    /// Makes the first organization, project, owner, key and agent in one commit; `None`
    /// if the installation has an organization already.
    ///
    /// # Errors
    /// A field is wrong, or the store failed.
    pub async fn bootstrap(&self, operator: &Operator, first: Bootstrap) -> Result<Option<FirstKey>, Error> {
        if !self.list_orgs(operator).await?.is_empty() {
            return Ok(None);
        }
        let Bootstrap { org_name, time_zone, owner_name, owner_email, key, model } = first;
        let investigator = Some(model.clone());
        let model = Some(model);
        let create = CreateOrg { name: org_name, time_zone, owner_name, owner_email, model, investigator, key };
        self.create_org(operator, create).await.map(Some)
    }

    /// Makes an organization with an owner, a project and a key.
    ///
    /// # Errors
    /// A field is wrong, or the store failed.
    pub async fn create_org(&self, operator: &Operator, create: CreateOrg) -> Result<FirstKey, Error> {
        check_new_org(&create)?;
        let format = create.key.clone().map_or(KeyFormat::Sortie, KeyFormat::Given);
        let secret = self.new_secret(true, &format)?;
        let mut made = self.describe_org(create, secret);
        let mut changes = vec![
            Change::InsertOrg(made.org.clone()),
            Change::InsertMember(made.owner.clone()),
            Change::InsertProject(made.project.clone()),
            Change::InsertKey(made.key.clone()),
        ];
        if let Some((agent, monitor)) = made.watch.clone() {
            changes.extend([Change::InsertAgent(agent), Change::InsertDeployment(Box::new(monitor))]);
        }
        changes.extend(made.agent.clone().map(Change::InsertAgent));
        let act = Act::new(Action::OrgCreated, made.org.id).with("name", made.org.name.clone());
        let act = act.with("owner", made.owner.email.clone()).with("key", made.key.id.to_string());
        changes.push(self.audited(&operator.acting_for(made.org.id, made.org.created_at), act));
        let store = self.store(made.org.id);
        let committed = crate::commit_in_time(&*store, ChangeSet::of(changes)).await?;
        let Committed { numbers, .. } =
            committed.ok_or_else(|| Error::Conflict("a key of this text exists already".into()))?;
        let [org, owner, project] = numbers[..] else {
            return Err(Error::Store(ports::StoreError::Failed("a commit gave no numbers".into())));
        };
        (made.org.number, made.owner.number, made.project.number) = (org, owner, project);
        Ok(made)
    }

    /// All organizations, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_orgs(&self, _operator: &Operator) -> Result<Vec<Org>, Error> {
        Ok(self.ports().store.list_orgs().await?)
    }

    /// The caller's organization.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub async fn org(&self, ctx: &Ctx) -> Result<Arc<Org>, Error> {
        let load = async { Ok::<_, Error>(self.store(ctx.org).find_org().await?.map(Arc::new)) };
        self.known().orgs.find(&ctx.org, load).await?.ok_or_else(|| Error::not_found(ctx.org))
    }

    /// Changes the caller's organization.
    ///
    /// # Errors
    /// A field is wrong, the scope is missing, or the store failed.
    pub async fn update_org(&self, ctx: &Ctx, patch: OrgPatch) -> Result<Arc<Org>, Error> {
        ctx.require_whole(Scope::Admin)?;
        // One after the other: a change is made of the whole organization as it was before it.
        let turn = Arc::clone(&self.0.member_changes).lock_owned().await;
        let store = self.store(ctx.org);
        let before = store.find_org().await?.ok_or_else(|| Error::not_found(ctx.org))?;
        let after = Org {
            name: patch.name.unwrap_or_else(|| before.name.clone()),
            time_zone: patch.time_zone.unwrap_or_else(|| before.time_zone.clone()),
            rollouts: patch.rollouts.unwrap_or(before.rollouts),
            ..before.clone()
        };
        check_org(&after)?;
        let acts = deeds(&before, &after);
        if acts.is_empty() {
            return Ok(Arc::new(after));
        }
        let recorded = acts.into_iter().map(|act| self.audited(ctx, act));
        let changes = ChangeSet::of([Change::PutOrg(after.clone())].into_iter().chain(recorded));
        let app = self.clone();
        self.to_the_end(async move {
            let committed = crate::commit_in_time(&*store, changes).await?;
            app.known().orgs.forget(&after.id);
            // Kept to here, though the caller may have left.
            drop(turn);
            committed.map(|_| Arc::new(after.clone())).ok_or_else(|| Error::not_found(after.id))
        })
        .await
    }

    /// An organization by its id, for the operator.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub async fn find_org(&self, operator: &Operator, id: OrgId) -> Result<Arc<Org>, Error> {
        self.org(&operator.acting_for(id, self.now())).await
    }

    /// The time in the organization's zone, as models are told it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn local_time(&self, ctx: &Ctx) -> Result<String, Error> {
        Ok(self.org(ctx).await?.local_time(ctx.now))
    }

    /// Who the caller is. The operator counts as the organization's first person.
    ///
    /// # Errors
    /// The store failed.
    pub async fn describe_caller(&self, ctx: &Ctx) -> Result<CallerView, Error> {
        let store = self.store(ctx.org);
        let member = match ctx.member {
            Some(id) => store.find_member(id).await?,
            None => store.list_members().await?.into_iter().next(),
        };
        let member = member.ok_or_else(|| Error::not_found(ctx.org))?;
        Ok(CallerView { org: self.org(ctx).await?, member, scopes: ctx.scopes.clone() })
    }

    fn describe_org(&self, create: CreateOrg, secret: NewSecret) -> FirstKey {
        let now = self.now();
        let org = Org {
            id: self.fresh(),
            number: 0,
            name: create.name,
            time_zone: create.time_zone,
            rollouts: RolloutSettings::default(),
            created_at: now,
        };
        let owner = Member {
            id: self.fresh(),
            number: 0,
            name: create.owner_name,
            email: create.owner_email,
            role: Role::Owner,
            created_at: now,
            suspended_at: None,
            removed_at: None,
        };
        let name = "First project".into();
        let project = Project { id: self.fresh(), number: 0, name, repository: None, version: 0, created_at: now };
        let all = CreateKey {
            name: "First key".into(),
            scopes: vec![Scope::Admin],
            project: None,
            expires_at: None,
            format: KeyFormat::Sortie,
            budget: None,
            member: None,
        };
        let key = self.describe_key(&secret, owner.id, all, now);
        let make = |spec| Agent::create_by(Some(owner.id), self.fresh(), project.id, spec, now).0;
        let watch = create.investigator.map(|model| {
            let agent = make(investigator::describe(model));
            let monitor = first_monitor(self.fresh(), &agent, now);
            (agent, monitor)
        });
        let agent = create.model.map(|model| make(assistant(model)));
        FirstKey { org, owner, project, agent, watch, key, secret }
    }
}

fn assistant(model: String) -> AgentSpec {
    AgentSpec {
        name: "assistant".into(),
        description: Some("A general assistant, there from the first start.".into()),
        model: ModelChoice { id: model, ..ModelChoice::default() },
        instructions: Some(ASSISTANT_INSTRUCTIONS.into()),
        ..AgentSpec::default()
    }
}

/// What was done to an organization; nothing if nothing was.
fn deeds(before: &Org, after: &Org) -> Vec<Act> {
    let mut acts = Vec::new();
    if (&before.name, &before.time_zone) != (&after.name, &after.time_zone) {
        let act = Act::new(Action::OrgUpdated, after.id).with("name", after.name.clone());
        acts.push(act.with("time_zone", after.time_zone.clone()));
    }
    if before.rollouts != after.rollouts {
        let act = Act::new(Action::RolloutSettingsUpdated, after.id);
        acts.push(act.with("make_projects", after.rollouts.make_projects));
    }
    acts
}

fn check_org(org: &Org) -> Result<(), Error> {
    let mut faults = Faults::default();
    faults.check(is_name(&org.name), "name", "must have 1 to 256 characters");
    let zone_known = jiff::tz::TimeZone::get(&org.time_zone).is_ok();
    faults.check(zone_known, "time_zone", "must be an IANA time zone such as Europe/Berlin");
    faults.into_result()
}

fn check_new_org(create: &CreateOrg) -> Result<(), Error> {
    let mut faults = Faults::default();
    faults.check(is_name(&create.name), "name", "must have 1 to 256 characters");
    faults.check(is_name(&create.owner_name), "owner_name", "must have 1 to 256 characters");
    faults.check(is_email(&create.owner_email), "owner_email", "must be an e-mail address");
    let zone_known = jiff::tz::TimeZone::get(&create.time_zone).is_ok();
    faults.check(zone_known, "time_zone", "must be an IANA time zone such as Europe/Berlin");
    faults.into_result()
}

/// Whether organizations and people may be called so.
pub fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= NAME_CHARS_MAX
}

/// Only enough to catch a slip: what an address means is for the mail system to say.
pub(crate) fn is_email(email: &str) -> bool {
    let plain = email.len() <= 320 && !email.contains(|c: char| c.is_whitespace() || c.is_control());
    plain && email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_organization_is_checked_field_by_field() {
        let create = |name: &str, zone: &str, email: &str| CreateOrg {
            name: name.into(),
            time_zone: zone.into(),
            owner_name: "Ada".into(),
            owner_email: email.into(),
            model: None,
            investigator: None,
            key: None,
        };
        assert!(check_new_org(&create("Acme", "Europe/Berlin", "ada@localhost")).is_ok());
        for (wrong, path) in [
            (create(" ", "UTC", "a@b"), "name"),
            (create("Acme", "Mars/Olympus", "a@b"), "time_zone"),
            (create("Acme", "UTC", "a b@c"), "owner_email"),
        ] {
            let Err(Error::Invalid(faults)) = check_new_org(&wrong) else { panic!("{wrong:?} passed") };
            assert_eq!(faults.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(), [path]);
        }
    }
}
