/** Drafts that were kept: discarded, and gone on from in a new run. */
import assert from 'node:assert/strict';
import { ok } from '../../../src/domain/failure';
import { NO_USAGE } from '../../../src/domain/usage';
import { beginRun } from '../../../src/engine/begin';
import { readState } from '../../../src/engine/journal/record';
import { folderChecker } from '../../../src/engine/landing/check';
import { landPortsOf, landTask } from '../../../src/engine/landing/landing';
import { beginAgain, discardDraft, isKept, retryOf } from '../../../src/engine/steering/kept';
import { folderPool } from '../../../src/repo/commands/folderPool';
import { gatedWorker } from '../../support/gatedWorker';
import { failed, NEVER, valued } from '../../support/result';
import { type Rig, rig } from '../../support/run';
import { folderState, git, put, treeState } from '../../support/sandbox';

const FILES = { 'a.txt': 'a\n', 'b.txt': 'b\n' };

/** A run whose one task failed half-way. */
async function failedRun(): Promise<Rig> {
  const box = await rig(FILES, { a: [] });
  await (await box.agents.agent('a')).fail('agent', { 'a.txt': 'half\n' });
  valued(await box.ended);
  return box;
}

function taskOf(box: Rig, id = 'a') {
  const task = box.run.record.state.tasks.get(id);
  assert.ok(task !== undefined);
  return task;
}

