/** Rolling back and undoing, as the runs' own records tell it. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { rollBackTo } from '../../src/engine/history/rollback';
import { undoTask } from '../../src/engine/history/undo';
import { readState } from '../../src/engine/journal/record';
import { landPortsOf, landTask, resolveFile } from '../../src/engine/landing/landing';
import { resolvedEntry } from '../../src/repo/land/conflictFiles';
import { findSnapshot, takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { countingClock } from '../support/clock';
import { failed, NEVER, valued } from '../support/result';
import { type Rig, type RigOptions, rig, rigIn, stagesOf } from '../support/run';
import { folderState, put } from '../support/sandbox';

const TEN = [...'abcdefghij'].map((letter) => `${letter}\n`).join('');

/** A finished run of two tasks, a and b. */
async function finished(
  files: Record<string, string>,
  a: Record<string, string>,
  b: Record<string, string>,
  options?: RigOptions,
): Promise<Rig> {
  const box = await rig(files, { a: [], b: ['a'] }, options);
  await (await box.agents.agent('a')).finish(a);
  await (await box.agents.agent('b')).finish(b);
  valued(await box.ended);
  return box;
}

function portsOf(box: Rig) {
  return {
    repo: box.repo,
    workspace: box.workspace,
    clock: box.clock,
    openRecord: (run: string) => (run === box.run.id ? box.run.record : undefined),
  };
}

/** A clock of which somebody takes an hour off. */
function clockToSetBack() {
  const counting = countingClock(Date.now());
  let off = 0;
  const setBack = () => {
    off = 3_600_000;
  };
  return { clock: { id: counting.id, now: () => counting.now() - off }, setBack };
}

const undo = (box: Rig, task: string) => undoTask(box.run.record, landPortsOf(box.run.record, box), task, NEVER);

describe('rolling back', () => {
  it('marks what it took back as undone, and rolling forward as landed again', async () => {
    const box = await finished({ x: 'x' }, { 'a.txt': 'a' }, { 'b.txt': 'b' });
    const after = folderState(box.root);
    const ports = portsOf(box);
    const snapshot = valued(await findSnapshot(box.repo, box.run.record.state.start.snapshot));
    const { safety } = valued(await rollBackTo(snapshot, ports, NEVER));
    assert.deepEqual(folderState(box.root), { x: 'file x' });
    assert.deepEqual(box.stages(), { a: 'undone', b: 'undone' });
    assert.equal(failed(await undo(box, 'a')).message, '“Task a” is not in the workspace (it is undone).');
    valued(await rollBackTo(safety, ports, NEVER));
    assert.deepEqual(folderState(box.root), after);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
    assert.equal(valued(await undo(box, 'a')).kind, 'landed');
    assert.deepEqual(folderState(box.root), { 'b.txt': 'file b', x: 'file x' });
    assert.deepEqual(valued(readState(box.repo.stateDir, box.run.id)), box.run.record.state);
  });

  it('leaves a task undone that was undone before, and what other processes recorded is heard', async () => {
    const box = await finished({ x: 'x' }, { 'a.txt': 'a' }, { 'b.txt': 'b' });
    valued(await undo(box, 'a'));
    box.run.record.close();
    const ports = { ...portsOf(box), openRecord: () => undefined };
    const snapshot = valued(await findSnapshot(box.repo, box.run.record.state.start.snapshot));
    const { safety } = valued(await rollBackTo(snapshot, ports, NEVER));
    const stages = () => stagesOf(valued(readState(box.repo.stateDir, box.run.id)));
    assert.deepEqual(stages(), { a: 'undone', b: 'undone' });
    valued(await rollBackTo(safety, ports, NEVER));
    assert.deepEqual(stages(), { a: 'undone', b: 'landed' });
    assert.deepEqual(folderState(box.root), { 'b.txt': 'file b', x: 'file x' });
  });

  it('knows what came before a snapshot and what after, also where the clock was set back in between', async () => {
    const { clock, setBack } = clockToSetBack();
    const box = await finished({ x: 'x' }, { 'a.txt': 'a' }, { 'b.txt': 'b' }, { clock });
    const ports = portsOf(box);
    setBack();
    const taken = valued(await takeSnapshot(box.repo, box.workspace, { label: 'After', clock }, NEVER));
    valued(await undo(box, 'b'));
    valued(await rollBackTo(taken, ports, NEVER));
    assert.deepEqual(folderState(box.root), { 'a.txt': 'file a', 'b.txt': 'file b', x: 'file x' });
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
  });

  it('takes away what a run made of ignored files that began after the snapshot, by a clock that was set back', async () => {
    const { clock, setBack } = clockToSetBack();
    const box = await finished({ '.gitignore': 'made\n', x: 'x' }, { 'a.txt': 'a' }, {}, { clock });
    const taken = valued(await takeSnapshot(box.repo, box.workspace, { label: 'Between', clock }, NEVER));
    setBack();
    const next = await rigIn(box, { c: [] }, { clock });
    await (await next.agents.agent('c')).finish({ made: 'made' });
    valued(await next.ended);
    next.run.record.close();
    assert.deepEqual(folderState(box.root)['made'], 'file made');
    valued(await rollBackTo(taken, portsOf(box), NEVER));
    assert.deepEqual(folderState(box.root), { '.gitignore': 'file made\n', 'a.txt': 'file a', x: 'file x' });
    assert.deepEqual(stagesOf(valued(readState(box.repo.stateDir, next.run.id))), { c: 'undone' });
  });

  it('goes by time where a snapshot is of an earlier Weft', async () => {
    const box = await finished({ x: 'x' }, { 'a.txt': 'a' }, { 'b.txt': 'b' });
    const taken = valued(await takeSnapshot(box.repo, box.workspace, { label: 'After', clock: box.clock }, NEVER));
    valued(await undo(box, 'b'));
    valued(await rollBackTo({ ...taken, journals: null }, portsOf(box), NEVER));
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
  });

  it('is refused while a run is at work', async () => {
    const box = await rig({ x: 'x' }, { a: [] });
    const agent = await box.agents.agent('a');
    const snapshot = valued(await findSnapshot(box.repo, box.run.record.state.start.snapshot));
    assert.equal(failed(await rollBackTo(snapshot, portsOf(box), NEVER)).message, 'The run “A goal” is still going on.');
    await agent.finish();
    valued(await box.ended);
  });
});

