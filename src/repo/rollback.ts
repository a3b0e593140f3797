/** Rolling back: the workspace becomes equal to a snapshot, unsaved text included, after a snapshot of now. */
import type { Change, Entry } from '../domain/changes';
import type { Clock } from '../domain/clock';
import { fail, ok, type Result } from '../domain/failure';
import { readContent } from './files';
import type { Repository } from './repository';
import { diskTreeOf, keepSnapshot, type Snapshot, untitledOf } from './snapshot';
import { diffTrees, lookUp } from './trees';
import { contentOf, type WholeTruth, wholeTruth } from './truth';
import type { Content, FileRestore, Workspace } from './workspace';

/** The files that rolling back would change, as they are now (`before`) and would be (`after`). */
export async function previewRollback(
  repo: Repository,
  workspace: Workspace,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<Result<Change[]>> {
  const now = await wholeTruth(repo, workspace, signal);
  return now.ok ? diffTrees(repo, now.value.tree, snapshot.commit) : now;
}

export interface RolledBack {
  /** The snapshot of the moment before: rolling back to it undoes the rollback. */
  readonly safety: Snapshot;
  readonly changes: readonly Change[];
}

/** Makes the workspace equal to a snapshot. Unchanged files are not touched. */
export async function rollBack(
  repo: Repository,
  workspace: Workspace,
  options: { snapshot: Snapshot; clock: Clock },
  signal: AbortSignal,
): Promise<Result<RolledBack>> {
  return repo.landLock(signal, async () => {
    const { snapshot, clock } = options;
    const now = await wholeTruth(repo, workspace, signal);
    if (!now.ok) return now;
    const safety = await keepSnapshot(repo, now.value, await workspace.untitled(), {
      label: `Before rolling back to “${snapshot.label}”`,
      clock,
    });
    if (!safety.ok) return safety;
    const restores = await restoresFor(repo, now.value, snapshot);
    if (!restores.ok) return restores;
    const untitled = await untitledOf(repo, snapshot);
    if (!untitled.ok) return untitled;
    const done = await workspace.restore(restores.value, untitled.value);
    const wrong = done.ok ? await firstDifference(repo, restores.value) : done;
    if (!wrong.ok) {
      return fail(
        wrong.failure.kind,
        `The rollback stopped half-way: ${wrong.failure.message}`,
        `${wrong.failure.fix} Nothing is lost: what was there before is snapshot ${safety.value.id}.`,
      );
    }
    const changes = await diffTrees(repo, now.value.tree, snapshot.commit);
    return changes.ok ? ok({ safety: safety.value, changes: changes.value }) : changes;
  });
}

/** Every file whose disk or unsaved text differs between now and the snapshot, as the snapshot has it. */
async function restoresFor(repo: Repository, now: WholeTruth, snapshot: Snapshot): Promise<Result<FileRestore[]>> {
  const disk = await diskTreeOf(repo, snapshot);
  if (!disk.ok) return disk;
  const changes = await diffTrees(repo, now.disk, disk.value);
  if (!changes.ok) return changes;
  const unsavedThen = new Set(snapshot.unsaved);
  const paths = new Set([...changes.value.map((change) => change.path), ...now.unsaved.map((text) => text.path), ...unsavedThen]);
  const [onDisk, truth] = await Promise.all([lookUp(repo, disk.value, [...paths]), lookUp(repo, snapshot.commit, [...unsavedThen])]);
  if (!onDisk.ok) return onDisk;
  if (!truth.ok) return truth;
  const restores: FileRestore[] = [];
  for (const path of paths) {
    const entry = onDisk.value.get(path);
    const nested = changes.value.find((change) => change.path === path);
    // A nested repository is a mere link in the tree: its files are not ours to write or delete.
    if (nested?.before?.mode === '160000' || nested?.after?.mode === '160000') continue;
    const content = await optional(repo, path, entry);
    if (!content.ok) return content;
    const text = unsavedThen.has(path) ? await optional(repo, path, truth.value.get(path)) : ok<Content | null>(null);
    if (!text.ok) return text;
    restores.push({ path, disk: content.value, unsaved: text.value?.bytes ?? null });
  }
  return ok(restores);
}

async function optional(repo: Repository, path: string, entry: Entry | 'folder' | undefined): Promise<Result<Content | null>> {
  return entry === undefined || entry === 'folder' ? ok<Content | null>(null) : contentOf(repo, path, entry);
}

async function firstDifference(repo: Repository, files: readonly FileRestore[]): Promise<Result<void>> {
  for (const file of files) {
    const now = await readContent(repo.root, file.path);
    if (!now.ok) return now;
    const same = now.value === 'folder' || now.value === null ? file.disk === null : file.disk?.bytes.equals(now.value.bytes) === true;
    if (!same) return fail('file', `${file.path} is not as the snapshot has it.`, 'Close what else writes to it, then roll back again.');
  }
  return ok();
}
