"""The acceptance cases of the native API that are marked for the client library.

Runs the published `anthropic` package, unmodified, against a server whose `scripted/demo`
model repeats what it is told. Usage: native_api.py BASE_URL KEY TOOL_URL
"""

import asyncio
import sys
import threading

import anthropic

BASE_URL, KEY, TOOL_URL = sys.argv[1:]
requests_seen = []


def counted(request):
    requests_seen.append(f"{request.method} {request.url.path}")


client = anthropic.Anthropic(
    api_key=KEY,
    base_url=BASE_URL,
    http_client=anthropic.DefaultHttpxClient(event_hooks={"request": [counted]}),
)
agents, sessions = client.beta.agents, client.beta.sessions


def new_agent(**fields):
    return agents.create(**{"name": "a", "model": "scripted/demo", **fields})


def new_session(**fields):
    return sessions.create(agent=new_agent(**fields).id, environment_id="env_default")


def message(text):
    return {"type": "user.message", "content": [{"type": "text", "text": text}]}


def until_idle(stream):
    events = []
    for event in stream:
        events.append(event)
        if event.type == "session.status_idle":
            return events
    raise AssertionError(f"the stream ended early: {events}")


def say(session, text, **options):
    """Opens the stream before it speaks; all that comes until the session is idle."""
    with sessions.events.stream(session.id, **options) as stream:
        sent = sessions.events.send(session.id, events=[message(text)])
        return sent, until_idle(stream)


def case_1_create():
    agent = new_agent()
    assert agent.id.startswith("agent_") and agent.version == 1, agent
    assert agent.model.id == "scripted/demo" and agent.tools == [], agent
    assert agent.execution_identity.type == "service_account", agent


def case_7_conflict_without_retry():
    agent = new_agent()
    assert agents.update(agent.id, version=1, name="b").version == 2
    before = len(requests_seen)
    try:
        agents.update(agent.id, version=1, name="c")
    except anthropic.ConflictError as error:
        assert error.status_code == 409 and error.request_id.startswith("req_"), error
    else:
        raise AssertionError("no conflict")
    assert len(requests_seen) == before + 1, requests_seen[before:]


def case_9_versions():
    agent = new_agent(name="old")
    agents.update(agent.id, version=1, name="new")
    assert agents.retrieve(agent.id, version=1).name == "old"
    assert agents.retrieve(agent.id).name == "new"
    assert [version.version for version in agents.versions.list(agent.id)] == [2, 1]
    for version, error in [(99, anthropic.NotFoundError), (0, anthropic.BadRequestError)]:
        try:
            agents.retrieve(agent.id, version=version)
        except error:
            continue
        raise AssertionError(f"version {version} was found")


def case_10_archive():
    agent = new_agent()
    assert agents.archive(agent.id).archived_at is not None
    assert agent.id not in [other.id for other in agents.list(limit=100)]
    assert agent.id in [other.id for other in agents.list(limit=100, include_archived=True)]


def case_11_pages():
    for agent in agents.list(limit=100):
        agents.archive(agent.id)
    made = {new_agent().id for _ in range(25)}
    before = len(requests_seen)
    assert {agent.id for agent in agents.list(limit=10)} == made
    assert len(requests_seen) == before + 3


def case_13_session():
    agent = new_agent(name="old")
    session = sessions.create(agent=agent.id, environment_id="env_default", title="t", metadata={"k": "v"})
    assert session.id.startswith("sesn_") and session.status == "idle", session
    agents.update(agent.id, version=1, name="new")
    session = sessions.retrieve(session.id)
    assert session.agent.version == 1 and session.agent.name == "old", session
    assert session.usage.input_tokens == 0 and session.metadata == {"k": "v"}, session
    assert [other.id for other in sessions.list(agent_id=agent.id, statuses=["idle"])] == [session.id]


