/** Children that an agent spawns: they work on its draft as it is, and what they did is in it when it goes on. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPlan } from '../../../src/domain/plan';
import { isComplete } from '../../../src/domain/run';
import { childSchema, type Spawned } from '../../../src/domain/spawn';
import { attribute } from '../../../src/engine/history/attribution';
import { undoTask } from '../../../src/engine/history/undo';
import { journalFile, readJournal } from '../../../src/engine/journal/journal';
import { landPortsOf, landTask } from '../../../src/engine/landing/landing';
import { retryOf } from '../../../src/engine/steering/kept';
import { summarize } from '../../../src/engine/summary';
import { Draft } from '../../../src/repo/draft/draft';
import { readRef } from '../../../src/repo/repository';
import { changesetOf, type Held } from '../../support/gatedWorker';
import { failed, NEVER, valued } from '../../support/result';
import { type Rig, rig } from '../../support/run';
import { folderState, treeState } from '../../support/sandbox';

const child = (name: string, dependsOn: string[] = [], instructions = `Do part ${name}.`) =>
  childSchema.parse({ name, title: `Part ${name}`, instructions, dependsOn });

const ask = (agent: Held, ...children: ReturnType<typeof child>[]) => agent.spawn({ call: 'c1', draft: null, children });

/** What an agent does that takes over what its children did, and adds nothing. */
async function adopt({ repo }: Pick<Rig, 'repo'>, agent: Held, { draft }: Spawned): Promise<void> {
  const now = valued(await Draft.resume(repo, agent.job.base, draft ?? agent.job.base));
  agent.finishWith(valued(await now.commit()));
}

/** The files of a task's kept draft that its base does not have as they are. */
async function draftOf({ repo, run }: Pick<Rig, 'repo' | 'run'>, task: string): Promise<Record<string, string>> {
  const { changeset } = run.record.state.tasks.get(task)?.work ?? { changeset: null };
  if (changeset === null) return {};
  assert.equal(valued(await readRef(repo, `runs/${run.id}/drafts/${task}`)), changeset, `the draft of ${task} is kept`);
  return treeState(repo, changeset);
}

