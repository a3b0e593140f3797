/** An edited plan that is run again: what nothing has changed for is taken over, the rest is worked on. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_OFFERS } from '../../../src/domain/act';
import type { Look } from '../../../src/domain/changes';
import { cancelled } from '../../../src/domain/failure';
import type { Answer, Ask } from '../../../src/domain/inbox';
import { type Plan, planSchema } from '../../../src/domain/plan';
import { inProcessWorker } from '../../../src/engine/agents/inProcess';
import { isWhole, reuseFrom } from '../../../src/engine/agents/reuse';
import type { AgainJob } from '../../../src/engine/agents/worker';
import { rollBackTo } from '../../../src/engine/history/rollback';
import { undoTask } from '../../../src/engine/history/undo';
import { journalFile } from '../../../src/engine/journal/journal';
import { RunRecord } from '../../../src/engine/journal/record';
import { landPortsOf } from '../../../src/engine/landing/landing';
import { scenarioSchema } from '../../../src/model/scenario';
import { scriptedModel } from '../../../src/model/scripted';
import { findSnapshot } from '../../../src/repo/snapshot/snapshot';
import { NEVER, valued } from '../../support/result';
import { planOf, type Rig, rig, rigIn } from '../../support/run';

const TASKS = { a: [], b: ['a'], c: [] };

const edited = (changed: Readonly<Record<string, string>>): Pick<Plan, 'tasks'> =>
  planSchema.parse({
    goal: 'A goal',
    tasks: Object.entries(TASKS).map(([id, dependsOn]) => ({ id, title: `Task ${id}`, instructions: changed[id] ?? 'Do it.', dependsOn })),
  });

/** `looks`: what `c` was told of folders. A run in which `a` read `in.txt` and wrote `a.txt`, `b` read that and wrote `b.txt`, and `c` wrote `c.txt`. */
async function first(looks: readonly Look[] | null = []): Promise<Rig> {
  const box = await rig({ 'in.txt': 'in\n', 'other.txt': 'other\n' }, TASKS);
  await (await box.agents.agent('a')).finish({ 'a.txt': 'a\n' }, 'Did a.', ['in.txt']);
  await (await box.agents.agent('c')).finish({ 'c.txt': 'c\n' }, 'Did c.', [], looks);
  await (await box.agents.agent('b')).finish({ 'b.txt': 'b\n' }, 'Did b.', ['a.txt']);
  valued(await box.ended);
  box.run.record.close();
  return box;
}

async function rolledBack(looks: readonly Look[] | null = []): Promise<Rig> {
  const box = await first(looks);
  const snapshot = valued(await findSnapshot(box.repo, box.run.record.state.start.snapshot));
  valued(await rollBackTo(snapshot, { ...box, openRecord: () => undefined }, NEVER));
  return box;
}

/** Runs it again, and finishes what is worked on: of which earlier task each one's work is. */
async function againIn(box: Rig, plan: Partial<Plan> = {}): Promise<Record<string, string | null>> {
  const again = await second(box, plan);
  const finish = async (id: string) => (await again.agents.agent(id)).finish();
  const reused = again.ended.then((ended) => {
    valued(ended);
    return fromOf(again);
  });
  return Promise.race([Promise.all(Object.keys(TASKS).map(finish)).then(() => reused), reused]);
}

async function second(box: Rig, plan: Partial<Plan>): Promise<Rig> {
  return rigIn(box, TASKS, { clock: box.clock, plan, reuse: reuseFrom(box.repo) });
}

const fromOf = (box: Rig) => Object.fromEntries([...box.run.record.state.tasks].map(([id, { work }]) => [id, work.reused?.task ?? null]));
const text = (box: Rig, path: string) => readFileSync(join(box.root, path), 'utf8');

