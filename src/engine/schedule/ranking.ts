/** Which of the tasks that could start do: priority, then the longest way to the end. Pure. */
import { mayOverlap } from '../../domain/overlap';
import type { TaskId } from '../../domain/plan';
import type { Role } from '../../domain/role';
import type { RunState } from '../../domain/run';
import { parentOf, type TaskState } from '../../domain/taskState';

/** How long a task of a role takes, in milliseconds, as past runs tell. */
export type Estimates = Readonly<Record<Role, number>>;

/** What of a task decides when its turn comes. Holds as long as no task is added to the run. */
export interface Rank {
  /** The greatest one counts: its own, or that of a task that waits for it; children have their parent's where they have none. */
  readonly priority: (id: TaskId) => number;
  /** How long it takes from its start to the end of all that waits for it, as far as can be told. */
  readonly remaining: (id: TaskId) => number;
}

/** The role with which a task is worked on. */
export function roleOf({ task, work }: TaskState): Role {
  return work.as?.role ?? task.role;
}

/** A role without an estimate takes as long as the mean of those with one; all of them 1 where there is none. */
export function rankOf({ tasks, waiters }: RunState, estimates: Estimates = {}): Rank {
  const given = Object.values(estimates);
  const mean = given.length === 0 ? 1 : given.reduce((sum, ms) => sum + ms, 0) / given.length;
  const remaining = remembered((id) => {
    let longest = 0;
    for (const waiter of waiters.get(id) ?? []) longest = Math.max(longest, remaining(waiter));
    const found = tasks.get(id);
    return longest + ((found === undefined ? undefined : estimates[found.task.role]) ?? mean);
  });
  const priority = remembered((id) => {
    const found = tasks.get(id);
    const parent = found === undefined ? undefined : parentOf(found);
    const own = found?.task.priority ?? (parent === undefined ? 0 : priority(parent));
    // Who waits for a task waits for its turn, too; that one waits for what matters less holds it up by nothing.
    return Math.max(own, ...(waiters.get(id) ?? []).map(priority).filter((other) => other > 0));
  });
  return { priority, remaining };
}

/** First what has the greater priority, then that behind which the longer way waits. */
export function compareRank({ priority, remaining }: Rank, a: TaskId, b: TaskId): number {
  return priority(b) - priority(a) || remaining(b) - remaining(a);
}

function remembered(make: (id: TaskId) => number): (id: TaskId) => number {
  const known = new Map<TaskId, number>();
  return (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const made = make(id);
    known.set(id, made);
    return made;
  };
}

export interface Choice {
  /** Those that could start, in the plan's order. */
  readonly ready: readonly TaskState[];
  /** Those at work, or about to be. */
  readonly running: readonly TaskState[];
  readonly maxWorkers: number;
  /** By the name of a pool. */
  readonly pools: Readonly<Record<string, number>>;
  /** The pool of a role; absent: each has its own. */
  readonly poolOf?: (role: Role) => string;
  readonly rank: Rank;
  /** Whether one may start beside those that are at work, and those that were chosen before it. */
  readonly admits: (task: TaskState, chosen: readonly TaskState[]) => boolean;
}

/**
 * Those that start now: first those with the greatest priority, of these those behind which the longest way waits, of these those that
 * are expected to write what nobody at work writes, then as in the plan. A pool that is full holds up its own roles alone.
 */
export function chooseStarts({ ready, running, maxWorkers, pools, poolOf = (role) => role, rank, admits }: Choice): TaskState[] {
  const chosen: TaskState[] = [];
  const left = new Set(ready);
  const inPool = new Map<string, number>();
  const poolFor = (task: TaskState) => poolOf(roleOf(task));
  for (const task of running) inPool.set(poolFor(task), (inPool.get(poolFor(task)) ?? 0) + 1);
  while (running.length + chosen.length < maxWorkers) {
    const writes = [...running, ...chosen].flatMap(({ task }) => task.writes);
    let best: { readonly task: TaskState; readonly overlaps: boolean } | undefined;
    for (const task of left) {
      if ((inPool.get(poolFor(task)) ?? 0) >= (pools[poolFor(task)] ?? Number.POSITIVE_INFINITY)) continue;
      const order = best === undefined ? -1 : compareRank(rank, task.task.id, best.task.task.id);
      // Waiting costs nothing where something else of the same rank can start instead.
      if (order > 0 || (order === 0 && best?.overlaps === false)) continue;
      const overlaps = writes.length > 0 && mayOverlap(task.task.writes, writes);
      if (order === 0 && overlaps) continue;
      if (!admits(task, chosen)) continue;
      best = { task, overlaps };
    }
    if (best === undefined) break;
    left.delete(best.task);
    chosen.push(best.task);
    inPool.set(poolFor(best.task), (inPool.get(poolFor(best.task)) ?? 0) + 1);
  }
  return chosen;
}
