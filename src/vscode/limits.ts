/** How many agents run at once, as the settings say: read when a run begins, and again when they change. */
import * as vscode from 'vscode';
import type { RunLimits } from '../domain/event';
import { ok, type Result } from '../domain/failure';
import { limitsOf, readPools } from '../engine/schedule/limits';
import { showFailure } from './messages';
import { settingsOf } from './model';
import { SETTINGS } from './names';
import type { Sessions } from './session';

/** What is set for a folder; without one, for the whole window. Fails where the pools cannot be used. */
export function runLimits(folder: vscode.WorkspaceFolder | undefined): Result<RunLimits> {
  const set = vscode.workspace.getConfiguration('weft', folder?.uri).get<unknown>(SETTINGS.pools);
  const pools = readPools(set ?? {}, 'The setting weft.pools');
  return pools.ok ? ok({ maxWorkers: settingsOf(folder).maxWorkers, pools: pools.value }) : pools;
}

/** Runs of this window go by what is set now. */
export function registerLimits(sessions: Sessions): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration(async (change) => {
    if (![SETTINGS.maxWorkers, SETTINGS.pools].some((name) => change.affectsConfiguration(`weft.${name}`))) return;
    for (const session of await sessions.atWork()) {
      const limits = runLimits(session.folder);
      if (!limits.ok) void showFailure(limits.failure);
      else for (const { controls, record } of session.live.values()) controls.limit(limitsOf(record.state.start.plan, limits.value));
    }
  });
}
