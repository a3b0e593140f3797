/** Calling off an undo or a redo that is in conflict: the task stays as it is, and the editors of the conflict close. */
import * as vscode from 'vscode';
import { isReversal } from '../../domain/taskState';
import { callOff } from '../../engine/history/callOff';
import { confirm } from '../confirm';
import { notify, saysTrusted, showFailure } from '../messages';
import { COMMANDS } from '../names';
import type { Sessions } from '../session';
import { taskTarget } from '../targets';
import { closeConflict } from './tabs';

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
  if (!(await closeConflict(view, id))) return;
  const done = await sessions.withRecord(view, (record) => callOff(record, view.session.repo, id, new AbortController().signal));
  if (!done.ok) {
    await showFailure(done.failure);
    return;
  }
  void notify('information', `Weft: The ${what} of “${title}” is called off: nothing was changed.`);
}
