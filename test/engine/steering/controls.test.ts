/** What a person does to a run while it goes on: adding and retrying tasks, and changing its limits. Agents are held by the test, on a real repository. */
import assert from 'node:assert/strict';
import type { Happening } from '../../../src/domain/event';
import { readState } from '../../../src/engine/journal/record';
import { settled } from '../../support/handTime';
import { failed, NEVER, valued } from '../../support/result';
import { planOf, rig } from '../../support/run';
import { folderState, put, treeState } from '../../support/sandbox';
import { recorded, still } from '../../support/watching';

const AGAIN = { fresh: false, hint: '' };
const FRESH = { fresh: true, hint: '' };

describe('a task that is added to a run', () => {
  const added = (more: object) => ({ id: 'n', title: 'New', instructions: 'Do it.', ...more });

  it('waits for what it depends on, and is done like any other', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: ['a'] });
    const a = await box.agents.agent('a');
    assert.equal(valued(box.run.controls.add(added({ dependsOn: ['a'], role: 'docs' }))), 'n');
    assert.deepEqual(box.run.record.state.tasks.get('n')?.origin, { kind: 'person' });
    await a.finish({ 'a.txt': 'a' });
    const n = await box.agents.agent('n');
    assert.equal(n.job.task.role, 'docs');
    assert.equal(treeState(box.repo, n.job.base)['a.txt'], 'file a');
    await n.finish({ 'n.txt': 'n' });
    await (await box.agents.agent('b')).finish();
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', n: 'landed' });
    assert.match(failed(box.run.controls.add(added({ id: 'm' }))).message, /has finished/);
  });

  it('goes before others by its priority', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: ['a'], c: [] }, { limits: { maxWorkers: 1 } });
    const a = await box.agents.agent('a');
    valued(box.run.controls.add(added({ priority: 1 })));
    const seen = recorded(box);
    await a.finish();
    for (const id of ['n', 'b', 'c']) await (await box.agents.agent(id)).finish();
    valued(await box.ended);
    assert.deepEqual(
      seen.filter((one) => one.startsWith('started')),
      ['started n', 'started b', 'started c'],
    );
  });

  it('is refused, and the run goes on, where a plan could not have it, or it would never start', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [] });
    await (await box.agents.agent('a')).fail();
    await box.reaches('a', 'failed');
    const refused: [object, string][] = [
      [{ id: 'B' }, 'The task cannot join the run: id: “B” is the id of tasks[1] already: give each task its own.'],
      [{ dependsOn: ['z'] }, 'The task cannot join the run: dependsOn[0]: no task is called “z”: name a task of this plan.'],
      [
        { dependsOn: ['n'] },
        'The task cannot join the run: dependsOn: tasks wait for each other in a circle (n → n): take one of these dependencies away.',
      ],
      [{ dependsOn: ['a'] }, 'The task cannot join the run: it waits for “Task a”, which is failed.'],
      [{ context: ['../x'] }, 'The task cannot join the run: context[0]: '],
      [{ role: 'cook' }, 'The task cannot join the run: role: '],
      [{ instructions: '' }, 'The task cannot join the run: instructions: '],
    ];
    for (const [more, said] of refused) {
      const { message } = failed(box.run.controls.add(added(more)));
      assert.equal(message.slice(0, said.length), said);
    }
    assert.deepEqual(box.stages(), { a: 'failed', b: 'running' });
    box.run.stop();
    assert.match(failed(box.run.controls.add(added({}))).message, /is being stopped/);
    valued(await box.ended);
  });
});

