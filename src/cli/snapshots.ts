/** `weft snapshots` and `weft rollback`: what can be gone back to, what differs, going back, and forgetting. */

import { type Change, changeWord } from '../domain/changes';
import { systemClock } from '../domain/clock';
import { failureText, type Result } from '../domain/failure';
import { ageText, counted, sizeText, tooLargeText } from '../domain/figures';
import { exactly } from '../domain/inboxText';
import { rollBackTo } from '../engine/history/rollback';
import { deleteSnapshot, pruneSnapshots } from '../engine/journal/prune';
import { ownDisk } from '../repo/snapshot/prune';
import { previewRollback, type RolledBack, rollBack } from '../repo/snapshot/rollback';
import { findSnapshot, listSnapshots, type Snapshot } from '../repo/snapshot/snapshot';
import { ended } from './output';
import { recoveryPorts } from './record';
import type { CliPorts } from './run';

/** So many are measured side by side. */
const AT_ONCE = 4;

export async function snapshotsCommand({ repo, output, signal }: CliPorts): Promise<number> {
  const snapshots = await listSnapshots(repo);
  if (!snapshots.ok) return ended(output, snapshots);
  const all = snapshots.value;
  const rows: (Snapshot & { bytes: number | null })[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE);
    const sizes = await Promise.all(some.map((snapshot) => ownDisk(repo, all, snapshot, signal)));
    for (const [index, snapshot] of some.entries()) {
      const size = sizes[index];
      if (size?.ok === false) output.warn(failureText(size.failure));
      const bytes = size?.ok === true ? size.value : null;
      rows.push({ ...snapshot, bytes });
      output.say(rowOf(snapshot, bytes));
    }
  }
  if (rows.length > 0)
    output.say('The size is what only that snapshot takes of the disk: no neighbour of it, and no branch, has that, too.');
  else output.say('There are no snapshots of this folder yet: each run begins with one.');
  output.result({ exitCode: 0, snapshots: rows });
  return 0;
}

function rowOf({ id, at, label, unsaved, untitled, tooLarge }: Snapshot, bytes: number | null): string {
  const more = unsaved.length + untitled.length;
  const notes = [
    ...(more > 0 ? [`with ${counted(more, 'unsaved text')}`] : []),
    ...(tooLarge === null ? [] : [`without ${counted(tooLarge.count, 'ignored file')} too large to be included`]),
  ];
  const size = bytes === null ? '?' : sizeText(bytes);
  const when = `${new Date(at).toLocaleString()}  ${ageText(Date.now() - at).padEnd(11)}`;
  return `${id}  ${when}  ${size.padStart(7)}  ${label}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}

/** What has changed since a snapshot: the words say what became of each file since then. */
export async function compareCommand(id: string, { repo, workspace, output, signal }: CliPorts): Promise<number> {
  const snapshot = await findSnapshot(repo, id);
  if (!snapshot.ok) return ended(output, snapshot);
  const back = await previewRollback(repo, workspace, snapshot.value, signal);
  if (!back.ok) return ended(output, back);
  const changes = back.value.map(({ path, before, after }): Change => ({ path, before: after, after: before }));
  for (const change of changes) output.say(`  ${changeWord(change).padEnd(8)} ${exactly(change.path)}`);
  output.say(
    `Since “${snapshot.value.label}”: ${changes.length === 0 ? 'nothing has changed' : `${counted(changes.length, 'file')} changed`}.`,
  );
  output.result({ exitCode: 0, changes });
  return 0;
}

export async function deleteCommand(id: string, { repo, output, signal }: CliPorts): Promise<number> {
  const snapshot = await findSnapshot(repo, id);
  if (!snapshot.ok) return ended(output, snapshot);
  const done = await deleteSnapshot({ repo }, snapshot.value, signal);
  if (!done.ok) return ended(output, done);
  output.say(`Snapshot ${snapshot.value.id} (“${snapshot.value.label}”) is gone, and the runs that began at it.`);
  if (!repo.own) output.say('git gives its disk space back when it next collects garbage (git gc).');
  output.result({ exitCode: 0, deleted: snapshot.value.id });
  return 0;
}

export async function keepCommand(keep: number, { repo, output, signal }: CliPorts): Promise<number> {
  const pruned = await pruneSnapshots({ repo, clock: systemClock }, { keep, quotaBytes: 0 }, signal);
  if (!pruned.ok) return ended(output, pruned);
  for (const { id, label } of pruned.value) output.say(`  ${id}  ${label}`);
  output.say(
    pruned.value.length === 0
      ? `Nothing is forgotten: there are no more than ${keep.toLocaleString('en')}, or something waits for the others.`
      : `${counted(pruned.value.length, 'snapshot')} forgotten, and the runs that began there.`,
  );
  output.result({ exitCode: 0, deleted: pruned.value.map(({ id }) => id) });
  return 0;
}

export async function rollbackCommand(wanted: { snapshot: string; paths: readonly string[] }, ports: CliPorts): Promise<number> {
  const { repo, output } = ports;
  const snapshot = await findSnapshot(repo, wanted.snapshot);
  if (!snapshot.ok) return ended(output, snapshot);
  const done = await goBack(snapshot.value, wanted.paths, ports);
  if (!done.ok) return ended(output, done);
  const { changes, safety, left } = done.value;
  for (const change of changes) output.say(`  ${changeWord(change).padEnd(8)} ${exactly(change.path)}`);
  const [what, rest] =
    wanted.paths.length === 0 ? ['The folder is as it was', ''] : ['What you named is as it was', ' Everything else is kept.'];
  output.say(`${what} at “${snapshot.value.label}”: ${counted(changes.length, 'file')} changed.${rest}`);
  if (wanted.paths.length === 0)
    for (const path of left) output.say(`  left as it is: ${exactly(path)}, a repository that came after the snapshot`);
  if (safety.tooLarge !== null) output.warn(tooLargeText(safety.tooLarge));
  output.say(`Take the rollback back: weft rollback ${safety.id}`);
  output.result({ exitCode: 0, changes, safety: safety.id, left });
  return 0;
}

function goBack(snapshot: Snapshot, paths: readonly string[], ports: CliPorts): Promise<Result<RolledBack>> {
  const { repo, workspace, signal } = ports;
  if (paths.length > 0) return rollBack(repo, workspace, { snapshot, clock: systemClock, only: paths }, signal);
  return rollBackTo(snapshot, recoveryPorts(ports), signal);
}
