/** Which snapshots go when there are too many, what goes with them, what never goes, and the disk that this gives back. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '../../../src/domain/clock';
import type { Happening } from '../../../src/domain/event';
import { ok } from '../../../src/domain/failure';
import { MEGABYTE } from '../../../src/domain/include';
import type { Keeping } from '../../../src/domain/snapshotSettings';
import { undoTask } from '../../../src/engine/history/undo';
import { journalFile } from '../../../src/engine/journal/journal';
import { listRuns } from '../../../src/engine/journal/library';
import { deleteSnapshot, pruneSnapshots } from '../../../src/engine/journal/prune';
import { RunRecord } from '../../../src/engine/journal/record';
import { folderChecker } from '../../../src/engine/landing/check';
import { landPortsOf } from '../../../src/engine/landing/landing';
import { resumeRun } from '../../../src/engine/resume';
import { systemTime } from '../../../src/model/time';
import { folderPool } from '../../../src/repo/commands/folderPool';
import { beginChain } from '../../../src/repo/land/land';
import type { Repository } from '../../../src/repo/repository';
import { collect, diskOf } from '../../../src/repo/snapshot/prune';
import { rollBack } from '../../../src/repo/snapshot/rollback';
import { findSnapshot, listSnapshots, type Snapshot, takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { listFiles } from '../../../src/repo/truth/truth';
import { countingClock } from '../../support/clock';
import { editor } from '../../support/editor';
import { gatedWorker } from '../../support/gatedWorker';
import { failed, NEVER, valued } from '../../support/result';
import { conflictOf, planOf, type Rig, rig, startOf } from '../../support/run';
import { folderState, git, opened, put, type Sandbox, sandbox, temporaryFolder } from '../../support/sandbox';

const NO_QUOTA: Keeping = { keep: 50, quotaBytes: 0 };

/** Clocks of one test give ids of their own. */
let clocks = 0;
function clockAt(time: number): Clock {
  const [clock, prefix] = [countingClock(time), `c${++clocks}`];
  return { now: clock.now, id: () => prefix + clock.id() };
}

async function snap({ root, repo }: Sandbox, label: string, clock = clockAt(1_000_000)): Promise<Snapshot> {
  return valued(await takeSnapshot(repo, editor(root), { label, clock }, NEVER));
}

/** Labels of what is left, oldest first. */
async function labels(repo: Repository): Promise<string[]> {
  return valued(await listSnapshots(repo))
    .map(({ label }) => label)
    .reverse();
}

async function prune(box: Pick<Rig, 'repo'>, keeping: Partial<Keeping>, clock = clockAt(Date.now())): Promise<string[]> {
  return valued(await pruneSnapshots({ repo: box.repo, clock }, { ...NO_QUOTA, ...keeping }, NEVER)).map(({ label }) => label);
}

function weftRefs(root: string): string[] {
  return git(root, 'for-each-ref', '--format=%(refname)', 'refs/weft')
    .split('\n')
    .filter((ref) => ref !== '');
}

/** Puts runs on record whose process is gone: by id, when they began, and what happened then. */
async function interruptedIn(box: Sandbox) {
  const dead = spawnSync(process.execPath, ['--version']).pid;
  return async (run: string, at: number, ...happened: Happening[]): Promise<void> => {
    const clock = clockAt(at);
    const taken = valued(await takeSnapshot(box.repo, editor(box.root), { label: run, cause: 'run', clock }, NEVER));
    valued(await beginChain(box.repo, run, taken.commit));
    const start = { ...startOf(planOf({ a: [], b: [] })), run, snapshot: taken.id, commit: taken.commit, pid: dead };
    const record = valued(RunRecord.begin(box.repo.stateDir, start, clock));
    for (const happening of happened) record.emit(happening);
    record.close();
  };
}

