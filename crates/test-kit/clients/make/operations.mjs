// Every JSON operation of the agents API, and the typed look-ups, through Make's own SDK.
import assert from 'node:assert/strict';
import { Make } from '@makehq/sdk';

const make = new Make(process.env.MAKE_TOKEN, process.env.MAKE_ADDRESS);
make.protocol = 'http';

const query = { teamId: 1 };
const base = '/ai-agents/v1';
const call = (path, options = {}) => make.fetch(`${base}${path}`, { query, ...options });

const connections = await make.connections.list(1);
const connection = connections.find((entry) => entry.name === 'scripted');
const providers = await call('/llm-providers');
assert.deepEqual(providers.map((provider) => provider.id), connections.map((entry) => entry.id));
assert.equal((await call(`/llm-providers/${connection.id}`))[0].id, connection.id);
assert.equal(typeof (await call(`/llm-providers/${connection.id}/models`))[0].tokenLimit, 'number');

const created = await call('/agents', {
  method: 'POST',
  body: {
    name: 'Ada',
    teamId: 1,
    makeConnectionId: connection.id,
    defaultModel: 'script',
    systemPrompt: 'Be brief.',
  },
});
const agent = `/agents/${created.agentId}`;
assert.equal((await call('/agents')).at(-1).id, created.agentId);
assert.equal((await call(agent)).makeConnectionId, connection.id);
assert.equal(await call(agent, { method: 'PATCH', body: { name: 'n2' } }), '');
assert.equal((await call(agent)).pastConfigurations[0].name, 'Ada');

const messages = [{ role: 'user', content: 'hi' }];
const result = await call(`${agent}/run`, { method: 'POST', body: { messages, config: {} } });
assert.equal(result.response, 'Hello.');
assert.deepEqual(result.executionSteps.map((step) => step.role), ['system', 'user', 'assistant']);
const stream = await call(`${agent}/run/stream`, { method: 'POST', body: { messages, config: {} } });
assert.match(stream, /^event:step\nid:/);
assert.match(stream, /\n\nevent:result\nid:[^\n]+\ndata:\{.*\}\n\n$/);

const context = await call('/contexts', {
  method: 'POST',
  body: { agentId: created.agentId, content: 'Tea is 3 euro.', name: 'prices.txt', autosave: 'true' },
});
const contexts = await call('/contexts', { query: { ...query, agentId: created.agentId } });
assert.deepEqual(contexts, [context]);
assert.equal(await call(`/contexts/${context.id}`, { method: 'DELETE' }), '');

await assert.rejects(call('/agents', { method: 'POST', body: {} }), (error) => {
  assert.equal(error.statusCode, 400);
  assert.match(error.message, /^The request has 5 invalid fields\.\n - name: required\n/);
  return true;
});
assert.equal(await call(agent, { method: 'DELETE' }), '');
await assert.rejects(call(agent), (error) => error.statusCode === 404);

const me = await make.users.me();
assert.equal(me.name, 'Otto Owner');
const [organization] = await make.organizations.list();
const teams = await make.teams.list(organization.id);
assert.deepEqual(teams.map((team) => team.id), [1, 2]);
assert.equal((await make.teams.get(2)).name, 'Second');
const [scenario] = await make.scenarios.list(1);
assert.equal(scenario.name, 'add');
assert.equal((await make.scenarios.getInterface(scenario.id)).input[0].name, 'a');

console.log(JSON.stringify({ done: true }));
