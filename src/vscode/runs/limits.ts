/** How many agents run at once, as the settings say: read when a run begins, and again when they change. */
import * as vscode from 'vscode';
import type { RunLimits } from '../../domain/event';
import { ok, type Result } from '../../domain/failure';
import type { RoleHead } from '../../domain/role';
import { limitsOf, readPools } from '../../engine/schedule/limits';
import { projectNow } from '../agents/project';
import { showFailure } from '../messages';
import { settingsOf } from '../models/model';
import { SETTINGS } from '../names';
import type { Sessions } from '../session';

/** What is set for a folder; without one, for the whole window. `roles`: those that there are. Fails where the pools cannot be used. */
export function runLimits(folder: vscode.WorkspaceFolder | undefined, roles: readonly RoleHead[]): Result<RunLimits> {
  const set = vscode.workspace.getConfiguration('weft', folder?.uri).get<unknown>(SETTINGS.pools);
  const pools = readPools(set ?? {}, 'The setting weft.pools', roles);
  return pools.ok ? ok({ maxWorkers: settingsOf(folder).maxWorkers, pools: pools.value }) : pools;
}

/** Runs of this window go by what is set now. */
export function registerLimits(sessions: Sessions): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration(async (change) => {
    if (![SETTINGS.maxWorkers, SETTINGS.pools].some((name) => change.affectsConfiguration(`weft.${name}`))) return;
    for (const session of await sessions.atWork()) {
      const project = await projectNow(session, sessions.closing);
      const limits = project.ok ? runLimits(session.folder, project.value.roles) : project;
      if (!limits.ok) void showFailure(limits.failure);
      else for (const { controls, record } of session.live.values()) controls.limit(limitsOf(record.state.start.plan, limits.value));
    }
  });
}
