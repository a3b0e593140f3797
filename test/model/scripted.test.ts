/** The scripted model over real HTTP, asked by the real SDK. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Anthropic from '@anthropic-ai/sdk';
import { type Scenario, scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import type { Wait } from '../../src/model/time';
import { type ModelServer, serveModel } from '../support/modelServer';

const SAY = 'I read the two files first, then I change them. Ünïcode 🧵 survives.';
const CALLS = [
  { tool: 'read_file', input: { path: 'src/a.ts', from: 1 } },
  { tool: 'edit_file', input: { path: 'src/a.ts', old: 'one\n'.repeat(40), new: '“two” 🧵' } },
];
const CONTENT = [
  { type: 'text', text: SAY, citations: null },
  ...CALLS.map(({ tool, input }, index) => ({
    type: 'tool_use',
    id: `toolu_api_0_${index}`,
    name: tool,
    input,
    caller: { type: 'direct' },
  })),
];
const atOnce: Wait = async () => undefined;

describe('the scripted model', () => {
  const servers: ModelServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  /** A client of a server of that scenario, which tries each request once. */
  async function clientOf(scenario: object, wait: Wait = atOnce, maxRetries = 0): Promise<Anthropic> {
    const server = await serveModel(scriptedModel(scenarioSchema.parse(scenario), { paceMs: 1, wait }));
    servers.push(server);
    return new Anthropic({ apiKey: 'placeholder', baseURL: server.url, maxRetries });
  }

  it('streams text and several calls in several chunks', async () => {
    const client = await clientOf({ tasks: { api: [{ say: SAY, calls: CALLS }] } });
    const stream = client.messages.stream(ask('Task: api'));
    const chunks: Record<string, number> = {};
    stream.on('streamEvent', (event) => {
      const kind = event.type === 'content_block_delta' ? event.delta.type : event.type;
      chunks[kind] = (chunks[kind] ?? 0) + 1;
    });
    const message = await stream.finalMessage();
    assert.deepEqual(message.content, CONTENT);
    assert.equal(message.stop_reason, 'tool_use');
    assert.deepEqual(chunks, {
      message_start: 1,
      content_block_start: 3,
      text_delta: 5,
      input_json_delta: 14,
      content_block_stop: 3,
      message_delta: 1,
      message_stop: 1,
    });
  });

  it('answers the same without a stream, and when it is asked again', async () => {
    const client = await clientOf({ tasks: { api: [{ say: SAY, calls: CALLS }] } });
    const first = await client.messages.create(ask('Task: api'));
    const again = await client.beta.messages.create(ask('Task: api'));
    assert.deepEqual(first.content, CONTENT);
    assert.deepEqual([again.content, again.usage], [first.content, first.usage]);
  });

  it('takes the turn from the number of answers so far, and the task from the first message', async () => {
    const client = await clientOf({
      tasks: { a: [{ say: 'a1' }, { say: 'a2' }] },
      otherwise: [{ say: 'o1' }, { say: 'o2', stop: 'max_tokens' }],
    });
    const texts = [];
    for (const task of ['Task: a', 'Task: b', 'no task']) {
      const answer = await client.messages.create({ ...ask(task), messages: [...ask(task).messages, said('x'), asked('Task: a')] });
      texts.push([answer.content.map((block) => (block.type === 'text' ? block.text : '')), answer.stop_reason]);
    }
    assert.deepEqual(texts, [
      [['a2'], 'end_turn'],
      [['o2'], 'max_tokens'],
      [['o2'], 'max_tokens'],
    ]);
  });

  it('answers planning requests with the plans in order', async () => {
    const client = await clientOf({ plans: [{ tasks: 'none' }, { goal: 'g' }] });
    const format = { type: 'json_schema', schema: {} } as const;
    const plan = { ...ask('Plan this'), output_config: { format } };
    const first = await client.messages.create(plan);
    const second = await client.messages.create({ ...plan, messages: [...plan.messages, said('?'), asked('Mend it')] });
    assert.deepEqual(
      [first, second].map((answer) => answer.content.map((block) => (block.type === 'text' ? JSON.parse(block.text) : block))),
      [[{ tasks: 'none' }], [{ goal: 'g' }]],
    );
    await assert.rejects(
      client.messages.create({ ...plan, messages: [...plan.messages, said('?'), asked('1'), said('?'), asked('2')] }),
      /The scenario has 2 plans, and none for planning request 3\./,
    );
  });

  it('says which task or turn the scenario lacks, with an error that nobody retries', async () => {
    const client = await clientOf({ tasks: { a: [{ say: 'only' }] } }, atOnce, 2);
    const cases: [string, Anthropic.MessageParam[]][] = [
      ['The scenario has 1 turn for task “a”, and no turn 2.', [asked('Task: a'), said('only'), asked('on')]],
      ['The scenario has no task “b”.', [asked('Task: b')]],
      ['The first message has no line “Task: <id>”.', [asked('Do it')]],
    ];
    for (const [message, messages] of cases) {
      await assert.rejects(client.messages.create({ ...ask(''), messages }), (thrown: unknown) => {
        assert.ok(thrown instanceof Anthropic.BadRequestError);
        assert.equal(thrown.apiMessage, message);
        return true;
      });
    }
  });

  it('answers errors as the API does, for as many tries as the scenario says', async () => {
    const error = (status: number, type: string, more = {}) => [{ say: 'well', error: { status, type, message: `${type}!`, ...more } }];
    const client = await clientOf({
      tasks: {
        key: error(401, 'authentication_error'),
        model: error(404, 'not_found_error'),
        busy: error(529, 'overloaded_error', { headers: { 'retry-after': '7' } }),
      },
    });
    const classes = { key: Anthropic.AuthenticationError, model: Anthropic.NotFoundError, busy: Anthropic.OverloadedError };
    const seen = [];
    for (const [task, type] of Object.entries(classes)) {
      const thrown: unknown = await client.messages
        .stream(ask(`Task: ${task}`))
        .finalMessage()
        .catch((reason: unknown) => reason);
      assert.ok(thrown instanceof type, `${task}: ${thrown}`);
      seen.push([thrown.status, thrown.type, thrown.apiMessage, thrown.headers?.get('retry-after')]);
    }
    assert.deepEqual(seen, [
      [401, 'authentication_error', 'authentication_error!', null],
      [404, 'not_found_error', 'not_found_error!', null],
      [529, 'overloaded_error', 'overloaded_error!', '7'],
    ]);
    const once = error(529, 'overloaded_error', { headers: { 'retry-after-ms': '1' }, times: 1 });
    const retrying = await clientOf({ tasks: { busy: once } }, atOnce, 1);
    assert.equal((await retrying.messages.create(ask('Task: busy'))).stop_reason, 'end_turn');
  });

  it('ends the stream when the client aborts, and stops waiting', async () => {
    const waits = heldWaits();
    const client = await clientOf({ tasks: { api: [{ say: SAY, thinkMs: 500, paceMs: 20 }] } }, waits.wait);
    const stream = client.messages.stream(ask('Task: api'));
    const failed = assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
    waits.release(await waits.next());
    waits.release(await waits.next());
    const held = await waits.next();
    assert.deepEqual(waits.asked, [500, 20, 20]);
    stream.abort();
    await failed;
    await held.aborted;
    assert.deepEqual(waits.asked, [500, 20, 20]);
  });

  it('hears the abort of a request that was collected', async () => {
    const waits = heldWaits();
    const model = scriptedModel(scenarioSchema.parse({ otherwise: [{ say: SAY }] }), { paceMs: 1, wait: waits.wait });
    const client = new AbortController();
    const response = await model(
      new Request('http://weft.invalid/v1/messages', {
        method: 'POST',
        body: JSON.stringify({ ...ask('x'), stream: true }),
        signal: client.signal,
      }),
    );
    const read = response.text();
    const held = await waits.next();
    collectGarbage();
    client.abort();
    await held.aborted;
    await assert.rejects(read, { name: 'AbortError' });
  });

  it('breaks off, or sends input that is no JSON, where the scenario says so', async () => {
    const client = await clientOf({ tasks: { cut: [{ say: SAY, malformed: 'cut' }], json: [{ calls: CALLS, malformed: 'json' }] } });
    await assert.rejects(client.messages.stream(ask('Task: cut')).finalMessage(), Anthropic.AnthropicError);
    await assert.rejects(client.messages.stream(ask('Task: json')).finalMessage(), /JSON/);
  });

  it('counts what the prompt cache reads and writes', async () => {
    const scenario: Partial<Scenario> = { otherwise: [{ say: 'one' }, { say: 'two' }] };
    const client = await clientOf(scenario);
    const mark = { cache_control: { type: 'ephemeral' } } as const;
    const base = {
      model: 'scripted:x',
      max_tokens: 100,
      tools: [{ name: 'finish', input_schema: { type: 'object' } as const, description: 'd'.repeat(400) }],
      system: [{ type: 'text', text: 's'.repeat(4000), ...mark } as const],
    };
    const first = asked([{ type: 'text', text: 'u'.repeat(800), ...mark }]);
    const unmarked = asked([{ type: 'text', text: 'u'.repeat(800) }]);
    const usage = async (messages: Anthropic.MessageParam[], model = base.model) => {
      const { usage: tokens } = await client.messages.create({ ...base, model, messages });
      return [tokens.cache_read_input_tokens, tokens.cache_creation_input_tokens, tokens.input_tokens];
    };
    const whole = 1337;
    assert.deepEqual(await usage([first]), [0, whole, 0]);
    assert.deepEqual(await usage([first]), [whole, 0, 0], 'the same request again');
    assert.deepEqual(
      await usage([unmarked, said('one'), asked([{ type: 'text', text: 'more', ...mark }])]),
      [whole, 20, 0],
      'the next turn',
    );
    assert.deepEqual(await usage([asked('else')]), [1128, 0, 10], 'another agent: tools and system are the same');
    assert.deepEqual(await usage([first], 'scripted:y'), [0, whole, 0], 'another model');
  });
});

