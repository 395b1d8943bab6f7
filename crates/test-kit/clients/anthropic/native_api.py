"""The acceptance cases of the native API that are marked for the client library.

Runs the published `anthropic` package, unmodified, against a server whose `scripted/demo`
model repeats what it is told: each case with the synchronous and with the asynchronous
client. Usage: native_api.py BASE_URL KEY TOOL_URL
"""

import asyncio
import sys

import anthropic
from blocking import Blocking

BASE_URL, KEY, TOOL_URL = sys.argv[1:]
requests_seen = []


def counted(request):
    requests_seen.append(f"{request.method} {request.url.path}")


async def counted_too(request):
    counted(request)


loop = asyncio.new_event_loop()
asynchronous = anthropic.AsyncAnthropic(
    api_key=KEY,
    base_url=BASE_URL,
    http_client=anthropic.DefaultAsyncHttpxClient(event_hooks={"request": [counted_too]}),
)
synchronous = anthropic.Anthropic(
    api_key=KEY,
    base_url=BASE_URL,
    http_client=anthropic.DefaultHttpxClient(event_hooks={"request": [counted]}),
)
client = agents = sessions = None


def use(chosen):
    global client, agents, sessions
    client, agents, sessions = chosen, chosen.beta.agents, chosen.beta.sessions


def new_agent(**fields):
    return agents.create(**{"name": "a", "model": "scripted/demo", **fields})


def new_session(**fields):
    return sessions.create(agent=new_agent(**fields).id, environment_id="env_default")


def message(text):
    return {"type": "user.message", "content": [{"type": "text", "text": text}]}


def custom(name):
    return {"type": "custom", "name": name, "description": "looks", "input_schema": {"type": "object"}}


def refused(error, call):
    """What a call is refused with, in one request."""
    before = len(requests_seen)
    try:
        call()
    except error as refusal:
        assert len(requests_seen) == before + 1, requests_seen[before:]
        return refusal
    raise AssertionError(f"no {error.__name__}")


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


def under_way(session, stream, text):
    """Speaks, and returns when the turn says its first word."""
    sessions.events.send(session.id, events=[message(text)])
    for event in stream:
        if event.type == "event_delta":
            return


def one(events, name):
    return next(event for event in events if event.type == name)


def interrupt(session):
    sessions.events.send(session.id, events=[{"type": "user.interrupt"}])


SLOWLY = "delay 1000\nsay " + "word " * 500


def case_1_create():
    agent = new_agent()
    assert agent.id.startswith("agent_") and agent.version == 1, agent
    assert agent.model.id == "scripted/demo" and agent.tools == [], agent
    assert agent.execution_identity.type == "service_account", agent


def case_7_conflict_without_retry():
    agent = new_agent()
    assert agents.update(agent.id, version=1, name="b").version == 2
    error = refused(anthropic.ConflictError, lambda: agents.update(agent.id, version=1, name="c"))
    assert error.status_code == 409 and error.request_id.startswith("req_"), error


def case_9_versions():
    agent = new_agent(name="old")
    agents.update(agent.id, version=1, name="new")
    assert agents.retrieve(agent.id, version=1).name == "old"
    assert agents.retrieve(agent.id).name == "new"
    assert [version.version for version in agents.versions.list(agent.id)] == [2, 1]
    refused(anthropic.NotFoundError, lambda: agents.retrieve(agent.id, version=99))
    refused(anthropic.BadRequestError, lambda: agents.retrieve(agent.id, version=0))


def case_10_archive():
    agent = new_agent()
    assert agents.archive(agent.id).archived_at is not None
    assert agent.id not in [other.id for other in agents.list(limit=100)]
    assert agent.id in [other.id for other in agents.list(limit=100, include_archived=True)]


def case_11_pages():
    for agent in list(agents.list(limit=100)):
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
    final = one(events, "agent.message")
    deltas = [event for event in events if event.type == "event_delta"]
    assert one(events, "event_start").event.id == final.id == deltas[0].event_id
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
    used = one(events, "agent.tool_use")
    assert used.evaluated_permission == "ask" and used.evaluation.type == "always_ask", used
    assert events[-1].stop_reason.type == "requires_action"
    assert events[-1].stop_reason.event_ids == [used.id]
    with sessions.events.stream(session.id) as stream:
        allow = {"type": "user.tool_confirmation", "tool_use_id": used.id, "result": "allow"}
        sessions.events.send(session.id, events=[allow])
        events = until_idle(stream)
    result = one(events, "agent.tool_result")
    assert result.tool_use_id == used.id and not result.is_error, result
    assert events[-1].stop_reason.type == "end_turn"


