/** The hold: what goes on, what waits, and what is let go. The test holds the answers. */
import assert from 'node:assert/strict';
import { Hold } from '../../src/model/hold';
import { settled } from '../support/handTime';
import { asking, heldModel } from '../support/heldModel';

function holding() {
  const hold = new Hold();
  const server = heldModel();
  const model = hold.part(server.model);
  const answers: string[] = [];
  const ask = (task: string | undefined, signal?: AbortSignal) =>
    void model(asking({ run: 'one', task }, {}, signal)).then(
      async (response) => answers.push(`${task} ${await response.text()}`),
      (thrown: unknown) => answers.push(`${task} ${thrown instanceof Error ? thrown.name : thrown}`),
    );
  const through = () => server.all.map(({ about }) => about.task);
  return { hold, server, ask, answers, through };
}

describe('a hold', () => {
  it('lets a turn that is under way come to its end, and the next ones wait until it opens', async () => {
    const { hold, server, ask, answers, through } = holding();
    ask('a');
    await server.nth(1);
    hold.shut();
    ask('b');
    ask('c');
    ask(undefined);
    await settled();
    assert.deepEqual(through(), ['a']);
    assert.deepEqual(hold.held, new Set(['b', 'c']));
    server.all[0]?.answer(new Response('done'));
    await settled();
    assert.deepEqual(answers, ['a done']);
    hold.open();
    await settled();
    assert.deepEqual(through(), ['a', 'b', 'c', undefined]);
    assert.deepEqual(hold.held, new Set());
    ask('d');
    await settled();
    assert.deepEqual(through(), ['a', 'b', 'c', undefined, 'd']);
  });

  it('holds again what waited, when it is shut before that had its turn', async () => {
    const { hold, ask, through } = holding();
    hold.shut();
    ask('a');
    await settled();
    hold.open();
    hold.shut();
    await settled();
    assert.deepEqual([through(), hold.held], [[], new Set(['a'])]);
    hold.open();
    await settled();
    assert.deepEqual(through(), ['a']);
  });

  it('lets a request go that is aborted while it waits, or was before, and sends nothing of it', async () => {
    const { hold, ask, answers, through } = holding();
    const stop = new AbortController();
    hold.shut();
    ask('a', stop.signal);
    await settled();
    stop.abort();
    await settled();
    ask('b', stop.signal);
    await settled();
    assert.deepEqual(answers, ['a AbortError', 'b AbortError']);
    hold.open();
    await settled();
    assert.deepEqual([through(), hold.held], [[], new Set()]);
  });

  it('tells whenever it holds others', async () => {
    const { hold, ask } = holding();
    const seen: string[][] = [];
    hold.onDidChange = () => seen.push([...hold.held]);
    hold.shut();
    ask('a');
    ask('b');
    hold.open();
    await settled();
    assert.deepEqual(seen, [['a'], ['a', 'b'], ['b'], []]);
  });
});
