/** A transcript: an agent that is cut off at any of its entries goes on from there, and nothing that was paid for is asked for again. */
import assert from 'node:assert/strict';
import { cancelled } from '../../src/domain/failure';
import type { Turn } from '../../src/model/scenario';
import { type AgentRun, changed, finish, playing, resumed, run, standing, toldAfter } from './agentRun';

const FILES = { 'a.txt': 'one\n', 'b.txt': 'b\n' };
const edit = (old: string, by: string) => ({ tool: 'edit_file', input: { path: 'a.txt', old, new: by } });
const read = (path: string) => ({ tool: 'read_file', input: { path } });

/** All that can become of a turn: several edits that build on each other, calls that fail, answers that cannot be used, and none at all. */
const TURNS: readonly Turn[] = [
  { say: 'I look.', calls: [read('a.txt'), read('b.txt')] },
  { calls: [edit('one', 'two'), edit('two', 'three'), edit('nowhere', 'x'), { tool: 'fly', input: {} }] },
  { say: 'Hm.' },
  { calls: [edit('three', 'four')], malformed: 'json' },
  { say: 'Half a', calls: [edit('three', 'five')], stop: 'max_tokens' },
  { calls: [{ tool: 'delete_file', input: { path: 'b.txt' } }, edit('gone', 'x'), finish('Too early.')] },
  { calls: [edit('three', 'six'), { tool: 'write_file', input: { path: 'c.txt', content: 'c\n' } }] },
  { calls: [finish('Six.')] },
];

const answersIn = ({ entries }: Pick<AgentRun, 'entries'>) => entries.filter(({ type }) => type === 'answer').length;

describe('a transcript', function () {
  this.timeout(120_000);

  it('tells as much as the model was told', async () => {
    const whole = await run(playing(TURNS), { files: FILES });
    const { session, message } = standing(whole);
    assert.deepEqual(
      [whole.result, session.summary, session.open, message],
      [{ ok: true, value: { summary: 'Six.' } }, 'Six.', null, null],
    );
    assert.deepEqual(session.messages.slice(0, -2), whole.requests.at(-1)?.messages);
    assert.deepEqual(session.tally, { turns: 8, idle: 0, spoilt: 0 });
    assert.deepEqual(session.reads, ['a.txt', 'b.txt']);
  });

  it('that ends anywhere is gone on from, to the same end, and no answer in it is asked for again', async () => {
    const whole = await run(playing(TURNS), { files: FILES });
    const { session } = standing(whole);
    for (let length = 0; length <= whole.entries.length; length++) {
      const cut = { ...whole, entries: whole.entries.slice(0, length) };
      const draft = await resumed(cut);
      const next = await run(playing(TURNS), { draft, again: { session: standing(cut).session, message: undefined } });
      const what = `cut after ${length} of ${whole.entries.length} entries`;
      assert.deepEqual(next.result, whole.result, what);
      assert.deepEqual(await changed(next.draft), { 'a.txt': 'six\n', 'b.txt': null, 'c.txt': 'c\n' }, what);
      assert.deepEqual(next.draft.readPaths, ['a.txt', 'b.txt'], what);
      assert.equal(next.requests.length, TURNS.length - answersIn(cut), what);
      assert.deepEqual(standing({ draft, entries: [...cut.entries, ...next.entries] }).session, session, what);
    }
  });

  it('of a turn that was stopped in the midst of a call has that call made again', async () => {
    const stop = new AbortController();
    const turns = [{ calls: [edit('one', 'two'), edit('two', 'three')] }, { calls: [finish('Three.')] }];
    const first = await run(playing(turns), {
      files: FILES,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'said' && event.entry.type === 'result') stop.abort();
      },
    });
    assert.deepEqual(first.result, cancelled);
    const next = await run(playing(turns), {
      draft: await resumed(first),
      again: { session: standing(first).session, message: undefined },
    });
    assert.deepEqual([next.result, await changed(next.draft)], [{ ok: true, value: { summary: 'Three.' } }, { 'a.txt': 'three\n' }]);
    assert.equal(next.requests.length, 1);
  });

  it('whose input of a call was not kept has the agent make it again', async () => {
    const turns = [{ calls: [edit('one', 'two'), edit('two', 'three')] }, { calls: [edit('two', 'three')] }, { calls: [finish('Three.')] }];
    const first = await run(playing(turns), { files: FILES });
    const [told, answer, result] = first.entries;
    assert.ok(told !== undefined && answer?.type === 'answer' && result !== undefined);
    const second = answer.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))[1] ?? '';
    const cut = { ...first, entries: [told, { ...answer, redacted: [second] }, result] };
    const next = await run(playing(turns), { draft: await resumed(cut), again: { session: standing(cut).session, message: undefined } });
    assert.match(toldAfter(next, 0).at(-1) ?? '', /^error: This call was not made: .* Make it again\.$/);
    assert.deepEqual([next.result, await changed(next.draft)], [{ ok: true, value: { summary: 'Three.' } }, { 'a.txt': 'three\n' }]);
  });

  it('keeps the limits of an agent: how often it may be idle, and how many turns it has', async () => {
    const turns = [{ say: 'Hm.' }, { say: 'Well.' }, { calls: [finish()] }];
    const first = await run(playing(turns), { files: FILES });
    const next = await run(playing(turns), { draft: first.draft, again: { session: standing(first).session, message: undefined } });
    assert.deepEqual([next.result, next.requests.length], [first.result, 0]);
    const few = await run(playing(TURNS), { files: FILES, maxTurns: 3 });
    const again = { session: standing({ ...few, entries: few.entries.slice(0, -1) }).session, message: undefined };
    const last = await run(playing(TURNS), { draft: await resumed(few), again, maxTurns: 3 });
    assert.deepEqual([last.result, last.requests.length], [few.result, 0]);
  });
});
