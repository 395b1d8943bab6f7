//! What the operator can ask for.

mod members;
mod webhooks;

use std::path::PathBuf;

use app::{CreateOrg as CreateOrgOperation, FirstKey, KeyFormat, ProjectPatch, ProviderKey};
use domain::budget::Budget;
use domain::key::Scope;
use domain::monitor::MonitorSpec;
use domain::org::RolloutSettings;
use domain::repository::Repository;
use domain::{KeyId, Timestamp};
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::views::{FaultView, KeyView, NewKeyView, NewOrgView, OrgView, ProjectView, ProviderTestView};
use super::{AdminError, Call, Desk};
use crate::backup::{self, BackupView};
use crate::house::operator;
use crate::transfer::{self, ExportView, ImportView};

pub use members::{
    AddMember, InviteMember, ListMembers, ReinstateMember, RemoveMember, ResetMember, SuspendMember, UpdateMember,
};
pub use webhooks::LookAtWebhooks;

/// Providers that are asked side by side.
const ASKED_AT_ONCE: usize = 16;

/// Makes an organization with an owner, a project and a key.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateOrg {
    /// Its name.
    pub name: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// The owner's name.
    pub owner_name: String,
    /// The owner's e-mail address.
    pub owner_email: String,
    /// The model of its agents; if absent, there is no agent `assistant`.
    pub model: Option<String>,
}

impl Call for CreateOrg {
    const NAME: &'static str = "create-org";
    type Reply = NewOrgView;

    async fn answer(self, desk: &Desk) -> Result<NewOrgView, AdminError> {
        let CreateOrg { name, time_zone, owner_name, owner_email, model } = self;
        let investigator = Some(model.clone().unwrap_or_else(|| desk.app.default_model().to_owned()));
        let key = None;
        let create = CreateOrgOperation { name, time_zone, owner_name, owner_email, model, investigator, key };
        let FirstKey { org, project, key, secret, .. } = desk.app.create_org(&operator(), create).await?;
        let view = desk.key_view(org.id, key).await?;
        let first_key = NewKeyView { view, key: secret.reveal().to_owned() };
        Ok(NewOrgView { org: desk.org_view(&org).await?, project: project.into(), first_key })
    }
}

/// Makes a backup while everything goes on.
#[derive(Debug, Serialize, Deserialize)]
pub struct Backup {
    /// The directory to make.
    pub to: PathBuf,
}

impl Call for Backup {
    const NAME: &'static str = "backup";
    type Reply = BackupView;

    async fn answer(self, desk: &Desk) -> Result<BackupView, AdminError> {
        backup::make(&desk.store, &self.to, desk.app.now()).await
    }
}

/// Writes an organization into a file, without its secrets.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExportOrg {
    /// Which: id, number or name; not needed if there is one organization.
    pub org: Option<String>,
    /// The file to make.
    pub to: PathBuf,
}

impl Call for ExportOrg {
    const NAME: &'static str = "export-org";
    type Reply = ExportView;

    async fn answer(self, desk: &Desk) -> Result<ExportView, AdminError> {
        let org = desk.org(self.org.as_deref()).await?;
        transfer::export(&desk.store, org.id, &self.to, desk.app.now()).await
    }
}

/// Takes an organization in, as it stands in a file.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportOrg {
    /// The file.
    pub from: PathBuf,
    /// The name of the new organization that it is to be; the one it was, if absent.
    pub as_new: Option<String>,
}

impl Call for ImportOrg {
    const NAME: &'static str = "import-org";
    type Reply = ImportView;

    async fn answer(self, desk: &Desk) -> Result<ImportView, AdminError> {
        transfer::import(&desk.store, &self.from, self.as_new, desk.app.now()).await
    }
}

/// All organizations, oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListOrgs {}

impl Call for ListOrgs {
    const NAME: &'static str = "list-orgs";
    type Reply = Vec<OrgView>;

    async fn answer(self, desk: &Desk) -> Result<Vec<OrgView>, AdminError> {
        let mut orgs = Vec::new();
        for org in desk.orgs().await? {
            orgs.push(desk.org_view(&org).await?);
        }
        Ok(orgs)
    }
}

