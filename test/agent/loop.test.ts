/** The agent's loop: how it goes on, how it ends, and what it says meanwhile. */
import assert from 'node:assert/strict';
import type { AgentEvent } from '../../src/agent/loop';
import { renewed } from '../../src/agent/transcript';
import { anthropicModel } from '../../src/model/anthropic';
import type { ModelFetch } from '../../src/model/fetch';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { serveModel } from '../support/modelServer';
import { changed, finish, playing, run, standing, toldAfter } from './agentRun';

const FILES = { 'src/a.ts': 'const a = 1;\n', 'README.md': '# Weft\n' };
const read = { tool: 'read_file', input: { path: 'src/a.ts' } };
const edit = (old: string, by: string) => ({ tool: 'edit_file', input: { path: 'src/a.ts', old, new: by } });

describe('an agent', () => {
  it('works with its tools until it finishes, and sends nothing after that', async () => {
    const done = await run(playing([{ say: 'I look.', calls: [read] }, { calls: [edit('1', '2')] }, { calls: [finish('a is 2.')] }]), {
      files: FILES,
    });
    assert.deepEqual(done.result, { ok: true, value: { summary: 'a is 2.' } });
    assert.deepEqual(await changed(done.draft), { 'src/a.ts': 'const a = 2;\n' });
    assert.deepEqual(done.steps, ['Thinking', 'Reading src/a.ts', 'Thinking', 'Editing src/a.ts', 'Thinking', 'Finishing']);
    assert.equal(done.requests.length, 3);
    assert.deepEqual(toldAfter(done, 1), ['const a = 1;\n']);
  });

  it('is told its task, and works the same over real HTTP', async () => {
    const turns = [{ calls: [read] }, { calls: [edit('1', '2'), finish('Over HTTP.')] }];
    const server = await serveModel(playing(turns));
    try {
      const model = anthropicModel({ baseUrl: server.url, key: 'a-key', fetch });
      const task = { instructions: 'Make it 2.', context: ['src/a.ts'], writes: ['src/**'] };
      const done = await run(model, { files: FILES, task });
      assert.deepEqual(done.result, { ok: true, value: { summary: 'Over HTTP.' } });
      assert.deepEqual(await changed(done.draft), { 'src/a.ts': 'const a = 2;\n' });
      assert.equal(
        done.requests[0]?.messages[0]?.content,
        'Task: one\nThe one task\n\nThe goal of the whole run, of which this task is a part:\nThe goal.\n\nYour task:\nMake it 2.\n\nRead these first:\n- src/a.ts\n\nYou are expected to change only:\n- src/**',
      );
    } finally {
      await server.close();
    }
  });

  it('reports the usage of each turn, and reads the earlier turns from the prompt cache', async () => {
    const done = await run(playing([{ calls: [read] }, { calls: [read] }, { calls: [finish()] }]), { files: FILES });
    const turns = done.events.flatMap((event) => (event.type === 'turn' ? [event.usage] : []));
    assert.deepEqual(
      turns.map(({ input, cacheRead, cacheWrite, output }) => [input, cacheRead > 0, cacheWrite > 0, output > 0]),
      [
        [0, false, true, true],
        [0, true, true, true],
        [0, true, true, true],
      ],
    );
    assert.equal(turns[1]?.cacheRead, turns[0]?.cacheWrite);
    assert.deepEqual(
      done.requests[0]?.system.map((block) => block.cache_control),
      [{ type: 'ephemeral' }, undefined],
    );
  });

  it('does the calls of a turn one after the other, so that edits of one file add up', async () => {
    const calls = [edit('const', 'let'), edit('1', '2'), edit('let a', 'let b'), finish()];
    const done = await run(playing([{ calls }]), { files: FILES });
    assert.deepEqual(await changed(done.draft), { 'src/a.ts': 'let b = 2;\n' });
  });

  it('goes on where it finished in the turn of a call that failed', async () => {
    const done = await run(
      playing([{ calls: [edit('7', '2'), finish('Too early.')] }, { calls: [edit('1', '2')] }, { calls: [finish('Now.')] }]),
      {
        files: FILES,
      },
    );
    assert.deepEqual(done.result, { ok: true, value: { summary: 'Now.' } });
    assert.deepEqual(await changed(done.draft), { 'src/a.ts': 'const a = 2;\n' });
  });

  it('goes on with its task in the same conversation, and with what it had done', async () => {
    const turns = [{ calls: [edit('1', '2'), finish('First.')] }, { calls: [edit('2', '3')] }, { calls: [finish('Second.')] }];
    const first = await run(playing(turns), { files: FILES });
    const again = { session: renewed(standing(first).session), message: 'The check failed.' };
    const second = await run(playing(turns), { draft: first.draft, again });
    assert.deepEqual(second.result, { ok: true, value: { summary: 'Second.' } });
    assert.deepEqual(await changed(second.draft), { 'src/a.ts': 'const a = 3;\n' });
    // What it was told before stands there as it was, so that the prompt cache holds it; what is new is the end of the last message.
    assert.deepEqual(second.requests[0]?.messages.slice(0, 1), first.requests[0]?.messages);
    assert.deepEqual(
      second.requests.map(({ messages }) => messages.map(({ role }) => role)),
      [
        ['user', 'assistant', 'user'],
        ['user', 'assistant', 'user', 'assistant', 'user'],
      ],
    );
    assert.equal(toldAfter(second, 0).at(-1), 'The check failed.');
    assert.equal(toldAfter(second, 0).length, 3);
  });

  it('is told its task, and what is there, where its conversation is lost', async () => {
    const again = { session: undefined, message: 'Go on from what is there.' };
    const done = await run(playing([{ calls: [finish()] }]), { files: FILES, again });
    const told = toldAfter(done, 0);
    assert.match(told[0] ?? '', /^Task: one/);
    assert.deepEqual(told.slice(1), ['Go on from what is there.']);
  });

  it('gets one reminder where it calls no tool, and fails the second time in a row', async () => {
    const reminded = 'You called no tool. Go on with your task; if it is done, or cannot be done, call finish with a summary.';
    const saved = await run(playing([{ say: 'Hm.' }, { calls: [read] }, { say: 'Hm.' }, { calls: [finish()] }]), { files: FILES });
    assert.equal(saved.result.ok, true);
    assert.deepEqual([toldAfter(saved, 1), toldAfter(saved, 3)], [[reminded], [reminded]]);
    const lost = await run(playing([{ say: 'Hm.' }, { say: 'Well.' }, { calls: [finish()] }]), { files: FILES });
    assert.deepEqual(lost.result, {
      ok: false,
      failure: {
        kind: 'agent',
        message: 'The agent neither called a tool nor finished, twice in a row.',
        fix: 'Say more exactly what is to be done, or use another model.',
      },
    });
    assert.equal(lost.requests.length, 2);
  });

  it('is reminded after an answer with nothing in it, which is not sent back', async () => {
    const done = await run(playing([{}]), { files: FILES });
    assert.deepEqual(
      done.requests.map(({ messages }) => messages.map(({ role }) => role)),
      [['user'], ['user', 'user']],
    );
  });

  it('makes no call of an answer that was cut at the token limit, and fails when three in a row are', async () => {
    const cut = { say: 'Now all at once:', calls: [edit('1', '2')], stop: 'max_tokens' as const };
    const saved = await run(playing([cut, { calls: [finish()] }]), { files: FILES });
    assert.deepEqual(toldAfter(saved, 1), [
      'error: This call was not made.',
      'Your answer was cut off at the token limit. Go on in smaller steps: fewer calls at a time, and shorter texts in them.',
    ]);
    assert.deepEqual(await changed(saved.draft), {});
    const lost = await run(playing([cut, cut, cut, { calls: [finish()] }]), { files: FILES });
    assert.equal(
      lost.result.ok ? '' : lost.result.failure.message,
      'The agent’s answer was longer than 16,000 tokens, or garbled, 3 times in a row.',
    );
  });

  it('fails where the model refuses', async () => {
    const done = await run(playing([{ say: 'I will not.', stop: 'refusal' }]), { files: FILES });
    assert.deepEqual(done.result.ok ? undefined : [done.result.failure.kind, done.result.failure.message], [
      'agent',
      'The model refused to work on this task.',
    ]);
  });

  it('is told when one turn is left, fails when none is, and what it did stays in the draft', async () => {
    const done = await run(playing([{ calls: [edit('1', '2')] }, { calls: [edit('2', '3')] }, { calls: [finish()] }]), {
      files: FILES,
      maxTurns: 2,
    });
    assert.equal(done.result.ok ? '' : done.result.failure.message, 'The agent did not finish in 2 turns.');
    assert.equal(toldAfter(done, 1)[1], 'You have one turn left: call finish now, and say what is done and what is not.');
    assert.deepEqual(await changed(done.draft), { 'src/a.ts': 'const a = 3;\n' });
    assert.equal(done.requests.length, 2);
  });

  it('may finish in its last turn', async () => {
    const done = await run(playing([{ calls: [finish('Just so.')] }]), { maxTurns: 1 });
    assert.deepEqual(done.result, { ok: true, value: { summary: 'Just so.' } });
  });

  it('learns which tools there are when it calls another, and that those that write are not for a researcher, who is told of the same', async () => {
    const turns = [{ calls: [{ tool: 'run_command', input: {} }, edit('1', '2')] }, { calls: [finish()] }];
    const coder = await run(playing(turns), { files: FILES });
    const all = 'list_files, read_file, search, edit_file, write_file, move_file, delete_file, finish, set_executable';
    assert.deepEqual(toldAfter(coder, 1), [
      `error: There is no tool “run_command”. Use one of these: ${all}.`,
      'Edited src/a.ts at line 1.',
    ]);
    const researcher = await run(playing(turns), { files: FILES, task: { role: 'researcher' } });
    assert.equal(
      toldAfter(researcher, 1)[1],
      'error: As researcher you change no files: edit_file is not yours. Do your task without it, and say in your summary what it would have been for.',
    );
    assert.deepEqual(await changed(researcher.draft), {});
    assert.deepEqual(researcher.requests[0]?.tools, coder.requests[0]?.tools);
    const rights =
      'In this role you change no files, run no commands, have no others do your work, use no tools of servers (mcp__…). Calls of such tools are refused.';
    assert.equal(researcher.requests[0]?.system.at(-1)?.text?.split('\n\n').at(-1), rights);
  });

  it('learns what is wrong with an input that does not fit', async () => {
    const calls = [{ tool: 'read_file', input: { file: 'src/a.ts', from: 0 } }];
    const wrong = await run(playing([{ calls }, { calls: [finish()] }]), { files: FILES });
    const [told = ''] = toldAfter(wrong, 1);
    assert.match(
      told,
      /^error: The input of read_file does not fit its schema \(path: .*; from: .*\)\. Call it again with an input that fits\.$/,
    );
    assert.deepEqual(wrong.steps.slice(0, 2), ['Thinking', 'Calling read_file']);
    const broken = await run(playing([{ calls: [read], malformed: 'json' }, { calls: [finish()] }]), { files: FILES });
    assert.deepEqual(toldAfter(broken, 1), ['error: This call was not made.', 'The input of a call was no JSON. Make your calls again.']);
  });

  it('goes on with a turn that the server paused', async () => {
    const plain = playing([{ say: 'Half a' }, { calls: [finish()] }]);
    let paused = false;
    const model: ModelFetch = async (request) => {
      const answer = await plain(request);
      if (paused) return answer;
      paused = true;
      return new Response((await answer.text()).replaceAll('"end_turn"', '"pause_turn"'), answer);
    };
    const done = await run(model);
    assert.equal(done.result.ok, true);
    assert.deepEqual(
      done.requests[1]?.messages.map(({ role }) => role),
      ['user', 'assistant'],
    );
  });
});

