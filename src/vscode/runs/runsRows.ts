/** The rows of the Runs tree: what each says, and by which name menus know what can be done with it. */
import { posix } from 'node:path';
import * as vscode from 'vscode';
import { changeWord } from '../../domain/changes';
import { counted } from '../../domain/figures';
import type { Part } from '../../domain/part';
import { isComplete, type RunState, waitsForPerson } from '../../domain/run';
import { isReversal } from '../../domain/taskState';
import { isPaused } from '../../engine/schedule/pausing';
import { hasRest } from '../../plan/rest';
import { COMMANDS } from '../names';
import type { RunView } from '../session';
import { clashesOf, type FileNode, liveOf, type ProblemNode, type RunNode, type TaskNode } from './nodes';
import { type Look, taskIcon } from './taskIcon';
import { clashText, isPausing, runText, shortened, stageCounts, taskText } from './wording';

/** A longer goal is cut: the tree would push out of sight how far the run is. */
const GOAL_LENGTH = 24;
/** Nothing can be read under it. */
const ICON_SCHEME = 'weft-icon';

/** `now`: milliseconds since 1970; `open`: whether its tasks show unless the person folds them away. */
export function runItem({ view }: RunNode, now: number, open: boolean): vscode.TreeItem {
  const { state, life } = view;
  const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  const text = runText(state, life, now, liveOf(view)?.held);
  const description = several ? `${view.session.name} · ${text}` : text;
  return {
    id: runKey(view),
    label: shortened(state.start.plan.goal, GOAL_LENGTH),
    description,
    iconPath: runIcon(view),
    contextValue: runContext(view),
    collapsibleState: open ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed,
    accessibilityInformation: { label: `${state.start.plan.goal}, ${description}` },
  };
}

/** `made`: how many tasks were made for it. */
export function taskItem(node: TaskNode, now: number, made = 0): vscode.TreeItem {
  const { view, task } = node;
  const clash = clashText(clashesOf(node), view.state);
  const description = [...(clash === undefined ? [] : [clash]), taskText(task, view.state, view.life, now, liveOf(view))].join(' · ');
  return {
    id: taskKey(node),
    label: labelOf(node),
    description,
    iconPath: taskIcon(task.stage, lookOf(node), clash !== undefined),
    contextValue: taskContext(node),
    collapsibleState: made > 0 || hasDraft(node) ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
    accessibilityInformation: { label: `${labelOf(node)}, ${description}` },
  };
}

/** Those that race for a task have its title. */
function labelOf({ task }: TaskNode): string {
  if (task.origin.kind === 'arbiter') return 'Arbiter';
  if (task.origin.kind !== 'candidate') return task.task.title;
  return `Candidate ${task.task.id.slice(task.task.id.lastIndexOf('.') + 1)}`;
}

export function runKey({ session, state }: RunView): string {
  return `${session.id}/${state.start.run}`;
}

export function taskKey({ view, task }: TaskNode): string {
  return `${runKey(view)}/${task.task.id}`;
}

function hasDraft({ view, task }: TaskNode): boolean {
  return task.work.changeset !== null || (liveOf(view)?.drafts.get(task.task.id)?.changes.length ?? 0) > 0;
}

/** What can be undone of a run, what redone, and whether there is a rest to plan. */
function wordsOf(state: RunState): string[] {
  const kinds = new Set([...state.tasks.values()].map((task) => task.stage.kind));
  const words = (['landed', 'undone'] as const).flatMap((kind) => (kinds.has(kind) ? [`.${kind}`] : []));
  return hasRest(state) ? [...words, '.rest'] : words;
}

/**
 * `run.running` where this window drives it, `run.elsewhere` where another process drives it, else `run.finished.landed.undone.rest`, or
 * `run.finished.interrupted…` where it was cut off.
 */
function runContext({ session, state, life }: RunView): string {
  if (life !== 'running') return ['run.finished', ...(life === 'interrupted' ? ['.interrupted'] : []), ...wordsOf(state)].join('');
  const where = session.live.has(state.start.run) ? 'run.running' : 'run.elsewhere';
  return isPaused(state) ? `${where}.paused` : where;
}