function asked(content: Anthropic.MessageParam['content']): Anthropic.MessageParam {
  return { role: 'user', content };
}

function said(content: string): Anthropic.MessageParam {
  return { role: 'assistant', content };
}

function ask(text: string) {
  return { model: 'scripted:test', max_tokens: 1000, messages: [asked(`Work to do.\n${text}\nThank you.`)] };
}

interface Held {
  readonly release: () => void;
  /** Resolves when the waiter's signal aborts. */
  readonly aborted: Promise<void>;
}

/** Waits that the test ends, one by one, in the order in which they were asked for. */
function heldWaits() {
  const asked: number[] = [];
  const waiting: Held[] = [];
  const takers: ((held: Held) => void)[] = [];
  const wait: Wait = (ms, signal) => {
    asked.push(ms);
    return new Promise((resolve) => {
      const aborted = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
      const held = { release: resolve, aborted };
      void aborted.then(resolve);
      const taker = takers.shift();
      if (taker === undefined) waiting.push(held);
      else taker(held);
    });
  };
  const next = () => {
    const held = waiting.shift();
    return held === undefined ? new Promise<Held>((resolve) => takers.push(resolve)) : Promise.resolve(held);
  };
  return { wait, next, asked, release: (held: Held) => held.release() };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  collect();
}
