/** From what a person selected to a run: plan, review, start. */
import * as vscode from 'vscode';
import { notAllowed } from '../domain/commands';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { type Plan, problemsText } from '../domain/plan';
import { NO_USAGE, type Usage } from '../domain/usage';
import { limitsOf } from '../engine/schedule/limits';
import { isRetryable, type Retry, retryOf } from '../engine/steering/kept';
import { planningText, type Selected } from '../plan/context';
import { type Ground, groundOf } from '../plan/ground';
import type { Planned } from '../plan/planner';
import { askAgain } from './again';
import { runLimits } from './limits';
import { notify, saysTrusted, showFailure, withProgress } from './messages';
import { modelOf, settingsOf } from './model';
import { COMMANDS, VIEWS } from './names';
import { openPlan, readPlanDocument, sessionOfPlan } from './planDocument';
import { type AgentPorts, runAgents } from './runAgents';
import { askGoal, chooseFolders, selectedFiles, selectedLines } from './selection';
import type { DrivenRun, Session } from './session';
import { fulfil } from './steering';
import { type TaskTarget, taskTarget } from './targets';
import { usableSettings } from './withoutKey';
import { shortened } from './wording';

const DISPATCH_UNTRUSTED = 'Agents read its files, send them to a model and change them, so nothing is dispatched until you trust it.';

/** Longer commands are cut in a notification; the plan has all of them. */
const COMMAND_LENGTH = 60;

export interface Ports extends AgentPorts {
  /** What planning cost, by the plan document's address, until its run starts. */
  readonly planning: Map<string, Usage>;
  /** The addresses of plan documents whose runs go on. */
  readonly running: Set<string>;
}

export function dispatchPorts(agents: AgentPorts): Ports {
  return { ...agents, planning: new Map(), running: new Set() };
}

/** A command that sends agents to work: only in a workspace that is trusted, and what fails is shown. */
export function dispatching(id: string, act: (...args: unknown[]) => Promise<Result<void>>): vscode.Disposable {
  return vscode.commands.registerCommand(id, async (...args: unknown[]) => {
    if (!saysTrusted(DISPATCH_UNTRUSTED)) return;
    const done = await act(...args);
    if (!done.ok) await showFailure(done.failure);
  });
}

export function registerDispatch(ports: Ports): vscode.Disposable {
  const command = dispatching;
  return vscode.Disposable.from(
    command(COMMANDS.dispatch, (goal) => dispatch(ports, undefined, typeof goal === 'string' ? goal : undefined)),
    command(COMMANDS.dispatchSelection, () => dispatchSelection(ports)),
    command(COMMANDS.dispatchFiles, (uri, uris) => dispatchFiles(ports, urisOf(uri, uris))),
    command(COMMANDS.dispatchPlan, (uri) => dispatchPlan(ports, uri instanceof vscode.Uri ? uri : undefined)),
    command(COMMANDS.retryTask, (row) => retryTask(ports, row)),
    command(COMMANDS.runPlan, (uri) => runPlan(ports, uri instanceof vscode.Uri ? uri : undefined)),
  );
}

async function dispatch(ports: Ports, uri: vscode.Uri | undefined, given: string | undefined): Promise<Result<void>> {
  const session = await sessionFor(ports, uri);
  if (!session.ok) return session;
  const text = given ?? (await askGoal({ required: true }));
  return text === undefined ? ok() : planAndRun(ports, session.value, [{ kind: 'text', text }]);
}

async function dispatchSelection(ports: Ports): Promise<Result<void>> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined)
    return fail('input', 'No editor is active.', 'Open a file of the workspace, and select what the work is about.');
  const session = await sessionFor(ports, editor.document.uri);
  if (!session.ok) return session;
  const lines = selectedLines(session.value, editor);
  if (lines === undefined) return fail('input', 'This document is no file of the workspace.', 'Select lines of a file in the open folder.');
  const text = await askGoal({ required: false, about: 'Selection' });
  return text === undefined ? ok() : planAndRun(ports, session.value, [{ kind: 'text', text }, lines]);
}

async function dispatchFiles(ports: Ports, uris: readonly vscode.Uri[]): Promise<Result<void>> {
  const chosen = uris.length > 0 ? uris : [vscode.window.activeTextEditor?.document.uri].flatMap((uri) => uri ?? []);
  if (chosen.length === 0) return fail('input', 'No file is selected.', 'Select files or folders in the explorer.');
  const session = await sessionOfFiles(ports, chosen);
  if (!session.ok) return session;
  const files = await selectedFiles(session.value, chosen);
  if (files.length < chosen.length)
    return fail(
      'input',
      `${files.length === 0 ? 'None' : 'Not all'} of what is selected is in ${session.value.name}.`,
      'Select files or folders of the workspace.',
    );
  const text = await askGoal({ required: false, about: files.length === 1 ? '1 Item' : `${files.length} Items` });
  return text === undefined ? ok() : planAndRun(ports, session.value, [{ kind: 'text', text }, ...files]);
}

