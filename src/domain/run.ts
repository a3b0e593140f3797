/** The state of a run: a fold over its events, and nothing else. */
import type { Origin, RunEvent, RunLimits, RunStarted } from './event';
import type { Task, TaskId } from './plan';
import { illegal, reduceTask } from './reduceTask';
import { isIn, newTask, parentOf, type TaskState } from './taskState';
import { Tasks } from './tasks';

export interface RunState {
  readonly start: RunStarted;
  readonly phase: 'running' | 'paused' | 'stopping' | 'finished';
  /** In the plan's order, then in that in which they were added. */
  readonly tasks: Tasks;
  /** Who waits for a task: those that depend on it, and the one that it is a child or a candidate of. The same object until a task is added. */
  readonly waiters: ReadonlyMap<TaskId, readonly TaskId[]>;
  readonly limits: RunLimits;
  /** The process that drives it, and since when, in milliseconds since 1970: where that is gone and the run has not finished, it was interrupted. */
  readonly driver: { readonly pid: number; readonly since: number; readonly birth?: string | undefined };
  /** The greatest order of any task. */
  readonly order: number;
  /** Milliseconds since 1970; 0 until then. */
  readonly endedAt: number;
}

/** Whether the run did all that its plan asked for. */
export function isComplete(state: RunState): boolean {
  return [...state.tasks.values()].every((task) => parentOf(task) !== undefined || isIn(task.stage));
}

/** The state after an event. An event that cannot happen in this state is a bug, and throws. */
export function reduce(state: RunState | undefined, event: RunEvent): RunState {
  if (event.type === 'run.started') {
    if (state !== undefined) throw illegal(event, 'the run has started already');
    return begun(event);
  }
  if (state === undefined) throw illegal(event, 'the run has not started');
  switch (event.type) {
    case 'run.paused':
      return state.phase === 'running' ? { ...state, phase: 'paused' } : state;
    case 'run.continued':
      return state.phase === 'paused' ? { ...state, phase: 'running' } : state;
    case 'run.limited':
      return { ...state, limits: event.limits };
    case 'run.taken':
      if (state.phase === 'finished') throw illegal(event, 'the run has finished');
      return taken(state, { pid: event.pid, since: event.at, birth: event.birth });
    case 'run.stopping':
      return state.phase === 'finished' ? state : { ...state, phase: 'stopping' };
    case 'run.finished':
      return { ...state, phase: 'finished', endedAt: event.at };
    case 'task.added':
      return added(state, event);
    case 'task.joined':
      return joined(state, event);
    case 'task.chosen':
      return chosen(state, event);
    case 'task.passedOver':
      return passedOver(state, event);
    case 'task.again':
      return again(state, event);
    default: {
      const task = known(state, event, event.task);
      const order = state.order + 1;
      const after = reduceTask(task, event, order);
      return { ...state, tasks: state.tasks.with(after), order: after.order === order ? order : state.order };
    }
  }
}

function begun(start: RunStarted): RunState {
  const tasks = Tasks.of(start.plan.tasks.map((task) => newTask(task, { kind: 'plan' }, 0)));
  return {
    start,
    phase: 'running',
    tasks,
    waiters: waitersOf(tasks),
    limits: { maxWorkers: start.maxWorkers, pools: start.pools ?? {} },
    driver: { pid: start.pid, since: start.at, birth: start.birth },
    order: 0,
    endedAt: 0,
  };
}

function known(state: RunState, event: RunEvent, id: TaskId): TaskState {
  const task = state.tasks.get(id);
  if (task === undefined) throw illegal(event, `there is no task ${id}`);
  return task;
}

function added(state: RunState, event: { type: 'task.added'; at: number; task: TaskId; definition: Task; origin: Origin }): RunState {
  const { definition, origin } = event;
  if (state.phase === 'finished') throw illegal(event, 'the run has finished');
  if (definition.id !== event.task) throw illegal(event, `it defines ${definition.id}`);
  if (state.tasks.has(definition.id)) throw illegal(event, 'there is such a task already');
  for (const on of definition.dependsOn) known(state, event, on);
  const depth = origin.kind === 'person' ? 0 : known(state, event, origin.parent).depth + (origin.kind === 'child' ? 1 : 0);
  const tasks = state.tasks.and(newTask(definition, origin, depth));
  return { ...state, tasks, waiters: waitersOf(tasks) };
}

/** A child has come to its end, and its parent's draft has what it did. */
function joined(state: RunState, event: Extract<RunEvent, { type: 'task.joined' }>): RunState {
  const child = known(state, event, event.task);
  if (child.stage.kind !== 'done') throw illegal(event, `the task is ${child.stage.kind}`);
  if (child.origin.kind !== 'child') throw illegal(event, 'the task has no parent');
  const parent = known(state, event, child.origin.parent);
  const changeset = event.after === parent.work.base ? null : event.after;
  const tasks = state.tasks.with({ ...child, stage: { kind: 'joined', conflicts: event.conflicts } });
  return { ...state, tasks: tasks.with({ ...parent, work: { ...parent.work, changeset } }) };
}

