/** Plans as documents: opened for review as a real file, read back with what is unsaved, run from the lens on top. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { systemClock } from '../../domain/clock';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { type Plan, readPlan } from '../../domain/plan';
import type { RoleHead } from '../../domain/role';
import { DEFAULT_MAX_WORKERS } from '../../domain/settings';
import { planText, slug } from '../../plan/planFile';
import { settingsOf } from '../models/model';
import { COMMANDS, STATE_SCHEME } from '../names';
import type { Session, Sessions } from '../session';
import { stateFile, stateUri } from '../workspace/stateFiles';
import type { PlanRoles } from './planRoles';
import { planSize } from './planText';

export const PLANS: vscode.DocumentSelector = ['file', STATE_SCHEME].map((scheme) => ({ scheme, pattern: '**/*.weft.json' }));

/** Writes a plan beside the runs, outside the person's files, and shows it. */
export async function openPlan(session: Session, plan: Plan): Promise<Result<vscode.TextDocument>> {
  const folder = join(session.repo.stateDir, 'plans', systemClock.id());
  const file = join(folder, `${slug(plan.goal)}.weft.json`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(file, planText(plan), { mode: 0o600 });
  } catch (thrown) {
    return fail('file', `The plan cannot be written to ${file}: ${thrownText(thrown)}.`, 'Make the folder writable, or free disk space.');
  }
  const document = await vscode.workspace.openTextDocument(stateUri(session, file));
  await vscode.window.showTextDocument(document, { preview: false });
  await wrapLines(document);
  return ok(document);
}

/** Reasons and instructions are whole paragraphs, and to be read before they are approved. Of the active editor, which is new. */
async function wrapLines(document: vscode.TextDocument): Promise<void> {
  if (vscode.workspace.getConfiguration('editor', document).get('wordWrap') === 'off')
    await vscode.commands.executeCommand('editor.action.toggleWordWrap');
}

/** The plan as the editor shows it, saved or not. `roles`: those that there are. */
export function readPlanDocument(document: vscode.TextDocument, roles: readonly RoleHead[]): Result<Plan> {
  return readPlan(document.getText(), basename(document.uri.fsPath), roles);
}

/** The session that a plan is for; undefined where its file is in no folder of the window. */
export async function sessionOfPlan(sessions: Sessions, uri: vscode.Uri): Promise<Result<Session> | undefined> {
  const own = await stateFile(sessions, uri);
  if (own !== undefined) return ok(own.session);
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  return folder === undefined ? undefined : sessions.of(folder);
}

export function registerPlanLens(roles: PlanRoles): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: changed.event,
    provideCodeLenses: async (document) => lensesOf(document, await roles.of(document.uri)),
  };
  return vscode.Disposable.from(
    changed,
    roles.onDidChange(() => changed.fire()),
    vscode.languages.registerCodeLensProvider(PLANS, provider),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('weft')) changed.fire();
    }),
  );
}

function lensesOf(document: vscode.TextDocument, roles: readonly RoleHead[]): vscode.CodeLens[] {
  const size = planSize(document.getText(), roles);
  const top = new vscode.Range(0, 0, 0, 0);
  if (size.problems > 0) {
    const title = `$(warning) ${counted(size.problems, 'problem')} to mend before this plan can run`;
    return [new vscode.CodeLens(top, { title, command: 'workbench.actions.view.problems' })];
  }
  if (size.variables > 0) {
    const title = `$(play) Dispatch Template… — ${counted(size.variables, 'variable')}, ${counted(size.tasks, 'task')}`;
    return [new vscode.CodeLens(top, { title, command: COMMANDS.dispatchTemplate, arguments: [document.uri] })];
  }
  const folder = vscode.workspace.getWorkspaceFolder(document.uri) ?? vscode.workspace.workspaceFolders?.[0];
  const atOnce = Math.min(size.tasks, size.maxWorkers ?? (folder === undefined ? DEFAULT_MAX_WORKERS : settingsOf(folder).maxWorkers));
  const facts = [
    counted(size.tasks, 'task'),
    ...(size.tasks === 1 ? [] : [`up to ${atOnce} at once`]),
    ...(size.commands === 0 ? [] : [`${counted(size.commands, 'command')} to check with`]),
  ];
  const run = { title: `$(play) Run Plan — ${facts.join(', ')}`, command: COMMANDS.runPlan, arguments: [document.uri] };
  const revise = { title: '$(edit) Revise…', command: COMMANDS.revisePlan, arguments: [document.uri] };
  return [run, revise].map((command) => new vscode.CodeLens(top, command));
}