/// Asks each provider that an organization brought whether it answers and knows us.
#[derive(Debug, Serialize, Deserialize)]
pub struct TestProviders {}

impl Call for TestProviders {
    const NAME: &'static str = "test-providers";
    type Reply = Vec<ProviderTestView>;

    async fn answer(self, desk: &Desk) -> Result<Vec<ProviderTestView>, AdminError> {
        let mut tests = Vec::new();
        for org in desk.orgs().await? {
            let ctx = desk.acting_for(org.id);
            for provider in desk.app.list_usable_providers(&ctx).await? {
                let Some(own) = provider.own else { continue };
                let (ctx, org, name) = (ctx.clone(), org.name.clone(), provider.name);
                tests.push(async move {
                    match desk.app.test_provider(&ctx, &ProviderKey::Id(own.id)).await {
                        Ok(test) => Ok(Some(ProviderTestView { org, name, fault: test.err().map(FaultView::from) })),
                        // It was deleted since.
                        Err(app::Error::NotFound(_)) => Ok(None),
                        Err(error) => Err(AdminError::from(error)),
                    }
                });
            }
        }
        let tested: Vec<_> = futures::stream::iter(tests).buffered(ASKED_AT_ONCE).try_collect().await?;
        Ok(tested.into_iter().flatten().collect())
    }
}

/// Makes a project.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateProject {
    /// Whose: id, number or name; not needed if there is one organization.
    pub org: Option<String>,
    /// Its name.
    pub name: String,
    /// The repository whose rollouts are its.
    #[serde(default)]
    pub repository: Option<Repository>,
}

impl Call for CreateProject {
    const NAME: &'static str = "create-project";
    type Reply = ProjectView;

    async fn answer(self, desk: &Desk) -> Result<ProjectView, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        Ok(desk.app.create_project(&ctx, self.name, self.repository).await?.into())
    }
}

/// Changes a project; what is absent stays.
#[derive(Debug, Serialize, Deserialize)]
pub struct UpdateProject {
    /// Whose.
    pub org: Option<String>,
    /// Which: id, number or name.
    pub project: String,
    /// Its name since.
    pub name: Option<String>,
    /// The repository whose rollouts are its since.
    pub repository: Option<Repository>,
    /// It has no repository any more.
    pub without_repository: bool,
    /// How its rollouts are watched since.
    #[serde(default)]
    pub monitor: Option<MonitorSpec>,
}

impl Call for UpdateProject {
    const NAME: &'static str = "update-project";
    type Reply = ProjectView;

    async fn answer(self, desk: &Desk) -> Result<ProjectView, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        let project = desk.project(&ctx, &self.project).await?;
        let repository = match self.repository {
            Some(repository) => Some(Some(repository)),
            None => self.without_repository.then_some(None),
        };
        let patch = ProjectPatch { name: self.name, repository, monitor: self.monitor.clone() };
        let project = desk.app.update_project(&ctx, project.id, patch).await?;
        // What was set may watch nothing yet: its monitor may be paused.
        let monitor = match self.monitor {
            Some(set) => set,
            None => desk.app.monitor_spec(&ctx, project.id).await?,
        };
        Ok(ProjectView { monitor: Some(monitor), ..project.into() })
    }
}

/// Says whether a rollout of a repository that no project has makes a project.
#[derive(Debug, Serialize, Deserialize)]
pub struct MakeProjects {
    /// Whose.
    pub org: Option<String>,
    /// Whether it does.
    pub make: bool,
}

impl Call for MakeProjects {
    const NAME: &'static str = "make-projects";
    type Reply = OrgView;

    async fn answer(self, desk: &Desk) -> Result<OrgView, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        desk.app.set_rollout_settings(&ctx, RolloutSettings { make_projects: self.make }).await?;
        desk.org_view(&*desk.app.org(&ctx).await?).await
    }
}

/// The projects of an organization, oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListProjects {
    /// Whose.
    pub org: Option<String>,
}

impl Call for ListProjects {
    const NAME: &'static str = "list-projects";
    type Reply = Vec<ProjectView>;

    async fn answer(self, desk: &Desk) -> Result<Vec<ProjectView>, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        Ok(desk.app.list_projects(&ctx).await?.into_iter().map(Into::into).collect())
    }
}

