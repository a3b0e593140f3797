/** Conversations that become too long for their model: they are summed up, and go on, however they are cut off meanwhile. */
import assert from 'node:assert/strict';
import { failureText } from '../../src/domain/failure';
import { errorResponse } from '../../src/model/messages';
import type { Turn } from '../../src/model/scenario';
import { shortMemory } from '../support/shortMemory';
import { type AgentRun, changed, finish, resumed, run, standing } from './agentRun';

const FILES = { 'big.txt': `${'word '.repeat(100)}\n`.repeat(20), 'a.txt': 'a\n' };
const read = (path: string) => ({ tool: 'read_file', input: { path } });
const write = (path: string, content: string) => ({ tool: 'write_file', input: { path, content } });
/** Each reading is about 10,000 characters long. */
const TURNS: Turn[] = [
  { say: 'I look.', calls: [read('big.txt'), write('one.txt', 'one\n')] },
  { calls: [read('big.txt'), write('two.txt', 'two\n')] },
  { calls: [read('big.txt'), write('three.txt', 'three\n')] },
  { calls: [read('big.txt'), write('four.txt', 'four\n')] },
  { calls: [finish('All four.')] },
];
/** With it the conversation is full after two readings. */
const WINDOW = 8000;
const DONE = { ok: true, value: { summary: 'All four.' } };
const WRITTEN = { 'one.txt': 'one\n', 'two.txt': 'two\n', 'three.txt': 'three\n', 'four.txt': 'four\n' };

function compactions({ entries }: AgentRun): string[] {
  return entries.flatMap((entry) => (entry.type === 'compacted' ? [entry.summary] : []));
}