describe('a task that is retried in its run', () => {
  it('goes on from its draft, merged with the workspace as it is, and what was doomed with it follows', async () => {
    const box = await rig({ x: 'x', y: 'y' }, { a: [], b: ['a'], c: ['b'], d: [] });
    const d = await box.agents.agent('d');
    await (await box.agents.agent('a')).fail('agent', { x: 'half' });
    await box.reaches('c', 'doomed');
    put(box.root, 'y', 'mine');
    valued(await box.run.controls.retry('a', { fresh: false, hint: 'Mind the gap.' }, NEVER));
    const again = await box.agents.agent('a', 2);
    assert.deepEqual(treeState(box.repo, again.job.again?.draft ?? ''), { x: 'file half', y: 'file mine' });
    assert.match(again.job.again?.message ?? '', /It failed: a failed\..*The person says:\nMind the gap\.$/s);
    assert.deepEqual(box.stages(), { a: 'running', b: 'waiting', c: 'waiting', d: 'running' });
    await again.finish({ x: 'whole' });
    for (const id of ['b', 'c']) await (await box.agents.agent(id)).finish();
    await d.finish();
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', c: 'landed', d: 'landed' });
    assert.deepEqual(folderState(box.root), { x: 'file whole', y: 'file mine' });
    assert.deepEqual(valued(readState(box.repo.stateDir, box.run.id)), box.run.record.state);
  });

  it('begins anew where the person wants that, with a hint or without', async () => {
    const box = await rig({ x: 'x' }, { a: [], d: [] });
    await (await box.agents.agent('a')).fail('agent', { x: 'half' });
    await box.reaches('a', 'failed');
    valued(await box.run.controls.retry('a', FRESH, NEVER));
    const second = await box.agents.agent('a', 2);
    assert.match(second.job.again?.message ?? '', /^What was done for this task before is thrown away: begin anew/);
    assert.equal(second.job.again?.draft, null);
    await second.fail('agent', { x: 'half' });
    await box.reaches('a', 'failed');
    valued(await box.run.controls.retry('a', { fresh: true, hint: 'Otherwise.' }, NEVER));
    const third = await box.agents.agent('a', 3);
    assert.match(third.job.again?.message ?? '', /\n\nThe person says:\nOtherwise\.$/);
    await third.finish({ x: 'new' });
    await box.reaches('a', 'landed');
    assert.match(failed(await box.run.controls.retry('a', AGAIN, NEVER)).message, /^“Task a” is landed\.$/);
    box.run.stop();
    valued(await box.ended);
  });

  it('is not begun where it is at work, unknown, could not start, or does not fit; what is in conflict begins anew', async () => {
    const box = await rig({ x: 'x\n' }, { a: [], b: ['a'], c: [] });
    const { controls } = box.run;
    await (await box.agents.agent('a')).fail('agent', { x: 'half\n' });
    await box.reaches('b', 'doomed');
    put(box.root, 'x', 'mine\n');
    assert.match(failed(await controls.retry('a', AGAIN, NEVER)).message, /does not fit with the workspace any more \(x\)\.$/);
    assert.match(
      failed(await controls.retry('b', AGAIN, NEVER)).message,
      /^“Task b” cannot start: it waits for “Task a”, which is failed\.$/,
    );
    assert.match(failed(await controls.retry('c', AGAIN, NEVER)).message, /^“Task c” is running\.$/);
    assert.match(failed(await controls.retry('z', AGAIN, NEVER)).message, /has no task “z”/);
    await (await box.agents.agent('c')).finish({ x: 'other\n' });
    await box.reaches('c', 'conflicted');
    const seen = recorded(box);
    valued(await controls.retry('c', FRESH, NEVER));
    const again = await box.agents.agent('c', 2);
    assert.deepEqual(seen, ['stopped c', 'again c', 'started c']);
    assert.deepEqual(treeState(box.repo, again.job.base), { x: 'file mine\n' });
    await again.finish({ x: 'both\n' });
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'failed', b: 'doomed', c: 'landed' });
    assert.match(failed(await controls.retry('a', FRESH, NEVER)).message, /^The run is over\.$/);
  });

  it('waits, in a paused run, until that goes on', async () => {
    const box = await rig({ x: 'x' }, { a: [], d: [] });
    await box.agents.agent('d');
    await (await box.agents.agent('a')).fail();
    await box.reaches('a', 'failed');
    valued(box.run.controls.pause());
    const seen = recorded(box);
    valued(await box.run.controls.retry('a', AGAIN, NEVER));
    await still(box);
    assert.deepEqual(seen, ['again a']);
    valued(box.run.controls.continue());
    await box.agents.agent('a', 2);
    box.run.stop();
    valued(await box.ended);
  });

  it('races again where it was lost by all, with what the person adds', async () => {
    const { tasks } = planOf({ a: [], d: [] });
    const plan = { tasks: tasks.map((task) => (task.id === 'a' ? { ...task, candidates: 2 } : task)) };
    const box = await rig({ x: 'x' }, { a: [], d: [] }, { plan });
    await box.agents.agent('d');
    for (const id of ['a.1', 'a.2']) await (await box.agents.agent(id)).fail();
    await box.reaches('a', 'failed');
    valued(await box.run.controls.retry('a', { fresh: false, hint: 'Mind the gap.' }, NEVER));
    const third = await box.agents.agent('a.3');
    assert.match(
      third.job.task.instructions,
      /^Do it\.\n\nAn agent has worked on this task before\. It failed: None of the 2 .*\n\nThe person says:\nMind the gap\.$/s,
    );
    await third.finish({ x: 'won' });
    await box.reaches('a', 'landed');
    box.run.stop();
    valued(await box.ended);
    assert.deepEqual(folderState(box.root), { x: 'file won' });
  });
});

describe('the limits of a run', () => {
  it('hold from the moment at which they change, and are in its journal', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [], c: [] }, { limits: { maxWorkers: 1, pools: { coder: 2 } } });
    const a = await box.agents.agent('a');
    const limited: Happening[] = [];
    box.run.record.listen((event) => {
      if (event.type === 'run.limited') limited.push(event);
    });
    box.run.controls.limit({ maxWorkers: 3, pools: { coder: 2 } });
    box.run.controls.limit({ maxWorkers: 3, pools: { coder: 2 } });
    await box.agents.agent('b');
    await settled();
    assert.deepEqual(box.agents.running(), ['a', 'b']);
    assert.deepEqual(
      limited.map((event) => event.type === 'run.limited' && event.limits),
      [{ maxWorkers: 3, pools: { coder: 2 } }],
    );
    // Fewer: those at work come to their end.
    box.run.controls.limit({ maxWorkers: 1, pools: {} });
    await a.finish();
    await box.reaches('a', 'landed');
    await settled();
    assert.deepEqual(box.agents.running(), ['b']);
    await (await box.agents.agent('b')).finish();
    await (await box.agents.agent('c')).finish();
    const state = valued(await box.ended);
    assert.deepEqual([state.start.pools, state.limits], [{ coder: 2 }, { maxWorkers: 1, pools: {} }]);
  });
});
