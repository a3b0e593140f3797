/** A process that is killed in the middle of a landing, an undo, a rollback or a snapshot: the next one makes the workspace whole. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { linkSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { rollBackTo } from '../../src/engine/history/rollback';
import { undoTask } from '../../src/engine/history/undo';
import { RunRecord, readState } from '../../src/engine/journal/record';
import { landPortsOf, landTask } from '../../src/engine/landing/landing';
import { type Settled, settledText, settleLeft } from '../../src/engine/recovery';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { chainRef } from '../../src/repo/land/land';
import { readRef } from '../../src/repo/repository';
import { listSnapshots, takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { failed, NEVER, valued } from '../support/result';
import { type Rig, rig, stagesOf } from '../support/run';
import { type Files, folderState, git, opened, put, temporaryFolder, treeState } from '../support/sandbox';

const SUPPORT = join(__dirname, '..', 'support');
const BIG = 'a line of a file that takes more than one write\n'.repeat(2_000);
const FILES: Files = { a: 'a\n', big: BIG, gone: 'g', run: { run: 'r' }, 'deep/down/one': '1', kept: 'k', '.gitignore': 'ignored\n' };
const EDITS = { a: 'A\n', big: BIG.toUpperCase(), gone: null, run: 'R', 'deep/down/one': null, 'new/made': 'n', ignored: 'i' };

/** What the landing makes of its files. */
const AFTER = { a: 'file A\n', big: `file ${EDITS.big}`, run: 'run R', 'new/made': 'file n', ignored: 'file i' };

/** Does something in a process of its own, which is killed right before its `cutAt`-th step; whether it got to its end. */
function act(cutAt: number, args: readonly string[], trace?: string): boolean {
  const actor = ['--require', join(SUPPORT, 'cutOff.js'), join(SUPPORT, 'engineActor.js'), ...args];
  const { signal, status, stderr } = spawnSync(process.execPath, actor, {
    env: { ...process.env, CUT_AT: String(cutAt), ...(trace === undefined ? {} : { CUT_TRACE: trace }) },
  });
  if (signal === null) assert.equal(status, 0, stderr.toString());
  else assert.equal(signal, 'SIGKILL');
  return signal === null;
}

/** A finished run whose only task failed, with its draft kept; a file with two names is written where it is. */
async function withDraft(): Promise<Rig> {
  const box = await rig(FILES, { a: [] });
  linkSync(join(box.root, 'big'), join(box.root, '.git', 'second-name'));
  await (await box.agents.agent('a')).fail('agent', EDITS);
  valued(await box.ended);
  box.run.record.close();
  put(box.root, 'mine', 'the person’s');
  return box;
}

/** Copies of a folder, by which it can be made as it was. */
function saved(root: string): () => void {
  const copy = join(temporaryFolder(), 'copy');
  execFileSync('cp', ['-a', root, copy]);
  return () => {
    execFileSync('rm', ['-rf', root]);
    execFileSync('cp', ['-a', copy, root]);
  };
}

/** What the next process finds, and does. */
async function afterwards(box: Rig) {
  const repo = await opened(box.root);
  const workspace = diskWorkspace(repo, async () => ok());
  const ports = { repo, workspace, clock: systemClock, openRecord: () => undefined };
  const settled = valued(await settleLeft(ports, NEVER));
  const stages = () => stagesOf(valued(readState(repo.stateDir, box.run.id)));
  const tip = async () => treeState(repo, valued(await readRef(repo, chainRef(box.run.id))) ?? '');
  const withRecord = async <T>(use: (record: RunRecord) => Promise<T>): Promise<T> => {
    const record = valued(RunRecord.open(repo.stateDir, box.run.id, systemClock));
    const done = await use(record);
    record.close();
    return done;
  };
  return { ...ports, settled, stages, tip, withRecord };
}

function without(files: Record<string, string>, ...paths: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)));
}

/** Nothing is left of what was cut off that could be in anybody's way. */
function assertClean(box: Rig, what: string): void {
  const left = readdirSync(box.repo.stateDir).filter((name) => /^(intent\.json|landing\.held|index\.held|index\.lock)$/.test(name));
  assert.deepEqual(left, [], what);
}