describe('an agent whose answer breaks off', () => {
  const turns = [{ calls: [edit('1', '2')] }, { say: 'Looks good.', calls: [finish('All well.')] }];

  it('asks again, from where it was, and pays for no turn twice', async () => {
    const whole = playing(turns);
    const cutting = scriptedModel(scenarioSchema.parse({ tasks: { one: turns.map((turn) => ({ ...turn, malformed: 'cut' })) } }), {
      paceMs: 0,
      wait: async () => undefined,
    });
    let asked = 0;
    const done = await run((request) => (++asked % 2 === 1 ? cutting(request) : whole(request)), { files: FILES });
    assert.deepEqual(done.result, { ok: true, value: { summary: 'All well.' } });
    assert.deepEqual(
      done.requests.map(({ messages }) => messages.length),
      [1, 1, 3, 3],
    );
    assert.deepEqual(await changed(done.draft), { 'src/a.ts': 'const a = 2;\n' });
    assert.equal(done.events.filter((event: AgentEvent) => event.type === 'turn').length, 2);
  });

  it('fails the third time in a row, and keeps what it did', async () => {
    const done = await run(playing([turns[0] ?? {}, { say: 'x'.repeat(100), malformed: 'cut' }]), { files: FILES });
    assert.deepEqual(done.result.ok ? undefined : done.result.failure.kind, 'model');
    assert.equal(done.requests.length, 4);
    assert.deepEqual(await changed(done.draft), { 'src/a.ts': 'const a = 2;\n' });
  });

  it('asks again where the server reports an overload in mid-stream', async () => {
    const whole = playing(turns);
    let asked = 0;
    const overloaded = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
    const model: ModelFetch = async (request) =>
      ++asked === 1 ? new Response(overloaded, { headers: { 'content-type': 'text/event-stream' } }) : whole(request);
    assert.equal((await run(model, { files: FILES })).result.ok, true);
  });
});

