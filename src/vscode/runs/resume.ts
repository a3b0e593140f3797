/** Runs that were cut off, by a crash, a reload or a closed window: they offer to go on when their folder is opened, and can at any time. */
import * as vscode from 'vscode';
import { fail, ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import type { RunState } from '../../domain/run';
import { isOver } from '../../domain/taskState';
import { notInterrupted } from '../../engine/resume';
import { type AgentPorts, runAgents } from '../agents/runAgents';
import { notify, saysTrusted, showFailure } from '../messages';
import { mayAskUnbidden } from '../models/languageModels';
import { settingsOf } from '../models/model';
import { COMMANDS, VIEWS } from '../names';
import type { RunView } from '../session';
import { runTarget } from '../targets';
import { shortened } from './wording';

/** Ids of runs for which the person does not want to be asked again. */
const DECLINED = 'weft.resume.declined';
/** So many of them are remembered: older runs are forgotten with their snapshots. */
const MAX_DECLINED = 200;
/** While another process drives a run, it is asked so often whether that lives, in milliseconds. */
const LOOK_MS = 3_000;
/** A longer goal is cut in a notification. */
const GOAL_LENGTH = 80;

const RESUME_UNTRUSTED = 'Agents read its files, send them to a model and change them, so no run goes on until you trust it.';

export function registerResume(ports: AgentPorts): vscode.Disposable {
  const { sessions } = ports;
  // What is told of, or goes on, once is so in this window.
  const seen = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    clearTimeout(timer);
    const runs = await sessions.runs();
    // After a reload the process of before may still be about to end; and no journal tells when one has died.
    if (runs.some(({ life, session, state }) => life === 'running' && !session.live.has(state.start.run)) && !sessions.closing.aborted)
      timer = setTimeout(() => void look(), LOOK_MS);
    const cutOff = runs.filter(({ life, state }) => life === 'interrupted' && !seen.has(state.start.run));
    for (const { state } of cutOff) seen.add(state.start.run);
    await offer(ports, cutOff);
  };
  void look();
  return vscode.Disposable.from(
    new vscode.Disposable(() => clearTimeout(timer)),
    vscode.commands.registerCommand(COMMANDS.resumeRun, async (row: unknown) => {
      if (!saysTrusted(RESUME_UNTRUSTED)) return;
      const wanted = ({ life }: RunView) => life === 'interrupted';
      const options = { wanted, title: 'Weft: Resume Run', none: 'No run was cut off.', takeOnly: true };
      const view = await runTarget(sessions, row, options);
      if (view !== undefined) await resumeAll(ports, [view]);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void look()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => void look()),
  );
}

/** Goes on with what the settings say goes on by itself, and asks about the rest, once for all of it. */
async function offer(ports: AgentPorts, cutOff: readonly RunView[]): Promise<void> {
  const { workspaceState } = ports.context;
  const declined = workspaceState.get<readonly string[]>(DECLINED, []);
  const setTo = (wanted: string) => (view: RunView) => settingsOf(view.session.folder).resume === wanted;
  const always = cutOff.filter(setTo('always'));
  const may = await Promise.all(always.map(({ state }) => mayAskUnbidden(ports.context, state.start.model)));
  await resumeAll(
    ports,
    always.filter((_, at) => may[at]),
  );
  const asked = [...cutOff.filter(setTo('ask')), ...always.filter((_, at) => !may[at])].filter(
    ({ state }) => !declined.includes(state.start.run),
  );
  if (asked.length === 0) return;
  await notify('information', `Weft: ${interruptedText(asked.map(({ state }) => state))}`, [
    { title: 'Resume', act: () => resumeAll(ports, asked) },
    {
      title: 'Not Now',
      act: () => workspaceState.update(DECLINED, [...asked.map(({ state }) => state.start.run), ...declined].slice(0, MAX_DECLINED)),
    },
    { title: 'Show', act: () => vscode.commands.executeCommand(`${VIEWS.runs}.focus`) },
  ]);
}

function interruptedText(runs: readonly RunState[]): string {
  const [only] = runs;
  if (only === undefined || runs.length > 1) return `${counted(runs.length, 'run')} were cut off, and can go on where they were.`;
  const tasks = [...only.tasks.values()];
  const open = tasks.filter(({ stage }) => !isOver(stage)).length;
  const goal = shortened(only.start.plan.goal, GOAL_LENGTH);
  return `The run “${goal}” was cut off, with ${open} of ${counted(tasks.length, 'task')} to do. It can go on where it was.`;
}

async function resumeAll(ports: AgentPorts, views: readonly RunView[]): Promise<void> {
  for (const view of views) {
    const resumed = await resume(ports, view);
    if (!resumed.ok) await showFailure(resumed.failure);
  }
}

async function resume(ports: AgentPorts, { session, state }: RunView): Promise<Result<void>> {
  const { run, model, reuse = false } = state.start;
  const now = (await ports.sessions.find(run))?.state;
  if (now === undefined) return fail('input', `The run “${state.start.plan.goal}” is not there any more.`, 'Dispatch its plan again.');
  const failure = notInterrupted(now);
  if (failure !== undefined) return { ok: false, failure };
  const agents = await runAgents(ports, session, { model, reuse });
  if (!agents.ok) return agents;
  const resumed = await ports.sessions.resume(session, run, agents.value);
  if (!resumed.ok) return resumed;
  void vscode.commands.executeCommand(`${VIEWS.runs}.focus`, { preserveFocus: true });
  void resumed.value.ended.then((ended) => (ended.ok ? undefined : showFailure(ended.failure)));
  return ok();
}
