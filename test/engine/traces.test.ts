/** Traces: what is known of a task, as files and as telemetry, without secrets, and for nobody else to read. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Entry, TRANSCRIPT_VERSION } from '../../src/agent/transcript';
import type { Happening } from '../../src/domain/event';
import { NO_USAGE } from '../../src/domain/usage';
import { Transcripts } from '../../src/engine/journal/transcripts';
import { readTraces, type Traces, writeTraces } from '../../src/engine/trace/read';
import { sendIfAsked } from '../../src/engine/trace/send';
import { taskTrace } from '../../src/engine/trace/taskTrace';
import { taskTraceLines } from '../../src/engine/trace/text';
import { timelineOf } from '../../src/engine/trace/timeline';
import { RunBudget } from '../../src/model/budget/runBudget';
import { failed, valued } from '../support/result';
import { planOf, type Rig, rig, startOf } from '../support/run';

/** Dollars for a million tokens. */
const PRICES = { 'scripted:x': { input: 1000, cacheRead: 100, output: 8000 } };
const KEY = 'sk-ant-api03-0123456789abcdefghij';
const usage = { input: 10, output: 5, cacheRead: 100, cacheWrite: 0 };

/** What an agent said that read a file, failed to read another, and finished. */
const SAID: readonly Entry[] = [
  { type: 'begin', version: TRANSCRIPT_VERSION, base: 'c', draft: null, keeps: false, message: null },
  { type: 'told', content: 'Task: a' },
  {
    type: 'answer',
    kind: 'whole',
    stop: 'tool_use',
    usage,
    model: 'spare',
    content: [
      { type: 'text', text: `I look. The key is ${KEY}.` },
      { type: 'tool_use', id: 'one', name: 'read_file', input: { path: 'in.txt' } },
      { type: 'tool_use', id: 'two', name: 'read_file', input: { path: 'gone.txt' } },
    ],
  },
  { type: 'result', result: { type: 'tool_result', tool_use_id: 'one', content: `the text ${KEY}` }, draft: null, reads: ['in.txt'] },
  {
    type: 'result',
    result: { type: 'tool_result', tool_use_id: 'two', is_error: true, content: 'There is no such file.' },
    draft: null,
    reads: [],
  },
  { type: 'close', notes: [] },
];

/** A run of one task that landed. */
async function finished(): Promise<Rig> {
  const box = await rig({ 'in.txt': 'in\n' }, { a: [] }, { budget: new RunBudget(PRICES, []) });
  let time = box.run.record.state.start.at;
  const transcripts = new Transcripts(box.repo.stateDir, box.run.id, { now: () => (time += 10) });
  for (const entry of SAID) valued(transcripts.append('a', entry));
  const agent = await box.agents.agent('a');
  agent.report({ type: 'turn', usage });
  await agent.finish({ 'out.txt': 'out\n' }, `Did it, with ${KEY}.`, ['in.txt']);
  valued(await box.ended);
  box.run.record.close();
  return box;
}

function tracesOf(box: Rig): Traces {
  return valued(readTraces(box.repo.stateDir, box.run.id, (ms) => `${ms} ms`));
}