describe('an agent that is stopped', () => {
  const CANCELLED = { ok: false, failure: { kind: 'cancelled', message: 'Stopped.', fix: '' } };

  it('aborts the request in flight, over real HTTP, and keeps what it did', async () => {
    const stop = new AbortController();
    let gone = (): void => undefined;
    const aborted = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const scenario = scenarioSchema.parse({
      tasks: { one: [{ calls: [edit('1', '2')] }, { say: 'A long story. '.repeat(50), paceMs: 1 }] },
    });
    // The second turn's stream stands still after its first chunks, until its request is aborted.
    let chunks = 0;
    const model = scriptedModel(scenario, {
      paceMs: 0,
      wait: (ms, signal) => {
        if (ms === 0 || ++chunks < 3) return Promise.resolve();
        return new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
          stop.abort();
        });
      },
    });
    const server = await serveModel((request) => {
      request.signal.addEventListener('abort', () => gone(), { once: true });
      return model(request);
    });
    try {
      const done = await run(anthropicModel({ baseUrl: server.url, key: 'a-key', fetch }), { files: FILES, signal: stop.signal });
      await aborted;
      assert.deepEqual(done.result, CANCELLED);
      assert.deepEqual(await changed(done.draft), { 'src/a.ts': 'const a = 2;\n' });
    } finally {
      await server.close();
    }
  });

  it('begins no further call', async () => {
    const stop = new AbortController();
    const done = await run(
      playing([{ calls: [edit('1', '2'), { tool: 'write_file', input: { path: 'b.ts', content: 'b' } }, finish()] }]),
      {
        files: FILES,
        signal: stop.signal,
        onEvent: (event) => {
          if (event.type === 'turn') stop.abort();
        },
      },
    );
    assert.deepEqual(done.result, CANCELLED);
    assert.deepEqual(await changed(done.draft), {});
    assert.equal(done.requests.length, 1);
  });

  it('does not begin where it was stopped before', async () => {
    const done = await run(playing([{ calls: [finish()] }]), { signal: AbortSignal.abort() });
    assert.deepEqual(done.result, CANCELLED);
    assert.equal(done.requests.length, 0);
  });

  it('wakes from the pause before another try', async () => {
    const stop = new AbortController();
    const busy: ModelFetch = async () => {
      queueMicrotask(() => stop.abort());
      return Response.json(
        { type: 'error', error: { type: 'rate_limit_error', message: 'Slow down' } },
        { status: 429, headers: { 'retry-after': '3600' } },
      );
    };
    assert.deepEqual((await run(busy, { signal: stop.signal })).result, CANCELLED);
  });
});
