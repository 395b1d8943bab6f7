//! Signals, read wherever their numbers are: at a server that keeps the past itself, or at an
//! endpoint or a tool, whose past is the samples that [`sampler`] keeps.

pub(crate) mod answers;
pub(crate) mod sampler;

use std::time::Duration;

use domain::monitor::{Measured, Reading, Sample, Source, ToolProbe, WEEK_SAMPLES_MIN, windows};
use domain::tool::CarriedTool;
use domain::{EventId, OrgId, ProjectId, Timestamp};
use ports::store::StoreError;
use ports::{Language, OrgStore, RangeQuery, ToolRun};
use serde_json::Value;

use crate::Shared;

/// How long a tool may take for a number, whatever it may take for a model.
const CALL_MAX: Duration = Duration::from_secs(10);

/// Reads signals on behalf of a project.
pub(crate) struct Reader<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) org: OrgId,
    pub(crate) store: &'a dyn OrgStore,
    pub(crate) project: ProjectId,
}

impl Reader<'_> {
    /// What a source shows now, and what it was before a rollout that began at `event`.
    pub(crate) async fn read(&self, source: &Source, event: Timestamp, now: Timestamp) -> Result<Reading, StoreError> {
        if let Some(query) = range_query(source) {
            return Ok(self.shared.ports.signals.read(self.org, query, event, now).await);
        }
        let Measured { value, detail } = self.sample(source).await?.unwrap_or_default();
        Ok(Reading { current: value, before: self.before(source, event).await?, detail })
    }

    /// What a source showed from then until now, oldest first; or why nobody can tell.
    pub(crate) async fn recent(
        &self,
        source: &Source,
        since: Timestamp,
        now: Timestamp,
        step: Duration,
    ) -> Result<Result<Vec<Sample>, String>, StoreError> {
        match range_query(source) {
            Some(query) => Ok(self.shared.ports.signals.recent(self.org, query, since, now, step).await),
            None => self.store.list_samples(source.digest(self.project), since..now).await.map(Ok),
        }
    }

    /// What a source that is sampled gives now; nothing of one that keeps the past itself.
    pub(crate) async fn sample(&self, source: &Source) -> Result<Option<Measured>, StoreError> {
        match source {
            Source::Http(probe) => {
                let answer = self.shared.ports.signals.probe(self.org, probe).await;
                Ok(Some(probe.measure(answer.as_ref())))
            }
            Source::Tool(probe) => self.call(probe).await.map(Some),
            Source::Prometheus { .. } | Source::Logs { .. } => Ok(None),
        }
    }

    /// The tool may be another than when the signal was set, so it is looked at again.
    async fn call(&self, probe: &ToolProbe) -> Result<Measured, StoreError> {
        let tools = self.store.list_tools(Some(self.project)).await?;
        let tool = tools.into_iter().find(|tool| tool.http.name == probe.tool);
        if let Some((field, rule)) = probe.unserved_by(tool.as_ref().map(|tool| &tool.http)) {
            return Ok(Measured::nothing(format!("it was not called: `{field}` {rule}")));
        }
        let Some(tool) = tool else { return Ok(Measured::default()) };
        let ports = &self.shared.ports;
        let (effect, timeout) = (tool.http.effect, tool.http.timeout().min(CALL_MAX));
        let _place = ports.signals.place(self.org, &tool.http.origin()).await;
        let outcome = ports.tools.run(ToolRun {
            org: self.org,
            tool: CarriedTool { row: tool.id.0, http: tool.http },
            input: Value::Object(probe.input.clone()),
            use_id: EventId(ports.ids.uuid_v7()),
            timeout,
        });
        let outcome = outcome.await;
        ports.metrics.tool_called(effect, &outcome);
        Ok(probe.measure(outcome))
    }

    /// What was sampled before: at the same time of the week, and in the last day only where
    /// that is too little.
    async fn before(&self, source: &Source, event: Timestamp) -> Result<Vec<Sample>, StoreError> {
        let digest = source.digest(self.project);
        let [week, day] = windows(event);
        let of_week = self.store.list_samples(digest, week).await?;
        if of_week.len() >= WEEK_SAMPLES_MIN {
            return Ok(of_week);
        }
        self.store.list_samples(digest, day).await
    }
}

/// The query of a source that keeps the past itself.
fn range_query(source: &Source) -> Option<RangeQuery<'_>> {
    match source {
        Source::Prometheus { url, query } => Some(RangeQuery { language: Language::Prometheus, url, query }),
        Source::Logs { url, query } => Some(RangeQuery { language: Language::Loki, url, query }),
        Source::Http(_) | Source::Tool(_) => None,
    }
}