/// How a new key is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySpelling {
    /// With prefix and checksum.
    Sortie,
    /// A UUIDv4, for clients that recognise nothing else as a key.
    Uuid,
}

/// Makes a key.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateKey {
    /// Whose.
    pub org: Option<String>,
    /// For people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The only project it reaches: id, number or name.
    pub project: Option<String>,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// How it is spelled.
    pub spelling: KeySpelling,
    /// What all runs that are begun with it may spend together.
    #[serde(default)]
    pub budget: Option<Budget>,
    /// Whom it acts as: id, number or e-mail address; the organization's first owner, if
    /// absent.
    #[serde(default)]
    pub member: Option<String>,
}

impl Call for CreateKey {
    const NAME: &'static str = "create-key";
    type Reply = NewKeyView;

    async fn answer(self, desk: &Desk) -> Result<NewKeyView, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        let project = match self.project.as_deref() {
            Some(named) => Some(desk.project(&ctx, named).await?.id),
            None => None,
        };
        let member = match self.member.as_deref() {
            Some(named) => Some(desk.member(&ctx, named).await?.id),
            None => None,
        };
        let format = match self.spelling {
            KeySpelling::Sortie => KeyFormat::Sortie,
            KeySpelling::Uuid => KeyFormat::Uuid,
        };
        let create = app::CreateKey {
            name: self.name,
            scopes: self.scopes,
            project,
            expires_at: self.expires_at,
            format,
            budget: self.budget,
            member,
        };
        let (key, secret) = desk.app.create_key(&ctx, create).await?;
        Ok(NewKeyView { view: desk.key_view(ctx.org, key).await?, key: secret.reveal().to_owned() })
    }
}

/// The keys of an organization, oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListKeys {
    /// Whose.
    pub org: Option<String>,
}

impl Call for ListKeys {
    const NAME: &'static str = "list-keys";
    type Reply = Vec<KeyView>;

    async fn answer(self, desk: &Desk) -> Result<Vec<KeyView>, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        let mut keys = Vec::new();
        for key in desk.app.list_keys(&ctx).await? {
            keys.push(desk.key_view(ctx.org, key).await?);
        }
        Ok(keys)
    }
}

/// Sets what all runs that are begun with a key may spend together, whosever it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct UpdateKey {
    /// The key.
    pub key: KeyId,
    /// How much; `None` lifts the bound.
    pub budget: Option<Budget>,
}

impl Call for UpdateKey {
    const NAME: &'static str = "update-key";
    type Reply = KeyView;

    async fn answer(self, desk: &Desk) -> Result<KeyView, AdminError> {
        for org in desk.orgs().await? {
            match desk.app.set_key_budget(&operator(), org.id, self.key, self.budget).await {
                Err(app::Error::NotFound(_)) => {}
                updated => return desk.key_view(org.id, updated?).await,
            }
        }
        Err(app::Error::not_found(self.key).into())
    }
}

/// Sets what all runs of an organization may spend together.
#[derive(Debug, Serialize, Deserialize)]
pub struct UpdateOrg {
    /// Which: id, number or name; not needed if there is one organization.
    pub org: Option<String>,
    /// How much; `None` lifts the bound.
    pub budget: Option<Budget>,
}

impl Call for UpdateOrg {
    const NAME: &'static str = "update-org";
    type Reply = OrgView;

    async fn answer(self, desk: &Desk) -> Result<OrgView, AdminError> {
        let org = desk.org(self.org.as_deref()).await?;
        desk.app.set_org_budget(&operator(), org.id, self.budget).await?;
        desk.org_view(&org).await
    }
}

/// Revokes a key, whosever it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokeKey {
    /// The key.
    pub key: KeyId,
}

impl Call for RevokeKey {
    const NAME: &'static str = "revoke-key";
    type Reply = KeyView;

    async fn answer(self, desk: &Desk) -> Result<KeyView, AdminError> {
        for org in desk.orgs().await? {
            match desk.app.revoke_key(&desk.acting_for(org.id), self.key).await {
                Err(app::Error::NotFound(_)) => {}
                revoked => return desk.key_view(org.id, revoked?).await,
            }
        }
        Err(app::Error::not_found(self.key).into())
    }
}
