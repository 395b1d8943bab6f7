"""What the client library makes of a server that has enough for now.

Usage: limits.py LIMITED_URL CROWDED_URL KEY. The first server takes one request a minute, and
its minute is nearly over when a line comes on the standard input; the second has no room for
another stream.
"""

import sys

import anthropic

LIMITED_URL, CROWDED_URL, KEY = sys.argv[1:]
statuses = []


def client_of(url):
    def seen(response):
        statuses.append(response.status_code)

    http_client = anthropic.DefaultHttpxClient(event_hooks={"response": [seen]})
    return anthropic.Anthropic(api_key=KEY, base_url=url, http_client=http_client)


agents = client_of(LIMITED_URL).beta.agents
assert list(agents.list()) == []
print("begun", flush=True)
sys.stdin.readline()
assert list(agents.list()) == []
assert statuses == [200, 429, 200], statuses

statuses.clear()
crowded = client_of(CROWDED_URL).beta
agent = crowded.agents.create(name="a", model="scripted/demo")
session = crowded.sessions.create(agent=agent.id, environment_id="env_default")
statuses.clear()
try:
    crowded.sessions.events.stream(session.id)
except anthropic.APIStatusError as error:
    assert type(error).__name__ == "OverloadedError" and error.status_code == 529, error
else:
    raise AssertionError("there was room")
assert statuses == [529, 529, 529], statuses
print("done", flush=True)
