/** What the last check of a task printed, as a read-only document that follows the task. */
import * as vscode from 'vscode';
import type { TaskState } from '../../domain/taskState';
import { verdictText } from '../../engine/landing/check';
import { addressOf, readTaskAddress } from '../address';
import { CHECK_SCHEME, COMMANDS } from '../names';
import type { Sessions } from '../session';
import { type TaskTarget, taskTarget } from '../targets';
import { durationText } from './wording';

export function registerCheckOutput(sessions: Sessions): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  return vscode.Disposable.from(
    changed,
    vscode.workspace.registerTextDocumentContentProvider(CHECK_SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) => contentOf(sessions, uri),
    }),
    vscode.commands.registerCommand(COMMANDS.showCheck, (row: unknown) => showCheck(sessions, row)),
    sessions.onDidHappen(({ event, state }) => {
      if (event.type === 'task.checking' || event.type === 'task.checked') changed.fire(checkUri(state.start.run, event.task));
    }),
  );
}

function checkUri(run: string, task: string): vscode.Uri {
  return addressOf(CHECK_SCHEME, `Check of ${task}.log`, { run, task });
}

async function showCheck(sessions: Sessions, row: unknown): Promise<void> {
  const wanted = ({ task }: TaskTarget) => task.check !== null;
  const target = await taskTarget(sessions, row, {
    wanted,
    title: 'Weft: Show Check Output',
    none: 'No task was checked yet.',
    takeOnly: true,
  });
  if (target === undefined) return;
  const document = await vscode.workspace.openTextDocument(checkUri(target.view.state.start.run, target.task.task.id));
  await vscode.window.showTextDocument(document, { preview: true });
}

async function contentOf(sessions: Sessions, uri: vscode.Uri): Promise<string> {
  const address = readTaskAddress(uri);
  if (address === undefined) return '';
  const view = await sessions.find(address.run);
  const found = view?.state.tasks.get(address.task);
  return found === undefined ? 'This run is not there any more.\n' : checkText(found);
}

function checkText({ task, check }: TaskState): string {
  if (check === null) return `“${task.title}” was not checked.\n`;
  if (check.kind === 'running') return `${check.commands.map((command) => `$ ${command}\n`).join('')}\nChecking “${task.title}” …\n`;
  const { command, output, ok, milliseconds } = check;
  const end = ok ? 'It is green' : `It is red: ${verdictText(check)}`;
  return `$ ${command}\n${output.trimEnd()}\n\n${end}, after ${durationText(milliseconds)}.\n`;
}
