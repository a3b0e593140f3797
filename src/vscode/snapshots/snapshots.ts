/** What can be done with snapshots beside rolling back: taking one, comparing it with now, restoring some of its files, forgetting it. */
import * as vscode from 'vscode';
import type { Change } from '../../domain/changes';
import { fail, ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { lifeOf } from '../../engine/journal/library';
import { deleteSnapshot } from '../../engine/journal/prune';
import { previewRollback, rollBack } from '../../repo/snapshot/rollback';
import { takeSnapshot } from '../../repo/snapshot/snapshot';
import { blobUri } from '../changes/blobs';
import { confirm } from '../confirm';
import { notify, saysTrusted, showFailure, withProgress } from '../messages';
import { COMMANDS } from '../names';
import type { Session, Sessions } from '../session';
import { type SnapshotTarget, snapshotTarget } from '../targets';
import { uriOf } from '../workspace/place';
import { pruneOld, tellTooLarge } from './pruning';

export function registerSnapshots(sessions: Sessions): vscode.Disposable {
  const command = (id: string, act: (row: unknown, more: unknown) => Promise<Result<void>>) =>
    vscode.commands.registerCommand(id, async (row: unknown, more: unknown) => {
      if (!saysTrusted()) return;
      const done = await act(row, more);
      if (!done.ok) await showFailure(done.failure);
    });
  return vscode.Disposable.from(
    command(COMMANDS.takeSnapshot, () => takeNow(sessions)),
    command(COMMANDS.compareSnapshot, (row) => compare(sessions, row)),
    command(COMMANDS.restoreFiles, (row, paths) => restore(sessions, row, paths)),
    command(COMMANDS.deleteSnapshot, (row) => forget(sessions, row)),
  );
}

async function takeNow(sessions: Sessions): Promise<Result<void>> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) return fail('input', 'No folder is open, and a snapshot is one of a folder.', 'Open a folder.');
  for (const folder of folders) {
    const session = await sessions.of(folder);
    if (!session.ok) return session;
    const { repo, workspace } = session.value;
    // What is half one state and half another is none.
    const whole = await sessions.settle(session.value);
    if (!whole.ok) return whole;
    const taken = await withProgress('Weft: taking a snapshot', (signal) =>
      takeSnapshot(repo, workspace, { label: 'Taken by hand', clock: sessions.clock }, signal),
    );
    if (!taken.ok) return taken;
    if (taken.value.tooLarge !== null) tellTooLarge(taken.value.tooLarge);
    void pruneOld(sessions, session.value);
  }
  sessions.refresh();
  return ok();
}

/** What differs: `before` is the file now, `after` the snapshot's. */
function differences({ session, snapshot }: SnapshotTarget): Thenable<Result<Change[]>> {
  return withProgress('Weft: comparing with the snapshot', (signal) => previewRollback(session.repo, session.workspace, snapshot, signal));
}

async function compare(sessions: Sessions, row: unknown): Promise<Result<void>> {
  const target = await snapshotTarget(sessions, row, 'Weft: Compare Snapshot with Now');
  if (target === undefined) return ok();
  const changes = await differences(target);
  if (!changes.ok) return changes;
  if (changes.value.length === 0) {
    sayEqual();
    return ok();
  }
  const files = changes.value.map((change) => sidesOf(target.session, change));
  await vscode.commands.executeCommand('vscode.changes', `${target.snapshot.label} ↔ Now`, files);
  return ok();
}

/** The snapshot's file on the left; on the right the file itself, as its editor shows it, which can be edited there. */
function sidesOf(session: Session, { path, before, after }: Change): [vscode.Uri, vscode.Uri | undefined, vscode.Uri | undefined] {
  const live = uriOf(session.place, path);
  return [live, after === null ? undefined : blobUri(session, path, after), before === null ? undefined : live];
}

function sayEqual(): void {
  void notify('information', 'Weft: The workspace is as the snapshot has it.');
}

/** `given`: paths to restore, where a keybinding or another extension says them; else the person chooses. */
async function restore(sessions: Sessions, row: unknown, given: unknown): Promise<Result<void>> {
  const target = await snapshotTarget(sessions, row, 'Weft: Restore Files of Snapshot');
  if (target === undefined) return ok();
  const { session, snapshot } = target;
  const whole = await sessions.settle(session);
  if (!whole.ok) return whole;
  const chosen = Array.isArray(given) ? ok(given.filter((path) => typeof path === 'string')) : await choose(target);
  if (!chosen.ok) return chosen;
  const only = chosen.value;
  if (only.length === 0) return ok();
  const done = await withProgress('Weft: restoring files', (signal) =>
    rollBack(session.repo, session.workspace, { snapshot, clock: sessions.clock, only }, signal),
  );
  sessions.refresh();
  if (!done.ok) return done;
  const { safety, changes } = done.value;
  const wayBack = { title: 'Undo', act: () => vscode.commands.executeCommand(COMMANDS.rollBack, { session, snapshot: safety }) };
  void notify('information', `Weft: ${counted(changes.length, 'file')} restored; everything else is kept.`, [wayBack]);
  void pruneOld(sessions, session);
  return ok();
}

/** The files that the person picks among those that differ. */
async function choose(target: SnapshotTarget): Promise<Result<string[]>> {
  const changes = await differences(target);
  if (!changes.ok) return changes;
  if (changes.value.length === 0) {
    sayEqual();
    return ok([]);
  }
  const items = changes.value.map((change) => ({ label: change.path, description: whatBecomesOf(change) }));
  const picked = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: `Weft: Restore Files of “${target.snapshot.label}”`,
    placeHolder: 'Files to become as they were then; all others stay as they are',
    matchOnDescription: true,
  });
  return ok(picked?.map(({ label }) => label) ?? []);
}

function whatBecomesOf({ before, after }: Change): string {
  if (after === null) return 'was not there: is deleted';
  return before === null ? 'is gone: comes back' : 'differs: becomes as it was';
}

async function forget(sessions: Sessions, row: unknown): Promise<Result<void>> {
  const target = await snapshotTarget(sessions, row, 'Weft: Delete Snapshot');
  if (target === undefined) return ok();
  const { session, snapshot } = target;
  const runs = (await sessions.runs()).filter(({ state }) => state.start.snapshot === snapshot.id);
  const losses = runs.flatMap(({ state }) => [
    `The run “${state.start.plan.goal}” leaves the list with it: its tasks can no longer be undone or landed.`,
    ...(lifeOf(state) === 'interrupted' ? ['That run was interrupted, and cannot go on then.'] : []),
    ...[...state.tasks.values()].flatMap(({ stage, task, work }) =>
      stage.kind === 'conflicted' || (work.changeset !== null && ['failed', 'stopped', 'held', 'doomed'].includes(stage.kind))
        ? [`What the agent of “${task.title}” did has not landed, and is lost.`]
        : [],
    ),
  ]);
  const disk = session.repo.own ? [] : ['Its disk space comes back when git next collects garbage.'];
  const lines = ['The workspace can no longer be rolled back to it. No file of the workspace changes.', ...losses, ...disk];
  if (!(await confirm(`Delete the snapshot “${snapshot.label}”?`, lines, 'Delete Snapshot'))) return ok();
  const done = await withProgress('Weft: deleting the snapshot', (signal) => deleteSnapshot({ repo: session.repo }, snapshot, signal));
  sessions.refresh();
  return done;
}
