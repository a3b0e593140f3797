/** Real agents on a model that does what the test says, over real HTTP: what fails, hangs or goes round in circles is tried again, and nothing is paid for twice. */
import assert from 'node:assert/strict';
import * as z from 'zod';
import { anthropicModel } from '../../src/model/anthropic';
import type { ModelFetch } from '../../src/model/fetch';
import { errorResponse } from '../../src/model/messages';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { serveModel } from '../support/modelServer';
import { valued } from '../support/result';
import { planOf, type Rig, type RigOptions, rig, stagesOf } from '../support/run';
import { afterThisTest, folderState } from '../support/sandbox';

const write = (path: string): Turn => ({ calls: [{ tool: 'write_file', input: { path, content: path } }] });
const read = (path: string): Turn => ({ calls: [{ tool: 'read_file', input: { path } }] });
const finish: Turn = { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] };

const asked = z.object({ messages: z.array(z.object({ role: z.string(), content: z.unknown() })) });

/** A request for an agent's turn: how many there were before it in its conversation, and the conversation's first message. */
interface Turned {
  readonly turn: number;
  readonly first: string;
}

/** A run whose agents ask a server: `answer` says what it answers instead of the scenario's turn, or that it does not answer. */
async function running(
  turns: readonly Turn[],
  answer: (turned: Turned, nth: number) => Response | 'never' | undefined,
  options: RigOptions = {},
): Promise<{ box: Rig; turned: Turned[]; aborted: Promise<void> }> {
  const scripted = scriptedModel(scenarioSchema.parse({ otherwise: turns }), { paceMs: 0, wait: async () => undefined });
  const turned: Turned[] = [];
  let gone = () => {};
  const aborted = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const model: ModelFetch = async (request) => {
    const { messages } = asked.parse(await request.clone().json());
    const turn = { turn: messages.filter(({ role }) => role === 'assistant').length, first: JSON.stringify(messages[0]?.content) };
    const said = answer(turn, turned.push(turn));
    if (said !== 'never') return said ?? scripted(request);
    return new Promise((_, reject) => {
      request.signal.addEventListener('abort', () => {
        gone();
        reject(request.signal.reason);
      });
    });
  };
  const server = await serveModel(model);
  afterThisTest(() => void server.close());
  const box = await rig(
    { x: 'x' },
    { a: [] },
    { attempts: 2, ...options, model: anthropicModel({ baseUrl: server.url, key: 'a-key', fetch: (request) => fetch(request) }) },
  );
  return { box, turned, aborted };
}

/** Resolves with the failure of the attempt that fails next. */
function retried({ run }: Rig): Promise<string> {
  return new Promise((resolve) => {
    const unlisten = run.record.listen((event) => {
      if (event.type !== 'task.retrying') return;
      unlisten();
      resolve(event.failure.kind);
    });
  });
}

describe('an agent', () => {
  it('whose model fails goes on where it was, and asks for no turn twice that it was given', async () => {
    const { box, turned } = await running([write('one'), write('two'), finish], ({ turn }, nth) =>
      turn === 1 && nth === 2 ? errorResponse(500, 'api_error', 'Not now.', { 'x-should-retry': 'false' }) : undefined,
    );
    assert.equal(await retried(box), 'model');
    await box.time.pass(2_000);
    const state = valued(await box.ended);
    assert.deepEqual(stagesOf(state), { a: 'landed' });
    assert.deepEqual(
      turned.map(({ turn }) => turn),
      [0, 1, 1, 2],
    );
    assert.equal(state.tasks.get('a')?.work.turns, 3);
    assert.deepEqual(folderState(box.root), { one: 'file one', two: 'file two', x: 'file x' });
  });

  it('whose request is refused in mid-conversation is followed by one that begins anew, from its draft', async () => {
    const { box, turned } = await running([write('one'), write('two'), finish], ({ turn }, nth) =>
      turn === 1 && nth === 2 ? errorResponse(400, 'invalid_request_error', 'Not this.') : undefined,
    );
    assert.equal(await retried(box), 'agent');
    await box.time.pass(2_000);
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'landed' });
    assert.deepEqual(
      turned.map(({ turn }) => turn),
      [0, 1, 0, 1, 2],
    );
    assert.deepEqual(folderState(box.root), { one: 'file one', two: 'file two', x: 'file x' });
  });

  it('whose model says nothing any more is ended with its time, its request with it; another one begins from its draft', async () => {
    const plan = { tasks: planOf({ a: [] }).tasks.map((task) => ({ ...task, timeoutSeconds: 60 })) };
    let hung = () => {};
    const hangs = new Promise<void>((resolve) => {
      hung = resolve;
    });
    const { box, turned, aborted } = await running(
      [write('one'), finish],
      (_, nth) => {
        if (nth !== 2) return undefined;
        hung();
        return 'never';
      },
      { plan },
    );
    await hangs;
    const retrying = retried(box);
    await box.time.pass(60_000);
    await aborted;
    assert.equal(await retrying, 'timeout');
    await box.time.pass(2_000);
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'landed' });
    assert.deepEqual(
      turned.map(({ turn }) => turn),
      [0, 1, 0, 1],
    );
    assert.match(turned[2]?.first ?? '', /took longer than the 60 s that it may\.\\nWhat was done is in your draft/);
    assert.deepEqual(folderState(box.root), { one: 'file one', x: 'file x' });
  });

  it('that goes round in circles is stopped, and another one is told so', async () => {
    let circles = true;
    const circling = [read('x'), read('x'), read('x'), read('x'), finish];
    const { box, turned } = await running(circling, ({ first }) => {
      circles = !first.includes('went round in circles');
      return undefined;
    });
    assert.equal(await retried(box), 'loop');
    assert.equal(circles, true);
    await box.time.pass(2_000);
    const state = valued(await box.ended);
    // The script has nothing else for it.
    assert.deepEqual([stagesOf(state), circles], [{ a: 'failed' }, false]);
    assert.deepEqual(
      turned.map(({ turn }) => turn),
      [0, 1, 2, 3, 0, 1, 2, 3],
    );
    assert.deepEqual(
      state.tasks.get('a')?.work.failures.map(({ kind }) => kind),
      ['loop'],
    );
  });
});
