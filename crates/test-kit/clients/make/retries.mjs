// A caller who has no requests left in this minute waits as long as the server says.
import assert from 'node:assert/strict';
import { Make } from '@makehq/sdk';

const make = new Make(process.env.MAKE_TOKEN, process.env.MAKE_ADDRESS, {
  retry: { onRateLimit: true, maxRetries: 3 },
});
make.protocol = 'http';
assert.deepEqual(await make.fetch('/ai-agents/v1/agents', { query: { teamId: 1 } }), []);
console.log(JSON.stringify({ done: true }));
