/** Settles a rollback that was cut off. */
import type { Change, Entry } from '../../domain/changes';
import { ok, type Result } from '../../domain/failure';
import { readContent, removeUnfinished } from '../files';
import type { RollbackIntent } from '../land/intent';
import type { SettlePorts } from '../land/settle';
import type { Repository } from '../repository';
import { diffTrees, lookUp, treeOf } from '../trees';
import { contentsAsTheyWere, isPartOf, keptRaws } from '../truth/raw';
import { withLeftWhole } from './leftWhole';
import { endsOf, restoreAll, sameBlob } from './rollback';
import { diskTreeOf, findSnapshot, type Snapshot } from './snapshot';
import { type Trees, withSome } from './someFiles';

/** What was done of a rollback that was cut off. */
export interface Continued {
  readonly snapshot: Snapshot;
  readonly safety: Snapshot;
  /** `rolled back`: every file is as the snapshot has it. `nothing`: no file had been changed, and none is. */
  readonly outcome: 'rolled back' | 'nothing';
  /** Files that somebody changed since: they are kept as they are. */
  readonly changed: readonly string[];
}

/** Finishes a rollback that was cut off, which was asked for and confirmed; one that had changed nothing yet did not happen. Called under the landing lock. */
export async function settleRollback(ports: SettlePorts, intent: RollbackIntent, signal: AbortSignal): Promise<Result<Continued>> {
  const { repo } = ports;
  const ends = await snapshotsOf(repo, intent);
  if (!ends.ok) return ends;
  const { snapshot, safety } = ends.value;
  const [was, then] = [await treesOf(repo, safety), await treesOf(repo, snapshot)];
  if (!was.ok) return was;
  if (!then.ok) return then;
  const reached = await withLeftWhole(repo, was.value, then.value);
  if (!reached.ok) return reached;
  const target = reached.value.past;
  const whole = await diffTrees(repo, was.value.disk, target.disk);
  if (!whole.ok) return whole;
  for (const { path } of whole.value) {
    const removed = await removeUnfinished(repo.root, path);
    if (!removed.ok) return removed;
  }
  const some = intent.only === undefined ? ok(undefined) : await withSome(repo, { now: was.value, past: target }, intent.only);
  if (!some.ok) return some;
  const begun = await diffTrees(repo, was.value.disk, (some.value ?? target).disk);
  if (!begun.ok) return begun;
  await ports.workspace.recall([...new Set([...safety.unsaved, ...snapshot.unsaved])]);
  const done = await continueTo(ports, { to: snapshot, was: was.value, only: intent.only, begun: begun.value }, signal);
  return done.ok ? ok({ snapshot, safety, ...done.value }) : done;
}

/** Takes back a rollback that failed half-way: the workspace is as before, but for what somebody changed meanwhile. Called under the landing lock. */
export async function takeRollbackBack(ports: SettlePorts, intent: RollbackIntent, signal: AbortSignal): Promise<Result<Continued>> {
  const { repo } = ports;
  const ends = await snapshotsOf(repo, intent);
  if (!ends.ok) return ends;
  const { snapshot, safety } = ends.value;
  const was = await treesOf(repo, snapshot);
  if (!was.ok) return was;
  const done = await continueTo(ports, { to: safety, was: was.value, only: intent.only }, signal);
  return done.ok ? ok({ snapshot, safety, ...done.value }) : done;
}

async function snapshotsOf(repo: Repository, intent: RollbackIntent): Promise<Result<{ snapshot: Snapshot; safety: Snapshot }>> {
  const [snapshot, safety] = [await findSnapshot(repo, intent.snapshot), await findSnapshot(repo, intent.safety)];
  if (!snapshot.ok) return snapshot;
  return safety.ok ? ok({ snapshot: snapshot.value, safety: safety.value }) : safety;
}

async function treesOf(repo: Repository, snapshot: Snapshot): Promise<Result<Trees>> {
  const [disk, tree] = [await diskTreeOf(repo, snapshot), await treeOf(repo, snapshot.commit)];
  if (!disk.ok) return disk;
  return tree.ok ? ok({ disk: disk.value, tree: tree.value }) : tree;
}

