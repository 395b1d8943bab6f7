"use strict";

// A session, as it happens. All that is shown is set as text, never as markup.

const $ = (id) => document.getElementById(id);
const name = location.pathname.split("/").filter(Boolean).pop();
let key = "";
let session = "";
let last = "";

function state(text, isError) {
  $("state").textContent = text;
  $("state").className = isError ? "error" : "";
}

async function ask(path, options = {}) {
  const headers = { Authorization: `Bearer ${key}`, ...options.headers };
  const response = await fetch(path, { ...options, headers });
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new Error(body.detail ?? body.error?.message ?? `The server answered ${response.status}.`);
  }
  return response;
}

function textOf(content) {
  return (content ?? []).map((block) => block.text ?? `[${block.type}]`).join("\n");
}

// What people read of an event, and what it is; nothing for those that say nothing.
function told(event) {
  switch (event.type) {
    case "user.message":
      return ["you", textOf(event.content)];
    case "agent.message":
      return ["agent", textOf(event.content)];
    case "system.message":
      return ["instructions", textOf(event.content)];
    case "rollout.reported":
      return ["deployment", `${event.status}: ${event.request}`];
    case "monitor.update":
      return [`check, ${event.level}`, event.summary];
    case "monitor.ended":
      return ["monitor", `${event.outcome ?? event.end}: ${event.summary}`];
    case "agent.tool_use":
    case "agent.custom_tool_use":
      return ["tool", `${event.name} ${JSON.stringify(event.input)}`];
    case "agent.tool_result":
      return ["result", textOf(event.content)];
    case "session.error":
      return ["error", event.error.message];
    case "session.status_idle":
      return event.stop_reason.type === "requires_action" ? ["waits", "A decision is waited for."] : null;
    case "user.interrupt":
      return ["you", "Stop."];
    default:
      return null;
  }
}

function show(event) {
  const said = told(event);
  if (said === null) return;
  const [what, text] = said;
  const line = document.createElement("li");
  const label = document.createElement("div");
  label.className = "what";
  label.textContent = `${what}  ${event.processed_at ?? ""}`;
  line.append(label, text);
  if (what === "error") line.classList.add("error");
  $("log").append(line);
  line.scrollIntoView({ block: "nearest" });
}

// The data of each event of a stream, as it comes.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const frames = (rest + value).split(/\r?\n\r?\n/);
    rest = frames.pop();
    for (const frame of frames) {
      const data = frame.split(/\r?\n/).filter((line) => line.startsWith("data:"));
      if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(5)).join("\n"));
    }
  }
}

// From the last event that was seen on, for as long as the page is open.
async function follow() {
  for (;;) {
    try {
      const after = encodeURIComponent(last || "start");
      const response = await ask(`/v1/sessions/${session}/events/stream?after=${after}`);
      state("Live.");
      for await (const event of events(response)) {
        if (event.seq) {
          last = event.id;
          show(event);
        }
        if (event.type === "session.deleted") return state("The session is gone.", true);
      }
    } catch (error) {
      state(`${error.message} Trying again.`, true);
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function send(events) {
  try {
    await ask(`/v1/sessions/${session}/events`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ events }),
    });
  } catch (error) {
    state(error.message, true);
  }
}

$("enter").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  key = $("key").value.trim();
  try {
    const found = await (await ask(`/api/v1/agent-sessions/${encodeURIComponent(name)}`)).json();
    session = found.native_id;
    $("key").value = "";
    $("title").textContent = found.session_summary.title || "Session";
    $("enter").hidden = true;
    $("talk").hidden = false;
    follow();
  } catch (error) {
    state(error.message, true);
  }
});

$("talk").addEventListener("submit", (submit) => {
  submit.preventDefault();
  const text = $("text").value;
  $("text").value = "";
  send([{ type: "user.message", content: [{ type: "text", text }] }]);
});

$("stop").addEventListener("click", () => send([{ type: "user.interrupt" }]));
