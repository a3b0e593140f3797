/** Pausing a run, going on with it, stopping it: one of this window, or one that another process drives. */
import * as vscode from 'vscode';
import type { Result } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import { isPaused } from '../../engine/schedule/pausing';
import { perform, tellWish, type Wish } from '../../engine/steering/wishes';
import { saysTrusted, showFailure, withProgress } from '../messages';
import { COMMANDS } from '../names';
import type { RunView, Sessions } from '../session';
import { runTarget } from '../targets';

export function registerSteering(sessions: Sessions): vscode.Disposable {
  const act = async (row: unknown, wish: Wish, title: string, none: string, wanted: (state: RunState) => boolean) => {
    if (!saysTrusted()) return;
    const isWanted = ({ state, life }: RunView) => life === 'running' && wanted(state);
    const view = await runTarget(sessions, row, { wanted: isWanted, title, none, takeOnly: true });
    if (view === undefined) return;
    const done = await fulfil(sessions, view, wish, title);
    if (!done.ok) await showFailure(done.failure);
  };
  return vscode.Disposable.from(
    vscode.commands.registerCommand(COMMANDS.pauseRun, (row: unknown) =>
      act(row, { kind: 'pause' }, 'Weft: Pause Run', 'No run is going on.', ({ phase }) => phase === 'running'),
    ),
    vscode.commands.registerCommand(COMMANDS.continueRun, (row: unknown) =>
      act(row, { kind: 'continue' }, 'Weft: Continue Run', 'No run is paused.', isPaused),
    ),
    vscode.commands.registerCommand(COMMANDS.stopRun, (row: unknown) =>
      act(row, { kind: 'stop' }, 'Weft: Stop Run', 'No run is going on.', ({ phase }) => phase !== 'stopping'),
    ),
  );
}

/** What comes of a wish, where the run is driven. */
export async function fulfil(sessions: Sessions, { session, state }: RunView, wish: Wish, title: string): Promise<Result<unknown>> {
  const driven = session.live.get(state.start.run);
  // A retry merges its draft with the workspace, and another process looks for wishes now and then; all else is done at once.
  if (driven !== undefined && wish.kind !== 'retry') return perform(driven, wish, sessions.closing);
  const { clock } = sessions;
  return withProgress(title, async (signal) =>
    driven === undefined ? tellWish(session.repo.stateDir, state, wish, { clock, signal }) : perform(driven, wish, signal),
  );
}
