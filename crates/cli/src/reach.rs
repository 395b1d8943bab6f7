//! Which server a command talks to, and with which key.

use std::path::PathBuf;

use config::{Config, Environment, Flag, Sources};
use secrecy::SecretString;
use server::Login;
use server::admin::Admin;

use crate::arguments::{Place, Target};
use crate::failure::{Code, Failure};
use crate::native::Native;

/// The address of a server that was started without options.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:7717";

/// The configuration that the command line, the environment and the file amount to.
pub(crate) fn configuration(place: &Place, flags: Vec<Flag>) -> Result<Config, Failure> {
    let directory = place.data_dir.as_ref().map(|directory| Flag {
        name: "--data-dir",
        path: "server.data_dir",
        value: directory.display().to_string(),
    });
    let flags = directory.into_iter().chain(flags).collect();
    let sources = Sources { file: place.config.clone(), environment: Environment::of_process(), flags };
    Ok(config::load(&sources)?)
}

/// The native API of the server that is meant: named by flags or environment, else the one
/// whose login stands in the data directory.
pub(crate) fn native(place: &Place, target: &Target) -> Result<Native, Failure> {
    let login = match (&target.server, &target.key) {
        (Some(_), Some(_)) => None,
        _ => login(place)?,
    };
    let address = target.server.clone().or_else(|| login.as_ref().map(|login| login.address.clone()));
    let key = target.key.clone().map(SecretString::from).or_else(|| {
        // The key of one server is not sent to another.
        let same = |login: &Login| target.server.as_ref().is_none_or(|server| *server == login.address);
        login.filter(same).map(|login| login.key)
    });
    let Some(key) = key else {
        let message = "no key: give --key or SORTIE_KEY, or name the data directory of a server on this machine \
                       with --data-dir"
            .to_owned();
        return Err(Failure::new(Code::NotAllowed, message));
    };
    Native::new(address.as_deref().unwrap_or(DEFAULT_ADDRESS), &key, target.ca_cert.as_deref())
}

/// The address of the server that is meant.
pub(crate) fn address(place: &Place, target: &Target) -> Result<String, Failure> {
    match &target.server {
        Some(address) => Ok(address.clone()),
        None => Ok(login(place)?.map_or_else(|| DEFAULT_ADDRESS.to_owned(), |login| login.address)),
    }
}

/// The administration of the data directory that is meant.
pub(crate) async fn admin(place: &Place) -> Result<Admin, Failure> {
    Ok(Admin::reach(&configuration(place, Vec::new())?).await?)
}

fn login(place: &Place) -> Result<Option<Login>, Failure> {
    let directory: PathBuf = match &place.data_dir {
        Some(directory) => directory.clone(),
        None => configuration(place, Vec::new())?.server.data_dir,
    };
    Ok(Login::read(&directory)?)
}
