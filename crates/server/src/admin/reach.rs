//! The operator's end: over the socket, or on the directory itself.

use std::path::Path;
use std::sync::Arc;

use config::Config;
use ports::workers::NoWorkers;
use store_sqlite::OpenError;

use super::{AdminError, AdminErrorKind, Call, Desk, socket};
use crate::fault::StartError;
use crate::first_start;
use crate::house::House;

/// A way to administer a data directory.
pub struct Admin(Way);

enum Way {
    /// A server holds the directory and answers on its socket.
    Socket(reqwest::Client),
    /// No server holds it: this process does.
    Directory(Desk),
}

impl Admin {
    /// Reaches the data directory of this configuration, whoever holds it.
    ///
    /// # Errors
    /// There is no data, or it can be neither reached nor opened.
    pub async fn reach(config: &Config) -> Result<Self, StartError> {
        let directory = &config.server.data_dir;
        if let Some(client) = call_socket(directory).await {
            return Ok(Self(Way::Socket(client)));
        }
        let house = match House::open_existing(config).await {
            // A server that is just starting holds the directory before it has the socket.
            Err(StartError::Store(OpenError::InUse(path))) => match call_socket(directory).await {
                Some(client) => return Ok(Self(Way::Socket(client))),
                None => return Err(StartError::Store(OpenError::InUse(path))),
            },
            opened => opened?,
        };
        let url = first_start::url_of(config);
        let desk = Desk::new(house.app(Arc::new(NoWorkers)), house.store, &url);
        Ok(Self(Way::Directory(desk)))
    }

    /// Asks for something.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn call<C: Call>(&self, call: C) -> Result<C::Reply, AdminError> {
        match &self.0 {
            Way::Directory(desk) => call.answer(desk).await,
            Way::Socket(client) => ask(client, call).await,
        }
    }

    /// Gives the directory back, if this process holds it.
    pub async fn close(self) {
        if let Way::Directory(desk) = self.0 {
            desk.app.settle().await;
            desk.store.close().await;
        }
    }
}

/// A client of the socket, if a server answers there.
async fn call_socket(directory: &Path) -> Option<reqwest::Client> {
    let path = socket::path_in(directory);
    tokio::net::UnixStream::connect(&path).await.ok()?;
    reqwest::Client::builder().unix_socket(path).build().ok()
}

async fn ask<C: Call>(client: &reqwest::Client, call: C) -> Result<C::Reply, AdminError> {
    let failed = |error: reqwest::Error| {
        AdminError::new(AdminErrorKind::Failed, format!("the server did not answer on its socket: {error}"))
    };
    // The host is not looked at: the socket is the address.
    let request = client.post(format!("http://admin/{}", C::NAME)).json(&call);
    let response = request.send().await.map_err(failed)?;
    match response.status() {
        reqwest::StatusCode::OK => response.json().await.map_err(failed),
        reqwest::StatusCode::BAD_REQUEST => Err(response.json().await.map_err(failed)?),
        other => {
            let message = format!("the server answered {other}: is it of another release than this command?");
            Err(AdminError::new(AdminErrorKind::Failed, message))
        }
    }
}