describe('undoing a task', () => {
  it('keeps what a later task and the person did to the same file', async () => {
    const box = await finished(
      { shared: TEN },
      { shared: TEN.replace('a\n', 'A\n') },
      { shared: TEN.replace('a\n', 'A\n').replace('e\n', 'E\n') },
    );
    put(box.root, 'shared', TEN.replace('a\n', 'A\n').replace('e\n', 'E\n').replace('j\n', 'J\n'));
    assert.equal(valued(await undo(box, 'a')).kind, 'landed');
    assert.deepEqual(folderState(box.root), { shared: `file ${TEN.replace('e\n', 'E\n').replace('j\n', 'J\n')}` });
    assert.deepEqual(box.stages(), { a: 'undone', b: 'landed' });
  });

  it('in conflict waits until each file is decided', async () => {
    const box = await finished({ shared: 'old\n' }, { shared: 'a\n' }, { shared: 'b\n' });
    const conflict = valued(await undo(box, 'a'));
    assert.ok(conflict.kind === 'conflict');
    assert.deepEqual(box.stages(), { a: 'conflicted', b: 'landed' });
    const ports = landPortsOf(box.run.record, box);
    assert.match(failed(await landTask(box.run.record, ports, 'a', NEVER)).message, /still has files in conflict/);
    assert.deepEqual(box.stages(), { a: 'conflicted', b: 'landed' });
  });

  it('that fails after the decision leaves the task where it was: landed', async () => {
    const box = await finished({ shared: 'old\n' }, { shared: 'a\n' }, { shared: 'b\n' });
    assert.equal(valued(await undo(box, 'a')).kind, 'conflict');
    resolveFile(box.run.record, 'a', 'shared', null);
    chmodSync(join(box.root, 'shared'), 0o444);
    assert.equal(failed(await landTask(box.run.record, landPortsOf(box.run.record, box), 'a', NEVER)).message, 'shared is read-only.');
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
    assert.deepEqual(folderState(box.root), { shared: 'file b\n' });
  });

  it('in conflict and decided takes the decision into the workspace', async () => {
    const box = await finished({ shared: 'old\n' }, { shared: 'a\n' }, { shared: 'b\n' });
    const conflict = valued(await undo(box, 'a'));
    const [file] = conflict.kind === 'conflict' ? conflict.conflict.files : [];
    assert.ok(file !== undefined);
    resolveFile(box.run.record, 'a', 'shared', valued(await resolvedEntry(box.repo, file, Buffer.from('b, without a\n'))));
    valued(await landTask(box.run.record, landPortsOf(box.run.record, box), 'a', NEVER));
    assert.deepEqual(folderState(box.root), { shared: 'file b, without a\n' });
    assert.deepEqual(box.stages(), { a: 'undone', b: 'landed' });
    assert.deepEqual(valued(readState(box.repo.stateDir, box.run.id)), box.run.record.state);
  });

  it('that there is not, or that never landed, is refused by name', async () => {
    const box = await rig({ x: 'x' }, { a: [] });
    await (await box.agents.agent('a')).fail('agent', { 'half.txt': 'half' });
    valued(await box.ended);
    assert.match(failed(await undo(box, 'z')).message, /has no task “z”\.$/);
    assert.equal(failed(await undo(box, 'a')).message, '“Task a” is not in the workspace (it is failed).');
    valued(await landTask(box.run.record, landPortsOf(box.run.record, box), 'a', NEVER));
    assert.deepEqual(folderState(box.root), { 'half.txt': 'file half', x: 'file x' });
  });
});
