/** Attempts and limits of time in a live run, whose agents and whose time the test holds. */
import assert from 'node:assert/strict';
import type { RunEvent } from '../../src/domain/event';
import type { Plan } from '../../src/domain/plan';
import { countingClock } from '../support/clock';
import { valued } from '../support/result';
import { planOf, type Rig, rig, stagesOf } from '../support/run';
import { folderState, treeState } from '../support/sandbox';

type Retrying = Extract<RunEvent, { type: 'task.retrying' }>;

/** All that happens in a run, from now on. */
function eventsOf({ run }: Rig): RunEvent[] {
  const events: RunEvent[] = [];
  run.record.listen((event) => events.push(event));
  return events;
}

function retries(events: readonly RunEvent[]): Retrying[] {
  return events.filter((event): event is Retrying => event.type === 'task.retrying');
}

/** Resolves when the next event of that type has happened. */
function next<Type extends RunEvent['type']>({ run }: Rig, type: Type): Promise<Extract<RunEvent, { type: Type }>> {
  return new Promise((resolve) => {
    const unlisten = run.record.listen((event) => {
      if (event.type !== type) return;
      unlisten();
      resolve(event as Extract<RunEvent, { type: Type }>);
    });
  });
}

/** A plan's one task, with more than its id. */
function only(given: Partial<Plan['tasks'][number]>): Pick<Plan, 'tasks'> {
  return { tasks: planOf({ a: [] }).tasks.map((task) => ({ ...task, ...given })) };
}