/**
 * Makes those files as a snapshot has them that are still as they were (`was`), or were being written; what somebody changed since is
 * kept. Where `begun` is given, only if one of these changes was made already.
 */
async function continueTo(
  { repo, workspace, clock }: SettlePorts,
  step: { to: Snapshot; was: Trees; only: readonly string[] | undefined; begun?: readonly Change[] },
  signal: AbortSignal,
): Promise<Result<{ outcome: 'rolled back' | 'nothing'; changed: string[] }>> {
  const ends = await endsOf(repo, workspace, step.to, signal);
  if (!ends.ok) return ends;
  const { now } = ends.value;
  const some = step.only === undefined ? ok(undefined) : await withSome(repo, ends.value, step.only);
  if (!some.ok) return some;
  const past = some.value ?? ends.value.past;
  const [disk, tree] = [await diffTrees(repo, now.disk, past.disk), await diffTrees(repo, now.tree, past.tree)];
  if (!disk.ok) return disk;
  if (!tree.ok) return tree;
  const differing = new Set([...tree.value, ...disk.value].map((change) => change.path));
  const unsaved = new Set(now.unsaved.map(({ path }) => path));
  const touched: string[] = [];
  for (const path of differing) {
    const same = await isSameIn(repo, path, {
      disk: [now.disk, step.was.disk],
      text: unsaved.has(path) ? [now.tree, step.was.tree] : null,
    });
    if (!same.ok) return same;
    if (!same.value) touched.push(path);
  }
  const half = await begunIn(repo, past.disk, touched, step.to.at);
  if (!half.ok) return half;
  if (step.begun?.every(({ path }) => differing.has(path) && !half.value.has(path)) === true)
    return ok({ outcome: 'nothing', changed: [] });
  const changed = touched.filter((path) => !half.value.has(path));
  const done = await restoreAll(repo, workspace, {
    ...ends.value,
    past,
    snapshot: step.to,
    clock,
    chosen: some.value?.chosen,
    kept: new Set(changed),
  });
  return done.ok ? ok({ outcome: 'rolled back', changed }) : done;
}

/** Whether a path is the same in both trees of what is on disk, and of the texts where it is unsaved. */
async function isSameIn(
  repo: Repository,
  path: string,
  trees: { disk: readonly [string, string]; text: readonly [string, string] | null },
): Promise<Result<boolean>> {
  for (const [now, was] of trees.text === null ? [trees.disk] : [trees.disk, trees.text]) {
    const [here, there] = [await entryIn(repo, now, path), await entryIn(repo, was, path)];
    if (!here.ok) return here;
    if (!there.ok) return there;
    if (!sameBlob(here.value, there.value)) return ok(false);
  }
  return ok(true);
}

async function entryIn(repo: Repository, tree: string, path: string): Promise<Result<Entry | null>> {
  const found = await lookUp(repo, tree, [path]);
  if (!found.ok) return found;
  const entry = found.value.get(path);
  return ok(entry === undefined || entry === 'folder' ? null : entry);
}

/** Those of the files that are the beginning of what a tree has there: they were being written. */
async function begunIn(repo: Repository, tree: string, paths: readonly string[], since: number): Promise<Result<Set<string>>> {
  const begun = new Set<string>();
  if (paths.length === 0) return ok(begun);
  const [found, kept] = [await lookUp(repo, tree, paths), await keptRaws(repo)];
  if (!found.ok) return found;
  if (!kept.ok) return kept;
  const entries = new Map([...found.value].flatMap(([path, entry]) => (entry === 'folder' ? [] : [[path, entry] as const])));
  const contents = await contentsAsTheyWere(repo, entries, { kept: kept.value, since });
  if (!contents.ok) return contents;
  for (const [path, wanted] of contents.value) {
    const now = await readContent(repo.root, path);
    if (!now.ok) return now;
    if (now.value !== 'folder' && isPartOf(now.value, wanted)) begun.add(path);
  }
  return ok(begun);
}
