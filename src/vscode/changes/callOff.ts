/** Calling off an undo or a redo that is in conflict: the task stays as it is, and the editors of the conflict close. */
import * as vscode from 'vscode';
import { isReversal } from '../../domain/taskState';
import { callOff } from '../../engine/history/callOff';
import { conflictFolder } from '../../repo/land/conflictFiles';
import { confirm } from '../confirm';
import { notify, saysTrusted, showFailure } from '../messages';
import { COMMANDS } from '../names';
import type { RunView, Sessions } from '../session';
import { taskTarget } from '../targets';
import { saveWhole } from '../workspace/documents';
import { stateUri } from '../workspace/stateFiles';
import { mergeOf } from './tabs';

/** VS Code's own: takes one side at each place of the active merge editor. */
const DECIDE_ALL = 'merge.acceptAllInput2';

export function registerCallOff(sessions: Sessions): vscode.Disposable {
  return vscode.commands.registerCommand(COMMANDS.callOffUndo, async (row: unknown) => {
    if (saysTrusted()) await callOffUndo(sessions, row);
  });
}

async function callOffUndo(sessions: Sessions, row: unknown): Promise<void> {
  const target = await taskTarget(sessions, row, {
    wanted: ({ task }) => isReversal(task.stage),
    title: 'Weft: Call Off Undo',
    none: 'No undo and no redo is in conflict.',
  });
  if (target === undefined) return;
  const { view, task } = target;
  const { id, title } = task.task;
  const what = task.stage.kind === 'conflicted' && task.stage.conflict.intent === 'redo' ? 'redo' : 'undo';
  const detail = ['No file changes: nothing of it was applied.', 'What you have merged of it so far is deleted.'];
  if (isReversal(task.stage) && !(await confirm(`Call off the ${what} of “${title}”?`, detail, 'Call Off'))) return;
  // While the files are there: an editor that has changed text asks otherwise what is to become of it, and could save it nowhere.
  if (!(await closeEditors(view, id))) return;
  const done = await sessions.withRecord(view, (record) => callOff(record, view.session.repo, id, new AbortController().signal));
  if (!done.ok) {
    await showFailure(done.failure);
    return;
  }
  void notify('information', `Weft: The ${what} of “${title}” is called off: nothing was changed.`);
}

/** Whether no editor shows the conflict any more; where VS Code asks before it closes one, the person may think better of it. */
async function closeEditors({ session, state }: RunView, task: string): Promise<boolean> {
  const folder = `${stateUri(session, conflictFolder(session.repo, state.start.run, task)).toString()}/`;
  const isOf = (uri: vscode.Uri | undefined) => uri?.toString().startsWith(folder) === true;
  // Not to be asked whether to leave places undecided in what is thrown away.
  if (isOf(mergeOf(vscode.window.tabGroups.activeTabGroup.activeTab)) && (await vscode.commands.getCommands(false)).includes(DECIDE_ALL))
    await vscode.commands.executeCommand(DECIDE_ALL);
  for (const document of vscode.workspace.textDocuments) if (isOf(document.uri)) await saveWhole(document);
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.filter((tab) => isOf(shownBy(tab))));
  return tabs.length === 0 || (await vscode.window.tabGroups.close(tabs));
}

function shownBy(tab: vscode.Tab): vscode.Uri | undefined {
  return mergeOf(tab) ?? (tab.input instanceof vscode.TabInputText ? tab.input.uri : undefined);
}
