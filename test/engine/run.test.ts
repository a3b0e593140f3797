/** A live run, with every agent held by the test: order, limits, failures, stops and conflicts on a real repository. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../src/domain/event';
import { ok } from '../../src/domain/failure';
import { type RunState, reduce } from '../../src/domain/run';
import { journalFile, readJournal } from '../../src/engine/journal/journal';
import { readState } from '../../src/engine/journal/record';
import { resolveFile } from '../../src/engine/landing/landing';
import { resolvedEntry } from '../../src/repo/land/conflictFiles';
import { NEVER, valued } from '../support/result';
import { rig, stagesOf } from '../support/run';
import { folderState, put, treeState } from '../support/sandbox';

describe('a run', () => {
  it('starts dependents the moment that their dependencies have landed, from the workspace as it is then', async () => {
    const box = await rig({ 'a.txt': 'a' }, { a: [], b: ['a'], c: [], d: ['b', 'c'] });
    const [a, c] = [await box.agents.agent('a'), await box.agents.agent('c')];
    assert.deepEqual(box.agents.running(), ['a', 'c']);
    assert.equal(a.job.base, box.run.record.state.start.commit);
    put(box.root, 'person.txt', 'mine');
    await a.finish({ 'a.txt': 'A' });
    const b = await box.agents.agent('b');
    // No barrier: c is still at work.
    assert.deepEqual(box.agents.running(), ['c', 'b']);
    assert.deepEqual(treeState(box.repo, b.job.base), { 'a.txt': 'file A', 'person.txt': 'file mine' });
    await c.finish({ 'c.txt': 'c' });
    await box.reaches('c', 'landed');
    assert.deepEqual(box.agents.running(), ['b']);
    await b.finish({ 'b.txt': 'b' });
    const d = await box.agents.agent('d');
    assert.deepEqual(Object.keys(treeState(box.repo, d.job.base)), ['a.txt', 'b.txt', 'c.txt', 'person.txt']);
    await d.finish();
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', c: 'landed', d: 'landed' });
    assert.deepEqual(Object.keys(folderState(box.root)), ['a.txt', 'b.txt', 'c.txt', 'person.txt']);
  });

  it('never has more agents at work than it may', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [], c: [], d: [], e: [] }, { limits: { maxWorkers: 2 } });
    for (const [id, both] of [
      ['a', ['a', 'b']],
      ['b', ['b', 'c']],
      ['c', ['c', 'd']],
      ['d', ['d', 'e']],
      ['e', ['e']],
    ] as const) {
      const agents = await Promise.all(both.map((task) => box.agents.agent(task)));
      assert.deepEqual(box.agents.running(), both);
      await agents[0]?.finish({ [id]: id });
    }
    assert.equal(valued(await box.ended).phase, 'finished');
  });

  it('goes on where a task fails: its dependents are doomed, and what it did is kept', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: ['a'], c: ['b'], d: [], e: ['d'] });
    await (await box.agents.agent('a')).fail('agent', { 'half.txt': 'half done' });
    await (await box.agents.agent('d')).finish({ 'd.txt': 'd' });
    await (await box.agents.agent('e')).finish();
    const state = valued(await box.ended);
    assert.deepEqual(stagesOf(state), { a: 'failed', b: 'doomed', c: 'doomed', d: 'landed', e: 'landed' });
    assert.deepEqual(
      ['b', 'c'].map((id) => state.tasks.get(id)?.stage),
      [
        { kind: 'doomed', because: 'a' },
        { kind: 'doomed', because: 'b' },
      ],
    );
    assert.equal(treeState(box.repo, state.tasks.get('a')?.work.changeset ?? '')['half.txt'], 'file half done');
    assert.deepEqual(Object.keys(folderState(box.root)), ['d.txt', 'x']);
  });

  it('loses one task, not itself, where a worker breaks', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: ['a'], c: [] });
    (await box.agents.agent('a')).crash('a bug in a tool');
    await box.reaches('b', 'doomed');
    await (await box.agents.agent('c')).finish({ 'c.txt': 'c' });
    const state = valued(await box.ended);
    assert.deepEqual(stagesOf(state), { a: 'failed', b: 'doomed', c: 'landed' });
    const stage = state.tasks.get('a')?.stage;
    assert.match(stage?.kind === 'failed' ? stage.failure.message : '', /a bug in a tool/);
  });

  it('stops one task, and keeps its draft', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: ['a'], c: [], d: ['c'] }, { stopEdits: { a: { 'kept.txt': 'kept' } } });
    await box.agents.agent('a');
    box.run.stopTask('a');
    await box.reaches('b', 'doomed');
    box.run.stopTask('d');
    await (await box.agents.agent('c')).finish({ 'c.txt': 'c' });
    const state = valued(await box.ended);
    assert.deepEqual(stagesOf(state), { a: 'stopped', b: 'doomed', c: 'landed', d: 'stopped' });
    assert.equal(treeState(box.repo, state.tasks.get('a')?.work.changeset ?? '')['kept.txt'], 'file kept');
  });

  it('stops a task that waits to land, and lets one land that is at it', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [] });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const lock = box.repo.landLock(NEVER, () => held.then(() => ok()));
    await a.finish({ 'a.txt': 'a' });
    await b.finish({ 'b.txt': 'b' });
    await Promise.all([box.reaches('a', 'done'), box.reaches('b', 'done')]);
    box.run.stopTask('b');
    box.run.stopTask('a');
    release();
    valued(await lock);
    const state = valued(await box.ended);
    assert.deepEqual(stagesOf(state), { a: 'landed', b: 'stopped' });
    assert.equal(treeState(box.repo, state.tasks.get('b')?.work.changeset ?? '')['b.txt'], 'file b');
  });

  it('stops as a whole: agents are called off, drafts are kept, nothing more starts or lands', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [], c: ['a'], d: [] }, { limits: { maxWorkers: 2 }, stopEdits: { b: { 'b.txt': 'b' } } });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    box.run.stop();
    assert.deepEqual([a.signal.aborted, b.signal.aborted], [true, true]);
    box.run.stop();
    const state = valued(await box.ended);
    assert.deepEqual(stagesOf(state), { a: 'stopped', b: 'stopped', c: 'stopped', d: 'stopped' });
    assert.equal(treeState(box.repo, state.tasks.get('b')?.work.changeset ?? '')['b.txt'], 'file b');
    assert.deepEqual(folderState(box.root), { x: 'file x' });
  });

  it('waits for the person to decide a conflict, lands what they decided, and goes on with what waited for it', async () => {
    const box = await rig({ shared: 'old\n' }, { a: [], b: [], c: ['b'] });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    await a.finish({ shared: 'a\n' });
    await box.reaches('a', 'landed');
    await b.finish({ shared: 'b\n', 'b.txt': 'b' });
    await box.reaches('b', 'conflicted');
    assert.deepEqual(folderState(box.root), { shared: 'file a\n' });
    const stage = box.run.record.state.tasks.get('b')?.stage;
    const [file] = stage?.kind === 'conflicted' ? stage.conflict.files : [];
    assert.ok(file !== undefined);
    assert.equal(file.oursBy, 'Task a');
    resolveFile(box.run.record, 'b', 'shared', valued(await resolvedEntry(box.repo, file, Buffer.from('a and b\n'))));
    const c = await box.agents.agent('c');
    assert.deepEqual(treeState(box.repo, c.job.base), { 'b.txt': 'file b', shared: 'file a and b\n' });
    await c.finish();
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'landed', b: 'landed', c: 'landed' });
    assert.deepEqual(folderState(box.root), { 'b.txt': 'file b', shared: 'file a and b\n' });
  });

  it('ends with the conflict open where it is told to leave it', async () => {
    const box = await rig({ shared: 'old\n' }, { a: [], b: [], c: ['b'] }, { limits: { undecided: 'leave' } });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    await a.finish({ shared: 'a\n' });
    await box.reaches('a', 'landed');
    await b.finish({ shared: 'b\n' });
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'landed', b: 'conflicted', c: 'doomed' });
  });

  it('starts what depends on a conflict that is decided while the run goes on, though it does not wait for that', async () => {
    const plan = { a: [], b: [], c: ['b'], d: ['c'], long: [] };
    const box = await rig({ shared: 'old\n' }, plan, { limits: { undecided: 'leave', maxWorkers: 5 } });
    const [a, b, long] = [await box.agents.agent('a'), await box.agents.agent('b'), await box.agents.agent('long')];
    await a.finish({ shared: 'a\n' });
    await box.reaches('a', 'landed');
    await b.finish({ shared: 'b\n' });
    await box.reaches('b', 'conflicted');
    assert.deepEqual(box.stages(), { a: 'landed', b: 'conflicted', c: 'waiting', d: 'waiting', long: 'running' });
    resolveFile(box.run.record, 'b', 'shared', null);
    await (await box.agents.agent('c')).finish();
    await long.finish();
    await (await box.agents.agent('d')).finish();
    assert.deepEqual(stagesOf(valued(await box.ended)), { a: 'landed', b: 'landed', c: 'landed', d: 'landed', long: 'landed' });
  });

  it('fails a task whose landing fails, and keeps its work', async () => {
    const box = await rig({ locked: 'l' }, { a: [], b: ['a'], c: [] });
    chmodSync(join(box.root, 'locked'), 0o444);
    await (await box.agents.agent('a')).finish({ locked: 'A', other: 'o' });
    await box.reaches('b', 'doomed');
    await (await box.agents.agent('c')).finish({ 'c.txt': 'c' });
    const state = valued(await box.ended);
    assert.deepEqual(stagesOf(state), { a: 'failed', b: 'doomed', c: 'landed' });
    assert.equal(treeState(box.repo, state.tasks.get('a')?.work.changeset ?? '')['locked'], 'file A');
    assert.deepEqual(folderState(box.root), { 'c.txt': 'file c', locked: 'file l' });
  });

  it('lands twenty agents that finish at once, one after the other', async () => {
    const ids = Array.from({ length: 20 }, (_, at) => `t${at}`);
    const box = await rig({ x: 'x' }, Object.fromEntries(ids.map((id) => [id, []])), { limits: { maxWorkers: 20 } });
    const agents = await Promise.all(ids.map((id) => box.agents.agent(id)));
    await Promise.all(agents.map((agent, at) => agent.finish({ [`${at}.txt`]: String(at) })));
    const state = valued(await box.ended);
    assert.ok([...state.tasks.values()].every((task) => task.stage.kind === 'landed'));
    assert.equal(Object.keys(folderState(box.root)).length, 21);
  });

  it('is, at every moment, what its journal says', async () => {
    const box = await rig({ shared: 'old\n' }, { a: [], b: [], c: ['a'] }, { limits: { undecided: 'leave' } });
    const seen: RunEvent[] = [];
    box.run.record.listen((event, state) => {
      seen.push(event);
      assert.deepEqual(valued(readState(box.repo.stateDir, box.run.id)), state);
    });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    a.report({ type: 'step', step: 'Reading' });
    a.report({ type: 'turn', usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 } });
    await a.finish({ shared: 'a\n' });
    await b.finish({ shared: 'b\n' });
    await (await box.agents.agent('c')).fail('model');
    const ended = valued(await box.ended);
    const journal = valued(readJournal(journalFile(box.repo.stateDir, box.run.id)));
    assert.deepEqual(journal.slice(-seen.length), seen);
    assert.deepEqual(journal.reduce<RunState | undefined>(reduce, undefined), ended);
    assert.deepEqual([journal[0]?.type, journal.at(-1)?.type], ['run.started', 'run.finished']);
  });
});
