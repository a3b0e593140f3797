/** Adding a task to a run that goes on: what it is to do, by whom, and after what. */
import * as vscode from 'vscode';
import { ok, type Result } from '../../domain/failure';
import { forPlans, type Role, type RoleHead } from '../../domain/role';
import type { RunState } from '../../domain/run';
import { isIn } from '../../domain/taskState';
import { freeId, nextPriority, possibleDependencies } from '../../engine/steering/addedTask';
import { quotations } from '../../plan/context';
import { saysTrusted, showFailure } from '../messages';
import { COMMANDS } from '../names';
import { selectedLines } from '../plans/selection';
import type { RunView, Sessions } from '../session';
import { runTarget } from '../targets';
import { fulfil } from './steering';
import { shortened } from './wording';

const TITLE = 'Weft: Add Task to Run';
/** Of a task's own title, which comes from what is written. */
const NAME_LENGTH = 60;

export function registerAddTask(sessions: Sessions): vscode.Disposable {
  return vscode.commands.registerCommand(COMMANDS.addTask, async (row: unknown) => {
    if (!saysTrusted()) return;
    const added = await addTask(sessions, row);
    if (!added.ok) await showFailure(added.failure);
  });
}

async function addTask(sessions: Sessions, row: unknown): Promise<Result<unknown>> {
  const view = await runTarget(sessions, row, {
    wanted: ({ life }) => life === 'running',
    title: TITLE,
    none: 'No run is going on: dispatch the work instead.',
    takeOnly: true,
  });
  if (view === undefined) return ok();
  // Who comes from a row means the run, not what is selected in some editor.
  const selected = row === undefined ? selectionFor(view) : undefined;
  const said = await askWhat(selected?.path);
  if (said === undefined) return ok();
  const project = await view.session.project(view.state.start.commit);
  if (!project.ok) return project;
  const role = await askRole(project.value.roles);
  if (role === undefined) return ok();
  const place = await askPlace(view.state);
  if (place === undefined) return ok();
  // Meanwhile others may have joined it.
  const state = view.session.live.get(view.state.start.run)?.record.state ?? view.state;
  const title = shortened(said, NAME_LENGTH);
  const task = {
    id: freeId(state, title),
    title,
    role,
    instructions: selected === undefined ? said : `${said}\n\nThis is about:\n\n${selected.quoted}`,
    context: selected === undefined ? [] : [selected.path],
    dependsOn: place.dependsOn,
    ...(place.isNext ? { priority: nextPriority(state) } : {}),
  };
  return fulfil(sessions, view, { kind: 'add', task }, TITLE);
}

function selectionFor({ session }: RunView): { path: string; quoted: string } | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.selection.isEmpty) return undefined;
  const lines = selectedLines(session, editor);
  return lines?.kind === 'lines' ? { path: lines.path, quoted: quotations([lines]).join('\n\n') } : undefined;
}

async function askWhat(path: string | undefined): Promise<string | undefined> {
  const said = await vscode.window.showInputBox({
    title: TITLE,
    prompt: path === undefined ? 'What should its agent do?' : `What should its agent do with what is selected in ${path}?`,
    placeHolder: 'Describe the search in the README',
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? 'Say what its agent should do.' : undefined),
  });
  return said?.trim();
}

async function askRole(roles: readonly RoleHead[]): Promise<Role | undefined> {
  const items = forPlans(roles).map(({ name, description }) => ({ label: name, detail: description, role: name }));
  return (await vscode.window.showQuickPick(items, { title: TITLE, placeHolder: 'What kind of agent does it' }))?.role;
}

interface Place {
  readonly isNext: boolean;
  readonly dependsOn: string[];
}

async function askPlace(state: RunState): Promise<Place | undefined> {
  // What has landed is there already.
  const open = possibleDependencies(state).filter(({ stage }) => !isIn(stage));
  if (open.length === 0) return { isNext: false, dependsOn: [] };
  type Item = vscode.QuickPickItem & { readonly task?: string };
  const next: Item = { label: 'Run Next', description: 'ahead of all that waits for a free agent' };
  const tasks = open.map(({ task }): Item => ({ label: task.title, description: task.role, task: task.id }));
  const separator: Item = { label: 'waits for', kind: vscode.QuickPickItemKind.Separator };
  const picked = await vscode.window.showQuickPick([next, separator, ...tasks], {
    title: TITLE,
    placeHolder: 'What it waits for; with nothing chosen it starts when its turn comes',
    canPickMany: true,
  });
  return picked && { isNext: picked.includes(next), dependsOn: picked.flatMap(({ task }) => task ?? []) };
}
