/** A task that the person adds to a run that goes on: held to what a task of a plan is held to. Pure. */
import { fail, ok, type Result } from '../../domain/failure';
import { checkPlan, problemsText, type Task, type TaskId } from '../../domain/plan';
import type { RoleHead } from '../../domain/role';
import type { RunState } from '../../domain/run';
import { stageText } from '../../domain/stageText';
import { isIn, isOver, type TaskState } from '../../domain/taskState';

/** The greatest number that a plan may give. */
const MAX_PRIORITY = 100;

/** Reads what is to join the run. Fails, naming what is wrong with it, where the run could not do it. `roles`: those that there are. */
export function readAdded(state: RunState, data: unknown, roles: readonly RoleHead[]): Result<Task> {
  const roots = rootsOf(state).map(({ task }) => task);
  const { plan, problems } = checkPlan({ goal: state.start.plan.goal, tasks: [...roots, data] }, roles);
  const task = plan?.tasks[roots.length];
  if (task === undefined || problems.length > 0) {
    const own = problems.map(({ at, message }) => ({ at: at[0] === 'tasks' ? at.slice(2) : at, message }));
    return fail('input', `The task cannot join the run: ${problemsText(own, 'the task')}.`, 'Mend it and add it again; the run goes on.');
  }
  const lost = lostAmong(state, task.dependsOn);
  return lost === undefined
    ? ok(task)
    : fail('input', `The task cannot join the run: ${waitsInVain(lost)}`, 'Retry that one first, or leave it out.');
}

/** Those that a task could wait for: of the plan, or added by the person, and not lost. */
export function possibleDependencies(state: RunState): TaskState[] {
  return rootsOf(state).filter(({ stage }) => isIn(stage) || !isOver(stage));
}

/** The first of these tasks that will not land by itself. */
export function lostAmong(state: RunState, ids: readonly TaskId[]): TaskState | undefined {
  return ids.flatMap((id) => state.tasks.get(id) ?? []).find(({ stage }) => isOver(stage) && !isIn(stage));
}

export function waitsInVain({ task, stage }: TaskState): string {
  return `it waits for “${task.title}”, which is ${stageText(stage)}.`;
}

/** An id that is free in the run, made of a title. */
export function freeId(state: RunState, title: string): TaskId {
  const taken = new Set([...state.tasks.keys()].map((id) => id.toLowerCase()));
  const bare = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  const name = bare === '' ? 'task' : bare;
  for (let at = 1; ; at++) {
    const id = at === 1 ? name : `${name}-${at}`;
    if (!taken.has(id)) return id;
  }
}

/** The priority with which a task is the next to start. */
export function nextPriority(state: RunState): number {
  const waiting = [...state.tasks.values()].filter(({ stage }) => stage.kind === 'waiting');
  return Math.min(MAX_PRIORITY, Math.max(0, ...waiting.map(({ task }) => task.priority ?? 0)) + 1);
}

function rootsOf(state: RunState): TaskState[] {
  return [...state.tasks.values()].filter(({ origin }) => origin.kind === 'plan' || origin.kind === 'person');
}
