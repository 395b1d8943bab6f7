//! Language models.

use std::sync::Arc;

use async_trait::async_trait;
use domain::OrgId;
use domain::model::{ModelChunk, ModelFault, ModelInfo, ModelRequest};
use futures::stream::BoxStream;

/// A reply as it arrives. Ends after [`ModelChunk::Stop`] or the first fault; dropping it
/// cancels the generation. A stream that ends without `Stop` was cut.
pub type ModelStream = BoxStream<'static, Result<ModelChunk, ModelFault>>;

/// One provider of models, set up and ready to be called.
#[async_trait]
pub trait Model: Send + Sync + 'static {
    /// Asks the model. Returns when the provider has accepted the request.
    ///
    /// Implementations never retry and never reconnect: retrying is the engine's policy,
    /// and every call may cost money. They bound what they hold: no line, event or reply
    /// may grow without limit, and they fault with `Silent` when nothing comes for too long.
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault>;

    /// The models this provider offers, as it or the configuration lists them.
    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault>;

    /// How many calls may be under way at once; `None` is no limit. A run that finds no
    /// place waits for one within its own deadline.
    fn concurrent_max(&self) -> Option<usize> {
        None
    }
}

/// A provider as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The name before the slash of a model name.
    pub name: String,
    /// Its kind as the configuration spells it: `openai`, `anthropic`, `local`, `scripted`.
    pub kind: String,
}

/// The providers an organization can use.
pub trait Models: Send + Sync + 'static {
    /// The provider of this name, as this organization sees it.
    fn find(&self, org: OrgId, provider: &str) -> Option<Arc<dyn Model>>;

    /// All providers this organization sees, by name.
    fn list(&self, org: OrgId) -> Vec<Provider>;
}
