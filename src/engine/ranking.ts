/** Which of the tasks that could start do: priority, then the longest way to the end. Pure. */
import { mayOverlap } from '../domain/overlap';
import type { Role, TaskId } from '../domain/plan';
import type { RunState } from '../domain/run';
import type { TaskState } from '../domain/taskState';

/** How long a task of a role takes, in milliseconds, as past runs tell. */
export type Estimates = Partial<Record<Role, number>>;

/** How long it takes from a task's start to the end of all that waits for it, as far as can be told. */
export type Rank = (id: TaskId) => number;

/** The role with which a task is worked on. */
export function roleOf({ task, work }: TaskState): Role {
  return work.as?.role ?? task.role;
}

/** Holds as long as no task is added to the run. A role without an estimate takes as long as the mean of those with one; all of them 1 where there is none. */
export function rankOf({ tasks, waiters }: RunState, estimates: Estimates = {}): Rank {
  const given = Object.values(estimates);
  const mean = given.length === 0 ? 1 : given.reduce((sum, ms) => sum + ms, 0) / given.length;
  const known = new Map<TaskId, number>();
  const rank: Rank = (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    let longest = 0;
    for (const waiter of waiters.get(id) ?? []) longest = Math.max(longest, rank(waiter));
    const found = tasks.get(id);
    const own = (found === undefined ? undefined : estimates[found.task.role]) ?? mean;
    known.set(id, own + longest);
    return own + longest;
  };
  return rank;
}

export interface Choice {
  /** Those that could start, in the plan's order. */
  readonly ready: readonly TaskState[];
  /** Those at work, or about to be. */
  readonly running: readonly TaskState[];
  readonly maxWorkers: number;
  readonly pools: Partial<Record<Role, number>>;
  readonly rank: Rank;
  /** Whether one may start beside those that are at work, and those that were chosen before it. */
  readonly admits: (task: TaskState, chosen: readonly TaskState[]) => boolean;
}

/**
 * Those that start now: first those with the greatest priority, of these those behind which the longest way waits, of these those that
 * are expected to write what nobody at work writes, then as in the plan. A pool that is full holds up its own role alone.
 */
export function chooseStarts({ ready, running, maxWorkers, pools, rank, admits }: Choice): TaskState[] {
  const chosen: TaskState[] = [];
  const left = new Set(ready);
  const inPool = new Map<Role, number>();
  for (const task of running) inPool.set(roleOf(task), (inPool.get(roleOf(task)) ?? 0) + 1);
  while (running.length + chosen.length < maxWorkers) {
    const writes = [...running, ...chosen].flatMap(({ task }) => task.writes);
    let best: { readonly task: TaskState; readonly priority: number; readonly rank: number; readonly overlaps: boolean } | undefined;
    for (const task of left) {
      if ((inPool.get(roleOf(task)) ?? 0) >= (pools[roleOf(task)] ?? Number.POSITIVE_INFINITY)) continue;
      const priority = task.task.priority ?? 0;
      if (best !== undefined && priority < best.priority) continue;
      const remaining = rank(task.task.id);
      const isEqual = best !== undefined && priority === best.priority && remaining === best.rank;
      if (best !== undefined && priority === best.priority && remaining < best.rank) continue;
      // Waiting costs nothing where something else of the same rank can start instead.
      if (isEqual && best?.overlaps === false) continue;
      const overlaps = writes.length > 0 && mayOverlap(task.task.writes, writes);
      if (isEqual && overlaps) continue;
      if (!admits(task, chosen)) continue;
      best = { task, priority, rank: remaining, overlaps };
    }
    if (best === undefined) break;
    left.delete(best.task);
    chosen.push(best.task);
    inPool.set(roleOf(best.task), (inPool.get(roleOf(best.task)) ?? 0) + 1);
  }
  return chosen;
}
