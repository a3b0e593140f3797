/** Who works on the tasks of a run of this window, and who checks what they do: by the settings of its folder. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Clock } from '../../domain/clock';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { DEFAULT_MAX_WORKERS } from '../../domain/settings';
import { commandExecutor } from '../../engine/acts/commands';
import type { Pool } from '../../engine/agents/pool/pool';
import { processWorker } from '../../engine/agents/pool/processWorker';
import { reuseFrom } from '../../engine/agents/reuse';
import { folderChecker } from '../../engine/landing/check';
import { AdaptiveWidth, memoryLeft } from '../../engine/schedule/adaptiveWidth';
import { systemTime } from '../../model/time';
import { folderPool } from '../../repo/commands/folderPool';
import { notify } from '../messages';
import { type ModelPorts, modelOf, settingsOf } from '../models/model';
import { moneySet } from '../models/money';
import type { RunAgents, Session, Sessions } from '../session';
import { approvalsOf } from './approvals';
import { draftProblems } from './draftProblems';
import type { McpServers } from './mcp';

export interface AgentPorts extends ModelPorts {
  readonly sessions: Sessions;
  /** Where the agents of all runs work: there from the first call on. */
  readonly pool: () => Pool;
  readonly servers: McpServers;
}

/** Where a run is recorded, if that is set: beside its folder's other state. */
async function recordingFor({ repo }: Session, clock: Clock): Promise<Result<string | undefined>> {
  const money = moneySet();
  if (!money.ok) return money;
  if (!money.value.record) return ok(undefined);
  const folder = join(repo.stateDir, 'recordings');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    return fail(
      'file',
      `No recording can be made in ${folder}: ${thrownText(thrown)}.`,
      'Make the folder writable, or switch weft.record off.',
    );
  }
  const file = join(folder, `${clock.id()}.jsonl`);
  void notify('information', `Weft records this run in ${file}.`, [
    { title: 'Reveal', act: () => vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(file)) },
  ]);
  return ok(file);
}

/** `reuse`: whether what earlier runs did is taken over. Fails where the model cannot be asked: without a key, say. */
export async function runAgents(
  ports: AgentPorts,
  session: Session,
  { model: name, reuse }: { readonly model: string; readonly reuse: boolean },
): Promise<Result<RunAgents>> {
  const { sessions, pool, servers } = ports;
  const { repo, folder } = session;
  const settings = settingsOf(folder);
  const recording = await recordingFor(session, sessions.clock);
  if (!recording.ok) return recording;
  const asked = await modelOf(ports, { ...settings, model: name }, recording.value);
  if (!asked.ok) return asked;
  const { model, ...asking } = asked.value;
  const width = settings.adaptiveWorkers ? new AdaptiveWidth({ time: systemTime, memoryLeft, first: DEFAULT_MAX_WORKERS }) : undefined;
  const worker = processWorker(pool(), { repo, model });
  const folders = folderPool(repo, settings.folders, sessions.clock);
  const check = folderChecker(folders);
  const mcp = await servers.of(session);
  const acts = {
    approvals: () => approvalsOf(folder),
    command: commandExecutor(repo, folders),
    diagnostics: draftProblems(session.place, folders),
    mcp: mcp && { tools: () => mcp.tools, call: mcp.call },
  };
  return ok({ ...asking, worker, acts, check, width, reuse: reuse ? reuseFrom(repo) : undefined });
}