describe('an attempt that failed', () => {
  it('is followed by another, after a pause, from what it had done', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: ['a'], c: [] }, { attempts: 2, limits: { maxWorkers: 2 } });
    const [a, c] = [await box.agents.agent('a'), await box.agents.agent('c')];
    const retrying = next(box, 'task.retrying');
    await a.fail('agent', { 'half.txt': 'half' });
    const { draft, ...told } = await retrying;
    const message =
      'Earlier attempts at this task failed:\n- a failed.\nWhat was done is in your draft: see what is there, keep what is good, go on from it, and call finish.';
    const failure = { kind: 'agent', message: 'a failed.', fix: '' };
    assert.deepEqual({ ...told, at: 0 }, { type: 'task.retrying', task: 'a', failure, waitMs: 2000, message, at: 0 });
    await c.finish({ 'c.txt': 'c' });
    await box.reaches('c', 'landed');
    await box.time.pass(1_999);
    assert.deepEqual(box.agents.running(), []);
    await box.time.pass(1);
    const again = await box.agents.agent('a', 2);
    assert.deepEqual(again.job.again, { draft, message, session: undefined });
    assert.equal(again.job.base, a.job.base);
    assert.equal(treeState(box.repo, draft ?? '')['half.txt'], 'file half');
    await again.finish({ 'whole.txt': 'whole' });
    await (await box.agents.agent('b')).finish();
    const state = valued(await box.ended);
    assert.deepEqual(stagesOf(state), { a: 'landed', b: 'landed', c: 'landed' });
    assert.deepEqual(state.tasks.get('a')?.work.failures, [failure]);
    assert.deepEqual(folderState(box.root), { 'c.txt': 'file c', 'half.txt': 'file half', 'whole.txt': 'file whole', x: 'file x' });
  });

  it('is the last one where the plan’s are used up: the task has failed, with what was done', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: ['a'] }, { attempts: 3 });
    const events = eventsOf(box);
    for (const [time, path] of [
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ] as const) {
      await (await box.agents.agent('a', time)).fail('agent', { [path]: path });
      if (time < 3) await box.time.pass(60_000);
    }
    const state = valued(await box.ended);
    assert.deepEqual(stagesOf(state), { a: 'failed', b: 'doomed' });
    assert.deepEqual(
      retries(events).map(({ waitMs }) => waitMs),
      [2000, 4000],
    );
    assert.deepEqual(Object.keys(treeState(box.repo, state.tasks.get('a')?.work.changeset ?? '')), ['one', 'three', 'two', 'x']);
  });

  it('is followed by one with another model, then another role, at once', async () => {
    const box = await rig({ x: 'x' }, { a: [] }, { plan: only({ fallback: [{ model: 'm2' }, { role: 'debugger' }] }) });
    const seen: unknown[] = [];
    for (const time of [1, 2, 3]) {
      const agent = await box.agents.agent('a', time);
      seen.push([agent.job.task.role, agent.job.model]);
      await agent.fail('model');
    }
    assert.deepEqual(seen, [
      ['coder', 'scripted:x'],
      ['coder', 'm2'],
      ['debugger', 'scripted:x'],
    ]);
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'failed' });
  });

  it('is the last one where none would end better', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [], c: [] }, { attempts: 3 });
    await (await box.agents.agent('a')).fail('auth');
    await (await box.agents.agent('b')).fail('input');
    await (await box.agents.agent('c')).fail('git');
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'failed', b: 'failed', c: 'failed' });
  });

  it('keeps, where its worker broke, what it had told of its draft', async () => {
    const box = await rig({ x: 'x' }, { a: [] }, { attempts: 2 });
    const a = await box.agents.agent('a');
    const so = await a.draft({ 'half.txt': 'half' });
    const retrying = next(box, 'task.retrying');
    a.crash('the process is gone');
    assert.equal((await retrying).draft, so.commit);
    await box.time.pass(2_000);
    await (await box.agents.agent('a', 2)).finish({ 'whole.txt': 'whole' });
    valued(await box.ended);
    assert.deepEqual(Object.keys(folderState(box.root)), ['half.txt', 'whole.txt', 'x']);
  });

  it('is not followed by another when its run, or its task, is stopped meanwhile', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [], c: [] }, { attempts: 2 });
    const [a, b, c] = [await box.agents.agent('a'), await box.agents.agent('b'), await box.agents.agent('c')];
    for (const agent of [a, b]) {
      const retrying = next(box, 'task.retrying');
      await agent.fail('agent');
      await retrying;
    }
    box.run.stopTask('a');
    assert.equal(box.stages()['a'], 'stopped');
    await box.time.pass(2_000);
    await (await box.agents.agent('b', 2)).fail('input');
    await box.reaches('b', 'failed');
    const retrying = next(box, 'task.retrying');
    await c.fail('agent');
    await retrying;
    box.run.stop();
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'stopped', b: 'failed', c: 'stopped' });
    assert.deepEqual(box.time.left, []);
  });
});

