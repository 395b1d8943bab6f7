//! What the first start makes, and what every start prints.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use app::{AgentFilter, App, Bootstrap, NewLink};
use config::Config;
use domain::AgentId;
use secrecy::SecretString;
use web::Site;

use crate::fault::StartError;
use crate::house::operator;
use crate::login::Login;

/// The agent that a new installation comes with.
const ASSISTANT: &str = "assistant";

/// A server that has started, as whoever started it is told.
#[derive(Debug)]
pub struct Started {
    /// The address it listens on.
    pub listens: SocketAddr,
    /// Where it is reached: the public address, if one is configured.
    pub url: String,
    /// The key of the first start: to be shown once, never written to a log.
    pub first_key: Option<SecretString>,
    /// The login file of the data directory.
    pub login_file: PathBuf,
    /// A line that, pasted into a shell, lets the agent `assistant` answer.
    pub try_it: Option<String>,
    /// The file of the certificate that the server shows, if it does so at its own address.
    pub certificate: Option<PathBuf>,
    /// Where the first owner makes their account, while none can log in: not for a log either.
    pub owner_link: Option<SecretString>,
    /// How somebody comes into a demo.
    pub demo: Option<demo::Entry>,
}

/// Makes the first organization if there is none. Returns its key.
pub(crate) async fn bootstrap(app: &App, config: &Config) -> Result<Option<SecretString>, StartError> {
    let options = config.bootstrap.clone();
    let first = Bootstrap {
        org_name: options.org_name,
        time_zone: options.time_zone,
        owner_name: options.owner_name,
        owner_email: options.owner_email,
        key: config.bootstrap_key.clone(),
        model: options.model,
    };
    let made = app.bootstrap(&operator(), first).await.map_err(|error| match error {
        // The fields are the options of `[bootstrap]`; the key is a variable of its own.
        app::Error::Invalid(_) => StartError::Options(format!("`bootstrap`: {error} ({})", config::BOOTSTRAP_KEY)),
        app::Error::Store(cause) => StartError::Other(cause.to_string()),
        other => StartError::Other(other.to_string()),
    })?;
    Ok(made.map(|made| SecretString::from(made.secret.reveal())))
}

/// Writes the login file, and describes the server that has started.
pub(crate) async fn describe(
    app: &App,
    config: &Config,
    listens: SocketAddr,
    first_key: Option<SecretString>,
) -> Result<Started, StartError> {
    let directory = &config.server.data_dir;
    let url = url(config, listens);
    let key = match &first_key {
        Some(key) => Some(key.clone()),
        None => Login::read(directory)?.map(|login| login.key),
    };
    // What is printed is pasted in any folder.
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| StartError::at(path, error));
    let login_file = absolute(&Login::path_in(directory))?;
    let certificate = config.server.tls_cert.as_deref().filter(|_| config.server.public_url.is_none());
    let certificate = certificate.map(absolute).transpose()?;
    let mut try_it = None;
    if let Some(key) = key {
        Login { address: url.clone(), key }.write(directory)?;
        let assistant = find_assistant(app).await?;
        let line = |(project, agent)| try_it_line(&url, project, agent, &login_file, certificate.as_deref());
        try_it = assistant.map(line);
    }
    let owner_link = owner_link(app, &url).await;
    Ok(Started { listens, url, first_key, login_file, try_it, certificate, owner_link, demo: None })
}

/// A new link for the owner of the first organization, while none of its owners can log in. A
/// server that cannot make one serves all the same: `sortie members reset --owner` makes another.
async fn owner_link(app: &App, url: &str) -> Option<SecretString> {
    match make_owner_link(app).await {
        Ok(link) => link.map(|link| Site::new(url).link(link.token.reveal()).into()),
        Err(error) => {
            tracing::warn!(%error, "no link could be made for the owner's account");
            None
        }
    }
}

async fn make_owner_link(app: &App) -> Result<Option<NewLink>, app::Error> {
    if !app.is_owner_needed().await? {
        return Ok(None);
    }
    match app.list_orgs(&operator()).await?.first() {
        Some(first) => app.link_for_owner(&operator(), first).await.map(Some),
        None => Ok(None),
    }
}

/// Where a server of this configuration is reached, which does not run at this moment.
pub(crate) fn url_of(config: &Config) -> String {
    let last = || Login::read(&config.server.data_dir).ok().flatten().map(|login| login.address);
    match &config.server.public_url {
        None => last().unwrap_or_else(|| url(config, config.server.listen)),
        Some(_) => url(config, config.server.listen),
    }
}

fn url(config: &Config, listens: SocketAddr) -> String {
    if let Some(url) = &config.server.public_url {
        return url.as_str().trim_end_matches('/').to_owned();
    }
    let scheme = if config.server.tls_cert.is_some() { "https" } else { "http" };
    // "Every address" is none that can be called.
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("{scheme}://{}", SocketAddr::new(ip, listens.port()))
}

/// The oldest agent `assistant` of the oldest organization, and its project's number.
async fn find_assistant(app: &App) -> Result<Option<(u64, AgentId)>, StartError> {
    let failed = |error: app::Error| StartError::Other(error.to_string());
    let Some(org) = app.list_orgs(&operator()).await.map_err(failed)?.into_iter().next() else { return Ok(None) };
    let ctx = operator().acting_for(org.id, app.now());
    let agents = app.list_agents(&ctx, AgentFilter::default()).await.map_err(failed)?;
    let Some(agent) = agents.into_iter().find(|agent| agent.spec.name == ASSISTANT) else { return Ok(None) };
    let project = app.find_project(&ctx, agent.project).await.map_err(failed)?;
    Ok(Some((project.number, agent.id)))
}

/// One call of the Make-compatible API: it makes the conversation, streams the run's steps
/// and ends by itself. The native API would show single words, but takes two calls and a
/// stream that stays open, which is no line to paste; `sortie run` does that.
fn try_it_line(url: &str, project: u64, agent: AgentId, login: &Path, authority: Option<&Path>) -> String {
    let trust = authority.map(|path| format!(" --cacert {}", quoted(&path.display().to_string())));
    format!(
        "curl -sSN{} -H {} -H 'content-type: application/json' \
         -d '{{\"messages\":[{{\"role\":\"user\",\"content\":\"Hello! Who are you?\"}}],\"config\":{{}}}}' \
         {}",
        trust.unwrap_or_default(),
        quoted(&format!("@{}", login.display())),
        quoted(&format!("{url}/api/v2/ai-agents/v1/agents/{}/run/stream?teamId={project}", agent.0)),
    )
}

/// A text as one word of a shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_can_be_called() {
        let at = |listen: &str, public: Option<&str>| {
            let mut config = Config::default();
            config.server.public_url = public.map(|url| url.parse().unwrap());
            url(&config, listen.parse().unwrap())
        };
        assert_eq!(at("127.0.0.1:7717", None), "http://127.0.0.1:7717");
        assert_eq!(at("0.0.0.0:80", None), "http://127.0.0.1:80");
        assert_eq!(at("[::]:80", None), "http://[::1]:80");
        assert_eq!(at("0.0.0.0:80", Some("https://a.example/sortie/")), "https://a.example/sortie");
    }

    #[test]
    fn the_line_holds_the_path_of_the_key_and_not_the_key() {
        let agent = AgentId(uuid::Uuid::nil());
        let line = try_it_line("http://127.0.0.1:7717", 1, agent, Path::new("/it's here/login"), None);
        assert!(line.contains(r"-H '@/it'\''s here/login'"), "{line}");
        assert!(!line.contains('\n'));
    }
}
