/** Forgets old snapshots after a new one was taken, beside everything else; and tells what a snapshot had no room for. */
import * as vscode from 'vscode';
import { failureText } from '../../domain/failure';
import { tooLargeText } from '../../domain/figures';
import type { TooLarge } from '../../domain/include';
import { pruneSnapshots } from '../../engine/journal/prune';
import { notify } from '../messages';
import type { Session, Sessions } from '../session';
import { keepingIn } from './snapshotSettings';

export function registerPruning(sessions: Sessions): vscode.Disposable {
  return sessions.onDidHappen(({ session, event }) => {
    if (event.type !== 'run.started') return;
    if (event.tooLarge !== undefined) tellTooLarge(event.tooLarge);
    void pruneOld(sessions, session);
  });
}

/** Nobody waits for it: what it cannot do is told, and is done the next time. */
export async function pruneOld(sessions: Sessions, { repo, folder }: Session): Promise<void> {
  const done = await pruneSnapshots({ repo, clock: sessions.clock }, keepingIn(folder), sessions.closing);
  if (done.ok && done.value.length > 0) sessions.refresh();
  if (!done.ok && done.failure.kind !== 'cancelled')
    await notify('warning', `Weft: Old snapshots could not be forgotten: ${failureText(done.failure)}`);
}

export function tellTooLarge(tooLarge: TooLarge): void {
  const settings = {
    title: 'Open Settings',
    act: () => vscode.commands.executeCommand('workbench.action.openSettings', 'weft.snapshot.include'),
  };
  void notify('warning', `Weft: ${tooLargeText(tooLarge)}`, [settings]);
}
