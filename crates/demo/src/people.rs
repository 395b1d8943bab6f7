//! The people of the demo and their keys.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use app::{AddMember, App, Browser, CreateKey, Ctx, KeyFormat, NewSecret, Operator, UseLink};
use domain::budget::Budget;
use domain::key::Scope;
use domain::money::{Currency, Money};
use domain::org::Role;
use domain::{KeyId, MemberId};
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::{DemoError, OWNER_EMAIL, OWNER_NAME};

/// Who does something, and with which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// The owner.
    Dana,
    /// An administrator.
    Ravi,
    /// A member.
    Lena,
    /// The pipeline, with a key of Lena's.
    Pipeline,
    /// The program behind the desk of customer care, with a key of Ravi's.
    Desk,
}

/// The keys of those who do something.
pub(crate) struct People {
    secrets: HashMap<Who, String>,
    /// A member who may be asked about rollouts.
    pub(crate) lena: MemberId,
}

/// What the program of the desk may do.
const DESK: [Scope; 4] = [Scope::AgentsRead, Scope::AgentsRun, Scope::SessionsRead, Scope::SessionsWrite];
/// What the pipeline may do.
const PIPELINE: [Scope; 2] = [Scope::RolloutsRead, Scope::RolloutsWrite];
/// What a board on a wall may do.
const BOARD: [Scope; 4] = [Scope::SessionsRead, Scope::RolloutsRead, Scope::UsageRead, Scope::AgentsRead];

impl People {
    /// The owner as they are known, and everybody else.
    pub(crate) async fn invite(app: &App, key: &str, password: SecretString) -> Result<Self, DemoError> {
        let mut people = Self { secrets: [(Who::Dana, key.to_owned())].into(), lena: MemberId(uuid::Uuid::nil()) };
        let dana = people.ctx(app, Who::Dana).await?;
        Self::open_account(app, &dana, password).await?;
        let ravi = add(app, &dana, "Ravi Menon", "ravi@kestrel.example", Role::Admin).await?;
        let lena = add(app, &dana, "Lena Fischer", "lena@kestrel.example", Role::Member).await?;
        let tom = add(app, &dana, "Tom Whitfield", "tom@kestrel.example", Role::Viewer).await?;
        let jonas = add(app, &dana, "Jonas Brandt", "jonas@kestrel.example", Role::Member).await?;
        app.suspend_member(&dana, jonas).await?;
        people.lena = lena;
        let mut key = async |who, name, scopes: &[Scope], member| {
            let (_, secret) = app.create_key(&dana, plan(name, scopes, Some(member))).await?;
            people.secrets.insert(who, secret.reveal().to_owned());
            Ok::<_, DemoError>(())
        };
        key(Who::Ravi, "Ravi's laptop", &[Scope::Admin], ravi).await?;
        key(Who::Lena, "Lena's laptop", &[Scope::Admin], lena).await?;
        key(Who::Pipeline, "Pipeline", &PIPELINE, lena).await?;
        Self::make_other_keys(app, &dana, &mut people, [ravi, tom]).await?;
        Ok(people)
    }

    /// The caller who shows this key at this moment.
    pub(crate) async fn ctx(&self, app: &App, who: Who) -> Result<Ctx, DemoError> {
        let secret = self.secrets.get(&who).map(String::as_str).unwrap_or_default();
        Ok(app.authenticate(secret).await?)
    }

    /// Makes one more key, as somebody who tries something.
    pub(crate) async fn try_key(&self, app: &App, ctx: &Ctx) -> Result<KeyId, DemoError> {
        Ok(app.create_key(ctx, plan("A try", &BOARD, None)).await?.0.id)
    }

    /// As the owner of a new installation does it: by the link that the start prints.
    async fn open_account(app: &App, dana: &Ctx, password: SecretString) -> Result<(), DemoError> {
        let org = app.org(dana).await?;
        let link = app.link_for_owner(&Operator::of_this_installation(), &org).await?;
        let using = UseLink {
            name: Some(OWNER_NAME.to_owned()),
            email: Some(OWNER_EMAIL.to_owned()),
            password: Some(password),
            as_person: None,
            browser: Browser { address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), login: None },
        };
        app.use_link(link.token.reveal(), using).await?;
        Ok(())
    }

    async fn make_other_keys(
        app: &App,
        dana: &Ctx,
        people: &mut Self,
        [ravi, tom]: [MemberId; 2],
    ) -> Result<(), DemoError> {
        let money = Money { micros: 40_000_000, currency: Currency::USD };
        let budget = Some(Budget { money: Some(money), ..Budget::default() });
        let desk = CreateKey { budget, ..plan("Desk of customer care", &DESK, Some(ravi)) };
        let (_, secret): (_, NewSecret) = app.create_key(dana, desk).await?;
        people.secrets.insert(Who::Desk, secret.reveal().to_owned());
        app.create_key(dana, plan("Board in the office", &BOARD, Some(tom))).await?;
        let soon = dana.now.checked_add(SignedDuration::from_hours(45 * 24)).ok();
        app.create_key(dana, CreateKey { expires_at: soon, ..plan("Trial of the new desk", &DESK, None) }).await?;
        let old: KeyId = app.create_key(dana, plan("Old pipeline", &PIPELINE, None)).await?.0.id;
        app.revoke_key(dana, old).await?;
        Ok(())
    }
}

async fn add(app: &App, dana: &Ctx, name: &str, email: &str, role: Role) -> Result<MemberId, DemoError> {
    let add = AddMember { name: name.to_owned(), email: email.to_owned(), role };
    Ok(app.add_member(dana, add).await?.id)
}

fn plan(name: &str, scopes: &[Scope], member: Option<MemberId>) -> CreateKey {
    CreateKey {
        name: name.to_owned(),
        scopes: scopes.to_vec(),
        project: None,
        expires_at: None,
        format: KeyFormat::Sortie,
        budget: None,
        member,
    }
}
