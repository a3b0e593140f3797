/** Undo and redo of a run, a task, a file or a hunk; each shows first which files change, and what depends on it. */

import * as vscode from 'vscode';
import { ok, type Result } from '../../domain/failure';
import { exactly } from '../../domain/inboxText';
import { type Dependent, dependentsOf } from '../../engine/history/dependents';
import { previewReversal, type Reversal, reverse, reversedTasks } from '../../engine/history/undo';
import { landPortsOf } from '../../engine/landing/landing';
import type { LandPorts } from '../../repo/land/land';
import { confirm, fileLines } from '../confirm';
import { notify, saysTrusted, showFailure, withProgress } from '../messages';
import { COMMANDS } from '../names';
import type { RunView, Sessions } from '../session';
import { fileTarget, runTarget, type TaskTarget, taskTarget } from '../targets';
import { hunkTarget, type PartTarget, undonePartTarget } from './hunks';

/** More tasks than this are counted, not named. */
const MAX_DEPENDENTS = 8;

export function registerUndo(sessions: Sessions): vscode.Disposable {
  const command = (id: string, act: (row: unknown) => Promise<Result<void> | undefined>) =>
    vscode.commands.registerCommand(id, async (row: unknown) => {
      if (!saysTrusted()) return;
      const done = await act(row);
      if (done?.ok === false) await showFailure(done.failure);
    });
  return vscode.Disposable.from(
    command(COMMANDS.undoRun, (row) => ofRun(sessions, row, 'undo')),
    command(COMMANDS.redoRun, (row) => ofRun(sessions, row, 'redo')),
    command(COMMANDS.undoTask, (row) => ofTask(sessions, row, 'undo')),
    command(COMMANDS.redoTask, (row) => ofTask(sessions, row, 'redo')),
    command(COMMANDS.undoFile, (row) => undoFile(sessions, row)),
    command(COMMANDS.undoHunk, (row) => ofPart(sessions, hunkTarget(sessions, row), 'undo')),
    command(COMMANDS.redoPart, (row) => ofPart(sessions, undonePartTarget(sessions, row), 'redo')),
  );
}

async function ofRun(sessions: Sessions, row: unknown, intent: Reversal['intent']): Promise<Result<void> | undefined> {
  const reversal: Reversal = { intent, target: { of: 'run' } };
  const view = await runTarget(sessions, row, {
    wanted: ({ life, state }) => life !== 'running' && reversedTasks(state, reversal).length > 0,
    title: intent === 'undo' ? 'Weft: Undo Run' : 'Weft: Redo Run',
    none: `There is no run that could be ${word(intent)}.`,
  });
  return view === undefined ? undefined : act(sessions, { view, reversal, name: `the run “${view.state.start.plan.goal}”`, button: 'Run' });
}

async function ofTask(sessions: Sessions, row: unknown, intent: Reversal['intent']): Promise<Result<void> | undefined> {
  const target = await taskTarget(sessions, row, {
    wanted: ({ task }) => (intent === 'redo' ? task.stage.kind === 'undone' : isUndoable(task)),
    title: intent === 'undo' ? 'Weft: Undo Task' : 'Weft: Redo Task',
    none: intent === 'undo' ? 'No task has landed that could be undone.' : 'No task is undone.',
  });
  if (target === undefined) return undefined;
  const { id, title } = target.task.task;
  return act(sessions, { view: target.view, reversal: { intent, target: { of: 'task', task: id } }, name: `“${title}”`, button: 'Task' });
}

function isUndoable({ stage, landing }: TaskTarget['task']): boolean {
  return stage.kind === 'landed' && landing !== null && landing.before !== landing.after;
}

async function undoFile(sessions: Sessions, row: unknown): Promise<Result<void> | undefined> {
  const target = await fileTarget(sessions, row, {
    wanted: ({ task }) => isUndoable(task),
    title: 'Weft: Undo File',
    none: 'No task has landed that could be undone.',
  });
  return target === undefined ? undefined : ofPart(sessions, Promise.resolve(ok({ ...target, hunk: null })), 'undo');
}

async function ofPart(
  sessions: Sessions,
  chosen: Promise<Result<PartTarget | undefined>>,
  intent: Reversal['intent'],
): Promise<Result<void> | undefined> {
  const target = await chosen;
  if (!target.ok) return target;
  if (target.value === undefined) return undefined;
  const { view, task, path, hunk } = target.value;
  const part = hunk === null ? path : `hunk ${hunk} of ${path}`;
  return act(sessions, {
    view,
    reversal: { intent, target: { of: 'part', task: task.task.id, path, hunk } },
    name: `${part} (“${task.task.title}”)`,
    button: hunk === null ? 'File' : 'Hunk',
  });
}

