/** Keeping so many snapshots, and so much disk, as the person set: old ones go, each with the runs that began at it. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../domain/clock';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import type { Keeping } from '../../domain/snapshotSettings';
import { LANDING_REF, leftIntent } from '../../repo/land/intent';
import type { Repository } from '../../repo/repository';
import { belongsTo, collect, diskOf, forgetRefs, heldRefs } from '../../repo/snapshot/prune';
import { listSnapshots, type Snapshot } from '../../repo/snapshot/snapshot';
import { forgetRaws } from '../../repo/truth/raw';
import { journalFile } from './journal';
import { lifeOf, listRuns } from './library';

/** A snapshot that was taken for a run is left alone so long, in milliseconds: the run's journal may be about to begin. */
const BEGINNING_MS = 10 * 60_000;

interface Ports {
  readonly repo: Repository;
  readonly clock: Clock;
}

/**
 * Forgets the oldest snapshots that are too many, or take too much disk. Kept whatever is set: the newest, and those of runs that go on,
 * or in which something waits for the person. One of a run that was interrupted, which may be gone on with, is kept among as many of the
 * newest as are to be kept. A run goes with its snapshot: chain, drafts and journal. Landings go on meanwhile. Resolves to what was forgotten.
 */
export async function pruneSnapshots({ repo, clock }: Ports, keeping: Keeping, signal: AbortSignal): Promise<Result<readonly Snapshot[]>> {
  const all = await inventoryOf(repo);
  if (!all.ok) return all;
  const free = freeOf(all.value, keeping.keep, clock.now());
  const tooMany = Math.min(Math.max(0, all.value.snapshots.length - keeping.keep), free.length);
  const many = await enoughToFit(repo, { all: all.value, free, atLeast: tooMany }, keeping.quotaBytes, signal);
  if (!many.ok) return many;
  const chosen = new Set(free.slice(0, many.value).map(({ id }) => id));
  return forgetThem(repo, signal, (now) => ok(freeOf(now, keeping.keep, clock.now()).filter(({ id }) => chosen.has(id))));
}

/** Forgets one snapshot, and the runs that began at it, whatever of them is undecided. Refused while such a run is at work. */
export async function deleteSnapshot({ repo }: Pick<Ports, 'repo'>, snapshot: Snapshot, signal: AbortSignal): Promise<Result<void>> {
  const done = await forgetThem(repo, signal, (now) => {
    const busy = runsOf(now, snapshot).find((run) => lifeOf(run) === 'running');
    if (busy === undefined) return ok([snapshot]);
    const message = `The run “${busy.start.plan.goal}” is still going on, and needs this snapshot.`;
    return fail('input', message, 'Stop it, then delete the snapshot.');
  });
  return done.ok ? ok() : done;
}

/** Forgets what `choose` says of what there is when nothing is landing; then, while landings go on again, gives the disk back. */
async function forgetThem(
  repo: Repository,
  signal: AbortSignal,
  choose: (now: Inventory) => Result<readonly Snapshot[]>,
): Promise<Result<readonly Snapshot[]>> {
  const dead = await repo.landLock(signal, async () => {
    const now = await inventoryOf(repo);
    if (!now.ok) return now;
    const chosen = choose(now.value);
    if (!chosen.ok) return chosen;
    const done = await forget(repo, now.value, chosen.value);
    return done.ok ? chosen : done;
  });
  if (!dead.ok || dead.value.length === 0) return dead;
  const collected = await collect(repo, signal);
  return collected.ok ? dead : collected;
}

/** What there is of a folder's history. */
interface Inventory {
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[];
  readonly runs: readonly RunState[];
  readonly refs: ReadonlyMap<string, string>;
}

async function inventoryOf(repo: Repository): Promise<Result<Inventory>> {
  const [snapshots, { runs }, refs] = await Promise.all([listSnapshots(repo), listRuns(repo), heldRefs(repo)]);
  if (!snapshots.ok) return snapshots;
  return refs.ok ? ok({ snapshots: snapshots.value.reverse(), runs, refs: refs.value }) : refs;
}

function runsOf({ runs }: Pick<Inventory, 'runs'>, snapshot: Snapshot): RunState[] {
  return runs.filter(({ start }) => start.snapshot === snapshot.id);
}

