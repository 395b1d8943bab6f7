//! What of a message an agent's model can be given, as far as its provider knows without
//! asking: what it cannot is refused when it is sent, and not when the model is called.

use domain::agent::ModelChoice;
use domain::model::{Block, ModelName};
use domain::{EventBody, OrgId};

use crate::App;
use crate::error::{Error, Faults, FieldError};

/// Whether a model may be unable to take something of this; most messages are text.
pub(crate) fn has_more_than_text(events: &[&EventBody]) -> bool {
    events.iter().any(|body| !blocks(body).iter().all(|block| matches!(block, Block::Text { .. })))
}

impl App {
    /// Checks messages for the model of an agent; `field` is where they stand in the request.
    pub(crate) async fn check_model_inputs(
        &self,
        org: OrgId,
        choice: &ModelChoice,
        field: &str,
        events: &[&EventBody],
    ) -> Result<(), Error> {
        if !has_more_than_text(events) {
            return Ok(());
        }
        let offering = self.ports().models.of(org).await?;
        // A model that is not there any more is the call's to complain of.
        let Some(full) = offering.resolve(&choice.id) else { return Ok(()) };
        let provider = ModelName::parse(&full).and_then(|name| offering.find(name.provider));
        let Some(provider) = provider else { return Ok(()) };
        let mut faults = Faults::default();
        for (index, body) in events.iter().enumerate() {
            for (at, block) in blocks(body).iter().enumerate() {
                if let Err(why) = provider.model.check_block(block) {
                    let message = format!("cannot be given to {full}: {why}");
                    let path = format!("{field}[{index}].content[{at}]");
                    faults.push(FieldError::new(path, message).code("block_not_taken"));
                }
            }
        }
        faults.into_result()
    }
}

/// What a user says; instructions and answers are text by their own rules.
fn blocks(body: &EventBody) -> &[Block] {
    match body {
        EventBody::UserMessage { content, .. } => content,
        _ => &[],
    }
}