describe('an edited plan that is run again', () => {
  it('is worked on only where it changed, after all of it was rolled back', async () => {
    const box = await rolledBack();
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

  it('works again on what was told of a folder in which anything is another now', async () => {
    const all: Look[] = [{ folder: '', at: 'contents' }];
    assert.deepEqual(await againIn(await rolledBack(all)), { a: 'a', b: 'b', c: 'c' });
    const changed = await rolledBack(all);
    writeFileSync(join(changed.root, 'other.txt'), 'changed\n');
    assert.deepEqual(await againIn(changed), { a: 'a', b: 'b', c: null });
  });

  it('takes over what was told of names alone where these are the same, whatever the files say', async () => {
    const names: Look[] = [{ folder: '', at: 'names' }];
    const changed = await rolledBack(names);
    writeFileSync(join(changed.root, 'other.txt'), 'changed\n');
    assert.deepEqual(await againIn(changed), { a: 'a', b: 'b', c: 'c' });
    const added = await rolledBack(names);
    writeFileSync(join(added.root, 'new.txt'), 'new\n');
    assert.deepEqual(await againIn(added), { a: 'a', b: 'b', c: null });
  });

  it('takes over what was told of another folder than what has changed, and what it changed itself is no change', async () => {
    const box = await first([
      { folder: 'elsewhere', at: 'contents' },
      { folder: 'c.txt', at: 'contents' },
    ]);
    assert.deepEqual(await againIn(box), { a: 'a', b: 'b', c: 'c' });
  });

  it('works again on what may have been told of everything, where anything has changed', async () => {
    assert.deepEqual(await againIn(await first(null)), { a: 'a', b: 'b', c: null });
  });

  it('works again on everything where its goal is another one', async () => {
    assert.deepEqual(await againIn(await rolledBack(), { goal: 'Another goal' }), { a: null, b: null, c: null });
  });

  it('works again on what a journal does not tell all of that was told', async () => {
    const box = await rolledBack();
    const file = journalFile(box.repo.stateDir, box.run.id);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/,"told":"[0-9a-f]+"/g, ''));
    assert.deepEqual(await againIn(box), { a: null, b: null, c: null });
  });

  it('works again on what was not let do all that it asked for, or was answered a question', async () => {
    const box = await first();
    const { state } = box.run.record;
    const ask = { kind: 'command', command: 'make', folder: box.root } as Ask;
    const item = { id: '1', key: 'k', askers: [{ task: 'c', call: 'call' }], since: 0, seconds: 1 };
    const reusedWith = (answer: Answer, asked: Ask = ask) => {
      const before = { ...state, inbox: new Map([['1', { ...item, ask: asked, answer }]]) };
      const task = state.tasks.get('c');
      return task !== undefined && isWhole(before, task);
    };
    assert.deepEqual(
      [reusedWith({ kind: 'expired' }), reusedWith({ kind: 'denied', reason: '' }), reusedWith({ kind: 'approved', scope: 'once' })],
      [false, false, true],
    );
    assert.equal(reusedWith({ kind: 'said', text: 'This.' }, { kind: 'question', question: 'Which?', options: [] }), false);
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

  it('does not know what an agent was told of that had begun before, and says so', async () => {
    const box = await first();
    const model = scriptedModel(scenarioSchema.parse({ tasks: { a: [{ calls: [{ tool: 'finish', input: { summary: 'Done.' } }] }] } }), {
      paceMs: 0,
      wait: async () => undefined,
    });
    const { commit } = box.run.record.state.start;
    const [task] = planOf({ a: [] }).tasks;
    assert.ok(task !== undefined);
    const role = { name: 'coder', instructions: '', tools: null, source: { kind: 'builtIn' as const } };
    const about = { run: 'r', goal: 'A goal', project: '', model: 'scripted:x', spawns: false, maySpawn: false, offers: NO_OFFERS };
    const host = { report: () => undefined, spawn: async () => cancelled, act: async () => cancelled };
    const looksOf = async (again: AgainJob | undefined) => {
      const outcome = await inProcessWorker(box.repo, model)({ ...about, task, role, base: commit, again }, host, NEVER);
      assert.ok(outcome.kind === 'done', JSON.stringify(outcome));
      return outcome.looks;
    };
    assert.deepEqual(await looksOf(undefined), []);
    const all: Look[] = [{ folder: '', at: 'contents' }];
    assert.deepEqual(await looksOf({ draft: null, session: undefined, message: 'Go on.' }), all);
  });

  it('follows what was taken over to where it was worked on, through runs in between', async () => {
    const box = await rolledBack();
    const [a, b, c] = edited({}).tasks;
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const between = await rigIn(box, { a: [], c: [] }, { clock: box.clock, plan: { tasks: [a, c] }, reuse: reuseFrom(box.repo) });
    valued(await between.ended);
    between.run.record.close();
    assert.deepEqual(fromOf(between), { a: 'a', c: 'c' });
    const third = await second(box, {});
    valued(await third.ended);
    const from = { run: box.run.id, task: 'b' };
    assert.deepEqual(third.run.record.state.tasks.get('b')?.work.reused, from);
    assert.deepEqual([text(third, 'a.txt'), text(third, 'b.txt'), text(third, 'c.txt')], ['a\n', 'b\n', 'c\n']);
  });

  it('brings all of it back after a rollback, also where the run before found it there already', async () => {
    const box = await first();
    assert.deepEqual(await againIn(box), { a: 'a', b: 'b', c: 'c' });
    const snapshot = valued(await findSnapshot(box.repo, box.run.record.state.start.snapshot));
    valued(await rollBackTo(snapshot, { ...box, openRecord: () => undefined }, NEVER));
    assert.deepEqual(await againIn(box), { a: 'a', b: 'b', c: 'c' });
    assert.deepEqual([text(box, 'a.txt'), text(box, 'b.txt'), text(box, 'c.txt')], ['a\n', 'b\n', 'c\n']);
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
