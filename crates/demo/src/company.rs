//! The organization of the demo.

use std::time::Duration;

use app::{App, Ctx, ProjectPatch};
use domain::deployment::Deployment;
use domain::org::Project;
use domain::repository::Repository;
use secrecy::SecretString;

use crate::agents::Agents;
use crate::people::{People, Who};
use crate::travel::Travel;
use crate::{DemoError, Entry, OWNER_EMAIL, Place, doors};

/// Between two deeds on the day on which everything was set up.
const A_WHILE: Duration = Duration::from_secs(7 * 60);

pub(crate) struct Company {
    pub(crate) app: App,
    pub(crate) people: People,
    pub(crate) agents: Agents,
    pub(crate) storefront: Project,
    pub(crate) payments: Project,
    pub(crate) search: Project,
    /// The chat on the shop's pages.
    pub(crate) page: Deployment,
    pub(crate) entry: Entry,
}

impl Company {
    /// Sets everything up, on one day.
    pub(crate) async fn found(
        place: &Place,
        travel: &Travel,
        key: &str,
        password: SecretString,
    ) -> Result<Self, DemoError> {
        let app = place.app.clone();
        let people = People::invite(&app, key, password.clone()).await?;
        let dana = async || people.ctx(&app, Who::Dana).await;
        travel.on(A_WHILE).await?;
        let storefront = Self::first_project(&app, &dana().await?).await?;
        let payments = make(&app, &dana().await?, "Payments", Some("kestrel/payments")).await?;
        let search = make(&app, &dana().await?, "Search", Some("kestrel/search")).await?;
        let care = make(&app, &dana().await?, "Customer care", None).await?;
        travel.on(A_WHILE).await?;
        let agents = Agents::hire(&app, &people.ctx(&app, Who::Ravi).await?, &storefront, &payments, &care).await?;
        travel.on(A_WHILE).await?;
        let ravi = people.ctx(&app, Who::Ravi).await?;
        for (project, monitor) in [
            (&storefront, doors::watch_of_shop()),
            (&payments, doors::watch_of_payments()),
            (&search, doors::watch_of_search()),
        ] {
            let patch = ProjectPatch { monitor: Some(monitor), ..ProjectPatch::default() };
            app.update_project(&ravi, project.id, patch).await?;
        }
        let page = doors::open(&app, &ravi, &agents).await?;
        travel.on(A_WHILE).await?;
        doors::rule(&app, &dana().await?, &payments, &people).await?;
        doors::tell(&app, &dana().await?, payments.id).await?;
        let entry = Entry { email: OWNER_EMAIL.to_owned(), password };
        Ok(Self { app, people, agents, storefront, payments, search, page, entry })
    }

    /// Somebody, at this moment.
    pub(crate) async fn ctx(&self, who: Who) -> Result<Ctx, DemoError> {
        self.people.ctx(&self.app, who).await
    }

    /// The project that every organization begins with becomes the shop.
    async fn first_project(app: &App, dana: &Ctx) -> Result<Project, DemoError> {
        let first = app.list_projects(dana).await?.into_iter().next();
        let first = first.ok_or(DemoError::Miswritten("the organization has no project"))?;
        let repository = Some(Some(named("kestrel/storefront")?));
        let patch = ProjectPatch { name: Some("Storefront".to_owned()), repository, monitor: None };
        Ok(app.update_project(dana, first.id, patch).await?)
    }
}

async fn make(app: &App, dana: &Ctx, name: &str, repository: Option<&str>) -> Result<Project, DemoError> {
    let repository = repository.map(named).transpose()?;
    Ok(app.create_project(dana, name.to_owned(), repository).await?)
}

fn named(repository: &str) -> Result<Repository, DemoError> {
    repository.parse().map_err(|_| DemoError::Miswritten("a repository is not written as owner/name"))
}
