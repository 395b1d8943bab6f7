//! A demo: where its data are, how it differs from a server, and how it is kept apart from one.

use std::io;
use std::path::{Path, PathBuf};

use app::App;
use config::{BootstrapOptions, Config, LoginOptions, ModelOptions, RetentionOptions, ServerOptions};
use demo::{Demo, Life, Place};
use models::{ProviderKind, ProviderOptions};
use ports::time::SystemSources;
use ports::{IdSource, Store};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use crate::fault::StartError;
use crate::house::House;
use crate::private_file;

/// The file that says what a directory holds.
const MARK: &str = "demo";

/// The beginning of the name of a directory that goes away.
const PREFIX: &str = "sortie-demo-";

/// The data directory of a demo.
pub(crate) struct DemoDirectory {
    path: PathBuf,
    /// Removed at the end, or when this is dropped.
    passing: Option<TempDir>,
}

impl DemoDirectory {
    /// A fresh one, or this, which must be empty or not there.
    pub(crate) fn make(given: Option<&Path>) -> Result<Self, StartError> {
        let directory = match given {
            Some(path) => Self { path: path.to_owned(), passing: None },
            None => {
                let made = tempfile::Builder::new().prefix(PREFIX).tempdir();
                let passing = made.map_err(|error| StartError::at(std::env::temp_dir(), error))?;
                Self { path: passing.path().to_owned(), passing: Some(passing) }
            }
        };
        let path = &directory.path;
        if !is_empty(path).map_err(|error| StartError::at(path, error))? {
            return Err(StartError::NoPlaceForDemo(path.clone()));
        }
        // Before anything else: what is half made is marked too.
        let marked = std::fs::create_dir_all(path).and_then(|()| {
            private_file::write(&path.join(MARK), b"What is here was made up by `sortie serve --demo`.\n")
        });
        marked.map_err(|error| StartError::at(path, error))?;
        Ok(directory)
    }

    /// What is configured, as far as it makes sense of a demo: where it listens and what it may
    /// be asked, but neither providers, nor how people log in and what is let go, nor what a
    /// first start makes. A key that the environment has for a first start is another
    /// installation's.
    pub(crate) fn configuration(&self, config: &Config) -> Config {
        let provider = ProviderOptions { kind: ProviderKind::Scripted, ..ProviderOptions::default() };
        Config {
            server: ServerOptions { data_dir: self.path.clone(), ..config.server.clone() },
            bootstrap: BootstrapOptions {
                org_name: demo::ORG_NAME.to_owned(),
                time_zone: demo::TIME_ZONE.to_owned(),
                owner_name: demo::OWNER_NAME.to_owned(),
                owner_email: demo::OWNER_EMAIL.to_owned(),
                model: demo::MODEL.to_owned(),
            },
            models: ModelOptions::default(),
            login: LoginOptions::default(),
            retention: RetentionOptions::default(),
            bootstrap_key: None,
            providers: [(demo::PROVIDER.to_owned(), provider)].into(),
            ..config.clone()
        }
    }

    /// Removes what goes away.
    pub(crate) fn leave(self) {
        if let Some(Err(error)) = self.passing.map(TempDir::close) {
            tracing::warn!(%error, directory = %self.path.display(), "the data of the demo could not be removed");
        }
    }
}

/// Makes sure that a directory holds nothing that was made up.
pub(crate) fn refuse_made_up(directory: &Path) -> Result<(), StartError> {
    match directory.join(MARK).try_exists() {
        Ok(true) => Err(StartError::MadeUp(directory.to_owned())),
        // Whoever cannot look is told so when it is opened.
        Ok(false) | Err(_) => Ok(()),
    }
}

/// Lets the demo happen in a house that has its first organization and nothing else.
pub(crate) async fn furnish(
    demo: &Demo,
    house: &House,
    app: &App,
    first_key: Option<&SecretString>,
) -> Result<Life, StartError> {
    let key = first_key.map(ExposeSecret::expose_secret).unwrap_or_default();
    let store = std::sync::Arc::clone(&house.store) as std::sync::Arc<dyn Store>;
    let place = Place { app: app.clone(), store, feed: house.feed.clone() };
    // Not one that stands in the documents: a demo may be where others reach it.
    let chosen = SystemSources.uuid_v4().simple().to_string();
    let password = SecretString::from(format!("demo-{}", &chosen[20..]));
    let furnished = Box::pin(demo.furnish(&place, key, password)).await;
    furnished.map_err(|error| StartError::Other(error.to_string()))
}

fn is_empty(directory: &Path) -> io::Result<bool> {
    match std::fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_takes_an_empty_directory_and_marks_it() {
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path().to_owned(), dir.path().join("demo-data/below")] {
            // The first is no longer empty when the second is made in it.
            let made = DemoDirectory::make(Some(&path)).unwrap();
            assert!(matches!(refuse_made_up(&path), Err(StartError::MadeUp(_))));
            made.leave();
            assert!(path.exists(), "what was named stays");
            assert!(matches!(DemoDirectory::make(Some(&path)), Err(StartError::NoPlaceForDemo(_))));
        }
    }

    #[test]
    fn a_directory_of_its_own_goes_away() {
        let made = DemoDirectory::make(None).unwrap();
        let path = made.path.clone();
        assert!(path.exists() && made.configuration(&Config::default()).server.data_dir == path);
        made.leave();
        assert!(!path.exists());
    }

    #[test]
    fn an_ordinary_directory_is_not_made_up() {
        let dir = tempfile::tempdir().unwrap();
        assert!(refuse_made_up(dir.path()).is_ok());
    }
}