describe('a conversation that becomes too long', () => {
  it('is summed up before it is full, as its window is known, and keeps the task', async () => {
    const { model, asked } = shortMemory(TURNS, { most: Number.POSITIVE_INFINITY });
    const done = await run(model, { files: FILES, window: WINDOW });
    assert.deepEqual([done.result, await changed(done.draft)], [DONE, WRITTEN]);
    assert.deepEqual(asked, ['0', '1', 'summary', '2', '3', 'summary', '4']);
    assert.deepEqual(compactions(done), ['Turns so far: 2', 'Turns so far: 4']);
    assert.deepEqual(
      done.requests.map(({ messages }) => messages.length),
      [1, 3, 5, 1, 3, 5, 1],
    );
    const [first, , , second, , , third] = done.requests.map(({ messages }) => messages[0]?.content);
    assert.ok(typeof first === 'string' && Array.isArray(second) && Array.isArray(third));
    assert.deepEqual([second[0]?.text, third[0]?.text], [first, first]);
    assert.match(second[1]?.text ?? '', /begins anew.*\n\nTurns so far: 2\n\nGo on with your task\.$/);
    assert.deepEqual([second.length, third.length], [2, 2]);
    const turns = done.events.filter(({ type }) => type === 'turn');
    const usages = done.entries.flatMap((entry) => (entry.type === 'answer' || entry.type === 'compacted' ? [entry.usage] : []));
    assert.deepEqual(
      turns.map((event) => event.type === 'turn' && event.usage),
      usages,
    );
    assert.equal(turns.length, 7);
    assert.ok(done.steps.includes('Summing up a long conversation'));
  });

  it('is summed up when the server refuses it, shortened as far as the server takes it', async () => {
    const { model, asked } = shortMemory(TURNS, { most: 15_000 });
    const done = await run(model, { files: FILES });
    assert.deepEqual([done.result, await changed(done.draft)], [DONE, WRITTEN]);
    assert.deepEqual(asked, ['0', '1', '2!', 'summary', '2', '3', '4!', 'summary', '4']);
    const little = shortMemory(TURNS, { most: 11_500 });
    const second = await run(little.model, { files: { ...FILES, 'big.txt': FILES['big.txt'] } });
    assert.deepEqual([second.result, await changed(second.draft)], [DONE, WRITTEN]);
    assert.ok(little.asked.filter((one) => one === 'summary!').length <= 3 * compactions(second).length);
  });

  it('is summed up when an answer ends where there is no more room, and what that answer called is not lost', async () => {
    const full: Turn = { say: 'I wanted to', stop: 'model_context_window_exceeded', calls: [write('half.txt', 'half\n')] };
    const { model, asked } = shortMemory([...TURNS.slice(0, 1), full, ...TURNS.slice(1)], { most: Number.POSITIVE_INFINITY });
    const done = await run(model, { files: FILES });
    assert.deepEqual([done.result, await changed(done.draft)], [DONE, WRITTEN]);
    assert.deepEqual(asked, ['0', '1', 'summary', '2', '3', '4', '5']);
    const results = done.entries.flatMap((entry) => (entry.type === 'answer' ? [entry.kind] : []));
    assert.deepEqual(results, ['whole', 'cut', 'whole', 'whole', 'whole', 'whole']);
  });

  it('goes on from its transcript, wherever it was cut off: what was summed up is not paid for again', async () => {
    const options = { files: FILES, window: WINDOW };
    const whole = await run(shortMemory(TURNS, { most: Number.POSITIVE_INFINITY }).model, options);
    for (let said = 1; said < whole.entries.length; said += 1) {
      const cut = { draft: whole.draft, entries: whole.entries.slice(0, said) };
      const memory = shortMemory(TURNS, { most: Number.POSITIVE_INFINITY });
      const { session } = standing(cut);
      const rest = await run(memory.model, {
        ...options,
        draft: await resumed({ ...whole, ...cut }),
        again: { session, message: undefined },
      });
      assert.deepEqual([rest.result, await changed(rest.draft)], [DONE, WRITTEN]);
      const paid = cut.entries.filter(({ type }) => type === 'answer' || type === 'compacted').length;
      // What it was full by is not written down: at most the summary is asked for later.
      assert.ok(paid + memory.asked.length <= 8, `${said}: ${memory.asked}`);
      if (cut.entries.at(-1)?.type === 'compacted') assert.equal(paid + memory.asked.length, 7);
    }
  });

  it('that cannot become shorter ends its task, with what to do', async () => {
    const { model, asked } = shortMemory(TURNS, { most: 5000 });
    const done = await run(model, { files: FILES, task: { instructions: 'Do it. '.repeat(2000) } });
    const said = 'The conversation became too long for the model, even when it was summed up. Split the task into smaller ones.';
    assert.ok(!done.result.ok);
    assert.deepEqual([done.result.failure.kind, failureText(done.result.failure)], ['agent', said]);
    assert.deepEqual(asked, ['0!', 'summary', '0!']);
  });

  it('goes on as it is where the model does not sum it up', async () => {
    const memory = shortMemory(TURNS, { most: Number.POSITIVE_INFINITY });
    let refused = 0;
    const done = await run(
      async (request) => {
        if (!/becoming too long/.test(await request.clone().text())) return memory.model(request);
        refused += 1;
        return errorResponse(400, 'invalid_request_error', 'No.');
      },
      { files: FILES, window: WINDOW },
    );
    assert.deepEqual([done.result, memory.asked, refused], [DONE, ['0', '1', '2', '3', '4'], 3]);
  });

  const words = [
    'prompt is too long: 208310 tokens > 200000 maximum',
    'input length and `max_tokens` exceed context limit: 195000 + 16000 > 200000',
    "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens",
    'request (9012 tokens) exceeds the available context size (8192 tokens)',
    'The input is too long for requested model',
    'The prompt is too long for the model: Message exceeds token limit.',
  ];
  for (const said of words) {
    it(`is known by the words of a server: ${said.slice(0, 40)}…`, async () => {
      const { model, asked } = shortMemory(TURNS, { most: 15_000, refuse: () => errorResponse(400, 'invalid_request_error', said) });
      assert.deepEqual([(await run(model, { files: FILES })).result, asked.includes('summary')], [DONE, true]);
    });
  }

  it('is not what another refusal is', async () => {
    const refuse = () => errorResponse(400, 'invalid_request_error', 'max_tokens: must be at most 8192');
    const { model, asked } = shortMemory(TURNS, { most: 15_000, refuse });
    const { result } = await run(model, { files: FILES });
    assert.deepEqual([result.ok, asked], [false, ['0', '1', '2!']]);
  });
});
