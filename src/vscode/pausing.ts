/** Pausing a run, and going on with it. */
import * as vscode from 'vscode';
import type { Result } from '../domain/failure';
import type { Controls } from '../engine/controls';
import { saysTrusted, showFailure } from './messages';
import { COMMANDS } from './names';
import type { RunView, Sessions } from './session';
import { runTarget } from './targets';

export function registerPausing(sessions: Sessions): vscode.Disposable {
  const act = async (row: unknown, wanted: RunView['state']['phase'], what: string, use: (controls: Controls) => Result<void>) => {
    if (!saysTrusted()) return;
    const view = await runTarget(sessions, row, {
      wanted: ({ session, state }) => session.live.has(state.start.run) && state.phase === wanted,
      title: `Weft: ${what} Run`,
      none: wanted === 'paused' ? 'No run of this window is paused.' : 'No run of this window is going on.',
      takeOnly: true,
    });
    const run = view?.session.live.get(view.state.start.run);
    const done = run && use(run.controls);
    if (done?.ok === false) await showFailure(done.failure);
  };
  return vscode.Disposable.from(
    vscode.commands.registerCommand(COMMANDS.pauseRun, (row: unknown) => act(row, 'running', 'Pause', (run) => run.pause())),
    vscode.commands.registerCommand(COMMANDS.continueRun, (row: unknown) => act(row, 'paused', 'Continue', (run) => run.continue())),
  );
}