/** Files of one folder are work in that folder; those of several, in all of the window's together. */
async function sessionOfFiles(ports: Ports, uris: readonly vscode.Uri[]): Promise<Result<Session>> {
  const owners = new Set(uris.flatMap((uri) => vscode.workspace.getWorkspaceFolder(uri) ?? []));
  return owners.size > 1 ? ports.sessions.ofAll(vscode.workspace.workspaceFolders ?? []) : sessionFor(ports, uris[0]);
}

async function dispatchPlan(ports: Ports, uri: vscode.Uri | undefined): Promise<Result<void>> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const chosen = uri ?? (active !== undefined && isPlan(active) ? active : await pickPlan());
  return chosen === undefined ? ok() : runPlan(ports, chosen);
}

async function pickPlan(): Promise<vscode.Uri | undefined> {
  const found = await vscode.workspace.findFiles('**/*.weft.json', '**/node_modules/**', 200);
  if (found.length === 0) {
    const picked = await vscode.window.showOpenDialog({
      title: 'Weft: Dispatch Plan File',
      openLabel: 'Dispatch',
      filters: { 'Weft plans': ['json'] },
    });
    return picked?.[0];
  }
  const items = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  return (await vscode.window.showQuickPick(items, { title: 'Weft: Dispatch Plan File', placeHolder: 'The plan to run' }))?.uri;
}

function isPlan(uri: vscode.Uri): boolean {
  return uri.path.endsWith('.weft.json');
}

async function runPlan(ports: Ports, uri: vscode.Uri | undefined): Promise<Result<void>> {
  const source = uri ?? vscode.window.activeTextEditor?.document.uri;
  if (source === undefined) return fail('input', 'No plan is open.', 'Open a plan (*.weft.json), or run “Weft: Dispatch…”.');
  const key = source.toString();
  // A double click means one run.
  if (ports.running.has(key) && !(await asksForAnother())) return ok();
  ports.running.add(key);
  const started = await runPlanOnce(ports, source);
  if (!started.ok) {
    ports.running.delete(key);
    return started;
  }
  ports.planning.delete(key);
  void started.value.ended.finally(() => ports.running.delete(key));
  return ok();
}

async function asksForAnother(): Promise<boolean> {
  const again = 'Run Again';
  const detail = 'A second run would work on the same files beside the first.';
  return (await vscode.window.showWarningMessage('This plan is running already.', { modal: true, detail }, again)) === again;
}

async function runPlanOnce(ports: Ports, source: vscode.Uri): Promise<Result<DrivenRun>> {
  let document: vscode.TextDocument;
  try {
    document = await vscode.workspace.openTextDocument(source);
  } catch (thrown) {
    return fail('file', `The plan cannot be opened: ${thrownText(thrown)}.`, 'Choose one that is there, and is a text.');
  }
  const plan = readPlanDocument(document);
  if (!plan.ok) return plan;
  const session = (await sessionOfPlan(ports.sessions, source)) ?? (await sessionFor(ports, undefined));
  return session.ok ? startRun(ports, session.value, plan.value, ports.planning.get(source.toString()) ?? NO_USAGE) : session;
}

/** The session of a resource's folder; without one, of the folders that the person picks. */
export async function sessionFor(ports: Ports, uri: vscode.Uri | undefined): Promise<Result<Session>> {
  const folders = await chooseFolders(uri);
  return folders === undefined ? fail('cancelled', 'No folder.') : ports.sessions.ofAll(folders);
}

/** Plans what was selected, and shows the plan for review; runs it at once only where the person set that, and it is as it should be. */
export async function planAndRun(ports: Ports, session: Session, selected: readonly Selected[]): Promise<Result<void>> {
  const settings = settingsOf(session.folder);
  const planned = await planFor(ports, session, (ground) => planningText(selected, ground));
  if (!planned.ok) return planned;
  const { plan, usage, problems } = planned.value;
  const unread = notAllowed(plan, settings.allowedCommands);
  if (settings.autoApprove && unread.length === 0 && problems.length === 0) {
    const started = await startRun(ports, session, plan, usage);
    return started.ok ? ok() : started;
  }
  const shown = await showPlanned(ports, session, planned.value);
  if (shown.ok && settings.autoApprove && problems.length === 0) void tellUnread(unread);
  return shown;
}

