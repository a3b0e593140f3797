/** How long tasks of each role take, as the last runs of a folder tell. */
import { statSync } from 'node:fs';
import type { TaskId } from '../../domain/plan';
import type { Role } from '../../domain/role';
import type { RunState } from '../../domain/run';
import { isIn, parentOf, workedMs } from '../../domain/taskState';
import { journalFile, listRunIds } from '../journal/journal';
import type { StateReader } from '../journal/library';
import { type Estimates, roleOf } from './ranking';

/** So many runs are looked at, and of these only as many as have together so many bytes of journals: a run does not wait for more. */
const RUNS = 20;
const BYTES = 8_000_000;

/** The last runs of a folder, newest first; those that cannot be read tell nothing. */
export async function pastRuns(stateDir: string, read: StateReader): Promise<RunState[]> {
  const runs: RunState[] = [];
  let bytes = 0;
  for (const id of (await listRunIds(stateDir)).slice(0, RUNS)) {
    bytes += statSync(journalFile(stateDir, id), { throwIfNoEntry: false })?.size ?? 0;
    if (bytes > BYTES) break;
    const state = read(stateDir, id);
    if (state.ok) runs.push(state.value);
  }
  return runs;
}

/** Read from the journals of the last runs. */
export async function pastEstimates(stateDir: string, read: StateReader): Promise<Estimates> {
  return estimatesOf(await pastRuns(stateDir, read));
}

/** For each role the median of what its agents took for tasks that landed, alone: not for what was taken over, nor for those that others did a part of. */
export function estimatesOf(runs: readonly RunState[]): Estimates {
  const times = new Map<Role, number[]>();
  for (const { tasks } of runs) {
    const parents = new Set<TaskId>();
    for (const task of tasks.values()) {
      const parent = parentOf(task);
      if (parent !== undefined) parents.add(parent);
    }
    for (const task of tasks.values()) {
      const { endedAt, reused } = task.work;
      const worked = workedMs(task, endedAt);
      if (!isIn(task.stage) || parents.has(task.task.id) || reused !== null || worked === 0) continue;
      const role = roleOf(task);
      times.set(role, [...(times.get(role) ?? []), worked]);
    }
  }
  return Object.fromEntries([...times].map(([role, all]) => [role, medianOf(all)]));
}

function medianOf(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
