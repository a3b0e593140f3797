/** Answers that no server should give: the agent says so, or goes by the rest of them, and tells its host nothing that this would not understand. */
import assert from 'node:assert/strict';
import { entrySchema } from '../../src/agent/transcript';
import { usageSchema } from '../../src/domain/usage';
import type { ModelFetch } from '../../src/model/fetch';
import { finish, playing, run } from './agentRun';

const USAGE = { input_tokens: 5, output_tokens: 1 };
const FINISH = { type: 'tool_use', id: 'c1', name: 'finish', input: { summary: 'Done.' } };

/** A stream of one block, with these fields in its message. */
function answer(fields: Readonly<Record<string, unknown>>, block: Readonly<Record<string, unknown>> = FINISH): Response {
  const message = {
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'scripted:test',
    content: [],
    stop_reason: null,
    usage: USAGE,
    ...fields,
  };
  const events = [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: fields['stop_reason'] ?? 'tool_use', stop_sequence: null },
      usage: fields['usage'] === undefined ? USAGE : {},
    },
    { type: 'message_stop' },
  ];
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
  return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
}

/** An agent that gets this answer, and answers as they should be after that. */
async function outcomeOf(odd: () => Response) {
  let asked = 0;
  const rest = playing([{ calls: [finish('At last.')] }]);
  const model: ModelFetch = async (request) => {
    asked += 1;
    return asked === 1 ? odd() : rest(request);
  };
  const done = await run(model);
  for (const entry of done.entries) entrySchema.parse(JSON.parse(JSON.stringify(entry)));
  for (const event of done.events) if (event.type === 'turn') usageSchema.parse(event.usage);
  return {
    summary: done.result.ok ? done.result.value.summary : done.result.failure,
    asked,
    turns: done.events.filter(({ type }) => type === 'turn'),
  };
}

describe('an answer of which', () => {
  for (const [what, odd] of [
    ['a call has no id that is a text', () => answer({}, { ...FINISH, id: 5 })],
    ['a call has no name', () => answer({}, { type: 'tool_use', id: 'c1', input: {} })],
    ['a text is none', () => answer({}, { type: 'text', text: null })],
    ['a block has no type', () => answer({}, { text: 'x' })],
    ['the reason for its end is a number', () => answer({ stop_reason: 7 })],
    ['the model is a number', () => answer({ model: 7 })],
    ['the usage is missing', () => answer({ usage: null })],
  ] as const) {
    it(`${what} is none: it is asked for again`, async () => {
      const { summary, asked } = await outcomeOf(odd);
      assert.deepEqual([summary, asked], ['At last.', 2]);
    });
  }

  it('the model is not named is the one’s that was asked', async () => {
    const { summary, turns } = await outcomeOf(() => answer({ model: null }));
    assert.equal(summary, 'Done.');
    assert.deepEqual(turns, [{ type: 'turn', usage: { input: 5, output: 1, cacheRead: 0, cacheWrite: 0 } }]);
  });

  it('the tokens are no numbers, or none that can be, counts none', async () => {
    const usage = { input_tokens: 'zz', output_tokens: null, cache_read_input_tokens: -1e9, cache_creation_input_tokens: 1e300 };
    const { turns } = await outcomeOf(() => answer({ usage }));
    assert.deepEqual(turns, [{ type: 'turn', usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } }]);
  });
});
