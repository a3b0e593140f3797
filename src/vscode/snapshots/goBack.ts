/** Going back: rolling the workspace back to a snapshot; it shows first which files will change. */
import * as vscode from 'vscode';
import { ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { rollBackTo } from '../../engine/history/rollback';
import { previewRollback } from '../../repo/snapshot/rollback';
import { type Snapshot, untitledOf } from '../../repo/snapshot/snapshot';
import { confirm, fileLines } from '../confirm';
import { notify, saysTrusted, showFailure, withProgress } from '../messages';
import { COMMANDS } from '../names';
import type { Session, Sessions } from '../session';
import { snapshotTarget } from '../targets';
import { pruneOld } from './pruning';

export function registerGoBack(sessions: Sessions): vscode.Disposable {
  const command = (id: string, act: (row: unknown) => Promise<Result<void> | undefined>) =>
    vscode.commands.registerCommand(id, async (row: unknown) => {
      if (!saysTrusted()) return;
      const done = await act(row);
      if (done?.ok === false) await showFailure(done.failure);
    });
  return vscode.Disposable.from(command(COMMANDS.rollBack, (row) => rollBack(sessions, row)));
}

async function rollBack(sessions: Sessions, row: unknown): Promise<Result<void> | undefined> {
  const target = await snapshotTarget(sessions, row, 'Weft: Roll Back to Snapshot');
  if (target === undefined) return undefined;
  const { session, snapshot } = target;
  if (!(await stopFirst(session))) return undefined;
  const whole = await sessions.settle(session);
  if (!whole.ok) return whole;
  const preview = await withProgress('Weft: comparing with the snapshot', (signal) =>
    previewRollback(session.repo, session.workspace, snapshot, signal),
  );
  if (!preview.ok) return preview;
  const lost = await untitledLost(session, snapshot);
  if (!lost.ok) return lost;
  if (preview.value.length === 0 && snapshot.unsaved.length === 0 && lost.value.length === 0) {
    void notify('information', 'Weft: The workspace is as it was then; there is nothing to roll back.');
    return undefined;
  }
  const sure = await confirm(
    `Roll back to “${snapshot.label}”?`,
    [
      ...fileLines(preview.value),
      ...lost.value.map((name) => `${name} comes back, unsaved.`),
      'A snapshot of now is taken first, so that this can be undone.',
    ],
    'Roll Back',
  );
  if (!sure) return undefined;
  const done = await withProgress('Weft: rolling back', (signal) => rollBackTo(snapshot, sessions.recovery(session), signal));
  sessions.refresh();
  if (!done.ok) return done;
  void pruneOld(sessions, session);
  const { safety, changes, left } = done.value;
  const also = left.length === 0 ? '' : ` Left as they are, since they came after the snapshot: ${left.join(', ')}.`;
  const wayBack = { title: 'Undo', act: () => vscode.commands.executeCommand(COMMANDS.rollBack, { session, snapshot: safety }) };
  void notify('information', `Weft: Rolled back: ${counted(changes.length, 'file')} changed.${also}`, [wayBack]);
  return undefined;
}

/** The texts without a file that a snapshot has, and that no editor shows any more. */
async function untitledLost({ repo, workspace }: Session, snapshot: Snapshot): Promise<Result<string[]>> {
  const then = await untitledOf(repo, snapshot);
  if (!then.ok) return then;
  const open = new Set((await workspace.untitled()).map(({ text }) => text));
  return ok(then.value.filter(({ text }) => text !== '' && !open.has(text)).map(({ name }) => name));
}

/** A run that goes on would land on top of what is rolled back: it is stopped, or nothing is done. */
async function stopFirst(session: Session): Promise<boolean> {
  const live = [...session.live.values()];
  if (live.length === 0) return true;
  const sure = await confirm(
    'Stop the run first?',
    ['A run is still going on in this folder. What its agents did so far is kept as drafts.'],
    'Stop and Roll Back',
  );
  if (!sure) return false;
  await Promise.all(
    live.map((run) => {
      run.stop();
      return run.ended;
    }),
  );
  return true;
}
