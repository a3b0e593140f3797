/** Agents that go round in circles are told once, then stopped; whoever gets on is neither. */
import assert from 'node:assert/strict';
import { NO_OFFERS } from '../../src/domain/act';
import { ok } from '../../src/domain/failure';
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

/** Acts whose answers are these, one after the other. */
function answering(answers: readonly string[]): RunOptions {
  let at = 0;
  return { offers: { ...NO_OFFERS, commands: true }, act: async () => ok({ text: answers[at++] ?? '', isError: false }) };
}

const command: Turn = { calls: [{ tool: 'run', input: { command: 'npm test' } }] };
const printed = (took: string, rest: string) => `“npm test” ended with exit code 1 after ${took} s.\n${rest}`;

describe('an agent that runs a command again and again', () => {
  const four = (one: (at: number) => string) => [1, 2, 3, 4].map((at) => printed(`${at}.${at}`, one(at)));

  for (const [what, answers] of [
    ['how long it took', four(() => '1 failed')],
    [
      'durations that it prints',
      four((at) => `  ✔ adds (${at * 7}ms)\n  1 passing (${at}s)\nTime: 0.${at} s, estimated ${at} s\nduration_ms: ${at}.5`),
    ],
    ['times of day', four((at) => `[2026-11-30T21:0${at}:11.5Z] failed at 21:0${at}:12`)],
    ['ports and processes', four((at) => `http://127.0.0.1:4100${at}/ in use, port 4100${at}, pid: 99${at}`)],
    ['temporary folders', four((at) => `ENOENT /tmp/jest-${at}ab/x.json\nat /state/folders/ab12/${at}/work/a.js:7:3`)],
  ] as const) {
    it(`is found out though ${what} differ`, async () => {
      assert.deepEqual(await played([command, command, command, command, END], answering(answers)), { told: [3], end: 'loop' });
    });
  }

  it('is not where what it counts, where it fails, or what is missing differs', async () => {
    for (const answers of [
      four((at) => `${at} failed, ${9 - at} passed`),
      four((at) => `a.js:${at}:3 is wrong`),
      four((at) => `part ${at} of 4`),
      four((at) => `/home/dev/src/${at}.js is not there`),
    ])
      assert.deepEqual(await played([command, command, command, command, END], answering(answers)), { told: [], end: 'done' });
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
