/** Workers that do what they should not, and many at once: a run loses a task by them at most, and comes to its end. */
import assert from 'node:assert/strict';
import type { RunEvent } from '../../src/domain/event';
import { fail, type Result } from '../../src/domain/failure';
import type { Spawned } from '../../src/domain/spawn';
import type { Host, Outcome, Worker } from '../../src/engine/agents/worker';
import { countingClock } from '../support/clock';
import { changesetOf } from '../support/gatedWorker';
import { valued } from '../support/result';
import { planOf, rig, rigIn, stagesOf } from '../support/run';
import { folderState, type Sandbox, sandbox, treeState } from '../support/sandbox';

const USAGE = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
const DONE = { kind: 'done', summary: 'Done.', changeset: null, changes: [] } as const;

/** A worker that writes a file called after its task, and ends as it is told; `atOnce`: how many have been at work at most. */
function writing(box: Sandbox, end: (id: string) => Partial<Outcome> = () => ({})): { worker: Worker; atOnce: () => number } {
  let [now, most] = [0, 0];
  return {
    atOnce: () => most,
    worker: async ({ task, base }) => {
      now++;
      most = Math.max(most, now);
      const { commit, changes } = await changesetOf(box.repo, base, { [`${task.id}.txt`]: task.id });
      now--;
      return { ...DONE, changeset: commit, changes, draft: commit, ...end(task.id) } as Outcome;
    },
  };
}

describe('a worker', () => {
  it('that throws, or rejects, costs its task alone', async () => {
    const box = await sandbox({ x: 'x' });
    const { worker } = writing(box);
    const odd: Worker = (job, host, signal) => {
      if (job.task.id === 'throws') throw new Error('no worker');
      return job.task.id === 'rejects' ? Promise.reject(new Error('no more')) : worker(job, host, signal);
    };
    const { ended } = await rigIn(box, { throws: [], rejects: [], after: ['rejects'], works: [] }, { worker: odd });
    const state = valued(await ended);
    assert.deepEqual(stagesOf(state), { throws: 'failed', rejects: 'failed', after: 'doomed', works: 'landed' });
    const said = ['throws', 'rejects'].map((id) => {
      const stage = state.tasks.get(id)?.stage;
      return stage?.kind === 'failed' ? stage.failure.message : '';
    });
    assert.deepEqual(said, ['The agent of “Task throws” broke down: no worker.', 'The agent of “Task rejects” broke down: no more.']);
  });

  it('that finishes after it was called off has stopped: what it did is kept, and does not land', async () => {
    const box = await sandbox({ x: 'x' });
    const { worker } = writing(box);
    let started = () => {};
    const atWork = new Promise<void>((resolve) => {
      started = resolve;
    });
    // It answers nothing until it is called off, and then as if it had not been.
    const late: Worker = async (job, host, signal) => {
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
      started();
      await aborted;
      return worker(job, host, signal);
    };
    const run = await rigIn(box, { a: [], b: ['a'] }, { worker: late });
    await atWork;
    run.run.stopTask('a');
    const state = valued(await run.ended);
    assert.deepEqual(stagesOf(state), { a: 'stopped', b: 'doomed' });
    assert.equal(treeState(box.repo, state.tasks.get('a')?.work.changeset ?? '')['a.txt'], 'file a');
    assert.deepEqual(folderState(box.root), { x: 'file x' });
  });

  it('that fails because it was called off has stopped; that has finished when its time ran out has finished', async () => {
    const box = await sandbox({ x: 'x' });
    const { worker } = writing(box);
    const ends: Worker = async (job, host, signal) => {
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
      host.report({ type: 'step', step: 'At work' });
      await aborted;
      return job.task.id === 'fails'
        ? { kind: 'failed', failure: fail('crash', 'Killed.').failure, draft: null }
        : worker(job, host, signal);
    };
    const { tasks } = planOf({ fails: [], finishes: [] });
    const plan = { tasks: tasks.map((task) => (task.id === 'finishes' ? { ...task, timeoutSeconds: 10 } : task)) };
    const { run, ended, time } = await rigIn(box, { fails: [] }, { worker: ends, plan });
    const working = new Set<string>();
    await new Promise<void>((resolve) =>
      run.record.listen((event) => {
        if (event.type === 'task.step' && working.add(event.task).size === 2) resolve();
      }),
    );
    run.stopTask('fails');
    await time.pass(10_000);
    assert.deepEqual(stagesOf(valued(await ended)), { fails: 'stopped', finishes: 'landed' });
  });

  it('that goes on talking after its end is not heard', async () => {
    const hosts: Host[] = [];
    const box = await rig(
      { x: 'x' },
      { a: [], b: ['a'] },
      {
        worker: async (_, host) => {
          hosts.push(host);
          return DONE;
        },
      },
    );
    const events: RunEvent[] = [];
    box.run.record.listen((event) => events.push(event));
    await box.reaches('a', 'landed');
    const [first] = hosts;
    first?.report({ type: 'step', step: 'Still here' });
    first?.report({ type: 'turn', usage: USAGE });
    first?.report({ type: 'draft', commit: 'c', changes: [] });
    const spawned: Result<Spawned> | undefined = await first?.spawn({ call: 'c', draft: null, children: [] });
    assert.deepEqual(spawned, fail('cancelled', 'Stopped.'));
    const state = valued(await box.ended);
    assert.deepEqual([stagesOf(state), box.run.live.state.drafts.size], [{ a: 'landed', b: 'landed' }, 0]);
    assert.deepEqual(
      events.filter((event) => event.type === 'task.step' || event.type === 'task.turn'),
      [],
    );
  });

  it('that ends before those that it spawned has failed, and they are stopped; what it still tells of its cost counts', async () => {
    const box = await rig({ x: 'x' }, { a: [] });
    const a = await box.agents.agent('a');
    const child = { name: 'part', title: 'A part', role: 'coder' as const, instructions: 'Do a part.', dependsOn: [], writes: [] };
    const spawned = a.spawn({ call: 'c', draft: null, children: [child] });
    const part = await box.agents.agent('a.1');
    a.report({ type: 'step', step: 'Too late' });
    a.report({ type: 'turn', usage: USAGE });
    await a.finish();
    const state = valued(await box.ended);
    assert.deepEqual([stagesOf(state), part.signal.aborted], [{ a: 'failed', 'a.1': 'stopped' }, true]);
    const { stage, work } = state.tasks.get('a') ?? {};
    assert.equal(stage?.kind === 'failed' && stage.failure.message, 'The agent finished before the tasks that it had spawned.');
    assert.deepEqual([work?.usage, work?.step], [USAGE, '']);
    assert.deepEqual(await spawned, fail('cancelled', 'Stopped.'));
  });

  it('that tells of work that is not there fails at its landing, and nothing else does', async () => {
    const box = await sandbox({ x: 'x' });
    const { worker } = writing(box, (id) => (id === 'lies' ? { changeset: '0123456789'.repeat(4) } : {}));
    const { ended } = await rigIn(box, { lies: [], after: ['lies'], works: [] }, { worker });
    const state = valued(await ended);
    assert.deepEqual(stagesOf(state), { lies: 'failed', after: 'doomed', works: 'landed' });
    assert.deepEqual(folderState(box.root), { 'works.txt': 'file works', x: 'file x' });
  });
});

