//! Secrets that callers give with a tool, sealed before anything is decided about it.

use domain::agent::{Agent, AgentTool, Overrides};
use domain::secret::{NONCE_BYTES, Place, SealingKey, Secret};
use domain::tool::definition::header_value_fault;
use domain::tool::{CarriedTool, HttpTool};
use domain::{AgentId, OrgId};
use indexmap::IndexMap;
use secrecy::ExposeSecret;

use crate::App;
use crate::error::{Error, Faults};
use crate::secret::random;

impl App {
    /// An agent's tools with their secrets sealed. What stands in `before`, in a tool of the
    /// same name that calls the same place, stays as it is: if the caller sent the same
    /// secret, or the mask it was shown.
    pub(crate) fn seal_tools(
        &self,
        org: OrgId,
        agent: AgentId,
        tools: Vec<AgentTool>,
        before: &[AgentTool],
    ) -> Result<Vec<AgentTool>, Error> {
        let mut faults = Faults::default();
        let mut sealed = Vec::with_capacity(tools.len());
        for (index, tool) in tools.into_iter().enumerate() {
            sealed.push(match tool {
                AgentTool::Http { tool, permission } => {
                    let stored = stored_headers(&tool, before);
                    let carried = CarriedTool { row: agent.0, http: tool };
                    let tool = self.seal_headers(org, carried, stored, &format!("tools[{index}]."), &mut faults)?;
                    AgentTool::Http { tool, permission }
                }
                other => other,
            });
        }
        faults.into_result()?;
        Ok(sealed)
    }

    /// The same for what a session or a run changes of its agent.
    pub(crate) fn seal_overrides(&self, org: OrgId, agent: &Agent, overrides: &mut Overrides) -> Result<(), Error> {
        if let Some(tools) = overrides.tools.take() {
            overrides.tools = Some(self.seal_tools(org, agent.id, tools, &agent.spec.tools)?);
        }
        Ok(())
    }

    /// The tool with its secrets sealed for the row that carries it.
    pub(crate) fn seal_headers(
        &self,
        org: OrgId,
        mut tool: CarriedTool,
        stored: Option<&IndexMap<String, Secret>>,
        path: &str,
        faults: &mut Faults,
    ) -> Result<HttpTool, Error> {
        let origin = tool.http.origin();
        let headers = std::mem::take(&mut tool.http.headers);
        for (name, value) in headers {
            let kept = stored.into_iter().flatten().find(|(kept, _)| kept.eq_ignore_ascii_case(&name));
            let place = tool.place(org, &origin, &name);
            match settled(self.sealing_key(), value, kept.map(|(_, value)| value), place, random()?) {
                Ok(value) => {
                    tool.http.headers.insert(name, value);
                }
                Err(message) => faults.add(format!("{path}headers.{name}"), message),
            }
        }
        Ok(tool.http)
    }

    /// A secret sealed for its place; `path` is where it stands in the request. What is
    /// `stored` there stays if the caller sent the same, or the mask it was shown.
    pub(crate) fn seal(
        &self,
        secret: Secret,
        stored: Option<&Secret>,
        place: Place<'_>,
        path: &str,
    ) -> Result<Secret, Error> {
        settled(self.sealing_key(), secret, stored, place, random()?).map_err(|wrong| Error::invalid(path, wrong))
    }
}

/// A secret as it is to be stored.
fn settled(
    key: &SealingKey,
    secret: Secret,
    stored: Option<&Secret>,
    place: Place<'_>,
    nonce: [u8; NONCE_BYTES],
) -> Result<Secret, String> {
    let kept = stored.and_then(|stored| match stored {
        Secret::Sealed(sealed) => Some((stored, key.open(sealed, place).ok()?)),
        Secret::Given(_) | Secret::Kept => None,
    });
    match (secret, kept) {
        (Secret::Sealed(sealed), _) => Ok(Secret::Sealed(sealed)),
        (Secret::Kept, Some((stored, _))) => Ok(stored.clone()),
        (Secret::Kept, None) => {
            Err("is only shown so: give the value itself, for none is kept under this name for this address".to_owned())
        }
        // The same secret again is no change, though it would be sealed into other bytes.
        (Secret::Given(given), Some((stored, kept))) if given.expose_secret() == kept.expose_secret() => {
            Ok(stored.clone())
        }
        (Secret::Given(given), _) => match header_value_fault(given.expose_secret()) {
            Some(fault) => Err(fault),
            None => Ok(Secret::Sealed(key.seal(&given, place, nonce))),
        },
    }
}

/// The headers of the stored tool that this one is a newer form of. A tool that calls
/// elsewhere is another one: whoever may change an address may not thereby have its
/// credentials sent there.
fn stored_headers<'a>(tool: &HttpTool, before: &'a [AgentTool]) -> Option<&'a IndexMap<String, Secret>> {
    before.iter().find_map(|stored| match stored {
        AgentTool::Http { tool: stored, .. } if stored.name == tool.name && stored.origin() == tool.origin() => {
            Some(&stored.headers)
        }
        _ => None,
    })
}