/** The snapshots that may go, oldest first. */
function freeOf(all: Inventory, keep: number, now: number): Snapshot[] {
  const { length } = all.snapshots;
  return all.snapshots.filter((snapshot, at) => at < length - 1 && !isNeeded(all, snapshot, { isNew: at >= length - keep, now }));
}

/** Whether a snapshot's run goes on, may go on, or waits for the person; `isNew`: whether it is among those that are to be kept. */
function isNeeded(all: Inventory, snapshot: Snapshot, { isNew, now }: { isNew: boolean; now: number }): boolean {
  const own = runsOf(all, snapshot);
  if (own.length === 0) return snapshot.cause === 'run' && now - snapshot.at < BEGINNING_MS;
  return own.some((run) => isOpen(run) || (isNew && lifeOf(run) === 'interrupted'));
}

function isOpen(run: RunState): boolean {
  return lifeOf(run) === 'running' || [...run.tasks.values()].some(({ stage }) => stage.kind === 'conflicted' || stage.kind === 'held');
}

/** How many of the oldest have to go for the rest to keep the quota: found by halving, for each look costs a walk through what is kept. */
async function enoughToFit(
  repo: Repository,
  from: { all: Inventory; free: readonly Snapshot[]; atLeast: number },
  quotaBytes: number,
  signal: AbortSignal,
): Promise<Result<number>> {
  const { all, free, atLeast } = from;
  let [low, high] = [atLeast, free.length];
  if (quotaBytes === 0) return ok(low);
  // Mostly nothing more has to go: that is looked at first.
  for (let many = low; low < high; many = Math.floor((low + high) / 2)) {
    const gone = new Set(refsOf(all, free.slice(0, many)));
    const left = [...all.refs].flatMap(([ref, commit]) => (gone.has(ref) ? [] : [commit]));
    const disk = await diskOf(repo, left, [], signal);
    if (!disk.ok) return disk;
    if (disk.value <= quotaBytes) high = many;
    else low = many + 1;
  }
  return ok(low);
}

function refsOf(all: Inventory, snapshots: readonly Snapshot[]): string[] {
  const dead = snapshots.map((snapshot) => ({ id: snapshot.id, runs: runsOf(all, snapshot).map(({ start }) => start.run) }));
  // What kept the last landing while it was made is of no use afterwards, and may be of a run that goes.
  return [...all.refs.keys()].filter((ref) => ref === LANDING_REF || dead.some(({ id, runs }) => belongsTo(ref, id, runs)));
}

/** The refs first: a run without them says that its history is gone, and the next time its folder goes. */
async function forget(repo: Repository, all: Inventory, dead: readonly Snapshot[]): Promise<Result<void>> {
  const left = all.snapshots.filter((snapshot) => !dead.some(({ id }) => id === snapshot.id));
  // A run whose snapshot went without it (a crash in between) goes now, unless there is something left to do in it.
  const known = new Set(all.snapshots.map(({ id }) => id));
  const over = [
    ...dead.flatMap((snapshot) => runsOf(all, snapshot)),
    ...all.runs.filter((run) => !known.has(run.start.snapshot) && !isOpen(run)),
  ];
  const runs = over.map(({ start }) => start.run);
  const refs = [...refsOf(all, dead), ...[...all.refs.keys()].filter((ref) => runs.some((run) => ref.startsWith(`runs/${run}/`)))];
  const cutOff = await leftIntent(repo);
  const done = await forgetRefs(
    repo,
    [...new Set(refs)].filter((ref) => ref !== LANDING_REF || (cutOff.ok && cutOff.value === undefined)),
  );
  if (!done.ok) return done;
  for (const run of runs) {
    const folder = dirname(journalFile(repo.stateDir, run));
    try {
      await rm(folder, { recursive: true, force: true });
    } catch (thrown) {
      return fail('file', `The folder of a run that is over cannot be deleted: ${thrownText(thrown)}.`, `Delete ${folder}.`);
    }
  }
  return dead.length === 0 ? ok() : forgetRaws(repo, left[0]?.at ?? Number.POSITIVE_INFINITY);
}
