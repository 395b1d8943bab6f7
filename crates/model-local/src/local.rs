//! The local model as the core sees it: a provider like the others.

mod child;
mod keeper;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::model::{Block, FaultKind, ModelFault, ModelInfo, ModelRequest};
use futures::StreamExt;
use ports::{Model, ModelStream};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;

use self::keeper::Job;
use crate::catalogue::DEFAULT;
use crate::child::{CHILD_ARGUMENT, no_engine};
use crate::folder::{find_in, list_in, model_dir};
use crate::wire::Ask;
use crate::{conversation, cpu};

/// How the local model is run.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// Where model files lie. `SORTIE_MODEL_DIR`, else the user's cache directory.
    ///
    /// Since 0.1.
    pub dir: PathBuf,
    /// Further GGUF files by the name an agent calls them, wherever they lie.
    ///
    /// Since 0.1.
    pub files: BTreeMap<String, PathBuf>,
    /// Tokens that a conversation and its reply may have together; more cost memory
    /// (the default model: 12 KiB each). A model trained on fewer gets fewer.
    ///
    /// Since 0.1.
    pub window_tokens: u32,
    /// Threads to compute with; the cores that are free when the model is loaded if unset.
    ///
    /// Since 0.1.
    pub threads: Option<usize>,
    /// How long the model stays in memory when nobody asks it anything.
    ///
    /// Since 0.1.
    pub idle_timeout: Duration,
    /// How long its process may be silent before it is ended. It speaks at least with
    /// every second of work, so only a stuck one is.
    ///
    /// Since 0.1.
    pub silence_timeout: Duration,
    /// How many calls may wait for the one place.
    ///
    /// Since 0.1.
    pub queue_len_max: usize,
    /// What to run as the model process; this very binary if unset.
    pub program: Option<ChildProgram>,
}

/// A program that plays the model process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildProgram {
    /// The file.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            dir: model_dir(),
            files: BTreeMap::new(),
            window_tokens: 8192,
            threads: None,
            idle_timeout: Duration::from_secs(300),
            silence_timeout: Duration::from_secs(120),
            queue_len_max: 64,
            program: None,
        }
    }
}

/// The provider `local`. The model process is started by the first call.
pub struct LocalModel {
    options: LocalOptions,
    asks: AtomicU64,
    keeper: OnceLock<Keeper>,
}

struct Keeper {
    jobs: mpsc::Sender<Job>,
    /// Ends the model process with the provider.
    _task: AbortOnDropHandle<()>,
}

impl LocalModel {
    /// A provider with these options. Nothing is started or read yet.
    pub fn new(options: LocalOptions) -> Self {
        Self { options, asks: AtomicU64::new(0), keeper: OnceLock::new() }
    }

    /// The file of the model with this name.
    fn file_of(&self, name: &str) -> Result<PathBuf, ModelFault> {
        let named = self.options.files.get(name).filter(|path| path.is_file()).cloned();
        named.or_else(|| find_in(&self.options.dir, name)).ok_or_else(|| {
            let text = if let Some(entry) = crate::catalogue::find_entry(name) {
                format!(
                    "the local model's file is not on this machine: fetch it with `sortie models pull {}` (looked for {} in {})",
                    entry.name,
                    entry.file_name,
                    self.options.dir.display()
                )
            } else {
                format!("no local model is called `{name}`: see `sortie models list`, or fetch the default with `sortie models pull`")
            };
            ModelFault::new(FaultKind::Unavailable, text)
        })
    }

    fn jobs(&self) -> mpsc::Sender<Job> {
        let keeper = self.keeper.get_or_init(|| {
            let (jobs, waiting) = mpsc::channel(self.options.queue_len_max.max(1));
            let task = tokio::spawn(keeper::keep(self.options.clone(), waiting));
            Keeper { jobs, _task: AbortOnDropHandle::new(task) }
        });
        keeper.jobs.clone()
    }

    fn ask_of(&self, request: &ModelRequest) -> Result<Ask, ModelFault> {
        Ok(Ask {
            id: self.asks.fetch_add(1, Ordering::Relaxed) + 1,
            file: self.file_of(&request.model)?,
            window_tokens: self.options.window_tokens,
            threads: self.options.threads,
            system: request.system.clone(),
            turns: conversation::turns_of(request),
            tools: request.tools.clone(),
            output_schema: request.output_schema.clone(),
            max_tokens: request.max_tokens,
        })
    }
}

#[async_trait]
impl Model for LocalModel {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault> {
        if self.options.program.is_none() {
            if cfg!(not(feature = "llama")) {
                return Err(no_engine());
            }
            cpu::check()?;
        }
        let ask = self.ask_of(&request)?;
        let (accepted, is_accepted) = oneshot::channel();
        let (chunks, stream) = mpsc::channel(64);
        let job = Job { ask, accepted, chunks };
        self.jobs().try_send(job).map_err(|_| {
            let text = "too many calls wait for the local model, which answers one at a time";
            ModelFault::new(FaultKind::Overloaded, text)
        })?;
        is_accepted.await.unwrap_or_else(|_| Err(keeper::stopped()))?;
        Ok(ReceiverStream::new(stream).boxed())
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        let info =
            |model: String| ModelInfo { model, context_tokens: Some(self.options.window_tokens), output_tokens: None };
        let present = list_in(&self.options.dir).into_iter().filter(|model| model.path.is_some());
        let default = find_in(&self.options.dir, DEFAULT).map(|_| DEFAULT.to_owned());
        let named = self.options.files.keys().cloned();
        let names = default.into_iter().chain(present.map(|model| model.name)).chain(named);
        Ok(names.map(info).collect())
    }

    fn check_block(&self, block: &Block) -> Result<(), String> {
        // In a conversation that another model began it is told that there was one.
        block.as_text().map(drop).ok_or_else(|| "the built-in model reads text only".to_owned())
    }

    fn context_tokens(&self, _model: &str) -> Option<u32> {
        Some(self.options.window_tokens)
    }

    fn concurrent_max(&self) -> Option<usize> {
        Some(1)
    }
}

impl ChildProgram {
    /// This very binary as model process.
    fn own() -> std::io::Result<Self> {
        Ok(Self { path: std::env::current_exe()?, arguments: vec![CHILD_ARGUMENT.to_owned()] })
    }
}
