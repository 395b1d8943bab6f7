//! How many files and connections the system lets this process have open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Kept for the database, the log, and calls to providers and tools.
const RESERVED: u64 = 256;

/// Raises the limit as far as the system allows, and gives the connections there is room for:
/// so many as are wanted, if that is possible.
pub(crate) fn room_for_connections(wanted: usize) -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "the limit of open files could not be raised");
            limit = getrlimit(Resource::Nofile);
        }
    }
    // No limit at all is `None`.
    let Some(files) = limit.current else { return wanted };
    let room = usize::try_from(files.saturating_sub(RESERVED)).unwrap_or(usize::MAX).max(1);
    if room < wanted {
        tracing::warn!(wanted, room, "fewer connections at once than configured: the system's limit of open files");
    }
    wanted.min(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_what_the_system_allows() {
        assert_eq!(room_for_connections(1), 1);
        let most = room_for_connections(usize::MAX);
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum, "raised");
        assert!(limit.current.is_none_or(|files| most as u64 <= files));
    }
}
