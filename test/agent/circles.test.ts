/** Agents that go round in circles are told once, then stopped; whoever gets on is neither. */
import assert from 'node:assert/strict';
import type { Turn } from '../../src/model/scenario';
import { finish, playing, type RunOptions, resumed, run, standing, toldAfter } from './agentRun';

const FILES = { 'a.txt': 'one\n', 'b.txt': 'two\n', 'c.txt': 'three\n' };
const read = (path: string): Turn => ({ calls: [{ tool: 'read_file', input: { path } }] });
const edit = (old: string, by: string): Turn => ({ calls: [{ tool: 'edit_file', input: { path: 'a.txt', old, new: by } }] });
const END: Turn = { calls: [finish()] };

const note = (calls: string) =>
  `You have made the same calls (${calls}) with the same answers 3 times in a row: more of them bring nothing new. Go on in another way; if your task is done, or cannot be done, call finish with a summary.`;

/** After which turns an agent was told, and how it ended. */
async function played(turns: readonly Turn[], options: RunOptions = {}): Promise<{ told: number[]; end: string }> {
  const done = await run(playing(turns), { files: FILES, ...options });
  const told = done.requests.flatMap((_, at) =>
    at > 0 && toldAfter(done, at).some((said) => said.includes('times in a row')) ? [at] : [],
  );
  return { told, end: done.result.ok ? 'done' : done.result.failure.kind };
}

describe('an agent that goes round in circles', () => {
  it('is told with the third answer, and stopped with the fourth', async () => {
    const done = await run(playing([read('a.txt'), read('a.txt'), read('a.txt'), read('a.txt'), END]), { files: FILES });
    assert.deepEqual(done.result, {
      ok: false,
      failure: {
        kind: 'loop',
        message:
          'The agent went round in circles: it made the same calls (read_file) and got the same answers 4 times in a row, though it was told.',
        fix: 'Say more exactly what is to be done, or use another model.',
      },
    });
    assert.deepEqual([toldAfter(done, 2), toldAfter(done, 3)], [['one\n'], ['one\n', note('read_file')]]);
    assert.equal(done.requests.length, 4);
  });

  it('goes on where it listens, and is told anew of another circle', async () => {
    const turns = [read('a.txt'), read('a.txt'), read('a.txt'), read('b.txt'), read('c.txt'), read('c.txt'), read('c.txt'), END];
    assert.deepEqual(await played(turns), { told: [3, 7], end: 'done' });
  });

  it('is found out in circles of two and three turns, of several calls, and of calls that fail', async () => {
    const two = [read('a.txt'), read('b.txt')];
    assert.deepEqual(await played([read('c.txt'), ...two, ...two, ...two, ...two, END]), { told: [7], end: 'loop' });
    const three = [...two, read('none.txt')];
    assert.deepEqual(await played([...three, ...three, ...three, ...three, END]), { told: [9], end: 'loop' });
    const both: Turn = { calls: [...(read('a.txt').calls ?? []), ...(edit('nothing', 'x').calls ?? [])] };
    assert.deepEqual(await played([both, both, both, both, END]), { told: [3], end: 'loop' });
  });

  it('is found out by what it asks for, however it says it', async () => {
    const fields = [
      { path: 'a.txt', from: 1, lines: 9 },
      { lines: 9, from: 1, path: 'a.txt' },
    ];
    const turns = [0, 1, 0, 1].map((at): Turn => ({ say: `Once more: ${at}.`, calls: [{ tool: 'read_file', input: fields[at] }] }));
    assert.deepEqual(await played([...turns, END]), { told: [3], end: 'loop' });
  });

  it('is found out after a crash, too, by what its transcript has', async () => {
    const turns = [read('a.txt'), read('a.txt'), read('a.txt'), read('a.txt'), END];
    const whole = await run(playing(turns), { files: FILES });
    // Cut off before its third call was made.
    const results = whole.entries.flatMap(({ type }, at) => (type === 'result' ? [at] : []));
    const cut = { ...whole, entries: whole.entries.slice(0, results[2]) };
    const next = await run(playing(turns), { draft: await resumed(cut), again: { session: standing(cut).session, message: undefined } });
    assert.deepEqual([next.result, next.requests.length], [whole.result, 1]);
    assert.deepEqual(toldAfter(next, 0), ['one\n', note('read_file')]);
  });
});

describe('an agent that gets on', () => {
  it('may read the same again after an edit, however often', async () => {
    const turns = [0, 1, 2, 3, 4].flatMap((at) => [edit(`one${'!'.repeat(at)}`, `one${'!'.repeat(at + 1)}`), read('b.txt')]);
    assert.deepEqual(await played([...turns, END]), { told: [], end: 'done' });
    const same = [0, 1, 2, 3].flatMap((at) => [read('a.txt'), edit(`one${'!'.repeat(at)}`, `one${'!'.repeat(at + 1)}`)]);
    assert.deepEqual(await played([...same, END]), { told: [], end: 'done' });
  });

  it('may list what grows, and make circles of four', async () => {
    const grow = [0, 1, 2, 3, 4].flatMap((at): Turn[] => [
      { calls: [{ tool: 'list_files', input: {} }] },
      { calls: [{ tool: 'write_file', input: { path: `new/${at}`, content: '' } }] },
    ]);
    assert.deepEqual(await played([...grow, END]), { told: [], end: 'done' });
    const four = [read('a.txt'), read('b.txt'), read('c.txt'), read('none')];
    assert.deepEqual(await played([...four, ...four, ...four, ...four, END]), { told: [], end: 'done' });
  });
});
