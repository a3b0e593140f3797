/** What a command is to act on: the tree's row that it was called on, or what the person picks. */
import * as vscode from 'vscode';
import type { RunState } from '../domain/run';
import type { TaskState } from '../domain/taskState';
import type { Snapshot } from '../repo/snapshot/snapshot';
import { listSnapshots } from '../repo/snapshot/snapshot';
import { notify } from './messages';
import type { RunView, Session, Sessions } from './session';

export interface TaskTarget {
  readonly view: RunView;
  readonly task: TaskState;
}

export interface SnapshotTarget {
  readonly session: Session;
  readonly snapshot: Snapshot;
}

interface PickOptions {
  readonly title: string;
  /** What to say where there is nothing to pick. */
  readonly none: string;
  /** Does not ask where there is but one. */
  readonly takeOnly?: boolean;
}

/** The run of a row as it is now, or one that the person picks among those that `wanted` allows. */
export async function runTarget(
  sessions: Sessions,
  row: unknown,
  options: PickOptions & { readonly wanted: (view: RunView) => boolean },
): Promise<RunView | undefined> {
  const id = runOf(row)?.start.run;
  const all = await sessions.runs();
  if (id !== undefined) return all.find((view) => view.state.start.run === id);
  const items = all
    .filter(options.wanted)
    .map((view) => ({ label: view.state.start.plan.goal, detail: new Date(view.state.start.at).toLocaleString(), view }));
  return (await pick(items, options))?.view;
}

/** The task of a row as it is now, or one that the person picks among those that `wanted` allows. */
export async function taskTarget(
  sessions: Sessions,
  row: unknown,
  options: PickOptions & { readonly wanted: (target: TaskTarget) => boolean },
): Promise<TaskTarget | undefined> {
  const run = runOf(row)?.start.run;
  const id = taskOf(row);
  const all = (await sessions.runs()).flatMap((view) => [...view.state.tasks.values()].map((task): TaskTarget => ({ view, task })));
  if (run !== undefined && id !== undefined) return all.find(({ view, task }) => view.state.start.run === run && task.task.id === id);
  const items = all
    .filter((target) => (run === undefined || target.view.state.start.run === run) && options.wanted(target))
    .map((target) => ({
      label: target.task.task.title,
      description: target.task.task.role,
      detail: target.view.state.start.plan.goal,
      target,
    }));
  return (await pick(items, options))?.target;
}

/** A file that a task changed. */
export interface FileTarget extends TaskTarget {
  readonly path: string;
}

/** The file of a row, or one that the person picks, after its task. */
export async function fileTarget(
  sessions: Sessions,
  row: unknown,
  options: PickOptions & { readonly wanted: (target: TaskTarget) => boolean },
): Promise<FileTarget | undefined> {
  const target = await taskTarget(sessions, row, options);
  if (target === undefined) return undefined;
  const path = pathOf(row);
  if (path !== undefined) return { ...target, path };
  const items = target.task.work.changes.map((change) => ({ label: change.path }));
  const picked = await pick(items, { ...options, takeOnly: true });
  return picked === undefined ? undefined : { ...target, path: picked.label };
}

/** The path that a row, or what stands for one, is about. */
export function pathOf(row: unknown): string | undefined {
  // The address of a document, which menus of editors give, has a path that is none of the workspace's.
  if (!isObject(row) || row instanceof vscode.Uri) return undefined;
  if (typeof row['path'] === 'string') return row['path'];
  return isObject(row['change']) && typeof row['change']['path'] === 'string' ? row['change']['path'] : undefined;
}

/** The snapshot of a row, or one that the person picks. */
export async function snapshotTarget(sessions: Sessions, row: unknown, title: string): Promise<SnapshotTarget | undefined> {
  if (isSnapshotTarget(row)) return row;
  const run = runOf(row);
  const items: { label: string; description: string; target: SnapshotTarget }[] = [];
  const all = await sessions.all();
  const several = all.length > 1;
  for (const session of all) {
    const snapshots = await listSnapshots(session.repo);
    for (const snapshot of snapshots.ok ? snapshots.value : []) {
      if (run !== undefined && snapshot.id === run.start.snapshot) return { session, snapshot };
      const at = new Date(snapshot.at).toLocaleString();
      items.push({ label: snapshot.label, description: several ? `${session.name} · ${at}` : at, target: { session, snapshot } });
    }
  }
  return (
    await pick(items, { title, none: 'There are no snapshots yet: each run begins with one, and “Weft: Take Snapshot” takes one now.' })
  )?.target;
}

async function pick<T extends vscode.QuickPickItem>(items: readonly T[], { title, none, takeOnly }: PickOptions): Promise<T | undefined> {
  if (takeOnly === true && items.length === 1) return items[0];
  if (items.length > 0) return vscode.window.showQuickPick(items, { title, matchOnDetail: true });
  void notify('information', `Weft: ${none}`);
  return undefined;
}

function runOf(row: unknown): RunState | undefined {
  return isObject(row) && isObject(row['view']) && isObject(row['view']['state'])
    ? (row as unknown as { view: RunView }).view.state
    : undefined;
}

function taskOf(row: unknown): string | undefined {
  return isObject(row) && isObject(row['task']) && isObject(row['task']['task']) ? (row as unknown as TaskTarget).task.task.id : undefined;
}

function isSnapshotTarget(row: unknown): row is SnapshotTarget {
  return isObject(row) && 'session' in row && 'snapshot' in row;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
