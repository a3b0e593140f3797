/** Tools of MCP servers, as agents meet them: under names that the API takes, and with what their hosts answer. */
import assert from 'node:assert/strict';
import { mcpTools } from '../../src/agent/tools/mcp';
import type { ActAnswer, ActRequest, Offers } from '../../src/domain/act';
import { NO_OFFERS } from '../../src/domain/act';
import { ok } from '../../src/domain/failure';
import { PNG } from '../support/mcpTools';
import { finish, playing, run, toldAfter } from './agentRun';

const offer = (server: string, tool: string): Offers['mcp'][number] => ({
  server,
  tool,
  description: 'Does it.',
  inputSchema: { type: 'object', properties: { a: { type: 'string' } } },
});

describe('tools of MCP servers', () => {
  it('have names that the API takes, each its own, the same in every run', () => {
    const offers = [
      offer('git', 'log'),
      offer('git hub', 'créer/issue'),
      offer('git_hub', 'cr_er_issue'),
      offer('x'.repeat(60), 'tool'),
      offer('x'.repeat(60), 'tool2'),
      offer('"><script>', '\u202e'),
      offer('', ''),
    ];
    const names = mcpTools(offers).map(({ name }) => name);
    for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/);
    assert.equal(new Set(names).size, names.length);
    assert.equal(names[0], 'mcp__git__log');
    assert.deepEqual(
      mcpTools([...offers].reverse())
        .map(({ name }) => name)
        .reverse(),
      names,
    );
  });

  it('are told to the model after all others, and called at the host, with what the model says', async () => {
    const asked: ActRequest[] = [];
    const answers: ActAnswer[] = [
      { text: 'A pixel:', isError: false, images: [{ mediaType: 'image/png', base64: PNG }] },
      { text: 'There is no such thing.', isError: true },
    ];
    const model = playing([
      {
        calls: [
          { tool: 'mcp__s__look', input: { a: 'b' } },
          { tool: 'mcp__s__look', input: {} },
          { tool: 'mcp__s__none', input: {} },
        ],
      },
      { calls: [finish()] },
    ]);
    const done = await run(model, {
      offers: { ...NO_OFFERS, mcp: [offer('s', 'look')] },
      act: async (request) => {
        asked.push(request);
        return ok(answers[asked.length - 1] ?? { text: '', isError: false });
      },
    });
    assert.deepEqual(
      asked.map(({ act }) => act),
      [
        { kind: 'mcp', server: 's', tool: 'look', input: { a: 'b' } },
        { kind: 'mcp', server: 's', tool: 'look', input: {} },
      ],
    );
    const [looked, refused, none] = toldAfter(done, 1);
    assert.deepEqual([looked, refused], ['A pixel:\n(image)', 'error: There is no such thing.']);
    assert.match(none ?? '', /^error: There is no tool “mcp__s__none”\. Use one of these: .*, mcp__s__look\.$/);
    assert.deepEqual(done.requests[0]?.tools.at(-1), {
      type: 'custom',
      name: 'mcp__s__look',
      description: 'Of the server “s”. Does it.',
      input_schema: { type: 'object', properties: { a: { type: 'string' } } },
    });
    assert.ok(done.steps.includes('Wants to ask s: look'));
  });
});