def case_23_custom_tool():
    session = new_session(tools=[custom("look")])
    _, events = say(session, 'call look {"q": "sky"}')
    used = one(events, "agent.custom_tool_use")
    assert used.name == "look" and used.input == {"q": "sky"}, used
    with sessions.events.stream(session.id) as stream:
        result = {
            "type": "user.custom_tool_result",
            "custom_tool_use_id": used.id,
            "content": [{"type": "text", "text": "blue"}],
        }
        sessions.events.send(session.id, events=[result])
        events = until_idle(stream)
    assert "blue" in one(events, "agent.message").content[0].text, events


def case_25_interrupt():
    session = new_session()
    with sessions.events.stream(session.id, event_deltas=["agent.message"]) as stream:
        under_way(session, stream, SLOWLY)
        interrupt(session)
        events = until_idle(stream)
    assert events[-1].stop_reason.type == "end_turn"


def case_30_update():
    session = new_session()
    with sessions.events.stream(session.id, event_deltas=["agent.message"]) as stream:
        assert sessions.update(session.id, title="T", metadata={"k": "v"}).title == "T"
        updated = next(iter(stream))
        assert updated.type == "session.updated" and updated.title == "T", updated
        assert updated.metadata == {"k": "v"} and updated.agent is None, updated
        updated = sessions.update(session.id, agent={"tools": [custom("look")]})
        assert [tool.name for tool in updated.agent.tools] == ["look"], updated
        under_way(session, stream, SLOWLY)
        refused(anthropic.ConflictError, lambda: sessions.update(session.id, agent={"tools": []}))
        refused(anthropic.BadRequestError, lambda: sessions.update(session.id, vault_ids=["vlt_x"]))
        interrupt(session)
        until_idle(stream)


def case_31_delete():
    session = new_session()
    with sessions.events.stream(session.id, event_deltas=["agent.message"]) as stream:
        under_way(session, stream, SLOWLY)
        refused(anthropic.ConflictError, lambda: sessions.delete(session.id))
        interrupt(session)
        until_idle(stream)
        deleted = sessions.delete(session.id)
        assert deleted.type == "session_deleted" and deleted.id == session.id, deleted
        assert [event.type for event in stream] == ["session.deleted"]
    refused(anthropic.NotFoundError, lambda: sessions.retrieve(session.id))


def case_31_archive():
    session = new_session()
    assert sessions.archive(session.id).archived_at is not None
    refused(anthropic.BadRequestError, lambda: sessions.events.send(session.id, events=[message("hi")]))
    assert list(sessions.events.list(session.id)) == []


def case_36_wait():
    session = new_session()
    answer = sessions.events.send(session.id, events=[message("say Hi.")], extra_query={"wait": 60})
    assert answer.data[0].type == "user.message", answer
    assert answer.timed_out is False and answer.stop_reason["type"] == "end_turn", answer
    assert answer.events[-1]["type"] == "session.status_idle", answer
    assert answer.session["status"] == "idle" and answer.cursor == answer.events[-1]["id"], answer


def case_42_unknown_events():
    """An event type of ours, which the library has never heard of."""
    session = new_session()
    with sessions.events.stream(session.id, event_deltas=["agent.message"]) as stream:
        under_way(session, stream, SLOWLY)
        sessions.events.send(session.id, events=[message("and this, later")])
        runs = client.get(f"/v1/sessions/{session.id}/runs", cast_to=object)["data"]
        client.post(f"/v1/runs/{runs[-1]['id']}/cancel", cast_to=object)
        interrupt(session)
        events = until_idle(stream)
    assert "session.run_dropped" in [event.type for event in events], events


def case_models():
    client.post("/v1/model_aliases/quick", cast_to=object, body={"model": "scripted/demo"})
    assert "scripted/demo" in [model.id for model in client.models.list(limit=1)]
    for name in ["scripted/demo", "quick"]:
        model = client.models.retrieve(name)
        assert model.id == "scripted/demo" and model.lifecycle == "active", model


def case_the_tool_runner():
    """Only the asynchronous client has it: it answers custom tools by itself."""
    seen = []

    @anthropic.beta_async_tool
    async def look(q: str) -> str:
        """Looks."""
        seen.append(q)
        return "blue"

    async def talk(session):
        events = asynchronous.beta.sessions.events
        await events.send(session.id, events=[message('call look {"q": "sky"}')])
        return [call async for call in events.tool_runner(session.id, tools=[look], max_idle=0.5)]

    session = new_session(tools=[custom("look")])
    [call] = loop.run_until_complete(talk(session))
    assert call.posted and not call.is_error and seen == ["sky"], call
    answer = list(sessions.events.list(session.id, types=["agent.message"]))[-1]
    assert "blue" in answer.content[0].text, answer


cases = [(name, case) for name, case in globals().items() if name.startswith(("case_", "cases_"))]
for kind, chosen in [("sync", synchronous), ("async", Blocking(asynchronous, loop))]:
    use(chosen)
    for name, case in cases:
        case()
        print(f"{kind} {name}: ok", flush=True)
