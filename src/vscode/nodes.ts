/** What the rows of the trees stand for; commands of the trees get them as their first argument. */
import type { Change } from '../domain/changes';
import { fail, ok, type Result } from '../domain/failure';
import type { TaskState } from '../domain/run';
import type { Snapshot } from '../repo/snapshot';
import { diffTrees } from '../repo/trees';
import type { RunView, Session } from './session';

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

/** What the agent of a task changed; of a draft that did not come to its end, read from git. */
export async function changesOf({ view, task }: Pick<TaskNode, 'view' | 'task'>): Promise<Result<readonly Change[]>> {
  const { base, changeset, changes } = task.work;
  if (changes.length > 0) return ok(changes);
  if (changeset === null || base === '') return ok<readonly Change[]>([]);
  const found = await diffTrees(view.session.repo, base, changeset);
  return found.ok ? found : fail('git', `What “${task.task.title}” changed is no longer in the repository.`, found.failure.fix);
}
