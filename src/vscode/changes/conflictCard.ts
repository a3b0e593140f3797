/** What both sides of a conflict are for, as a read-only document beside the merge editor, with the ways out above it. */
import * as vscode from 'vscode';
import { isReversal } from '../../domain/taskState';
import { conflictCard, othersOf } from '../../engine/landing/conflictCard';
import { addressOf, readTaskAddress } from '../address';
import { COMMANDS, CONFLICT_SCHEME } from '../names';
import type { TaskNode } from '../runs/nodes';
import type { Sessions } from '../session';
import { type TaskTarget, taskTarget } from '../targets';

/** Beside the merge editor there is room for so many characters in a row. */
const ROW_LENGTH = 50;
/** So much of a title is in its first row. */
const TITLE_LENGTH = 20;

export function registerConflictCard(sessions: Sessions): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const lenses = new vscode.EventEmitter<void>();
  return vscode.Disposable.from(
    changed,
    lenses,
    vscode.workspace.registerTextDocumentContentProvider(CONFLICT_SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: async (uri) => {
        const found = await targetOf(sessions, uri);
        return found === undefined
          ? 'This run is not there any more.\n'
          : `${conflictCard(found.view.state, found.task).flatMap(wrapped).join('\n')}\n`;
      },
    }),
    vscode.languages.registerCodeLensProvider(
      { scheme: CONFLICT_SCHEME },
      { onDidChangeCodeLenses: lenses.event, provideCodeLenses: (document) => lensesOf(sessions, document) },
    ),
    vscode.commands.registerCommand(COMMANDS.showConflict, (row: unknown) => showCard(sessions, row)),
    sessions.onDidHappen(({ event, state }) => {
      if (!('task' in event)) return;
      for (const { uri } of vscode.workspace.textDocuments) {
        if (uri.scheme !== CONFLICT_SCHEME || readTaskAddress(uri)?.run !== state.start.run) continue;
        changed.fire(uri);
        lenses.fire();
      }
    }),
  );
}

async function showCard(sessions: Sessions, row: unknown): Promise<void> {
  const wanted = ({ task }: TaskTarget) => task.stage.kind === 'conflicted';
  const options = { wanted, title: 'Weft: Show Both Sides of Conflict', none: 'No task is in conflict.', takeOnly: true };
  const target = await taskTarget(sessions, row, options);
  if (target === undefined) return;
  const { id } = target.task.task;
  const uri = addressOf(CONFLICT_SCHEME, `Conflict of ${id}`, { run: target.view.state.start.run, task: id });
  // The merge editor keeps its place and the keyboard.
  const isMerging = vscode.window.tabGroups.activeTabGroup.activeTab !== undefined;
  const viewColumn = isMerging ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { viewColumn, preview: true, preserveFocus: true });
}

async function targetOf(sessions: Sessions, uri: vscode.Uri): Promise<TaskTarget | undefined> {
  const query = readTaskAddress(uri);
  const view = query && (await sessions.find(query.run));
  const task = query && view?.state.tasks.get(query.task);
  return view === undefined || task === undefined ? undefined : { view, task };
}

/** Rows that fit, indented as the whole; a word that is longer stays whole. */
function wrapped(row: string): string[] {
  const indent = /^ */.exec(row)?.[0] ?? '';
  const rows: string[] = [];
  let rest = row.slice(indent.length);
  while (indent.length + rest.length > ROW_LENGTH) {
    const end = rest.lastIndexOf(' ', ROW_LENGTH - indent.length);
    const at = end > 0 ? end : rest.indexOf(' ');
    if (at <= 0) break;
    rows.push(`${indent}${rest.slice(0, at)}`);
    rest = rest.slice(at + 1);
  }
  return [...rows, `${indent}${rest}`];
}

/** The ways out, then what there is to read of each side. */
async function lensesOf(sessions: Sessions, document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
  const found = await targetOf(sessions, document.uri);
  if (found === undefined || found.task.stage.kind !== 'conflicted') return [];
  const { view, task } = found;
  const lens = (title: string, command: string, { of = task, at = 0 } = {}) => {
    const node: TaskNode = { kind: 'task', view, task: of };
    return new vscode.CodeLens(new vscode.Range(at, 0, at, 0), { title, command, arguments: [node] });
  };
  const rows = document.getText().split('\n');
  const sides = [task, ...othersOf(task).flatMap((id) => (id === null ? [] : (view.state.tasks.get(id) ?? [])))];
  return [
    lens('Open in Merge Editor', COMMANDS.openConflict),
    lens('Take One Side…', COMMANDS.takeSide),
    ...(isReversal(task.stage) ? [] : [lens('Ask an Arbiter', COMMANDS.askArbiter)]),
    ...sides.flatMap((side) => {
      const at = Math.max(
        0,
        rows.findIndex((row) => row.startsWith(`“${side.task.title}”`.slice(0, TITLE_LENGTH))),
      );
      return [
        lens('Show Trace', COMMANDS.showTaskTrace, { of: side, at }),
        ...(side.check === null ? [] : [lens('Show Check Output', COMMANDS.showCheck, { of: side, at })]),
      ];
    }),
  ];
}
