/** An edited plan that is run again: what nothing has changed for is taken over, the rest is worked on. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, Ask } from '../../../src/domain/inbox';
import { type Plan, planSchema } from '../../../src/domain/plan';
import { isWhole, reuseFrom } from '../../../src/engine/agents/reuse';
import { rollBackTo } from '../../../src/engine/history/rollback';
import { undoTask } from '../../../src/engine/history/undo';
import { RunRecord } from '../../../src/engine/journal/record';
import { landPortsOf } from '../../../src/engine/landing/landing';
import { findSnapshot } from '../../../src/repo/snapshot/snapshot';
import { NEVER, valued } from '../../support/result';
import { type Rig, rig, rigIn } from '../../support/run';

const TASKS = { a: [], b: ['a'], c: [] };

const edited = (changed: Readonly<Record<string, string>>): Pick<Plan, 'tasks'> =>
  planSchema.parse({
    goal: 'A goal',
    tasks: Object.entries(TASKS).map(([id, dependsOn]) => ({ id, title: `Task ${id}`, instructions: changed[id] ?? 'Do it.', dependsOn })),
  });

/** A run in which `a` read `in.txt` and wrote `a.txt`, `b` read that and wrote `b.txt`, and `c` wrote `c.txt`. */
async function first(): Promise<Rig> {
  const box = await rig({ 'in.txt': 'in\n', 'other.txt': 'other\n' }, TASKS);
  await (await box.agents.agent('a')).finish({ 'a.txt': 'a\n' }, 'Did a.', ['in.txt']);
  await (await box.agents.agent('c')).finish({ 'c.txt': 'c\n' }, 'Did c.');
  await (await box.agents.agent('b')).finish({ 'b.txt': 'b\n' }, 'Did b.', ['a.txt']);
  valued(await box.ended);
  box.run.record.close();
  return box;
}

async function second(box: Rig, plan: Partial<Plan>): Promise<Rig> {
  return rigIn(box, TASKS, { clock: box.clock, plan, reuse: reuseFrom(box.repo) });
}

const fromOf = (box: Rig) => Object.fromEntries([...box.run.record.state.tasks].map(([id, { work }]) => [id, work.reused?.task ?? null]));
const text = (box: Rig, path: string) => readFileSync(join(box.root, path), 'utf8');

describe('an edited plan that is run again', () => {
  it('is worked on only where it changed, after all of it was rolled back', async () => {
    const box = await first();
    const snapshot = valued(await findSnapshot(box.repo, box.run.record.state.start.snapshot));
    const ports = { ...box, openRecord: () => undefined };
    valued(await rollBackTo(snapshot, ports, NEVER));
    const again = await second(box, edited({ b: 'Do it otherwise.' }));
    await (await again.agents.agent('b')).finish({ 'b.txt': 'otherwise\n' });
    valued(await again.ended);
    assert.deepEqual(fromOf(again), { a: 'a', b: null, c: 'c' });
    assert.deepEqual([text(again, 'a.txt'), text(again, 'b.txt'), text(again, 'c.txt')], ['a\n', 'otherwise\n', 'c\n']);
  });

  it('works again on what depends on a task that changed, though nobody edited it', async () => {
    const box = await first();
    const again = await second(box, edited({ a: 'Do it otherwise.' }));
    await (await again.agents.agent('a')).finish({});
    await (await again.agents.agent('b')).finish({});
    valued(await again.ended);
    assert.deepEqual(fromOf(again), { a: null, b: null, c: 'c' });
  });

  it('has nothing to do where all of it is there already', async () => {
    const box = await first();
    const again = await second(box, {});
    valued(await again.ended);
    assert.deepEqual(fromOf(again), { a: 'a', b: 'b', c: 'c' });
    assert.deepEqual(
      [...again.run.record.state.tasks.values()].map(({ work }) => work.changeset),
      [null, null, null],
    );
  });

  it('works again on what was not let do all that it asked for', async () => {
    const box = await first();
    const { state } = box.run.record;
    const ask: Ask = { kind: 'command', command: 'make', folder: box.root };
    const item = { id: '1', key: 'k', ask, askers: [{ task: 'c', call: 'call' }], since: 0, seconds: 1 };
    const reusedWith = (answer: Answer) => {
      const before = { ...state, inbox: new Map([['1', { ...item, answer }]]) };
      const task = state.tasks.get('c');
      return task !== undefined && isWhole(before, task);
    };
    assert.deepEqual(
      [reusedWith({ kind: 'expired' }), reusedWith({ kind: 'denied', reason: '' }), reusedWith({ kind: 'approved', scope: 'once' })],
      [false, false, true],
    );
  });

  it('works again on what had read a file that is another one now', async () => {
    const box = await first();
    writeFileSync(join(box.root, 'in.txt'), 'changed\n');
    const again = await second(box, {});
    await (await again.agents.agent('a')).finish({});
    await (await again.agents.agent('b')).finish({});
    valued(await again.ended);
    assert.deepEqual(fromOf(again), { a: null, b: null, c: 'c' });
  });

  it('does not bring back what was undone alone', async () => {
    const box = await first();
    const record = valued(RunRecord.open(box.repo.stateDir, box.run.id, box.clock));
    valued(await undoTask(record, landPortsOf(record, box), 'c', NEVER));
    record.close();
    const again = await second(box, {});
    await (await again.agents.agent('c')).finish({});
    valued(await again.ended);
    assert.deepEqual(fromOf(again), { a: 'a', b: 'b', c: null });
  });
});
