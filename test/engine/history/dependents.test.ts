/** What stands on what is to be undone. */
import assert from 'node:assert/strict';
import { systemClock } from '../../../src/domain/clock';
import { dependentsOf } from '../../../src/engine/history/dependents';
import { reverse, type Target } from '../../../src/engine/history/undo';
import { landPortsOf } from '../../../src/engine/landing/landing';
import { finished, finishedIn, lines } from '../../support/finished';
import { NEVER, valued } from '../../support/result';
import type { Rig } from '../../support/run';
import { sandbox } from '../../support/sandbox';

/** `task why: paths`, for each dependent, of a later run with its id before. */
async function listed(box: Rig, target: Target, others: readonly Rig[] = []): Promise<string[]> {
  const { state } = box.run.record;
  const runs = [state, ...others.map((other) => other.run.record.state)];
  const found = valued(await dependentsOf(box.repo, { runs, state, reversal: { intent: 'undo', target } }, NEVER));
  return found.map(({ run, task, why, paths }) => `${run === state.start.run ? '' : 'later '}${task} ${why}: ${paths.join(', ')}`);
}

describe('what depends on what is to be undone', () => {
  it('is what changed its lines, or wrote between them, and not what changed others of the file', async () => {
    const box = await finished(
      { x: lines(), y: 'y\n' },
      {
        a: { x: lines({ 2: 'A', 3: 'A', 12: 'A' }) },
        over: { x: lines({ 2: 'A', 3: 'over', 12: 'A' }) },
        between: { x: lines({ 2: 'A\nbetween', 3: 'over', 12: 'A' }), y: 'more\n' },
        far: { x: lines({ 2: 'A\nbetween', 3: 'over', 12: 'A', 18: 'far' }) },
      },
    );
    assert.deepEqual(await listed(box, { of: 'task', task: 'a' }), ['over lines: x', 'between lines: x']);
    assert.deepEqual(await listed(box, { of: 'part', task: 'a', path: 'x', hunk: 1 }), ['over lines: x', 'between lines: x']);
    assert.deepEqual(await listed(box, { of: 'part', task: 'a', path: 'x', hunk: 2 }), []);
    assert.deepEqual(await listed(box, { of: 'task', task: 'far' }), []);
    assert.deepEqual(await listed(box, { of: 'run' }), []);
  });

  it('is what deleted or renamed its file, and what had read it', async () => {
    const box = await finishedIn(
      await sandbox({ x: lines(), y: 'y\n' }),
      { a: { x: lines({ 2: 'A' }), new: 'new\n' }, gone: { x: null }, reader: { z: 'z\n' }, other: { o: 'o\n' } },
      {},
      { reads: { reader: ['new', 'y'], other: ['y'] } },
    );
    assert.deepEqual(await listed(box, { of: 'task', task: 'a' }), ['gone lines: x', 'reader read: new']);
    assert.deepEqual(await listed(box, { of: 'part', task: 'a', path: 'new', hunk: null }), ['reader read: new']);
    valued(
      await reverse(box.run.record, landPortsOf(box.run.record, box), { intent: 'undo', target: { of: 'task', task: 'reader' } }, NEVER),
    );
    assert.deepEqual(await listed(box, { of: 'task', task: 'a' }), ['gone lines: x']);
  });

  it('can be a task of a later run', async () => {
    const box = await sandbox({ x: lines() });
    const first = await finishedIn(box, { a: { x: lines({ 2: 'A' }) } });
    const later = await finishedIn(
      box,
      { b: { x: lines({ 2: 'A, and B' }) }, c: { x: lines({ 2: 'A, and B', 9: 'C' }) } },
      {},
      { reads: { c: ['x'] }, clock: systemClock },
    );
    assert.deepEqual(await listed(first, { of: 'task', task: 'a' }, [later]), ['later b lines: x']);
    assert.deepEqual(await listed(first, { of: 'run' }, [later]), ['later b lines: x']);
  });
});