describe('many', () => {
  it('tasks, a hundred, wait for ten workers: some fail, what waits for those is doomed, and all the rest lands', async function () {
    this.timeout(120_000);
    const box = await sandbox({ x: 'x' });
    const names = Array.from({ length: 100 }, (_, at) => `t${at}`);
    // Each of the last forty waits for one of the first.
    const tasks = Object.fromEntries(names.map((id, at) => [id, at < 60 ? [] : [`t${at - 60}`]]));
    const isBad = (id: string) => Number(id.slice(1)) % 10 === 3;
    const failure = fail('agent', 'It cannot.').failure;
    const { worker, atOnce } = writing(box, (id) => (isBad(id) ? { kind: 'failed', failure } : {}));
    const { ended } = await rigIn(box, tasks, { worker, limits: { maxWorkers: 10 } });
    const state = valued(await ended);
    const expected = names.map((id, at) => [id, at >= 60 && isBad(`t${at - 60}`) ? 'doomed' : isBad(id) ? 'failed' : 'landed']);
    assert.deepEqual(Object.entries(stagesOf(state)), expected);
    assert.equal(atOnce(), 10);
    const landed = expected.flatMap(([id, stage]) => (stage === 'landed' ? [[`${id}.txt`, `file ${id}`]] : []));
    assert.deepEqual(folderState(box.root), { ...Object.fromEntries(landed), x: 'file x' });
    // What failed is kept with what it did.
    assert.equal(treeState(box.repo, state.tasks.get('t3')?.work.changeset ?? '')['t3.txt'], 'file t3');
  });

  it('runs, ten at once in one repository, each land all that is theirs', async function () {
    this.timeout(120_000);
    const box = await sandbox({ x: 'x' });
    const { worker } = writing(box);
    const clock = countingClock(Date.now());
    const plans = Array.from({ length: 10 }, (_, run) => ({ [`r${run}a`]: [], [`r${run}b`]: [`r${run}a`], [`r${run}c`]: [] }));
    const runs = await Promise.all(plans.map((tasks) => rigIn(box, tasks, { worker, clock })));
    const states = await Promise.all(runs.map(({ ended }) => ended));
    assert.deepEqual(
      states.map((state) => stagesOf(valued(state))),
      plans.map((tasks) => Object.fromEntries(Object.keys(tasks).map((id) => [id, 'landed']))),
    );
    const files = plans.flatMap((tasks) => Object.keys(tasks).map((id) => [`${id}.txt`, `file ${id}`]));
    assert.deepEqual(folderState(box.root), { ...Object.fromEntries(files), x: 'file x' });
  });
});