describe('keeping snapshots', () => {
  it('forgets the oldest that are too many, never the newest', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    const clock = clockAt(1_000_000);
    for (const label of ['1', '2', '3', '4']) await snap(box, label, clock);
    assert.deepEqual(await prune(box, { keep: 4 }), []);
    assert.deepEqual(await prune(box, { keep: 2 }), ['1', '2']);
    assert.deepEqual(await labels(box.repo), ['3', '4']);
    assert.deepEqual(await prune(box, { keep: 0, quotaBytes: 1 }), ['3']);
    assert.deepEqual(await labels(box.repo), ['4']);
  });

  it('forgets a finished run with its snapshot: chain, drafts and journal', async () => {
    const box = await rig({ x: 'x' }, { a: [] });
    await (await box.agents.agent('a')).finish({ 'a.txt': 'a' });
    valued(await box.ended);
    assert.equal((await undoTask(box.run.record, landPortsOf(box.run.record, box), 'a', NEVER)).ok, true);
    await snap(box, 'By hand', clockAt(Date.now() + 1000));
    assert.ok(weftRefs(box.root).some((ref) => ref.endsWith('/chain')));
    assert.deepEqual(await prune(box, { keep: 1 }), ['Before: A goal']);
    assert.deepEqual(
      weftRefs(box.root).map((ref) => ref.split('/')[3]),
      ['snapshots'],
    );
    assert.deepEqual((await listRuns(box.repo)).runs, []);
    assert.ok(!existsSync(dirname(journalFile(box.repo.stateDir, box.run.id))));
    assert.deepEqual(folderState(box.root), { x: 'file x' });
  });

  it('never forgets what an unfinished run, or an open conflict, may still need', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [], b: [] });
    const later = clockAt(Date.now() + 1000);
    await snap(box, 'Second', later);
    await snap(box, 'Third', later);
    assert.deepEqual(await prune(box, { keep: 1, quotaBytes: 1 }), ['Second']);
    const first = valued(await findSnapshot(box.repo, box.run.record.state.start.snapshot));
    assert.match(failed(await deleteSnapshot(box, first, NEVER)).message, /^The run “A goal” is still going on/);
    await (await box.agents.agent('a')).finish({ 'a.txt': 'a was here\n' });
    await box.reaches('a', 'landed');
    await (await box.agents.agent('b')).finish({ 'a.txt': 'b was here\n' });
    await box.reaches('b', 'conflicted');
    box.run.stop();
    valued(await box.ended);
    await snap(box, 'Fourth', later);
    assert.deepEqual(await prune(box, { keep: 1 }), ['Third']);
    assert.deepEqual(await labels(box.repo), ['Before: A goal', 'Fourth']);
    // By hand, it is the person's decision.
    valued(await deleteSnapshot(box, first, NEVER));
    assert.deepEqual((await listRuns(box.repo)).runs, []);
  });

  it('forgets a run that nobody drives any more once its snapshot is too many, whatever the quota says before', async () => {
    const box = await sandbox({ x: 'x' });
    const now = Date.now();
    const began = await interruptedIn(box);
    const started: Happening = { type: 'task.started', task: 'a', base: 'c0' };
    const done: Happening = { type: 'task.done', task: 'a', summary: '', changeset: 'c1', changes: [] };
    await began('cut-off', now - 5_000, started);
    await began('waits', now - 4_000, started, done, { type: 'task.conflicted', task: 'a', conflict: conflictOf('x') });
    await began('cut-off-later', now - 3_000, started, done);
    await snap(box, 'By hand', clockAt(now - 2_000));
    await snap(box, 'Newest', clockAt(now - 1_000));
    assert.deepEqual(await prune(box, { keep: 5, quotaBytes: 1 }), ['By hand']);
    assert.deepEqual(await prune(box, { keep: 3, quotaBytes: 1 }), ['cut-off']);
    assert.deepEqual(
      (await listRuns(box.repo)).runs.map(({ start }) => start.run),
      ['cut-off-later', 'waits'],
    );
    assert.equal(existsSync(dirname(journalFile(box.repo.stateDir, 'cut-off'))), false);
    assert.deepEqual(await prune(box, { keep: 2 }), []);
    assert.deepEqual(await prune(box, { keep: 1 }), ['cut-off-later']);
    assert.deepEqual(await labels(box.repo), ['waits', 'Newest']);
  });

  it('forgets no run that is being taken over, and lets none be taken over that it forgets', async () => {
    const box = await sandbox({ x: 'x' });
    const interrupted = await interruptedIn(box);
    const agents = gatedWorker(box.repo);
    const check = folderChecker(folderPool(box.repo, { link: [], most: 1, quotaBytes: 1e9 }, systemClock));
    const ports = { repo: box.repo, workspace: editor(box.root), worker: agents.worker, check, clock: systemClock, time: systemTime };
    const resume = (run: string) => resumeRun({ run, undecided: 'leave', paused: 'stay' }, ports, NEVER);
    const now = Date.now();
    await interrupted('first', now - 5_000);
    await interrupted('second', now - 4_000);
    await snap(box, 'Newest', clockAt(now - 1_000));
    const resumed = valued(await resume('second'));
    assert.deepEqual(await prune(box, { keep: 1 }), ['first']);
    let late: ReturnType<typeof resume> | undefined;
    await interrupted('third', now - 3_000);
    valued(
      await box.repo.landLock(NEVER, async () => {
        late = resume('third');
        // It has every chance before the run is gone.
        valued(await listFiles(box.repo, editor(box.root), NEVER));
        rmSync(dirname(journalFile(box.repo.stateDir, 'third')), { recursive: true });
        return ok();
      }),
    );
    assert.ok(late !== undefined);
    assert.match(failed(await late).message, /third.*cannot be read: ENOENT/);
    resumed.record.close();
  });

  it('leaves the snapshot of a run alone that is about to begin', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    const now = Date.now();
    valued(await takeSnapshot(box.repo, editor(box.root), { label: 'Begins', cause: 'run', clock: clockAt(now) }, NEVER));
    await snap(box, 'Next', clockAt(now + 10));
    assert.deepEqual(await prune(box, { keep: 1 }, clockAt(now + 60_000)), []);
    assert.deepEqual(await prune(box, { keep: 1 }, clockAt(now + 11 * 60_000)), ['Begins']);
  });

  it('forgets as many of the oldest as the quota asks for, and no more', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    const clock = clockAt(1_000_000);
    // What cannot be compressed: each takes a megabyte.
    for (const label of ['1', '2', '3', '4', '5']) {
      put(box.root, 'big.bin', randomBytes(MEGABYTE));
      await snap(box, label, clock);
    }
    assert.deepEqual(await prune(box, { quotaBytes: 5.5 * MEGABYTE }), []);
    assert.deepEqual(await prune(box, { quotaBytes: 2.5 * MEGABYTE }), ['1', '2', '3']);
    // What a branch has is no disk of Weft's.
    git(box.root, 'add', '.');
    git(box.root, 'commit', '--quiet', '--message', 'Big');
    assert.deepEqual(await prune(box, { quotaBytes: 1.5 * MEGABYTE }), []);
  });

  it('gives the disk back in a repository of Weft’s own, and snapshots go on', async () => {
    const root = temporaryFolder();
    put(root, 'big.bin', randomBytes(MEGABYTE));
    const box = { root, repo: await opened(root) };
    const first = await snap(box, 'First', clockAt(1));
    put(root, 'big.bin', 'small');
    const second = await snap(box, 'Second', clockAt(100));
    const used = () => Number(execFileSync('du', ['-sk', box.repo.gitDir], { encoding: 'utf8' }).split('\t')[0]);
    const before = used();
    valued(await deleteSnapshot(box, first, NEVER));
    valued(await collect(box.repo, NEVER, 'now'));
    assert.ok(before - used() > 1000, `${before} KiB, then ${used()} KiB`);
    assert.deepEqual(valued(await listSnapshots(box.repo)), [second]);
    put(root, 'big.bin', 'changed');
    valued(await rollBack(box.repo, editor(root), { snapshot: second, clock: clockAt(200) }, NEVER));
    assert.deepEqual(folderState(root), { 'big.bin': 'file small' });
  });

  it('tells the disk that only one snapshot takes', async () => {
    const box = await sandbox({ 'a.txt': 'a', 'b.bin': randomBytes(MEGABYTE) });
    const clock = clockAt(1_000_000);
    const empty = await snap(box, '1', clock);
    put(box.root, 'own.bin', randomBytes(2 * MEGABYTE));
    const large = await snap(box, '2', clock);
    put(box.root, 'a.txt', 'changed');
    const small = await snap(box, '3', clock);
    const disk = async (one: Snapshot, ...beside: Snapshot[]) =>
      valued(
        await diskOf(
          box.repo,
          [one.commit],
          beside.map(({ commit }) => commit),
          NEVER,
        ),
      );
    assert.ok((await disk(empty)) < 2000);
    assert.ok((await disk(large, empty)) > 2 * MEGABYTE);
    assert.ok((await disk(large, empty, small)) < 2000);
    assert.ok((await disk(small, large)) < 2000);
  });
});
