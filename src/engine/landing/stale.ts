/** A stale premise: what an agent read, and did not change itself, is not any more what it was when its draft began. */

import type { StaleFile } from '../../domain/changes';
import { never, ok, type Result } from '../../domain/failure';
import { exactly } from '../../domain/inboxText';
import type { TaskId } from '../../domain/plan';
import type { OnStale } from '../../domain/settings';
import type { Rework, TaskState } from '../../domain/taskState';
import { authorOf } from '../../repo/history/chain';
import { chainNow, chainRef, type LandPorts } from '../../repo/land/land';
import { readRef } from '../../repo/repository';
import { commitTree, lookUp, mergeTrees, treeOf } from '../../repo/trees';
import { truthOf } from '../../repo/truth/truth';
import type { RunRecord } from '../journal/record';
import { differencesText } from './differences';
import { keepBeginning } from './landing';

/** How often a task goes back to its agent for this; from then on the person is asked. */
const MAX_REWORKS = 2;
/** So many files are named to the agent, and their differences shown. */
const MAX_NAMED = 50;

/** What is to become of a task whose landing is due. */
export type Premise =
  /** It lands; what was stale is in the record. */
  | { readonly kind: 'land' }
  /** The person decides: it waits. */
  | { readonly kind: 'held' }
  | { readonly kind: 'rework'; readonly rework: Rework };

/** Looks, before a task lands, whether what its agent went by still holds, and records what does not. */
export async function judgePremise(
  record: RunRecord,
  ports: LandPorts,
  id: TaskId,
  { onStale, signal }: { readonly onStale: OnStale; readonly signal: AbortSignal },
): Promise<Result<Premise>> {
  const task = record.state.tasks.get(id);
  if (task === undefined || task.stage.kind !== 'done') return ok({ kind: 'land' });
  const { run } = record.state.start;
  const stale = await findStale(ports, run, task);
  if (!stale.ok) return stale;
  const files = stale.value;
  if (files.length === 0) return ok({ kind: 'land' });
  switch (onStale) {
    case 'check':
      record.emit({ type: 'task.stale', task: id, files, held: false });
      return ok({ kind: 'land' });
    case 'ask':
      record.emit({ type: 'task.stale', task: id, files, held: true });
      return ok({ kind: 'held' });
    case 'rework': {
      if (task.work.reworks.stale >= MAX_REWORKS) {
        record.emit({ type: 'task.stale', task: id, files, held: true });
        return ok({ kind: 'held' });
      }
      const rework = await reworkOf(ports, run, task, { files, signal });
      if (!rework.ok) return rework;
      record.emit({ type: 'task.stale', task: id, files, held: false });
      // What does not merge is a conflict like any other: the landing tells.
      return ok(rework.value === undefined ? { kind: 'land' } : { kind: 'rework', rework: rework.value });
    }
    default:
      return never(onStale);
  }
}

/**
 * The files that an agent read and did not change, and that somebody else changed since its draft began. What it changed itself is
 * the merge's to judge. A file that was not there counts as made when a task of the run made it: what the person has beside git
 * (ignored files) was never the agent's to see.
 */
async function findStale(ports: LandPorts, run: string, { task, work }: TaskState): Promise<Result<StaleFile[]>> {
  const { repo, workspace } = ports;
  const changed = new Set(work.changes.map((change) => change.path));
  const reads = work.reads.filter((read) => !changed.has(read.path));
  // Nothing that lands rests on what was read.
  if (work.changeset === null || reads.length === 0) return ok([]);
  const tip = await readRef(repo, chainRef(run));
  if (!tip.ok) return tip;
  if (tip.value === undefined) return ok([]);
  const recorded = await lookUp(
    repo,
    tip.value,
    reads.map((read) => read.path),
  );
  if (!recorded.ok) return recorded;
  const there = reads.flatMap((read) => (read.blob === null ? [] : [read.path]));
  const now = await truthOf(repo, workspace, there, recorded.value);
  if (!now.ok) return now;
  const stale: StaleFile[] = [];
  for (const { path, blob } of reads) {
    const entry = recorded.value.get(path);
    const known = entry === undefined || entry === 'folder' ? null : entry.blob;
    const current = blob === null ? known : (now.value.get(path)?.entry.blob ?? null);
    if (current === blob) continue;
    const by = current === known ? await authorOf(repo, { since: work.base, until: tip.value, path }) : ok(undefined);
    if (!by.ok) return by;
    if (by.value !== task.id) stale.push({ path, by: by.value ?? null });
  }
  return ok(stale);
}

/** What the agent of a task that was held, or is stale, would go on from; undefined where its work does not merge with the workspace. */
export async function reworkOf(
  ports: LandPorts,
  run: string,
  state: TaskState,
  { files, signal }: { readonly files: readonly StaleFile[]; readonly signal: AbortSignal },
): Promise<Result<Rework | undefined>> {
  const { repo } = ports;
  const { task, work } = state;
  const base = await chainNow(ports, run, signal);
  if (!base.ok) return base;
  const merge = await mergeTrees(repo, { base: work.base, ours: base.value, theirs: work.changeset ?? work.base });
  if (!merge.ok) return merge;
  if (merge.value.conflicts.length > 0) return ok(undefined);
  const differences = await differencesText(repo, work.base, base.value, pathsOf(files));
  if (!differences.ok) return differences;
  const tree = await treeOf(repo, base.value);
  if (!tree.ok) return tree;
  const message = messageFor(ports, files, differences.value);
  if (merge.value.tree === tree.value) return ok({ base: base.value, draft: null, message });
  const draft = await commitTree(repo, merge.value.tree, [base.value], `So far: ${task.title}`);
  if (!draft.ok) return draft;
  const kept = await keepBeginning(repo, run, state, draft.value);
  return kept.ok ? ok({ base: base.value, draft: draft.value, message }) : kept;
}

function pathsOf(files: readonly StaleFile[]): string[] {
  return files.slice(0, MAX_NAMED).map((file) => file.path);
}

function messageFor(ports: LandPorts, files: readonly StaleFile[], differences: string): string {
  const named = files
    .slice(0, MAX_NAMED)
    .map(({ path, by }) => `- ${exactly(path)}, by ${by === null ? 'the person' : `the agent of “${ports.titleOf(by)}”`}`);
  if (files.length > MAX_NAMED) named.push(`- and ${files.length - MAX_NAMED} more`);
  return [
    `While you worked, files that you had read were changed by others:\n${named.join('\n')}`,
    'Your draft is now the workspace as it is, with your changes merged into it. See whether your work still holds, mend what does not, and call finish again.',
    `What changed in those files:\n${differences}`,
  ].join('\n\n');
}