describe('a task that spawns others', () => {
  it('gives its place to its children, gets what they did into its draft, and lands all of it', async () => {
    const { run, repo, agents, ended, stages, root } = await rig({ 'a.txt': 'one\n' }, { top: [] }, { limits: { maxWorkers: 1 } });
    const top = await agents.agent('top');
    const before = await changesetOf(repo, top.job.base, { 'mine.txt': 'mine\n' });
    const spawned = top.spawn({ call: 'c1', draft: before.commit, children: [child('x'), child('y', ['x'])] });
    const x = await agents.agent('top.1');
    assert.equal(x.job.base, before.commit);
    assert.deepEqual(stages(), { top: 'awaiting', 'top.1': 'running', 'top.2': 'waiting' });
    await x.finish({ 'x.txt': 'x\n' }, 'Did x.', ['a.txt']);
    const y = await agents.agent('top.2');
    await y.finish({ 'x.txt': 'x and y\n' }, 'Did y.');
    const { draft, children, reads } = valued(await spawned);
    assert.deepEqual(children, [
      { name: 'x', title: 'Part x', end: 'joined', text: 'Did x.', conflicts: [] },
      { name: 'y', title: 'Part y', end: 'joined', text: 'Did y.', conflicts: [] },
    ]);
    assert.deepEqual(
      reads.map(({ path }) => path),
      ['a.txt'],
    );
    const now = valued(await Draft.resume(repo, top.job.base, draft ?? ''));
    const kept = valued(await now.commit());
    assert.deepEqual(
      kept.changes.map(({ path }) => path),
      ['mine.txt', 'x.txt'],
    );
    top.finishWith(kept);
    valued(await ended);
    assert.deepEqual(stages(), { top: 'landed', 'top.1': 'joined', 'top.2': 'joined' });
    assert.equal(readFileSync(join(root, 'x.txt'), 'utf8'), 'x and y\n');
    assert.equal(run.record.state.tasks.get('top.2')?.depth, 1);
  });

  it('needs no second place for any depth, and brings the work of the lowest up to the workspace', async () => {
    const box = await rig({}, { top: [] }, { limits: { maxWorkers: 1 } });
    const { agents, ended, stages, root } = box;
    const chain: Held[] = [await agents.agent('top')];
    const asked: Promise<Spawned>[] = [];
    for (const id of ['top.1', 'top.1.1', 'top.1.1.1']) {
      const parent = chain.at(-1);
      assert.ok(parent);
      assert.equal(parent.job.maySpawn, true);
      asked.push(ask(parent, child('one', [], `Do ${id}.`)).then(valued));
      chain.push(await agents.agent(id));
      assert.deepEqual(agents.running().length, chain.length);
    }
    const lowest = chain.pop();
    assert.equal(lowest?.job.maySpawn, false);
    await lowest?.finish({ 'deep.txt': 'deep\n' });
    for (const spawned of asked.reverse()) {
      const parent = chain.pop();
      assert.ok(parent);
      await adopt(box, parent, await spawned);
    }
    valued(await ended);
    assert.deepEqual(stages(), { top: 'landed', 'top.1': 'joined', 'top.1.1': 'joined', 'top.1.1.1': 'joined' });
    assert.equal(readFileSync(join(root, 'deep.txt'), 'utf8'), 'deep\n');
  });

  it('is told what became of each: what changed nothing, what failed, what did not start because of that, what was stopped', async () => {
    const box = await rig({}, { top: [], after: ['top'] });
    const { agents, ended, stages, run } = box;
    const top = await agents.agent('top');
    const spawned = ask(top, child('idle'), child('bad'), child('next', ['bad']), child('last', ['next']), child('slow'));
    await (await agents.agent('top.1')).finish({}, 'Nothing was to be done.');
    await (await agents.agent('top.2')).fail('agent', { 'half.txt': 'half\n' });
    await agents.agent('top.5');
    run.stopTask('top.5');
    const said = valued(await spawned);
    const common = { conflicts: [] };
    assert.deepEqual(said, {
      draft: null,
      reads: [],
      children: [
        { ...common, name: 'idle', title: 'Part idle', end: 'joined', text: 'Nothing was to be done.' },
        { ...common, name: 'bad', title: 'Part bad', end: 'failed', text: 'top.2 failed.' },
        { ...common, name: 'next', title: 'Part next', end: 'doomed', text: 'It did not start, because bad did not end well.' },
        { ...common, name: 'last', title: 'Part last', end: 'doomed', text: 'It did not start, because next did not end well.' },
        { ...common, name: 'slow', title: 'Part slow', end: 'stopped', text: 'It was stopped.' },
      ],
    });
    assert.deepEqual(await draftOf(box, 'top.2'), { 'half.txt': 'file half\n' });
    await top.finish({ 'mine.txt': 'mine\n' });
    await (await agents.agent('after')).finish();
    valued(await ended);
    assert.deepEqual([stages()['top'], stages()['after']], ['landed', 'landed']);
    // The plan is done, whatever became of the parts.
    assert.equal(isComplete(run.record.state), true);
  });

  it('has both versions of what its children contradict each other in', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { top: [] });
    const { agents, ended, repo, stages, root } = box;
    const top = await agents.agent('top');
    const spawned = ask(top, child('x'), child('y'));
    await (await agents.agent('top.1')).finish({ 'a.txt': 'x\n' });
    await box.reaches('top.1', 'joined');
    await (await agents.agent('top.2')).finish({ 'a.txt': 'y\n', 'y.txt': 'y\n' });
    const { draft, children } = valued(await spawned);
    assert.deepEqual(
      children.map(({ end, conflicts }) => [end, conflicts]),
      [
        ['joined', []],
        ['joined', [{ path: 'a.txt', stands: 'both' }]],
      ],
    );
    assert.deepEqual(treeState(repo, draft ?? ''), {
      'a.txt': 'file <<<<<<< your draft and its siblings\nx\n=======\ny\n>>>>>>> the part “Part y”\n',
      'y.txt': 'file y\n',
    });
    await top.finish({ 'a.txt': 'x and y\n' });
    valued(await ended);
    assert.equal(stages()['top'], 'landed');
    assert.equal(readFileSync(join(root, 'a.txt'), 'utf8'), 'x and y\n');
  });

  it('takes its children, and theirs, with it when it is stopped: what each of them did is kept, and what had joined it is in its draft', async () => {
    const stopEdits = { 'top.2': { 'two.txt': 'half\n' }, 'top.2.1': { 'low.txt': 'half\n' } };
    const box = await rig({}, { top: [], other: [] }, { stopEdits });
    const { run, agents, ended, stages } = box;
    const top = await agents.agent('top');
    const spawned = ask(top, child('one'), child('two'), child('three', ['two']));
    await (await agents.agent('top.1')).finish({ 'one.txt': 'one\n' });
    await box.reaches('top.1', 'joined');
    const below = ask(await agents.agent('top.2'), child('low'));
    await agents.agent('top.2.1');
    run.stopTask('top');
    assert.equal(failed(await spawned).kind, 'cancelled');
    assert.equal(failed(await below).kind, 'cancelled');
    await (await agents.agent('other')).finish({ 'other.txt': 'other\n' });
    valued(await ended);
    const [stopped, joined] = ['stopped', 'joined'];
    assert.deepEqual(stages(), {
      top: stopped,
      other: 'landed',
      'top.1': joined,
      'top.2': stopped,
      'top.3': stopped,
      'top.2.1': stopped,
    });
    assert.deepEqual(await draftOf(box, 'top'), { 'one.txt': 'file one\n' });
    assert.deepEqual(await draftOf(box, 'top.2'), { 'two.txt': 'file half\n' });
    assert.deepEqual(await draftOf(box, 'top.2.1'), { 'low.txt': 'file half\n' });
    assert.equal(existsSync(join(box.root, 'one.txt')), false);
  });

  it('takes its children with it when it fails while it waits, and when the run is stopped', async () => {
    for (const end of ['fail', 'crash', 'stop'] as const) {
      const box = await rig({}, { top: [] }, { stopEdits: { 'top.2': { 'two.txt': 'half\n' } } });
      const { run, agents, ended, stages } = box;
      const top = await agents.agent('top');
      const spawned = ask(top, child('one'), child('two'));
      await (await agents.agent('top.1')).finish({ 'one.txt': 'one\n' });
      await box.reaches('top.1', 'joined');
      await agents.agent('top.2');
      if (end === 'fail') await top.fail('timeout');
      else if (end === 'crash') top.crash('It broke.');
      else run.stop();
      valued(await ended);
      if (end === 'stop') assert.equal(failed(await spawned).kind, 'cancelled');
      assert.deepEqual(stages(), { top: end === 'stop' ? 'stopped' : 'failed', 'top.1': 'joined', 'top.2': 'stopped' });
      assert.deepEqual(await draftOf(box, 'top'), { 'one.txt': 'file one\n' });
      assert.deepEqual(await draftOf(box, 'top.2'), { 'two.txt': 'file half\n' });
    }
  });

  it('is refused what the run’s limits do not allow, and can go on with less', async () => {
    const limits = { depth: 2, children: 3, perDepth: 4 };
    const box = await rig({}, { top: [], second: [] }, { plan: { limits } });
    const { agents, ended } = box;
    const [top, second] = [await agents.agent('top'), await agents.agent('second')];
    const why = async (agent: Held, ...children: ReturnType<typeof child>[]) => {
      const { message, fix } = failed(await ask(agent, ...children));
      return `${message} ${fix}`;
    };
    assert.equal(
      await why(top, child('a'), child('b'), child('c'), child('d')),
      'A task may have 3 children in this run; yours has 0, and asks for 4 more. Spawn at most 3, each with a larger part, or do it yourself.',
    );
    assert.equal(await why(top, child('a'), child('a')), 'Two of the tasks are called “a”. Give each a name of its own.');
    assert.equal(
      await why(top, child('a', [], 'Do it!'), child('b', [], ' do  IT!')),
      '“a” and “b” are told just the same. Give each a part of its own.',
    );
    assert.equal(
      await why(top, child('a', ['z'])),
      '“a” depends on “z”, and none of these tasks is called that. Name one of those that you spawn with it.',
    );
    assert.equal(
      await why(top, child('a', ['b']), child('b', ['a']), child('c')),
      'These tasks wait for each other in a circle: a, b. Take one of the dependencies away.',
    );
    assert.equal(await why(top, child('a', [], 'Do  it.')), '“a” is told just what you were told. Spawn smaller parts, or do it yourself.');
    const first = ask(top, child('a'), child('b'), child('c'));
    const a = await agents.agent('top.1');
    assert.equal(
      await why(second, child('d'), child('e')),
      'There may be 4 tasks at depth 1 in this run, and there are 3. Spawn at most 1, each with a larger part, or do it yourself.',
    );
    assert.equal(
      await why(a, child('x', [], 'Do it.')),
      '“x” is told just what “Task top”, from which your task comes, was told. Spawn smaller parts, or do it yourself.',
    );
    const below = ask(a, child('x'));
    const x = await agents.agent('top.1.1');
    assert.equal(x.job.maySpawn, false);
    assert.equal(await why(x, child('y')), 'Tasks may be spawned 2 deep in this run, and yours is at depth 2. Do this part yourself.');
    for (const agent of [x, await agents.agent('top.2'), await agents.agent('top.3'), second]) await agent.finish();
    await adopt(box, a, valued(await below));
    valued(await first);
    assert.equal(
      // Some servers count the calls of each answer anew.
      await why(top, child('d')),
      'A task may have 3 children in this run; yours has 3, and asks for 1 more. Do this part yourself.',
    );
    await top.finish();
    valued(await ended);
  });

  it('keeps to the limits where two ask at the same moment', async () => {
    const box = await rig({}, { one: [], two: [] }, { plan: { limits: { perDepth: 3 } } });
    const [one, two] = [await box.agents.agent('one'), await box.agents.agent('two')];
    const drafts = [one, two].map(async ({ job }, at) => (await changesetOf(box.repo, job.base, { [`${at}.txt`]: 'x\n' })).commit);
    const [a, b] = await Promise.all(drafts);
    const asked = [
      one.spawn({ call: 'c', draft: a ?? null, children: [child('a'), child('b')] }),
      two.spawn({ call: 'c', draft: b ?? null, children: [child('a'), child('b')] }),
    ];
    const refused = failed(await Promise.race(asked));
    assert.equal(refused.message, 'There may be 3 tasks at depth 1 in this run, and there are 2.');
    box.run.stop();
    valued(await box.ended);
    assert.equal(box.run.record.state.tasks.size, 4);
  });

  it('comes into the workspace, and leaves it, with all that was done for it', async () => {
    const box = await rig({ 'a.txt': 'a\n' }, { top: [] });
    const { agents, run, repo, ended, root } = box;
    const top = await agents.agent('top');
    const spawned = ask(top, child('x'));
    const below = ask(await agents.agent('top.1'), child('low', [], 'Do it below.'));
    await (await agents.agent('top.1.1')).finish({ 'low.txt': 'low\n' });
    await adopt(box, await agents.agent('top.1'), valued(await below));
    await adopt(box, top, valued(await spawned));
    valued(await ended);
    assert.deepEqual(folderState(root), { 'a.txt': 'file a\n', 'low.txt': 'file low\n' });
    const written = valued(await attribute(repo, box.workspace, 'low.txt', NEVER));
    assert.deepEqual(
      written.map((line) => line.by === 'task' && line.task),
      ['top'],
    );
    const undo = (task: string) => undoTask(run.record, landPortsOf(run.record, box), task, NEVER);
    const { message, fix } = failed(await undo('top.1.1'));
    assert.equal(
      `${message} ${fix}`,
      '“Part low” (top.1.1) came into the workspace as a part of “Task top” (top), and cannot be undone or redone by itself. Name top: all that was done for it goes with it. Of a single file or hunk it can be done alone.',
    );
    assert.equal(valued(await undo('top')).kind, 'landed');
    assert.deepEqual(folderState(root), { 'a.txt': 'file a\n' });
    assert.equal(failed(await undo('top.1.1')).message, message);
  });

  it('leaves the draft of a child that failed to be landed by hand, or gone on from in a run of its own', async () => {
    const box = await rig({ 'a.txt': 'a\n' }, { top: [] });
    const { agents, run, ended, root } = box;
    const top = await agents.agent('top');
    const spawned = ask(top, child('x'));
    await (await agents.agent('top.1')).fail('agent', { 'x.txt': 'half\n' });
    valued(await spawned);
    await top.finish({ 'top.txt': 'top\n' });
    valued(await ended);
    const { plan, retry } = valued(retryOf(run.record.state, 'top.1', { fresh: false, hint: '' }));
    assert.deepEqual([plan.tasks.map(({ id, title }) => [id, title]), retry.task], [[['top-1', 'Part x']], 'top-1']);
    assert.equal(checkPlan(plan).problems.length, 0);
    valued(await landTask(run.record, landPortsOf(run.record, box), 'top.1', NEVER));
    assert.deepEqual(box.stages(), { top: 'landed', 'top.1': 'landed' });
    assert.deepEqual(folderState(root), { 'a.txt': 'file a\n', 'top.txt': 'file top\n', 'x.txt': 'file half\n' });
    assert.equal(valued(await undoTask(run.record, landPortsOf(run.record, box), 'top.1', NEVER)).kind, 'landed');
    assert.deepEqual(folderState(root), { 'a.txt': 'file a\n', 'top.txt': 'file top\n' });
  });

  it('costs the time that its own agent worked, not that in which it waited', async () => {
    const box = await rig({}, { top: [] });
    const { agents, run, ended } = box;
    const top = await agents.agent('top');
    const spawned = ask(top, child('x'));
    await (await agents.agent('top.1')).finish();
    valued(await spawned);
    await top.finish();
    valued(await ended);
    const { work } = run.record.state.tasks.get('top') ?? {};
    const times = valued(readJournal(journalFile(box.repo.stateDir, run.id)));
    const at = (type: string) => times.find((event) => event.type === type)?.at ?? 0;
    const awaitedMs = at('task.resumed') - at('task.awaiting');
    assert.ok(awaitedMs > 0);
    assert.ok(work !== undefined);
    assert.equal(work.workedMs, work.endedAt - work.startedAt - awaitedMs);
    const { tasks, spawned: made, candidates, stages, serialMs } = summarize(run.record.state, 0);
    assert.deepEqual({ tasks, made, candidates, stages }, { tasks: 1, made: 1, candidates: 0, stages: { landed: 1 } });
    const all = [...run.record.state.tasks.values()].map((task) => task.work.endedAt - task.work.startedAt);
    assert.equal(serialMs, all.reduce((sum, ms) => sum + ms, 0) - awaitedMs);
  });
});
