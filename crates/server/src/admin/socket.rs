//! The owner-only socket in the data directory.
//!
//! Its file lies in a directory and has a mode that let in nobody but the owner, and each
//! caller's user is checked besides. A call is `POST /NAME` with the call as JSON; the
//! answer is its reply, or an [`AdminError`] with status 400.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use hyper_util::service::TowerToHyperService;
use tokio::net::{UnixListener, UnixStream};
use tokio_util::task::TaskTracker;

use super::{Call, Desk, calls};
use crate::fault::StartError;
use crate::listener::{Stop, talk_http1};

const FILE: &str = "admin.sock";
const BODY_BYTES_MAX: usize = 1 << 20;
/// Longest path of a socket, by the system's own structure (with its final zero).
const PATH_BYTES_MAX: usize = 107;

/// Where the socket of a data directory is.
pub(crate) fn path_in(directory: &Path) -> PathBuf {
    directory.join(FILE)
}

/// Every call, by its name.
pub(crate) fn router(desk: Desk) -> Router {
    let router = Router::new();
    let router = serve::<calls::CreateOrg>(router);
    let router = serve::<calls::ListOrgs>(router);
    let router = serve::<calls::Backup>(router);
    let router = serve::<calls::ExportOrg>(router);
    let router = serve::<calls::ImportOrg>(router);
    let router = serve::<calls::TestProviders>(router);
    let router = serve::<calls::LookAtWebhooks>(router);
    let router = serve::<calls::CreateProject>(router);
    let router = serve::<calls::ListProjects>(router);
    let router = serve::<calls::UpdateProject>(router);
    let router = serve::<calls::MakeProjects>(router);
    let router = serve::<calls::ListMembers>(router);
    let router = serve::<calls::AddMember>(router);
    let router = serve::<calls::UpdateMember>(router);
    let router = serve::<calls::SuspendMember>(router);
    let router = serve::<calls::ReinstateMember>(router);
    let router = serve::<calls::RemoveMember>(router);
    let router = serve::<calls::InviteMember>(router);
    let router = serve::<calls::ResetMember>(router);
    let router = serve::<calls::CreateKey>(router);
    let router = serve::<calls::ListKeys>(router);
    let router = serve::<calls::RevokeKey>(router);
    let router = serve::<calls::UpdateKey>(router);
    let router = serve::<calls::UpdateOrg>(router);
    router.layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(desk)
}

fn serve<C: Call>(router: Router<Desk>) -> Router<Desk> {
    router.route(&format!("/{}", C::NAME), post(answer::<C>))
}

async fn answer<C: Call>(State(desk): State<Desk>, Json(call): Json<C>) -> Response {
    match call.answer(&desk).await {
        Ok(reply) => Json(reply).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(error)).into_response(),
    }
}

/// The listening socket. Its file goes when this does.
pub(crate) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Takes the socket of a data directory that this process holds. A file that an earlier
    /// server left behind is in the way and removed.
    pub(crate) fn bind(directory: &Path) -> Result<Self, StartError> {
        let path = path_in(directory);
        let fault = |error| StartError::at(&path, error);
        if path.as_os_str().len() > PATH_BYTES_MAX {
            let why = format!("longer than the {PATH_BYTES_MAX} bytes that a socket's path may have");
            return Err(fault(io::Error::new(io::ErrorKind::InvalidFilename, why)));
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(error)),
            _ => {}
        }
        let listener = UnixListener::bind(&path).map_err(fault)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(fault)?;
        Ok(Self { listener, path: path.clone() })
    }

    /// Serves until `stop`.
    pub(crate) async fn serve(self, router: Router, stop: Stop) {
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.gently.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) if is_owner(&stream) => {
                    let (router, stop) = (router.clone(), stop.clone());
                    connections.spawn(async move { talk_http1(stream, TowerToHyperService::new(router), stop).await });
                }
                Ok(_) => tracing::warn!("somebody other than the owner called the administration socket"),
                Err(error) => {
                    tracing::warn!(%error, "the administration socket is closed");
                    break;
                }
            }
        }
        connections.close();
        connections.wait().await;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // If it stays, the next server removes it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the caller is the user that this process runs as, or the system's own.
fn is_owner(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}