def cases_15_and_16_send_and_stream():
    session = new_session()
    sent, streamed = say(session, "say Hello there.")
    assert sent.data[0].id.startswith("sevt_"), sent
    listed = list(sessions.events.list(session.id))
    assert [event.id for event in listed] == [event.id for event in streamed]
    assert [event.type for event in listed] == [
        "user.message",
        "session.status_running",
        "span.model_request_start",
        "agent.message",
        "span.model_request_end",
        "session.usage",
        "session.status_idle",
    ]
    assert listed[3].content[0].text == "Hello there."
    assert listed[6].stop_reason.type == "end_turn"
    assert sessions.retrieve(session.id).status == "idle"
    only = sessions.events.list(session.id, types=["agent.message", "user.message"])
    assert [event.type for event in only] == ["user.message", "agent.message"]
    later = sessions.events.list(session.id, created_at_gt=listed[-1].processed_at)
    assert listed[-1].id not in [event.id for event in later]


def case_18_deltas():
    _, events = say(new_session(), "say one two three four", event_deltas=["agent.message"])
    final = next(event for event in events if event.type == "agent.message")
    deltas = [event for event in events if event.type == "event_delta"]
    start = next(event for event in events if event.type == "event_start")
    assert start.event.id == final.id == deltas[0].event_id
    assert "".join(delta.delta.content.text for delta in deltas) == final.content[0].text == "one two three four"


def case_20_permission():
    tool = {
        "type": "http",
        "name": "add",
        "description": "adds",
        "method": "POST",
        "url": TOOL_URL,
        "permission_policy": {"type": "always_ask"},
    }
    session = new_session(tools=[tool])
    _, events = say(session, 'call add {"a": 1}')
    used = next(event for event in events if event.type == "agent.tool_use")
    assert used.evaluated_permission == "ask" and used.evaluation.type == "always_ask", used
    assert events[-1].stop_reason.type == "requires_action"
    assert events[-1].stop_reason.event_ids == [used.id]
    with sessions.events.stream(session.id) as stream:
        allow = {"type": "user.tool_confirmation", "tool_use_id": used.id, "result": "allow"}
        sessions.events.send(session.id, events=[allow])
        events = until_idle(stream)
    result = next(event for event in events if event.type == "agent.tool_result")
    assert result.tool_use_id == used.id and not result.is_error, result
    assert events[-1].stop_reason.type == "end_turn"


def case_23_custom_tool():
    look = {"type": "custom", "name": "look", "description": "looks", "input_schema": {"type": "object"}}
    session = new_session(tools=[look])
    _, events = say(session, 'call look {"q": "sky"}')
    used = next(event for event in events if event.type == "agent.custom_tool_use")
    assert used.name == "look" and used.input == {"q": "sky"}, used
    with sessions.events.stream(session.id) as stream:
        result = {
            "type": "user.custom_tool_result",
            "custom_tool_use_id": used.id,
            "content": [{"type": "text", "text": "blue"}],
        }
        sessions.events.send(session.id, events=[result])
        events = until_idle(stream)
    answer = next(event for event in events if event.type == "agent.message")
    assert "blue" in answer.content[0].text, answer


def case_25_interrupt():
    session = new_session()
    with sessions.events.stream(session.id, event_deltas=["agent.message"]) as stream:
        sessions.events.send(session.id, events=[message("delay 5000\nsay " + "word " * 50)])
        threading.Timer(0.3, lambda: sessions.events.send(session.id, events=[{"type": "user.interrupt"}])).start()
        events = until_idle(stream)
    assert events[-1].stop_reason.type == "end_turn"


def case_async_client():
    async def talk():
        asynchronous = anthropic.AsyncAnthropic(api_key=KEY, base_url=BASE_URL).beta.sessions
        session = await asynchronous.create(agent=new_agent().id, environment_id="env_default")
        async with await asynchronous.events.stream(session.id) as stream:
            await asynchronous.events.send(session.id, events=[message("say Hi.")])
            async for event in stream:
                if event.type == "session.status_idle":
                    return event.stop_reason.type

    assert asyncio.run(talk()) == "end_turn"


def case_models():
    assert "scripted/demo" in [model.id for model in client.models.list()]


for name, case in list(globals().items()):
    if name.startswith("case"):
        case()
        print(f"{name}: ok", flush=True)
