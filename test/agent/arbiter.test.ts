/** An arbiter: it decides, or says why the person has to; also where it is cut off right after that. */
import assert from 'node:assert/strict';
import { changed, finish, playing, resumed, run, standing, toldAfter } from './agentRun';

const leave = (why: string) => ({ tool: 'leave_open', input: { why } });
const FILES = { 'a.txt': 'one\n' };
const UNSURE = {
  ok: false,
  failure: { kind: 'unsure', message: 'The arbiter cannot tell: Both want the port.', fix: 'Decide the conflict yourself.' },
} as const;

describe('an arbiter', () => {
  it('leaves to the person what it cannot tell, and sends nothing after that', async () => {
    const done = await run(playing([{ calls: [leave(' ')] }, { calls: [leave('Both want the port.')] }]), { task: { role: 'arbiter' } });
    assert.deepEqual([done.result, done.requests.length], [UNSURE, 2]);
    assert.deepEqual(toldAfter(done, 1), ['error: The reason is empty. Call leave_open again and say what the person has to decide.']);
    assert.deepEqual(done.steps.at(-1), 'Leaving it to you');
  });

  it('alone can do so', async () => {
    const done = await run(playing([{ calls: [leave('No.')] }, { calls: [finish()] }]), { files: FILES });
    assert.match(toldAfter(done, 1)[0] ?? '', /^error: There is no tool “?leave_open/);
  });

  it('that is cut off anywhere comes to the same end; what it says last holds', async () => {
    const turns = [
      { calls: [{ tool: 'write_file', input: { path: 'a.txt', content: 'two\n' } }, leave('Too early.'), { tool: 'fly', input: {} }] },
      { calls: [finish('Early.'), leave('Both want the port.')] },
    ];
    const whole = await run(playing(turns), { files: FILES, task: { role: 'arbiter' } });
    assert.deepEqual(whole.result, UNSURE);
    for (let length = 0; length <= whole.entries.length; length++) {
      const cut = { ...whole, entries: whole.entries.slice(0, length) };
      const draft = await resumed(cut);
      const next = await run(playing(turns), {
        draft,
        task: { role: 'arbiter' },
        again: { session: standing(cut).session, message: undefined },
      });
      assert.deepEqual(next.result, UNSURE, `cut after ${length}`);
      assert.deepEqual(await changed(next.draft), { 'a.txt': 'two\n' });
    }
    const other = await run(playing([{ calls: [leave('No.'), finish('Decided.')] }]), { task: { role: 'arbiter' } });
    assert.deepEqual(other.result, { ok: true, value: { summary: 'Decided.' } });
  });
});