const draftRefs = (box: Rig) => git(box.root, 'for-each-ref', '--format=%(refname)').match(/\/(drafts|conflicts)\//g) ?? [];

describe('a kept draft', () => {
  it('is discarded for good, and its run knows', async () => {
    const box = await failedRun();
    assert.equal(isKept(box.run.record.state, taskOf(box)), true);
    assert.equal(draftRefs(box).length, 1);
    valued(await discardDraft(box.run.record, box.repo, 'a'));
    assert.deepEqual(draftRefs(box), []);
    const { stage, work } = taskOf(box);
    assert.deepEqual([stage.kind, work.changeset, work.changes], ['failed', null, []]);
    assert.deepEqual(valued(readState(box.repo.stateDir, box.run.id)).tasks.get('a'), taskOf(box));
    assert.match(failed(await discardDraft(box.run.record, box.repo, 'a')).message, /^“Task a” has no draft to discard \(it is failed\)\./);
    assert.match(failed(await discardDraft(box.run.record, box.repo, 'z')).message, /has no task “z”/);
    assert.deepEqual(folderState(box.root), { 'a.txt': 'file a\n', 'b.txt': 'file b\n' });
  });

  it('of a conflict is discarded with its files, and what waited for the task is not started', async () => {
    const box = await rig(FILES, { a: [], b: ['a'] });
    const a = await box.agents.agent('a');
    put(box.root, 'a.txt', 'mine\n');
    await a.finish({ 'a.txt': 'agent\n' });
    await box.reaches('a', 'conflicted');
    assert.equal(draftRefs(box).length, 2);
    valued(await discardDraft(box.run.record, box.repo, 'a'));
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'stopped', b: 'doomed' });
    assert.deepEqual(draftRefs(box), []);
    assert.equal(folderState(box.root)['a.txt'], 'file mine\n');
  });

  it('is none where the task has landed, or is at work', async () => {
    const box = await rig(FILES, { a: [], b: [] });
    assert.equal(isKept(box.run.record.state, taskOf(box)), false);
    await (await box.agents.agent('a')).finish({ 'a.txt': 'A\n' });
    await box.reaches('a', 'landed');
    assert.deepEqual(failed(await discardDraft(box.run.record, box.repo, 'a')).fix, 'It has landed: undo it instead.');
    assert.equal(failed(await discardDraft(box.run.record, box.repo, 'b')).kind, 'input');
    const refused = (id: string) => failed(retryOf(box.run.record.state, id, { fresh: false, hint: '' })).message;
    assert.deepEqual(['a', 'b', 'c'].map(refused), ['“Task a” is landed.', '“Task b” is running.', `Run ${box.run.id} has no task “c”.`]);
    box.run.stop();
    valued(await box.ended);
  });

  it('is none of what was not started, which says why, and what to do', async () => {
    const box = await rig(FILES, { a: [], b: ['a'] });
    await (await box.agents.agent('a')).fail();
    const state = valued(await box.ended);
    assert.deepEqual(failed(retryOf(state, 'b', { fresh: false, hint: '' })), {
      kind: 'input',
      message: '“Task b” was not started, because “Task a” did not land.',
      fix: `There is nothing of it to retry. Have the rest planned anew: weft plan-rest ${box.run.id}.`,
    });
  });

  it('is gone on from in a new run of its task, merged with the workspace as it is then', async () => {
    const box = await failedRun();
    put(box.root, 'b.txt', 'mine\n');
    const { plan, retry } = valued(retryOf(box.run.record.state, 'a', { fresh: false, hint: ' Mind the gap. ' }));
    const agents = gatedWorker(box.repo);
    const request = { plan, retry, model: 'scripted:x', planning: NO_USAGE, limits: { maxWorkers: 1, undecided: 'wait' as const } };
    const check = folderChecker(folderPool(box.repo, { link: [], most: 1, quotaBytes: 1e9 }, box.clock));
    const ports = { ...box, worker: agents.worker, check };
    const run = valued(await beginRun(request, ports, NEVER));
    const ended = run.drive();
    const again = await agents.agent('a');
    assert.deepEqual(treeState(box.repo, again.job.base), { 'a.txt': 'file a\n', 'b.txt': 'file mine\n' });
    assert.deepEqual(treeState(box.repo, again.job.again?.draft ?? ''), { 'a.txt': 'file half\n', 'b.txt': 'file mine\n' });
    assert.match(
      again.job.again?.message ?? '',
      /^An agent has worked on this task before\. It failed: a failed\..*\n\nThe person says:\nMind the gap\.$/,
    );
    await again.finish({ 'new.txt': 'new\n' });
    valued(await ended);
    run.record.close();
    assert.deepEqual(folderState(box.root), { 'a.txt': 'file half\n', 'b.txt': 'file mine\n', 'new.txt': 'file new\n' });
    // The draft of the earlier run is there until somebody discards it.
    assert.equal(isKept(box.run.record.state, taskOf(box)), true);
  });

  it('is not gone on from where it does not fit any more, and can still be landed by hand', async () => {
    const box = await failedRun();
    put(box.root, 'a.txt', 'mine\n');
    git(box.root, 'add', '--all');
    git(box.root, 'commit', '--quiet', '--message', 'Mine');
    const { retry } = valued(retryOf(box.run.record.state, 'a', { fresh: false, hint: '' }));
    const now = git(box.root, 'rev-parse', 'HEAD').trim();
    assert.match(
      failed(await beginAgain(box.repo, now, retry, async () => ok())).message,
      /does not fit with the workspace any more \(a\.txt\)\.$/,
    );
    const { record } = box.run;
    valued(await landTask(record, landPortsOf(record, box), 'a', NEVER));
    assert.equal(taskOf(box).stage.kind, 'conflicted');
  });

  it('of a task that went back to its agent and is doomed now is landed, or discarded', async () => {
    for (const way of ['land', 'discard']) {
      const box = await rig(FILES, { a: [], b: [] }, { onStale: 'ask', limits: { maxWorkers: 1 } });
      const { record } = box.run;
      const a = await box.agents.agent('a');
      put(box.root, 'b.txt', 'mine\n');
      await a.finish({ 'a.txt': 'half\n' }, 'Done.', ['b.txt']);
      await box.reaches('a', 'held');
      record.emit({ type: 'task.reworked', task: 'a', why: 'stale' });
      record.emit({ type: 'task.doomed', task: 'a', because: 'b' });
      box.run.stop();
      valued(await box.ended);
      assert.equal(isKept(record.state, taskOf(box)), true);
      if (way === 'land') valued(await landTask(record, landPortsOf(record, box), 'a', NEVER));
      else valued(await discardDraft(record, box.repo, 'a'));
      assert.equal(taskOf(box).stage.kind, way === 'land' ? 'landed' : 'doomed');
      assert.equal(isKept(record.state, taskOf(box)), false);
      assert.equal(folderState(box.root)['a.txt'], way === 'land' ? 'file half\n' : 'file a\n');
      assert.deepEqual(valued(readState(box.repo.stateDir, box.run.id)).tasks.get('a'), taskOf(box));
    }
  });
});
