//! What Make's programs look up before they come to agents: who they are, which teams there
//! are, what a team can use. Unlike agents, these answers are wrapped, paged and cut to the
//! columns asked for. Any token that is known may look.

mod connections;
mod people;
mod scenarios;
mod table;
mod teams;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Make;

/// The operations.
pub(crate) fn routes() -> OpenApiRouter<Make> {
    OpenApiRouter::new()
        .routes(routes!(people::show_me))
        .routes(routes!(people::show_authorization))
        .routes(routes!(teams::list_organizations))
        .routes(routes!(teams::list_teams))
        .routes(routes!(teams::show_team))
        .routes(routes!(connections::list_connections))
        .routes(routes!(scenarios::list_scenarios))
        .routes(routes!(scenarios::show_interface))
}