describe('the trace of a task', () => {
  it('has its turns and calls with their times, its cost, and what it read and wrote, without secrets', async () => {
    const box = await finished();
    const [task] = tracesOf(box).tasks;
    assert.ok(task !== undefined);
    const { start } = box.run.record.state;
    const at = (steps: number) => start.at + 10 * steps;
    assert.deepEqual(task.turns, [
      {
        from: at(2),
        to: at(3),
        said: 'I look. The key is (secret).',
        stop: 'tool_use',
        model: 'spare',
        usage,
        calls: [
          { id: 'one', tool: 'read_file', input: '{"path":"in.txt"}', from: at(3), to: at(4), answer: 'the text (secret)', failed: false },
          {
            id: 'two',
            tool: 'read_file',
            input: '{"path":"gone.txt"}',
            from: at(4),
            to: at(5),
            answer: 'There is no such file.',
            failed: true,
          },
        ],
      },
    ]);
    assert.deepEqual(
      {
        id: task.id,
        stage: task.stage,
        output: task.output,
        reads: task.reads.map(({ path }) => path),
        writes: task.writes,
        usage: task.usage,
        costUsd: task.costUsd,
      },
      {
        id: `${start.run}/a`,
        stage: 'landed',
        output: 'Did it, with (secret).',
        reads: ['in.txt'],
        writes: ['out.txt'],
        usage,
        // 10 in, 100 from the cache, 5 out.
        costUsd: (10 * 1000 + 100 * 100 + 5 * 8000) / 1e6,
      },
    );
    const lines = taskTraceLines(task, start.at, (ms) => `${ms} ms`);
    assert.equal(lines[1], '  1 turn, 115 tokens, $0.0600');
    assert.ok(lines.includes('       30 ms  read_file {"path":"in.txt"}  10 ms'), lines.join('\n'));
    assert.ok(lines.includes('       40 ms  read_file {"path":"gone.txt"}  failed: There is no such file.'), lines.join('\n'));
  });

  it('counts what another model answered as that one’s, and names what has no price', () => {
    const start = {
      ...startOf(planOf({ a: [] })),
      model: 'mine',
      prices: { mine: { input: 1000, output: 0 }, spare: { input: 9000, output: 0 } },
    };
    const turn = (model?: string): Happening => ({
      type: 'task.turn',
      task: 'a',
      usage: { ...NO_USAGE, input: 100 },
      ...(model === undefined ? {} : { model }),
    });
    const traced = (prices: typeof start.prices | Record<string, never>, ...turns: Happening[]) => {
      const happened: Happening[] = [{ ...start, prices }, { type: 'task.started', task: 'a', base: 'c' }, ...turns];
      const line = timelineOf(happened.map((one, at) => ({ ...one, at }))) ?? assert.fail();
      const task = line.state.tasks.get('a') ?? assert.fail();
      const trace = taskTrace(line, task, []);
      return [trace.costUsd, taskTraceLines(trace, 0, String)[1]];
    };
    assert.deepEqual(traced(start.prices, turn(), turn('spare')), [1, '  0 turns, 200 tokens, $1.00']);
    assert.deepEqual(traced({}, turn()), [null, '  0 turns, 100 tokens, cost unknown (no price is known of mine)']);
  });

  it('has nothing that took less than no time where the clock was set back', () => {
    const start = startOf(planOf({ a: [] }));
    const line =
      timelineOf([
        { ...start, at: 1000 },
        { type: 'task.started', task: 'a', base: 'c', at: 1000 },
      ]) ?? assert.fail();
    const back = SAID.map((entry, at) => ({ ...entry, at: 1000 - 100 * at }));
    const [turn] = taskTrace(line, line.state.tasks.get('a') ?? assert.fail(), back).turns;
    const spans = [turn, ...(turn?.calls ?? [])].map((one) => [one?.from, one?.to]);
    assert.deepEqual(spans, [
      [1000, 1000],
      [1000, 1000],
      [1000, 1000],
    ]);
  });

  it('is written as files that only their user can read', async () => {
    const box = await finished();
    const folder = join(box.repo.stateDir, 'traces');
    valued(writeTraces(tracesOf(box), folder));
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { tasks: { task: string }[] };
    assert.deepEqual(
      index.tasks.map(({ task }) => task),
      ['a'],
    );
    for (const file of [join(folder, 'index.json'), join(folder, 'tasks', 'a.json')]) {
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.ok(!readFileSync(file, 'utf8').includes(KEY));
    }
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });
});

describe('telemetry', () => {
  it('sends names, times, tokens and costs to a collector, and nothing of what was said', async () => {
    const box = await finished();
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        bodies.push(body);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      valued(await sendIfAsked(box.repo.stateDir, box.run.id, `http://127.0.0.1:${port}/v1/traces`));
    } finally {
      server.close();
      server.closeAllConnections();
    }
    const body = bodies.join('');
    interface Span {
      readonly name: string;
      readonly traceId: string;
      readonly attributes: readonly {
        readonly key: string;
        readonly value: { readonly intValue?: number; readonly stringValue?: string };
      }[];
    }
    const sent = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
    const spans = sent.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    assert.deepEqual(
      spans.map(({ name }) => name),
      ['weft run', 'invoke_agent coder', 'chat scripted:x', 'execute_tool read_file', 'execute_tool read_file'],
    );
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
    const input = spans[1]?.attributes.find(({ key }) => key === 'gen_ai.usage.input_tokens');
    assert.equal(input?.value.intValue, 110);
    const required = ['operation.name', 'provider.name', 'request.model', 'response.model', 'tool.name'].map((name) => `gen_ai.${name}`);
    const told = spans.map(({ attributes }) =>
      [...required, 'error.type'].map((name) => attributes.find(({ key }) => key === name)?.value.stringValue ?? null),
    );
    assert.deepEqual(told, [
      ['invoke_workflow', 'scripted', 'scripted:x', null, null, null],
      ['invoke_agent', 'scripted', 'scripted:x', null, null, null],
      ['chat', 'scripted', 'scripted:x', 'spare', null, null],
      ['execute_tool', 'scripted', null, null, 'read_file', null],
      ['execute_tool', 'scripted', null, null, 'read_file', 'tool_error'],
    ]);
    for (const said of [KEY, 'I look', 'Did it', 'in.txt', 'Do it.']) assert.ok(!body.includes(said), said);
  });

  it('is sent nowhere as long as nobody asks, and says where it cannot be', async () => {
    const box = await finished();
    valued(await sendIfAsked(box.repo.stateDir, box.run.id, ' '));
    assert.equal(
      failed(await sendIfAsked(box.repo.stateDir, box.run.id, 'nowhere')).message,
      'The endpoint "nowhere" is not an http or https address.',
    );
    const refused = failed(await sendIfAsked(box.repo.stateDir, box.run.id, 'http://127.0.0.1:1/v1/traces'));
    assert.match(refused.message, /^The traces of run t0001 could not be sent to http:\/\/127\.0\.0\.1:1\/v1\/traces: /);
  }).timeout(60_000);
});
