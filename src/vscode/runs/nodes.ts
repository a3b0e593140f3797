/** What the rows of the trees stand for; commands of the trees get them as their first argument. */
import type { Change } from '../../domain/changes';
import { fail, ok, type Result } from '../../domain/failure';
import type { TaskState } from '../../domain/taskState';
import type { LiveState } from '../../engine/agents/live';
import type { Clash } from '../../engine/agents/radar';
import type { Snapshot } from '../../repo/snapshot/snapshot';
import { diffTrees } from '../../repo/trees';
import type { RunView, Session } from '../session';

export interface RunNode {
  readonly kind: 'run';
  readonly view: RunView;
}

export interface TaskNode {
  readonly kind: 'task';
  readonly view: RunView;
  readonly task: TaskState;
}

/** A file that the task's agent changed, in its own draft. */
export interface FileNode {
  readonly kind: 'file';
  readonly view: RunView;
  readonly task: TaskState;
  readonly change: Change;
}

/** Stands for what could not be read. */
export interface ProblemNode {
  readonly kind: 'problem';
  readonly id: string;
  readonly message: string;
}

export interface SnapshotNode {
  readonly kind: 'snapshot';
  readonly session: Session;
  readonly snapshot: Snapshot;
}

/** What is to be seen of a run of this window beside its record. */
export function liveOf({ session, state }: RunView): LiveState | undefined {
  return session.live.get(state.start.run)?.live.state;
}

/** What will not fit with a task's draft if both land as they are now. */
export function clashesOf({ view, task }: Pick<TaskNode, 'view' | 'task'>): Clash[] {
  const { id } = task.task;
  const clashes = liveOf(view)?.clashes ?? [];
  return clashes.flatMap((clash) => (clash.task === id ? [clash] : clash.with === id ? [{ ...clash, task: id, with: clash.task }] : []));
}

/** What the agent of a task changed, or has changed by now; of a draft that did not come to its end, read from git. */
export async function changesOf({ view, task }: Pick<TaskNode, 'view' | 'task'>): Promise<Result<readonly Change[]>> {
  const live = liveOf(view)?.drafts.get(task.task.id);
  if (live !== undefined) return ok(live.changes);
  const { base, changeset, changes } = task.work;
  if (changes.length > 0) return ok(changes);
  if (changeset === null || base === '') return ok<readonly Change[]>([]);
  const found = await diffTrees(view.session.repo, base, changeset);
  return found.ok ? found : fail('git', `What “${task.task.title}” changed is no longer in the repository.`, found.failure.fix);
}
