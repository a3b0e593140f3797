/** With which role and model a task is worked on, and what its plan has in their place where they do not get it done. Pure. */
import type { RunStarted, StandIn } from '../../domain/event';
import { modelOfRole } from '../../domain/role';
import type { RunState } from '../../domain/run';
import { modelOf, type TaskState } from '../../domain/taskState';
import { roleOf } from './ranking';

/** The role and the model of a task's agent: what its breaker goes by. */
export function agentOf(start: RunStarted, task: TaskState): StandIn {
  return { role: roleOf(task), model: modelOf(start, task) };
}

/** `coder@model`: by which a breaker is known. */
export function keyOf({ role, model }: StandIn): string {
  return `${role}@${model}`;
}

/** What a task's plan has in the place of its agent that has not had its turn, in order; each different one once. */
export function fallbacksOf(start: RunStarted, { task, work }: TaskState): StandIn[] {
  const all = new Map<string, StandIn>();
  for (const { role = task.role, model = task.model ?? modelOfRole(start, role) } of task.fallback ?? [])
    all.set(keyOf({ role, model }), { role, model });
  const now = work.as === null ? -1 : [...all.keys()].indexOf(keyOf(work.as));
  return [...all.values()].slice(now + 1);
}

/** What a task that is ready can go on with at once, while its own agents keep failing; undefined where it has nothing. */
export function freeStandIn({ start, breakers }: RunState, task: TaskState): StandIn | undefined {
  return fallbacksOf(start, task).find((standIn) => !breakers.has(keyOf(standIn)));
}