/** Of the steps before anything is put on record, which leave nothing behind, a test takes only some; all with `WEFT_TEST_EVERY_STEP`. */
const SPARSE = process.env['WEFT_TEST_EVERY_STEP'] === undefined ? 8 : 1;

/**
 * Kills a process at its steps, one after the other, each time from the same beginning, and has a test look what is left. Of the steps
 * from the intent on, every `stride`-th.
 */
async function atEachStep(
  root: string,
  stride: number,
  args: readonly string[],
  look: (what: string, whole: boolean) => Promise<void>,
): Promise<void> {
  const again = saved(root);
  const trace = join(temporaryFolder(), 'trace');
  assert.ok(act(0, args, trace));
  await look('not cut', true);
  const steps = readFileSync(trace, 'utf8').split('\n');
  const intent = steps.findIndex((step) => step.includes('intent.json'));
  for (const [at, step] of steps.entries()) {
    const wanted = intent >= 0 && at >= intent ? SPARSE === 1 || (at - intent) % stride === 0 : at % SPARSE === 0;
    if (!wanted) continue;
    again();
    // What is read and made meanwhile may differ a little, so the last steps may not come.
    await look(`cut before step ${at + 1}, ${step.slice(0, 80)}`, act(at + 1, args));
  }
}

describe('a process that is killed', function () {
  this.timeout(SPARSE === 1 ? 900_000 : 240_000);

  it('at any step of a landing leaves the workspace as before or after, and the chain and the journal say which', async () => {
    const box = await withDraft();
    const before = folderState(box.root);
    const expected = { ...without(before, 'gone', 'deep/down/one'), ...AFTER };
    const seen = new Set<string>();
    await atEachStep(box.root, 2, ['land', box.root, box.run.id, 'a'], async (what, whole) => {
      const next = await afterwards(box);
      const landed = next.stages()['a'] === 'landed';
      seen.add(next.settled?.kind === 'landing' ? next.settled.outcome : 'none');
      if (whole) assert.deepEqual([landed, next.settled], [true, undefined]);
      assert.deepEqual(folderState(box.root), landed ? expected : before, what);
      if (landed) assert.deepEqual(without(await next.tip(), 'mine'), without(expected, 'mine'), what);
      // What the journal was told is enough to go on from.
      if (landed) valued(await next.withRecord((record) => undoTask(record, landPortsOf(record, next), 'a', NEVER)));
      else valued(await next.withRecord((record) => landTask(record, landPortsOf(record, next), 'a', NEVER)));
      assert.deepEqual(folderState(box.root), landed ? before : expected, what);
      assertClean(box, what);
    });
    assert.ok(seen.has('back') && seen.has('landed') && seen.has('none'), [...seen].join());
  });

  it('at any step of an undo does so as well', async () => {
    const box = await withDraft();
    const undone = folderState(box.root);
    assert.ok(act(0, ['land', box.root, box.run.id, 'a']));
    const landed = folderState(box.root);
    const seen = new Set<string>();
    await atEachStep(box.root, 4, ['undo', box.root, box.run.id, 'a'], async (what) => {
      const next = await afterwards(box);
      const stage = next.stages()['a'];
      seen.add(next.settled?.kind === 'landing' ? next.settled.outcome : 'none');
      assert.ok(stage === 'landed' || stage === 'undone', what);
      assert.deepEqual(folderState(box.root), stage === 'undone' ? undone : landed, what);
      if (stage === 'undone') assert.deepEqual(await next.tip(), undone, what);
      else valued(await next.withRecord((record) => undoTask(record, landPortsOf(record, next), 'a', NEVER)));
      assert.deepEqual(folderState(box.root), undone, what);
      valued(await takeSnapshot(next.repo, next.workspace, { label: 'Next', clock: systemClock }, NEVER));
      assertClean(box, what);
    });
    assert.ok(seen.has('back') && seen.has('none'), [...seen].join());
  });

  it('at any step of a rollback leaves it undone or finished, with what was there before in a snapshot', async () => {
    const box = await withDraft();
    assert.ok(act(0, ['land', box.root, box.run.id, 'a']));
    const before = folderState(box.root);
    const { snapshot } = box.run.record.state.start;
    const gone = without(before, 'new/made', 'ignored', 'mine');
    const after = { ...gone, a: 'file a\n', big: `file ${BIG}`, gone: 'file g', run: 'run r', 'deep/down/one': 'file 1' };
    const seen = new Set<string>();
    await atEachStep(box.root, 3, ['rollback', box.root, snapshot], async (what) => {
      const next = await afterwards(box);
      seen.add(next.settled?.outcome ?? 'none');
      const stage = next.stages()['a'];
      assert.ok(stage === 'landed' || stage === 'undone', what);
      assert.deepEqual(folderState(box.root), stage === 'undone' ? after : before, what);
      const safety = valued(await listSnapshots(next.repo)).find(({ label }) => label.startsWith('Before rolling back'));
      if (stage === 'undone') {
        // And back again: nothing is lost.
        assert.ok(safety !== undefined, what);
        valued(await rollBackTo(safety, next, NEVER));
      }
      assert.deepEqual([folderState(box.root), next.stages()], [before, { a: 'landed' }], what);
      valued(await takeSnapshot(next.repo, next.workspace, { label: 'Next', clock: systemClock }, NEVER));
      assertClean(box, what);
    });
    assert.ok(seen.has('rolled back') && seen.has('none'), [...seen].join());
  });

  it('at any step of a snapshot leaves the workspace alone, and a whole snapshot or none', async () => {
    const box = await withDraft();
    const before = folderState(box.root);
    const known = valued(await listSnapshots(box.repo)).length;
    const status = git(box.root, 'status', '--porcelain');
    await atEachStep(box.root, 1, ['snapshot', box.root], async (what, whole) => {
      const next = await afterwards(box);
      const snapshots = valued(await listSnapshots(next.repo));
      assert.ok(snapshots.length === known + 1 || (snapshots.length === known && !whole), what);
      for (const { commit } of snapshots.slice(0, snapshots.length - known)) assert.deepEqual(treeState(next.repo, commit), before, what);
      const taken = valued(await takeSnapshot(next.repo, next.workspace, { label: 'Next', clock: systemClock }, NEVER));
      assert.deepEqual(treeState(next.repo, taken.commit), before, what);
      assert.deepEqual([folderState(box.root), git(box.root, 'status', '--porcelain')], [before, status], what);
      assertClean(box, what);
    });
  });

  it('in the middle of a landing gets into no snapshot, and is settled, and told, before a rollback', async () => {
    const box = await withDraft();
    const before = folderState(box.root);
    const actor = ['--require', join(SUPPORT, 'cutOff.js'), join(SUPPORT, 'engineActor.js'), 'land', box.root, box.run.id, 'a'];
    const { signal } = spawnSync(process.execPath, actor, { env: { ...process.env, CUT_BEFORE: ` ${join(box.root, 'run')}` } });
    assert.equal(signal, 'SIGKILL');
    assert.notDeepEqual(folderState(box.root), before);
    const repo = await opened(box.root);
    const workspace = diskWorkspace(repo, async () => ok());
    const known = valued(await listSnapshots(repo));
    assert.deepEqual(failed(await takeSnapshot(repo, workspace, { label: 'Half', clock: systemClock }, NEVER)), {
      kind: 'half',
      message: 'A landing of “Task a” was cut off in this workspace.',
      fix: 'Try again: Weft settles it first.',
    });
    assert.deepEqual(valued(await listSnapshots(repo)), known);
    const told: string[] = [];
    const onSettled = (settled: Settled) => told.push(settledText(settled));
    const [snapshot] = known;
    assert.ok(snapshot !== undefined);
    const ports = { repo, workspace, clock: systemClock, openRecord: () => undefined, onSettled };
    const { safety } = valued(await rollBackTo(snapshot, ports, NEVER));
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /^Weft was cut off in the middle of the landing of “Task a”/);
    assert.deepEqual(treeState(repo, safety.commit), before);
    assert.deepEqual(folderState(box.root), without(before, 'mine'));
  });
});
