/** What a person says, selects or has as a plan file, sent to work. */
import * as vscode from 'vscode';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { stageText } from '../../domain/stageText';
import { NO_USAGE } from '../../domain/usage';
import { isRetryable, retryOf } from '../../engine/steering/kept';
import { projectNow } from '../agents/project';
import { COMMANDS } from '../names';
import { askAgain } from '../runs/again';
import { fulfil } from '../runs/steering';
import type { DrivenRun, Session } from '../session';
import { type TaskTarget, taskTarget } from '../targets';
import { readPlanDocument, sessionOfPlan } from './planDocument';
import { planAndRun } from './planning';
import { askGoal, selectedFiles, selectedLines } from './selection';
import { dispatching, type Ports, sessionFor, startRun } from './starting';

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
  const session = (await sessionOfPlan(ports.sessions, source)) ?? (await sessionFor(ports, undefined));
  if (!session.ok) return session;
  const project = await projectNow(session.value, ports.sessions.closing);
  if (!project.ok) return project;
  const plan = readPlanDocument(document, project.value.roles);
  return plan.ok ? startRun(ports, session.value, plan.value, ports.planning.get(source.toString()) ?? NO_USAGE) : plan;
}

/** Has a task worked on again: in its run while that goes on, else in a new one of that task alone. */
async function retryTask(ports: Ports, row: unknown): Promise<Result<void>> {
  const wanted = ({ view, task }: TaskTarget) => isRetryable(view.state, task);
  const options = { wanted, title: 'Weft: Retry Task', none: 'No task has failed, or was stopped.' };
  const target = await taskTarget(ports.sessions, row, options);
  if (target === undefined) return ok();
  const { view, task } = target;
  const { id, title } = task.task;
  if (!wanted(target)) return fail('input', `“${title}” is ${stageText(task.stage)}.`, 'Only what did not land can be retried.');
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

/** What the explorer passes: the file under the mouse, and all that are selected. */
function urisOf(uri: unknown, uris: unknown): vscode.Uri[] {
  const all = Array.isArray(uris) ? uris : [];
  const found = all.filter((one): one is vscode.Uri => one instanceof vscode.Uri);
  return found.length === 0 && uri instanceof vscode.Uri ? [uri] : found;
}
