//! Sortie's own API, `/v1`, in the managed-agents shape, so that the official client library
//! works with only the address and the key changed.
//!
//! Here stand the wire types, the handlers and the shape of errors, and no rule: a handler
//! reads its request, calls one operation of [`app`] and shows what it gave. Stored events
//! are rendered in [`events`], both for lists and for streams. This crate knows no other
//! façade and no store.
//!
//! One more operation: a handler with its `utoipa::path` in the module of its noun, a line
//! in [`routes`], and the document in `openapi/native.json` written anew (its test says how).

mod agents;
mod approval_rules;
mod approvals;
mod audit;
mod body;
mod budget;
mod deployments;
mod elsewhere;
mod error;
mod events;
mod issuers;
mod keys;
mod knowledge;
mod links;
mod login;
mod members;
mod model_aliases;
mod models;
mod org_stream;
mod page;
mod patch;
mod path_id;
mod project;
mod project_tools;
mod projects;
mod providers;
mod query;
mod rollouts;
mod runs;
mod sessions;
mod usage;
mod usage_report;
mod webhooks;

use app::App;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use axum::{Extension, Router, middleware};
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::auth::{Door, Proof, require_caller};
use web::idempotency::{self, Once};
use web::{Facade, HeaderOrder, Panicked, Shared, answer_panics, document};

/// The routes of this API. To be merged with the other façades' and given to [`web::finish`].
pub fn router(app: App, shared: Shared) -> Router {
    let door = Door {
        app: app.clone(),
        shared: shared.clone(),
        facade: Facade::Native,
        order: HeaderOrder::ApiKeyFirst,
        proof: Proof::KeyOrLogin,
        render: error::render,
    };
    let once = Once { app: app.clone(), body_bytes_max: body::BODY_BYTES_MAX, render: error::render_once };
    let (keyed, _) = routes().split_for_parts();
    let (open, _) = open_routes().split_for_parts();
    let known = keyed
        // A model's full name holds a slash, which not every client escapes.
        .route("/v1/models/{model}/{*rest}", get(models::find_model_of))
        // The last layer is the first to see a request: the caller is known before it is narrowed.
        .route_layer(middleware::from_fn_with_state(once, idempotency::once))
        .route_layer(middleware::from_fn_with_state(app.clone(), project::narrow))
        .route_layer(middleware::from_fn_with_state(door, require_caller))
        .merge(open)
        // Pages, and no operations: browsers are sent here and sent on.
        .route("/login/oidc/{issuer}", get(issuers::begin))
        .route("/login/oidc/{issuer}/callback", get(issuers::finish))
        .method_not_allowed_fallback(elsewhere::wrong_method)
        .layer(middleware::from_fn_with_state(Panicked(|| error::ApiError::internal().into_response()), answer_panics))
        .layer(Extension(shared))
        .with_state(app);
    Router::new()
        .route("/openapi.json", document::serve(openapi))
        .route("/v1", any(elsewhere::nothing_here))
        .route("/v1/{*rest}", any(elsewhere::nothing_here))
        .merge(known)
}

/// The document that describes this API, made from its handlers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().merge(open_routes()).into_openapi()
}

/// What needs no key: whoever comes by these has none yet, or wants to be rid of a login.
fn open_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(login::log_in))
        .routes(routes!(login::log_out))
        .routes(routes!(login::find_setup))
        .routes(routes!(links::find_link, links::use_link))
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(agents::create_agent, agents::list_agents))
        .routes(routes!(agents::find_agent, agents::update_agent))
        .routes(routes!(agents::archive_agent))
        .routes(routes!(agents::open_agent))
        .routes(routes!(agents::list_versions))
        .routes(routes!(sessions::create_session, sessions::list_sessions))
        .routes(routes!(sessions::find_session, sessions::update_session, sessions::delete_session))
        .routes(routes!(sessions::archive_session))
        .routes(routes!(events::send_events, events::list_events))
        .routes(routes!(events::find_event))
        .routes(routes!(events::overview::show_overview))
        .routes(routes!(events::stream::stream_events))
        .routes(routes!(org_stream::stream_organization))
        .routes(routes!(runs::list_runs))
        .routes(routes!(runs::find_run))
        .routes(routes!(runs::cancel_run))
        .routes(routes!(runs::resolve_run))
        .routes(routes!(rollouts::list_rollouts))
        .routes(routes!(rollouts::find_rollout))
        .routes(routes!(rollouts::approve_rollout))
        .routes(routes!(rollouts::reject_rollout))
        .routes(routes!(approval_rules::create_rule, approval_rules::list_rules))
        .routes(routes!(approval_rules::find_rule, approval_rules::update_rule, approval_rules::delete_rule))
        .routes(routes!(approvals::list_approvals))
        .routes(routes!(audit::list_audit))
        .routes(routes!(login::find_login))
        .routes(routes!(login::switch_org))
        .routes(routes!(login::change_password))
        .routes(routes!(links::invite_member))
        .routes(routes!(links::offer_reset))
        .routes(routes!(usage_report::report_usage))
        .routes(routes!(keys::create_key, keys::list_keys))
        .routes(routes!(keys::find_key, keys::revoke_key))
        .routes(routes!(members::add_member, members::list_members))
        .routes(routes!(members::find_member, members::update_member, members::remove_member))
        .routes(routes!(members::suspend_member))
        .routes(routes!(members::resume_member))
        .routes(routes!(projects::create_project, projects::list_projects))
        .routes(routes!(projects::find_project, projects::update_project))
        .routes(routes!(projects::find_org, projects::update_org))
        .merge(knowledge::routes())
        .routes(routes!(project_tools::create_tool, project_tools::list_tools))
        .routes(routes!(project_tools::find_tool, project_tools::delete_tool))
        .routes(routes!(deployments::create_deployment, deployments::list_deployments))
        .routes(routes!(deployments::find_deployment, deployments::update_deployment))
        .routes(routes!(deployments::archive_deployment))
        .routes(routes!(deployments::pause_deployment))
        .routes(routes!(deployments::unpause_deployment))
        .routes(routes!(deployments::run_deployment))
        .routes(routes!(deployments::runs::list_deployment_runs))
        .routes(routes!(deployments::runs::find_deployment_run))
        .routes(routes!(models::list_models))
        .routes(routes!(models::find_model))
        .routes(routes!(model_aliases::list_aliases))
        .routes(routes!(model_aliases::find_alias, model_aliases::put_alias, model_aliases::delete_alias))
        .routes(routes!(providers::create_provider, providers::list_providers))
        .routes(routes!(providers::find_provider, providers::update_provider, providers::delete_provider))
        .routes(routes!(providers::test_provider))
        .routes(routes!(webhooks::create_webhook, webhooks::list_webhooks))
        .routes(routes!(webhooks::find_webhook, webhooks::update_webhook, webhooks::delete_webhook))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::deliveries::test_webhook))
        .routes(routes!(webhooks::deliveries::list_deliveries))
        .routes(routes!(webhooks::deliveries::redeliver))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Sortie", description = "Agents behind an API.", license(name = "Apache-2.0")),
    security(("key" = []), ("login" = [])),
    modifiers(&Key),
    // Named by a parameter alone, which the routes do not collect.
    components(schemas(events::stream::DeltaKind)),
)]
struct Document;

/// How a caller says who they are.
struct Key;

impl utoipa::Modify for Key {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key.")).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
        let said = "What a browser shows after its person has logged in; `__Host-sortie_login` over https.";
        let cookie = ApiKeyValue::with_description("sortie_login", said);
        components.add_security_scheme("login", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}
