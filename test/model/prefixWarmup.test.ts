/** Agents that share a prefix: the first one writes it to the cache, and the others read it. */
import assert from 'node:assert/strict';
import type { ModelFetch, Part } from '../../src/model/fetch';
import { steady } from '../../src/model/gate/steady';
import { prefixWarmup } from '../../src/model/prefixWarmup';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { systemTime } from '../../src/model/time';
import { finish, run } from '../agent/agentRun';
import { handTime, settled } from '../support/handTime';
import { asking, heldModel } from '../support/heldModel';

const MARK = { cache_control: { type: 'ephemeral' } };
/** A request with the prefix that `shared` says, and something of its own. */
function body(shared: string, own = 'own', model = 'm') {
  return {
    model,
    tools: [{ name: 't' }],
    system: [
      { type: 'text', text: shared, ...MARK },
      { type: 'text', text: own },
    ],
    messages: [],
  };
}

function rig() {
  const time = handTime();
  const held = heldModel();
  const model = prefixWarmup({ time })(held.model);
  const ask = (task: string, content: object, signal?: AbortSignal) => model(asking({ task }, content, signal));
  const through = () => held.all.map(({ about }) => about.task).join('');
  return { time, held, ask, through };
}

describe('the warm-up of a prefix', () => {
  it('holds nobody up for long where the first has not said a word', async () => {
    const { time, held, ask, through } = rig();
    const first = ask('a', body('shared'));
    const others = ['b', 'c'].map((task) => ask(task, body('shared', task)));
    await time.pass(9_999);
    assert.equal(through(), 'a');
    await time.pass(1);
    assert.equal(through(), 'abc');
    // It is no warmer by that: who comes now waits in turn.
    const late = ask('d', body('shared'));
    await settled();
    assert.equal(through(), 'abc');
    for (const request of held.all) request.answer(new Response('x'));
    await Promise.all([first, ...others].map(async (one) => (await one).text()));
    await settled();
    assert.equal(through(), 'abcd');
    held.all[3]?.answer(new Response('x'));
    await (await late).text();
    assert.deepEqual(time.left, []);
  });

  it('lets the first go ahead, and the others at the first byte of its answer', async () => {
    const { held, ask, through } = rig();
    const first = ask('a', body('shared', 'one'));
    const others = ['b', 'c'].map((task) => ask(task, body('shared', task)));
    await settled();
    assert.equal(through(), 'a');
    let say: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        say = controller;
      },
    });
    (await held.nth(1)).answer(new Response(stream));
    const reader = (await first).body?.getReader();
    const begun = reader?.read();
    await settled();
    assert.equal(through(), 'a');
    say?.enqueue(Buffer.from('x'));
    await begun;
    await settled();
    assert.equal(through(), 'abc');
    // From now on it is warm.
    const later = ask('d', body('shared'));
    await settled();
    assert.equal(through(), 'abcd');
    for (const request of held.all.slice(1)) request.answer(new Response('fine'));
    await Promise.all([...others, later]);
  });

  it('holds up only what has the same prefix, and what has one at all', async () => {
    const { ask, through } = rig();
    const requests: [string, object][] = [
      ['a', body('shared')],
      ['b', body('another')],
      ['c', body('shared', 'own', 'another model')],
      ['d', { ...body('shared'), tools: [] }],
      ['e', { ...body('shared'), system: 'as text' }],
      ['e', { ...body('shared'), system: 'as text' }],
      ['f', { ...body('shared'), system: undefined, messages: [{ role: 'user', content: [{ type: 'text', ...MARK }] }] }],
      ['f', { ...body('shared'), system: undefined, messages: [{ role: 'user', content: [{ type: 'text', ...MARK }] }] }],
      ['x', body('shared', 'held up')],
    ];
    for (const [task, content] of requests) void ask(task, content);
    await settled();
    assert.equal(through(), 'abcdeeff');
  });

  it('makes the next one the first where an answer fails, is empty, or is not waited for', async () => {
    const { held, ask, through } = rig();
    const leave = new AbortController();
    const asked = ['a', 'b', 'c', 'd', 'e'].map((task) => ask(task, body('shared'), task === 'd' ? leave.signal : undefined));
    (await held.nth(1)).fail(new Error('Lost.'));
    await assert.rejects(asked[0] ?? Promise.resolve(), { message: 'Lost.' });
    (await held.nth(2)).answer(new Response('busy', { status: 529 }));
    assert.equal(await (await asked[1])?.text(), 'busy');
    (await held.nth(3)).answer(new Response(null, { status: 204 }));
    await asked[2];
    await held.nth(4);
    await settled();
    assert.equal(through(), 'abcd');
    leave.abort();
    await assert.rejects(asked[3] ?? Promise.resolve(), { name: 'AbortError' });
    (await held.nth(5)).answer(new Response('fine'));
    await asked[4];
  });

  it('lets go of a request that is aborted while it waits', async () => {
    const { held, ask, through } = rig();
    const leave = new AbortController();
    void ask('a', body('shared'));
    const waiting = ask('b', body('shared'), leave.signal);
    await held.nth(1);
    leave.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
    assert.equal(through(), 'a');
  });

  it('takes a prefix for cold that nobody asked with for five minutes', async () => {
    const { time, held, ask, through } = rig();
    const warm = async (task: string) => {
      const asked = ask(task, body('shared'));
      held.all.at(-1)?.answer(new Response('fine'));
      await settled();
      held.all.at(-1)?.answer(new Response('fine'));
      await (await asked).text();
    };
    await warm('a');
    await time.pass(299_999);
    await warm('b');
    await time.pass(299_999);
    void ask('c', body('shared'));
    void ask('d', body('shared'));
    await settled();
    assert.equal(through(), 'abcd');
    await time.pass(300_000);
    void ask('e', body('shared'));
    void ask('f', body('shared'));
    await settled();
    assert.equal(through(), 'abcde');
  });

  it('has N agents pay for their shared prefix once', async () => {
    const N = 20;
    /** Answers begin when so many have been asked for. */
    const model = (together: number) => {
      let asked = 0;
      let begin: () => void = () => undefined;
      const all = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const wait = () => {
        asked += 1;
        if (asked >= together) begin();
        return all;
      };
      return scriptedModel(scenarioSchema.parse({ otherwise: [{ thinkMs: 1, calls: [finish()] }] }), { paceMs: 0, wait });
    };
    const agents = async (together: number, part: Part): Promise<{ uncached: number; read: number }[]> => {
      const shared: ModelFetch = part(steady({ silentMs: 60_000, time: systemTime })(model(together)));
      const runs = await Promise.all(
        Array.from({ length: N }, (_, at) => run(shared, { task: { id: `t${10 + at}`, instructions: `Do number ${10 + at}.` } })),
      );
      return runs.map(({ events }) => {
        const usage = events.flatMap((event) => (event.type === 'turn' ? [event.usage] : []));
        const sum = (of: 'input' | 'cacheWrite' | 'cacheRead') => usage.reduce((total, turn) => total + turn[of], 0);
        return { uncached: sum('input') + sum('cacheWrite'), read: sum('cacheRead') };
      });
    };
    const total = (all: readonly { uncached: number }[]) => all.reduce((sum, { uncached }) => sum + uncached, 0);
    const warm = await agents(1, prefixWarmup({ time: systemTime }));
    const prefix = Math.max(...warm.map(({ read }) => read));
    const whole = Math.max(...warm.map(({ uncached }) => uncached));
    const own = whole - prefix;
    assert.ok(prefix > 1000 && own > 0);
    assert.equal(total(warm), prefix + N * own);
    assert.equal(warm.filter(({ read }) => read === 0).length, 1);
    // Without it, all of them pay for all of it.
    assert.equal(total(await agents(N, (same) => same)), N * whole);
  });
});
