/** Who works on the tasks of a run of this window, and who checks what they do: by the settings of its folder. */
import { ok, type Result } from '../domain/failure';
import { DEFAULT_MAX_WORKERS } from '../domain/settings';
import { commandExecutor } from '../engine/acts/commands';
import type { Pool } from '../engine/agents/pool/pool';
import { processWorker } from '../engine/agents/pool/processWorker';
import { reuseFrom } from '../engine/agents/reuse';
import { folderChecker } from '../engine/landing/check';
import { AdaptiveWidth, memoryLeft } from '../engine/schedule/adaptiveWidth';
import { systemTime } from '../model/time';
import { folderPool } from '../repo/commands/folderPool';
import { approvalsOf } from './approvals';
import { type ModelPorts, modelOf, settingsOf } from './model';
import type { RunAgents, Session, Sessions } from './session';

export interface AgentPorts extends ModelPorts {
  readonly sessions: Sessions;
  /** Where the agents of all runs work. */
  readonly pool: Pool;
}

/** `reuse`: whether what earlier runs did is taken over. Fails where the model cannot be asked: without a key, say. */
export async function runAgents(
  ports: AgentPorts,
  session: Session,
  { model: name, reuse }: { readonly model: string; readonly reuse: boolean },
): Promise<Result<RunAgents>> {
  const { sessions, pool } = ports;
  const { repo, folder } = session;
  const settings = settingsOf(folder);
  const asked = await modelOf(ports, { ...settings, model: name });
  if (!asked.ok) return asked;
  const { model, ...asking } = asked.value;
  const width = settings.adaptiveWorkers ? new AdaptiveWidth({ time: systemTime, memoryLeft, first: DEFAULT_MAX_WORKERS }) : undefined;
  const worker = processWorker(pool, { repo, model });
  const folders = folderPool(repo, settings.folders, sessions.clock);
  const check = folderChecker(folders);
  const acts = { approvals: () => approvalsOf(folder), command: commandExecutor(repo, folders) };
  return ok({ ...asking, worker, acts, check, width, reuse: reuse ? reuseFrom(repo) : undefined });
}