describe('a limit of time', () => {
  it('ends an attempt, whose draft is kept, and the next one has all of it anew', async () => {
    const box = await rig({ x: 'x' }, { a: [] }, { attempts: 2, plan: only({ timeoutSeconds: 10 }), stopEdits: { a: { half: 'half' } } });
    const a = await box.agents.agent('a');
    const retrying = next(box, 'task.retrying');
    await box.time.pass(9_999);
    assert.equal(a.signal.aborted, false);
    await box.time.pass(1);
    assert.equal(a.signal.aborted, true);
    const { failure, draft } = await retrying;
    assert.deepEqual(failure, {
      kind: 'timeout',
      message: 'The agent of “Task a” took longer than the 10 s that it may.',
      fix: 'Give the task more time (timeoutSeconds in its plan), or split it.',
    });
    assert.equal(treeState(box.repo, draft ?? '')['half'], 'file half');
    await box.time.pass(2_000);
    const again = await box.agents.agent('a', 2);
    await box.time.pass(9_999);
    assert.equal(again.signal.aborted, false);
    await again.finish();
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'landed' });
    assert.deepEqual(box.time.left, []);
  });

  it('does not count while an agent waits for those that it spawned', async () => {
    const plan = only({ timeoutSeconds: 10 });
    const box = await rig({ x: 'x' }, { a: [] }, { plan });
    const a = await box.agents.agent('a');
    await box.time.pass(6_000);
    const part = { name: 'part', title: 'A part', role: 'coder' as const, instructions: 'Do a part.', dependsOn: [], writes: [] };
    const spawned = a.spawn({ call: 'c1', draft: null, children: [part] });
    const child = await box.agents.agent('a.1');
    await box.time.pass(60_000);
    assert.deepEqual([a.signal.aborted, child.signal.aborted], [false, false]);
    await child.finish({ part: 'part' });
    valued(await spawned);
    await box.time.pass(3_999);
    assert.equal(a.signal.aborted, false);
    await box.time.pass(1);
    assert.equal(a.signal.aborted, true);
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'failed', 'a.1': 'joined' });
  });

  it('does not count while the person holds the run', async () => {
    const box = await rig({ x: 'x' }, { a: [] }, { plan: { ...only({ timeoutSeconds: 10 }), limits: { timeoutSeconds: 20 } } });
    const a = await box.agents.agent('a');
    await box.time.pass(9_000);
    box.run.record.emit({ type: 'run.paused' });
    await box.time.pass(60_000);
    box.run.record.emit({ type: 'run.continued' });
    await box.time.pass(999);
    assert.deepEqual([a.signal.aborted, box.run.record.state.phase], [false, 'running']);
    await a.finish();
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'landed' });
  });

  it('of a whole run stops it, with what was done kept, and says why', async () => {
    const options = { plan: { limits: { timeoutSeconds: 30 } }, limits: { maxWorkers: 2 }, stopEdits: { b: { half: 'half' } } };
    const box = await rig({ x: 'x' }, { a: [], b: [], c: ['b'] }, options);
    const stopping = next(box, 'run.stopping');
    await (await box.agents.agent('a')).finish({ 'a.txt': 'a' });
    await box.reaches('a', 'landed');
    await box.agents.agent('b');
    await box.time.pass(30_000);
    assert.deepEqual({ ...(await stopping), at: 0 }, { type: 'run.stopping', why: 'timeout', at: 0 });
    const state = valued(await box.ended);
    assert.deepEqual([state.stopReason, stagesOf(state)], ['timeout', { a: 'landed', b: 'stopped', c: 'stopped' }]);
    assert.equal(treeState(box.repo, state.tasks.get('b')?.work.changeset ?? '')['half'], 'file half');
  });

  it('goes by no clock that somebody sets', async () => {
    const ids = countingClock();
    const jumps = [0, 86_400_000, -86_400_000, 3_600_000_000];
    let at = 0;
    const clock = { id: ids.id, now: () => Date.now() + (jumps[at++ % jumps.length] ?? 0) };
    const plan = { ...only({ timeoutSeconds: 10 }), limits: { timeoutSeconds: 100 } };
    const box = await rig({ x: 'x' }, { a: [] }, { attempts: 2, plan, clock });
    const a = await box.agents.agent('a');
    await box.time.pass(9_999);
    assert.equal(a.signal.aborted, false);
    const retrying = next(box, 'task.retrying');
    await box.time.pass(1);
    assert.equal((await retrying).failure.kind, 'timeout');
    await box.time.pass(1_999);
    assert.deepEqual(box.agents.running(), []);
    await box.time.pass(1);
    await (await box.agents.agent('a', 2)).finish();
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'landed' });
  });

  it('of a whole run does not count while nothing goes on but that it waits for the person', async () => {
    const box = await rig({ shared: 'old\n' }, { a: [], b: [], c: ['b'] }, { plan: { limits: { timeoutSeconds: 30 } } });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    await a.finish({ shared: 'a\n' });
    await box.reaches('a', 'landed');
    await b.finish({ shared: 'b\n' });
    await box.reaches('b', 'conflicted');
    await box.time.pass(3_600_000);
    assert.equal(box.run.record.state.phase, 'running');
    box.run.stop();
    const state = valued(await box.ended);
    assert.deepEqual([state.stopReason, stagesOf(state)], ['person', { a: 'landed', b: 'conflicted', c: 'stopped' }]);
  });
});
