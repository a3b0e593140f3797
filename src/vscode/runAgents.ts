/** Who works on the tasks of a run of this window, and who checks what they do: by the settings of its folder. */
import type { ExtensionContext } from 'vscode';
import { ok, type Result } from '../domain/failure';
import { DEFAULT_MAX_WORKERS } from '../domain/settings';
import type { Pool } from '../engine/agents/pool/pool';
import { processWorker } from '../engine/agents/pool/processWorker';
import { reuseFrom } from '../engine/agents/reuse';
import { folderChecker } from '../engine/landing/check';
import { AdaptiveWidth, memoryLeft } from '../engine/schedule/adaptiveWidth';
import { Hold } from '../model/hold';
import { systemTime } from '../model/time';
import { folderPool } from '../repo/commands/folderPool';
import { modelOf, settingsOf } from './model';
import type { RunAgents, Session, Sessions } from './session';

export interface AgentPorts {
  readonly context: ExtensionContext;
  readonly sessions: Sessions;
  /** Where the agents of all runs work. */
  readonly pool: Pool;
}

/** `reuse`: whether what earlier runs did is taken over. Fails where the model cannot be asked: without a key, say. */
export async function runAgents(
  { context, sessions, pool }: AgentPorts,
  session: Session,
  { model: name, reuse }: { readonly model: string; readonly reuse: boolean },
): Promise<Result<RunAgents>> {
  const { repo, folder } = session;
  const settings = settingsOf(folder);
  const model = await modelOf(context, { ...settings, model: name });
  if (!model.ok) return model;
  const hold = new Hold();
  const width = settings.adaptiveWorkers ? new AdaptiveWidth({ time: systemTime, memoryLeft, first: DEFAULT_MAX_WORKERS }) : undefined;
  const worker = processWorker(pool, { repo, model: hold.part(width?.watch(model.value) ?? model.value) });
  const check = folderChecker(folderPool(repo, settings.folders, sessions.clock));
  return ok({ worker, check, hold, width, reuse: reuse ? reuseFrom(repo) : undefined });
}