/**
 * `task.landed.draft.checked.live.printed`: the stage, whether there are changes to look at, and what a check printed, whether this window
 * drives its run, and whether a command of its agent has printed something. `task.conflicted.reversal…` where what is in conflict is an undo or a redo.
 */
function taskContext(node: TaskNode): string {
  const elsewhere = runContext(node.view).startsWith('run.elsewhere') ? 'elsewhere.' : '';
  const live = node.view.session.live.has(node.view.state.start.run) ? '.live' : '';
  const printed = liveOf(node.view)?.printed.has(node.task.task.id) === true ? '.printed' : '';
  const poor = node.view.life === 'running' && node.task.work.parked !== null ? '.poor' : '';
  return `task.${elsewhere}${stageWord(node)}${hasDraft(node) ? '.draft' : ''}${node.task.check === null ? '' : '.checked'}${live}${poor}${printed}`;
}

/** Of a run that nobody drives any more, nothing can be stopped, and what did not land is a draft that was kept. */
function stageWord({ view, task: { stage } }: TaskNode): string {
  if (isReversal(stage)) return 'conflicted.reversal';
  if (view.life === 'running') return stage.kind;
  if (stage.kind === 'done') return 'stopped';
  return stage.kind === 'waiting' || stage.kind === 'running' ? 'interrupted' : stage.kind;
}

/** How a task's row looks: as its run's life is, or paused, once its agent waits for that. */
function lookOf({ view, task }: TaskNode): Look {
  if (view.life !== 'running' || !isPaused(view.state)) return view.life;
  const held = liveOf(view)?.held;
  return task.stage.kind === 'running' && held?.has(task.task.id) === false ? 'running' : 'paused';
}

function runIcon(view: RunView): vscode.ThemeIcon {
  const { state, life } = view;
  const counts = stageCounts(state);
  if (life === 'running' && isPaused(state) && !isPausing(state, liveOf(view)?.held)) return new vscode.ThemeIcon('debug-pause');
  if (life === 'running' && !waitsForPerson(state)) return new vscode.ThemeIcon('sync~spin');
  // One that goes on, and does not move, waits for the person.
  if (life === 'running' || counts.conflicted > 0) return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  if (isComplete(state)) return new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed'));
  if (counts.failed > 0) return new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
  return new vscode.ThemeIcon('circle-slash', new vscode.ThemeColor('testing.iconSkipped'));
}

export function fileItem(node: FileNode): vscode.TreeItem {
  const { view, task, change } = node;
  const folder = posix.dirname(change.path);
  const undone = task.parts.filter(({ part }) => part.path === change.path || part.from === change.path).map(({ part }) => part);
  const conflict = task.stage.kind === 'conflicted' && task.stage.conflict.files.some((file) => file.path === change.path);
  const clash = clashesOf(node).some(({ files }) => files.includes(change.path));
  const trouble = conflict ? ['in conflict'] : clash ? ['will conflict'] : [];
  const word = [changeWord(change), ...trouble, ...undoneText(undone)].join(', ');
  const description = folder === '.' ? word : `${folder} · ${word}`;
  return {
    id: `${taskKey({ kind: 'task', view, task })}/${change.path}`,
    label: posix.basename(change.path),
    description,
    // For the icon of its kind of file, without what others say of the workspace's file: this is the agent's.
    resourceUri: vscode.Uri.from({ scheme: ICON_SCHEME, path: `/${change.path}` }),
    iconPath: vscode.ThemeIcon.File,
    tooltip: `${change.path}: ${word}`,
    contextValue: `file.${task.stage.kind}${undone.length > 0 ? '.parts' : ''}`,
    command: { command: COMMANDS.showChange, title: 'Show Change', arguments: [node] },
    collapsibleState: vscode.TreeItemCollapsibleState.None,
    accessibilityInformation: { label: `${change.path}, ${word}` },
  };
}

function undoneText(parts: readonly Part[]): string[] {
  if (parts.length === 0) return [];
  return [parts.some((part) => part.hunk === null) ? 'undone' : `${counted(parts.length, 'hunk')} undone`];
}

export function problemItem({ id, message }: ProblemNode): vscode.TreeItem {
  return { id, label: message, iconPath: new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')) };
}