/** Has the model plan what a request says, of the workspace as it is. */
export async function planFor(ports: Ports, session: Session, request: (ground: Ground) => string): Promise<Result<Planned>> {
  const settings = await usableSettings(ports.context, session.folder);
  const model = await modelOf(ports, settings);
  if (!model.ok) return model;
  return withProgress('Weft: planning', async (signal, report) => {
    const ground = await groundOf(session.repo, session.workspace, signal);
    if (!ground.ok) return ground;
    const { makePlan } = await import('../engine/agents/bundledAgents.js');
    const asked = { model: model.value.model, modelName: settings.model, signal };
    return makePlan({ request: request(ground.value), ground: ground.value, ...asked, report: (step) => report(step ?? 'Thinking') });
  });
}

/** Opens a plan for review, and says what is left to be mended in it. */
export async function showPlanned(ports: Ports, session: Session, { plan, usage, problems }: Planned): Promise<Result<void>> {
  const document = await openPlan(session, plan);
  if (!document.ok) return document;
  ports.planning.set(document.value.uri.toString(), usage);
  if (problems.length > 0)
    void notify('warning', `Weft: the model’s plan is not right yet. Mend it before you run it: ${problemsText(problems)}.`);
  return ok();
}

/** What a model wrote runs as a command only where the person has read it, or allowed it by a rule. */
async function tellUnread(commands: readonly string[]): Promise<void> {
  const what = commands.map((command) => `“${shortened(command, COMMAND_LENGTH)}”`).join(', ');
  const rule = {
    title: 'Allow Commands…',
    act: () => vscode.commands.executeCommand('workbench.action.openSettings', 'weft.commands.allow'),
  };
  await notify('information', `Weft: this plan wants to run ${what}, which no rule of yours allows. Read it, then run it.`, [rule]);
}

/** Has a task worked on again: in its run while that goes on, else in a new one of that task alone. */
async function retryTask(ports: Ports, row: unknown): Promise<Result<void>> {
  const wanted = ({ view, task }: TaskTarget) => isRetryable(view.state, task);
  const options = { wanted, title: 'Weft: Retry Task', none: 'No task has failed, or was stopped.' };
  const target = await taskTarget(ports.sessions, row, options);
  if (target === undefined) return ok();
  const { view, task } = target;
  const { id, title } = task.task;
  if (!wanted(target)) return fail('input', `“${title}” is ${task.stage.kind}.`, 'Only what did not land can be retried.');
  const how = await askAgain(task);
  if (how === undefined) return ok();
  if (view.life === 'running') {
    const done = await fulfil(ports.sessions, view, { kind: 'retry', task: id, ...how }, `Weft: preparing “${title}”`);
    return done.ok ? ok() : done;
  }
  const again = retryOf(view.state, id, how);
  if (!again.ok) return again;
  const started = await startRun(ports, view.session, again.value.plan, NO_USAGE, again.value.retry);
  return started.ok ? ok() : started;
}

async function startRun(ports: Ports, session: Session, plan: Plan, planning: Usage, retry?: Retry): Promise<Result<DrivenRun>> {
  const settings = await usableSettings(ports.context, session.folder);
  const agents = await runAgents(ports, session, settings);
  if (!agents.ok) return agents;
  const set = runLimits(session.folder);
  if (!set.ok) return set;
  const limits = { ...limitsOf(plan, set.value), undecided: 'wait' as const };
  const { model, attempts, onStale, conflicts } = settings;
  const request = { plan, model, planning, limits, attempts, onStale, conflicts, ...(retry && { retry }) };
  const started = await withProgress('Weft: taking a snapshot', (signal) => ports.sessions.start(session, request, agents.value, signal));
  if (!started.ok) return started;
  // Shown beside whoever types: the keyboard stays where it is.
  void vscode.commands.executeCommand(`${VIEWS.runs}.focus`, { preserveFocus: true });
  void started.value.ended.then((ended) => (ended.ok ? undefined : showFailure(ended.failure)));
  return started;
}

/** What the explorer passes: the file under the mouse, and all that are selected. */
function urisOf(uri: unknown, uris: unknown): vscode.Uri[] {
  const all = Array.isArray(uris) ? uris : [];
  const found = all.filter((one): one is vscode.Uri => one instanceof vscode.Uri);
  return found.length === 0 && uri instanceof vscode.Uri ? [uri] : found;
}
