//! `sortie serve`.

use std::path::Path;

use config::Flag;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use server::{DemoEntry, Server, Started};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{Place, Serve};
use crate::failure::{Code, Failure};
use crate::output::Output;
use crate::reach;

pub(super) async fn run(place: &Place, serve: Serve, output: Output) -> Result<(), Failure> {
    let is_demo = serve.demo;
    let config = reach::configuration(place, flags(serve))?;
    server::logs::start(&config.log)?;
    // Before anything is opened: whoever stops us while we start must not lose us half way.
    let mut stop = Stop::listen()?;
    let server = match is_demo {
        true => Server::start_demo(&config, place.data_dir.as_deref()).await?,
        false => Server::start(&config).await?,
    };
    greet(server.started(), place.data_dir.as_deref(), output)?;
    server.run(stop.asked()).await;
    Ok(())
}

fn flags(serve: Serve) -> Vec<Flag> {
    let flag = |name, path, value: Option<String>| value.map(|value| Flag { name, path, value });
    let path = |path: Option<std::path::PathBuf>| path.map(|path| path.display().to_string());
    let listen = flag("--listen", "server.listen", serve.listen.map(|listen| listen.to_string()));
    let certificate = flag("--tls-cert", "server.tls_cert", path(serve.tls_cert));
    let key = flag("--tls-key", "server.tls_key", path(serve.tls_key));
    [listen, certificate, key].into_iter().flatten().collect()
}

fn greet(started: &Started, demo_directory: Option<&Path>, output: Output) -> Result<(), Failure> {
    let first_key = started.first_key.as_ref().map(ExposeSecret::expose_secret);
    let owner_link = started.owner_link.as_ref().map(ExposeSecret::expose_secret);
    if output.is_json() {
        return output.json(&json!({
            "url": started.url,
            "listens": started.listens,
            "first_key": first_key,
            "login_file": started.login_file,
            "try_it": started.try_it,
            "talk": talk_line(started),
            "owner_link": owner_link,
            "demo": started.demo.as_ref().map(entry),
        }));
    }
    if let Some(demo) = &started.demo {
        return output.text(&welcome(started, demo, demo_directory, first_key.unwrap_or_default()));
    }
    let mut text = format!("Sortie is at {}\n", started.url);
    if let Some(key) = first_key {
        text += &format!(
            "\nYour key, shown this once:\n\n    {key}\n\n\
             The commands on this machine find it in {}.\n",
            started.login_file.display()
        );
    }
    if let Some(link) = owner_link {
        text += &format!("\nMake the owner's account, to log in to the console:\n\n    {link}\n");
    }
    if let Some(line) = &started.try_it {
        text += &format!("\nPaste this into another shell, and the agent `assistant` answers:\n\n{line}\n");
    }
    if let Some(line) = talk_line(started) {
        text += &format!("\nOr word by word:\n\n{line}\n");
    }
    output.text(&text)
}

/// What lets the agent `assistant` answer word by word, in a shell that may be in another folder and
/// not know this program by its name.
fn talk_line(started: &Started) -> Option<String> {
    started.try_it.as_ref()?;
    let word = |path: &Path| server::quoted(&path.display().to_string());
    let this = std::env::current_exe().ok()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find_map(|folder| folder.join("sortie").canonicalize().ok());
    let program = if found == this.canonicalize().ok() { "sortie".to_owned() } else { word(&this) };
    let trust = started.certificate.as_deref().map(|path| format!(" --ca-cert {}", word(path)));
    let data = word(started.login_file.parent()?);
    Some(format!("{program} run --data-dir {data}{} 'Hello! Who are you?'", trust.unwrap_or_default()))
}

fn entry(demo: &DemoEntry) -> Value {
    json!({ "email": demo.email, "password": demo.password.expose_secret() })
}

/// What whoever started a demo is told: what is in a directory that they named stays.
fn welcome(started: &Started, demo: &DemoEntry, directory: Option<&Path>, key: &str) -> String {
    let afterwards = match directory {
        None => "It goes away when you stop it.".to_owned(),
        Some(path) => format!("It stays in {} when you stop it; no server goes on with it.", path.display()),
    };
    format!(
        "This is a demo of Sortie: all of it is made up. {afterwards}\n\n\
         Open {url} and log in as the demo's owner:\n\n    \
         e-mail    {email}\n    password  {password}\n\n\
         For programs and for other shells:\n\n    export SORTIE_URL={url} SORTIE_KEY={key}\n    \
         sortie sessions list\n",
        url = started.url,
        email = demo.email,
        password = demo.password.expose_secret(),
    )
}

/// The signals that stop the server. The first drains; the second stops at once.
struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> Result<Self, Failure> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn asked(&mut self) {
        self.one().await;
        let mut again = match Self::listen() {
            Ok(again) => again,
            // The drain ends by itself, only not sooner.
            Err(_) => return,
        };
        tokio::spawn(async move {
            again.one().await;
            tracing::warn!("stopped at once; what was acknowledged is on disk, and runs resume with the next start");
            std::process::exit(Code::Interrupted as i32);
        });
    }

    async fn one(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
