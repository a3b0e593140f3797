/** A line in which runs take turns, and in each run its tasks: a run of fifty agents does not hold up one of a single agent. */

export interface FairLine<T> extends Iterable<T> {
  /** Puts in what belongs to a task of a run: behind what that task has in here already, or before it. */
  put(run: string, task: string, item: T, where?: 'first' | 'last'): void;
  /** Takes out whose turn it is; undefined where nothing waits. */
  take(): T | undefined;
  /** Takes out one item, wherever it is. */
  remove(item: T): void;
  readonly size: number;
}

export function fairLine<T>(): FairLine<T> {
  // Maps keep the order in which keys came: whoever had its turn goes to the end of it.
  const runs = new Map<string, Map<string, T[]>>();
  let size = 0;
  const drop = (run: string, task: string, tasks: Map<string, T[]>, items: readonly T[]) => {
    if (items.length === 0) tasks.delete(task);
    if (tasks.size === 0) runs.delete(run);
  };
  return {
    put: (run, task, item, where = 'last') => {
      const tasks = runs.get(run) ?? new Map<string, T[]>();
      const items = tasks.get(task) ?? [];
      if (where === 'first') items.unshift(item);
      else items.push(item);
      tasks.set(task, items);
      runs.set(run, tasks);
      size += 1;
    },
    take: () => {
      for (const [run, tasks] of runs) {
        for (const [task, items] of tasks) {
          const item = items.shift();
          tasks.delete(task);
          tasks.set(task, items);
          runs.delete(run);
          runs.set(run, tasks);
          drop(run, task, tasks, items);
          size -= 1;
          return item;
        }
      }
      return undefined;
    },
    remove: (item) => {
      for (const [run, tasks] of runs) {
        for (const [task, items] of tasks) {
          const at = items.indexOf(item);
          if (at < 0) continue;
          items.splice(at, 1);
          size -= 1;
          drop(run, task, tasks, items);
        }
      }
    },
    *[Symbol.iterator]() {
      for (const tasks of runs.values()) for (const items of tasks.values()) yield* items;
    },
    get size() {
      return size;
    },
  };
}