interface Act {
  readonly view: RunView;
  readonly reversal: Reversal;
  /** What it is about, as the person knows it. */
  readonly name: string;
  readonly button: 'Run' | 'Task' | 'File' | 'Hunk';
}

async function act(sessions: Sessions, { view, reversal, name, button }: Act): Promise<Result<void> | undefined> {
  const { session, state } = view;
  const verb = reversal.intent === 'undo' ? 'Undo' : 'Redo';
  const ports: LandPorts = {
    repo: session.repo,
    workspace: session.workspace,
    clock: sessions.clock,
    titleOf: (task) => state.tasks.get(task)?.task.title ?? task,
  };
  const runs = (await sessions.runs()).filter((one) => one.session.repo.root === session.repo.root).map((one) => one.state);
  const looked = await withProgress('Weft: looking at what came later', async (signal) => ({
    preview: await previewReversal(state, ports, reversal, signal),
    dependents: await dependentsOf(session.repo, { runs, state, reversal }, signal),
  }));
  const { preview, dependents } = looked;
  if (!preview.ok) return preview;
  if (!dependents.ok) return dependents;
  const { changes, conflicts } = preview.value;
  const notes =
    conflicts.length > 0
      ? [
          `Later work stands on the same lines in ${conflicts.join(', ')}: the merge editor will open, and nothing is changed until you decide.`,
        ]
      : ['Everything else is kept.'];
  const shown = changes.filter((change) => !conflicts.includes(change.path));
  // Where nothing of it is left, there is nothing to ask.
  const left = changes.length + conflicts.length > 0;
  const detail = [...(shown.length > 0 ? fileLines(shown) : []), ...dependentLines(dependents.value), ...notes];
  if (left && !(await confirm(`${verb} ${name}?`, detail, `${verb} ${button}`))) return undefined;
  const done = await withProgress(`Weft: ${reversal.intent}ing ${name}`, (signal) =>
    sessions.withRecord(view, (record) => reverse(record, landPortsOf(record, session), reversal, signal)),
  );
  if (!done.ok) return done;
  if (done.value.kind === 'conflict') {
    const now = await sessions.find(state.start.run);
    const task = now?.state.tasks.get(done.value.task);
    if (now !== undefined && task !== undefined) await vscode.commands.executeCommand(COMMANDS.openConflict, { view: now, task });
    return undefined;
  }
  const sentence = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  if (left)
    void notify('information', `Weft: ${sentence} is ${word(reversal.intent)}, and everything else is kept.`, [wayBack(view, reversal)]);
  else if (reversal.intent === 'undo') void notify('information', `Weft: Nothing of ${name} was in the workspace any more.`);
  else void notify('information', `Weft: All of ${name} was in the workspace already.`);
  return undefined;
}

function word(intent: Reversal['intent']): string {
  return intent === 'undo' ? 'undone' : 'redone';
}

/** The button that takes it back. */
function wayBack(view: RunView, { intent, target }: Reversal) {
  const back = intent === 'undo' ? 'Redo' : 'Undo';
  const row = target.of === 'run' ? { view } : { view, task: view.state.tasks.get(target.task) };
  const part = target.of === 'part' ? { path: target.path, hunk: target.hunk } : {};
  const commands = {
    run: intent === 'undo' ? COMMANDS.redoRun : COMMANDS.undoRun,
    task: intent === 'undo' ? COMMANDS.redoTask : COMMANDS.undoTask,
    part: intent === 'undo' ? COMMANDS.redoPart : target.of === 'part' && target.hunk === null ? COMMANDS.undoFile : COMMANDS.undoHunk,
  };
  return { title: back, act: () => vscode.commands.executeCommand(commands[target.of], { ...row, ...part }) };
}

function dependentLines(dependents: readonly Dependent[]): string[] {
  if (dependents.length === 0) return [];
  const lines = dependents.slice(0, MAX_DEPENDENTS).map(({ title, why, paths }) => {
    return `    “${exactly(title)}” ${why === 'lines' ? 'changed the same lines of' : 'had read'} ${paths.map(exactly).join(', ')}`;
  });
  const more = dependents.length > MAX_DEPENDENTS ? [`    and ${dependents.length - MAX_DEPENDENTS} more`] : [];
  return ['These tasks came later and may depend on it:', ...lines, ...more, ''];
}
