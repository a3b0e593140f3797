/** Stopping tasks, and landing a draft that was kept. */
import * as vscode from 'vscode';
import { fail } from '../../domain/failure';
import { isDecided } from '../../domain/taskState';
import { landPortsOf, landTask } from '../../engine/landing/landing';
import { discardDraft, isKept } from '../../engine/steering/kept';
import { saysTrusted, showFailure, withProgress } from '../messages';
import { COMMANDS } from '../names';
import type { Sessions } from '../session';
import { type TaskTarget, taskTarget } from '../targets';

export function registerTasks(sessions: Sessions): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand(COMMANDS.stopTask, (row: unknown) => stopTask(sessions, row)),
    vscode.commands.registerCommand(COMMANDS.landTask, (row: unknown) => landDraft(sessions, row)),
    vscode.commands.registerCommand(COMMANDS.discardTask, (row: unknown) => discard(sessions, row)),
    vscode.commands.registerCommand(COMMANDS.reworkTask, (row: unknown) => rework(sessions, row)),
  );
}

async function stopTask(sessions: Sessions, row: unknown): Promise<void> {
  if (!saysTrusted()) return;
  const wanted = ({ view, task }: TaskTarget) =>
    isOurs(view) && ['waiting', 'running', 'awaiting', 'asking', 'done'].includes(task.stage.kind);
  const target = await taskTarget(sessions, row, { wanted, title: 'Weft: Stop Task', none: 'No task of this window is going on.' });
  if (target !== undefined) target.view.session.live.get(target.view.state.start.run)?.stopTask(target.task.task.id);
}

/** Throws a kept draft away, after asking: nothing brings it back. */
async function discard(sessions: Sessions, row: unknown): Promise<void> {
  if (!saysTrusted()) return;
  const wanted = ({ view, task }: TaskTarget) => isKept(view.state, task);
  const target = await taskTarget(sessions, row, { wanted, title: 'Weft: Discard Draft', none: 'No task has a draft that did not land.' });
  if (target === undefined) return;
  const { view, task } = target;
  const button = 'Discard';
  const detail = 'What its agent did is deleted for good. Nothing of it is in your files.';
  const question = `Discard the draft of “${task.task.title}”?`;
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, button)) !== button) return;
  const done = await sessions.withRecord(view, (record) => discardDraft(record, view.session.repo, task.task.id));
  if (!done.ok) await showFailure(done.failure);
}

/** Sends a task that is held back to its agent. */
async function rework(sessions: Sessions, row: unknown): Promise<void> {
  if (!saysTrusted()) return;
  const wanted = ({ view, task }: TaskTarget) => isOurs(view) && task.stage.kind === 'held' && task.stage.item === null;
  const target = await taskTarget(sessions, row, { wanted, title: 'Weft: Rework Task', none: 'No task of this window is held.' });
  if (target === undefined) return;
  const { view, task } = target;
  const run = view.session.live.get(view.state.start.run);
  const done = await withProgress(`Weft: merging “${task.task.title}” with the workspace`, async (signal) =>
    run === undefined
      ? fail('input', 'Its run has ended.', 'Land its draft, or dispatch the work again.')
      : run.rework(task.task.id, signal),
  );
  if (!done.ok) await showFailure(done.failure);
}

function isOurs(view: TaskTarget['view']): boolean {
  return view.session.live.has(view.state.start.run);
}

/** Whether a task has work that is not in the workspace and could be brought there. */
function isLandable({ task }: TaskTarget): boolean {
  const { stage, work } = task;
  const kept = ['failed', 'stopped', 'done', 'held', 'doomed'].includes(stage.kind);
  return isDecided(stage) || (kept && work.changeset !== null);
}

async function landDraft(sessions: Sessions, row: unknown): Promise<void> {
  if (!saysTrusted()) return;
  const target = await taskTarget(sessions, row, {
    wanted: isLandable,
    title: 'Weft: Land Draft',
    none: 'No task has a draft that did not land.',
  });
  if (target === undefined) return;
  const { view, task } = target;
  const landed = await withProgress(`Weft: landing “${task.task.title}”`, (signal) =>
    sessions.withRecord(view, (record) => landTask(record, landPortsOf(record, view.session), task.task.id, signal)),
  );
  if (!landed.ok) await showFailure(landed.failure);
}