/** A task takes over what its candidate did, and goes the way of all that is done. */
function chosen(state: RunState, event: Extract<RunEvent, { type: 'task.chosen' }>): RunState {
  const task = known(state, event, event.task);
  const candidate = known(state, event, event.candidate);
  if (task.stage.kind !== 'awaiting') throw illegal(event, `the task is ${task.stage.kind}`);
  if (candidate.origin.kind !== 'candidate' || candidate.origin.parent !== event.task) throw illegal(event, 'it did not race for the task');
  if (candidate.stage.kind !== 'done') throw illegal(event, `the candidate is ${candidate.stage.kind}`);
  const { base, changeset, changes, reads, summary, endedAt } = candidate.work;
  const { role, model = state.start.model } = candidate.task;
  const own = role === task.task.role && model === (task.task.model ?? state.start.model);
  // Should it have to be mended, its own agent goes on with it.
  const as = candidate.work.as ?? (own ? null : { role, model });
  const work = { ...task.work, as, base, changeset, changes, reads, summary, endedAt };
  const tasks = state.tasks.with({ ...candidate, stage: { kind: 'joined', conflicts: [] } });
  return { ...state, tasks: tasks.with({ ...task, stage: { kind: 'done' }, work }) };
}

/** The task goes back to its race, without what its candidate did. */
function passedOver(state: RunState, event: Extract<RunEvent, { type: 'task.passedOver' }>): RunState {
  const task = known(state, event, event.task);
  const candidate = known(state, event, event.candidate);
  if (task.stage.kind !== 'done') throw illegal(event, `the task is ${task.stage.kind}`);
  if (parentOf(candidate) !== event.task || candidate.stage.kind !== 'joined') throw illegal(event, 'it was not the one that was chosen');
  const racing = [...state.tasks.values()].filter((other) => other.origin.kind === 'candidate' && other.origin.parent === event.task);
  const stage = { kind: 'awaiting' as const, children: racing.map(({ task: { id } }) => id) };
  const work = { ...task.work, as: null, changeset: null, changes: [], reads: [], stale: [], summary: '', endedAt: 0 };
  const tasks = state.tasks.with({ ...candidate, stage: { kind: 'failed', failure: event.failure }, check: task.check });
  return { ...state, tasks: tasks.with({ ...task, stage, work, check: null }) };
}

/** The task, and what was doomed because of it, wait as they did before. */
function again(state: RunState, event: Extract<RunEvent, { type: 'task.again' }>): RunState {
  if (state.phase === 'finished') throw illegal(event, 'the run has finished');
  const task = known(state, event, event.task);
  const { stage, work } = task;
  if (!['waiting', 'failed', 'stopped', 'doomed'].includes(stage.kind)) throw illegal(event, `the task is ${stage.kind}`);
  const next = event.next ?? null;
  const fresh = { ...work, failures: [], as: null, stale: [], reworks: { stale: 0, check: 0 }, next };
  const kept = next?.draft == null ? { changeset: null, changes: [] } : {};
  let tasks = state.tasks.with({ ...task, stage: { kind: 'waiting' }, check: null, work: { ...fresh, ...kept } });
  const free = new Set([event.task]);
  // Whoever was doomed because of one that was doomed itself stands in no fixed order.
  for (let more = true; more; ) {
    more = false;
    for (const doomed of tasks.values()) {
      if (doomed.stage.kind !== 'doomed' || !free.has(doomed.stage.because)) continue;
      tasks = tasks.with({ ...doomed, stage: { kind: 'waiting' } });
      free.add(doomed.task.id);
      more = true;
    }
  }
  return { ...state, tasks };
}

function taken(state: RunState, driver: RunState['driver']): RunState {
  let { tasks } = state;
  for (const task of tasks.values()) {
    if (task.stage.kind !== 'running') continue;
    tasks = tasks.with({ ...task, stage: { kind: 'waiting' }, work: { ...task.work, step: '', interrupted: true } });
  }
  return { ...state, tasks, driver };
}

function waitersOf(tasks: Tasks): Map<TaskId, TaskId[]> {
  const waiters = new Map<TaskId, TaskId[]>();
  const waits = (id: TaskId, on: TaskId) => {
    const known = waiters.get(on);
    if (known === undefined) waiters.set(on, [id]);
    else known.push(id);
  };
  for (const state of tasks.values()) {
    for (const on of state.task.dependsOn) waits(state.task.id, on);
    const parent = parentOf(state);
    if (parent !== undefined) waits(parent, state.task.id);
  }
  return waiters;
}
