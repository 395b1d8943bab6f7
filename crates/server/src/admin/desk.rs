//! Where the operator's requests are answered.

use std::sync::Arc;

use app::{App, Ctx, NewLink};
use domain::OrgId;
use domain::budget::AccountId;
use domain::key::Key;
use domain::org::{Member, Org, Project};
use store_sqlite::SqliteStore;
use web::Site;

use super::views::{KeyView, LinkView, OrgView};
use super::{AdminError, AdminErrorKind};
use crate::house::operator;

/// Answers the operator. Whoever holds one has proved to be the operator.
#[derive(Clone)]
pub struct Desk {
    pub(super) app: App,
    pub(super) store: Arc<SqliteStore>,
    /// Where people reach the server.
    pub(super) site: Site,
}

impl Desk {
    pub(crate) fn new(app: App, store: Arc<SqliteStore>, url: &str) -> Self {
        Self { app, store, site: Site::new(url) }
    }

    /// All organizations, oldest first.
    pub(super) async fn orgs(&self) -> Result<Vec<Org>, AdminError> {
        Ok(self.app.list_orgs(&operator()).await?)
    }

    /// The organization that is meant: by id, number or name; the only one if none is named.
    pub(super) async fn org(&self, named: Option<&str>) -> Result<Org, AdminError> {
        let mut orgs = self.orgs().await?;
        let Some(named) = named else {
            return match orgs.len() {
                1 => Ok(orgs.remove(0)),
                0 => Err(AdminError::new(AdminErrorKind::NotFound, "there is no organization yet")),
                _ => {
                    let names: Vec<&str> = orgs.iter().map(|org| org.name.as_str()).collect();
                    let message =
                        format!("there are several organizations: choose one with --org: {}", names.join(", "));
                    Err(AdminError::new(AdminErrorKind::Invalid, message))
                }
            };
        };
        let is_meant =
            |org: &Org| named.parse::<OrgId>() == Ok(org.id) || named.parse() == Ok(org.number) || named == org.name;
        only(orgs.into_iter().filter(is_meant).collect(), "organization", named)
    }

    /// The operator acting for the organization that is meant.
    pub(super) async fn ctx(&self, org: Option<&str>) -> Result<Ctx, AdminError> {
        let org = self.org(org).await?;
        Ok(self.acting_for(org.id))
    }

    pub(super) fn acting_for(&self, org: OrgId) -> Ctx {
        operator().acting_for(org, self.app.now())
    }

    /// An organization with its budget.
    pub(super) async fn org_view(&self, org: &Org) -> Result<OrgView, AdminError> {
        let account = self.app.find_account(&operator(), org.id, AccountId::Organization(org.id)).await?;
        Ok(OrgView::new(org, account))
    }

    /// A key with its budget.
    pub(super) async fn key_view(&self, org: OrgId, key: Key) -> Result<KeyView, AdminError> {
        let account = self.app.find_account(&operator(), org, AccountId::Key(key.id)).await?;
        Ok(KeyView::new(key, account))
    }

    /// The person who is meant: by id, number or e-mail address.
    pub(super) async fn member(&self, ctx: &Ctx, named: &str) -> Result<Member, AdminError> {
        let members = self.app.list_members(ctx).await?;
        let is_meant = |member: &Member| {
            named.parse() == Ok(member.id)
                || named.parse() == Ok(member.number)
                || named.eq_ignore_ascii_case(&member.email)
        };
        only(members.into_iter().filter(is_meant).collect(), "member", named)
    }

    /// A link as it is sent to somebody.
    pub(super) fn link_view(&self, link: NewLink) -> LinkView {
        LinkView { url: self.site.link(link.token.reveal()), expires_at: link.expires_at }
    }

    /// The project that is meant: by id, number or name.
    pub(super) async fn project(&self, ctx: &Ctx, named: &str) -> Result<Project, AdminError> {
        let projects = self.app.list_projects(ctx).await?;
        let is_meant = |project: &Project| {
            named.parse() == Ok(project.id) || named.parse() == Ok(project.number) || named == project.name
        };
        only(projects.into_iter().filter(is_meant).collect(), "project", named)
    }
}

fn only<T>(mut found: Vec<T>, what: &str, named: &str) -> Result<T, AdminError> {
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(AdminError::new(AdminErrorKind::NotFound, format!("{what} {named} not found"))),
        (Some(_), false) => {
            let message = format!("several {what}s match {named}: use the number or the id");
            Err(AdminError::new(AdminErrorKind::Invalid, message))
        }
    }
}
