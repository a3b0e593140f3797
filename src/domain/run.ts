/** The state of a run: a fold over its events, and nothing else. */
import { type BudgetEvent, type Standings, standingsAfter, WHOLE_RUN } from './budget';
import type { BreakerState, Origin, RunEvent, RunLimits, RunStarted, StopReason } from './event';
import type { Item } from './inbox';
import type { Task, TaskId } from './plan';
import { awaitingArbiter, leftOpen, settled } from './reduceConflict';
import { answered, asked, isUnanswered } from './reduceInbox';
import { illegal, known, reduceTask, type TaskEvent } from './reduceTask';
import { modelOfRole } from './role';
import { isIn, isOver, modelOf, newTask, ownModelOf, parentOf, type TaskState } from './taskState';
import { Tasks } from './tasks';
import { reset, timed } from './worked';

/** The agents of one role with one model, while they keep failing: none starts, one may, or none does any more. */
export interface Broken {
  readonly state: Exclude<BreakerState, 'closed'>;
  /** What the last of them failed with. */
  readonly why: string;
  /** Milliseconds since 1970, and how long from then on none starts. */
  readonly since: number;
  readonly waitMs: number;
}

export interface RunState {
  readonly start: RunStarted;
  readonly phase: 'running' | 'paused' | 'stopping' | 'finished';
  /** Why it was stopped; null where it was not. */
  readonly stopReason: StopReason | null;
  /** In the plan's order, then in that in which they were added. */
  readonly tasks: Tasks;
  /** Who waits for a task: those that depend on it, and the one that it is a child or a candidate of. The same object until a task is added. */
  readonly waiters: ReadonlyMap<TaskId, readonly TaskId[]>;
  readonly limits: RunLimits;
  /** By role and model, as `coder@model`. */
  readonly breakers: ReadonlyMap<string, Broken>;
  /** What was asked of the person, in order, with what they answered. */
  readonly inbox: ReadonlyMap<string, Item>;
  /** How budgets stand: see {@link Standings}. */
  readonly standings: Standings;
  /** Which model answers in the place of one that keeps failing. */
  readonly fallbacks: ReadonlyMap<string, string>;
  /** The process that drives it, and since when, in milliseconds since 1970: where that is gone and the run has not finished, it was interrupted. */
  readonly driver: { readonly pid: number; readonly since: number; readonly birth?: string | undefined };
  /** The greatest order of any task. */
  readonly order: number;
  /** Milliseconds since 1970; 0 until then. */
  readonly endedAt: number;
  /** When the last of its events happened, until it finished; and how long it has gone on by then, whatever was done to the clock. */
  readonly at: number;
  readonly elapsedMs: number;
}

/** The tasks that the person knows of, planned or added: not what was made for another task. */
export function ownTasks({ tasks }: Pick<RunState, 'tasks'>): TaskState[] {
  return [...tasks.values()].filter((task) => parentOf(task) === undefined);
}

/** The conflict of an earlier run that this one has an arbiter decide, and nothing else; `run` is null where an older journal does not say it. */
export function arbitrated({ start }: Pick<RunState, 'start'>): { readonly run: string | null; readonly task: string } | undefined {
  const [only, ...others] = start.plan.tasks;
  if (start.arbitrates !== undefined) return start.arbitrates;
  // No plan can name that role.
  return only?.role === 'arbiter' && others.length === 0 ? { run: null, task: only.id } : undefined;
}

/** How long a run went on, in milliseconds; `now`: since 1970, for one that has not finished. */
export function wentOnMs({ phase, at, elapsedMs }: RunState, now: number): number {
  return elapsedMs + (phase === 'finished' ? 0 : Math.max(0, now - at));
}

/** Whether the run did all that its plan asked for. */
export function isComplete(state: RunState): boolean {
  return ownTasks(state).every(({ stage }) => isIn(stage));
}

/** Whether nothing goes on in a run but that it waits for the person to decide. */
export function waitsForPerson({ tasks, inbox, standings }: Pick<RunState, 'tasks' | 'inbox' | 'standings'>): boolean {
  const isPoor = standings.get(WHOLE_RUN)?.is === 'gone';
  let open = false;
  for (const { stage, work } of tasks.values()) {
    if (stage.kind === 'running' || stage.kind === 'done') return false;
    if (stage.kind === 'asking' && inbox.get(stage.item)?.answer != null) return false;
    if (stage.kind === 'conflicted' || stage.kind === 'held' || stage.kind === 'asking') open = true;
    if (stage.kind === 'waiting' && (isPoor || work.parked !== null)) open = true;
  }
  return open;
}

/** The state after an event. An event that cannot happen in this state is a bug, and throws. */
export function reduce(state: RunState | undefined, event: RunEvent): RunState {
  if (event.type === 'run.started') {
    if (state !== undefined) throw illegal(event, 'the run has started already');
    return begun(event);
  }
  if (state === undefined) throw illegal(event, 'the run has not started');
  const before = reset(state, event.at);
  return timed(before, reduced(before, event), event);
}

function reduced(state: RunState, event: Exclude<RunEvent, RunStarted>): RunState {
  switch (event.type) {
    case 'run.paused':
      return { ...state, phase: moved(state, event, 'running', 'paused') };
    case 'run.continued':
      return { ...state, phase: moved(state, event, 'paused', 'running') };
    case 'run.limited':
      return { ...unfinished(state, event), limits: event.limits };
    case 'run.taken':
      return taken(unfinished(state, event), { pid: event.pid, since: event.at, birth: event.birth });
    case 'run.breaker':
      return { ...unfinished(state, event), breakers: switched(state.breakers, event) };
    case 'run.budgeted':
    case 'run.nearBudget':
    case 'run.outOfBudget':
      if (event.of !== undefined) known(state.tasks, event, event.of);
      return { ...unfinished(state, event), standings: standingsAfter(state.standings, toldOnce(state, event)) };
    case 'run.fallback':
      return { ...unfinished(state, event), fallbacks: answeredBy(state.fallbacks, event) };
    case 'run.stopping':
      return { ...unfinished(state, event), phase: 'stopping', stopReason: state.stopReason ?? event.why ?? 'person' };
    case 'run.finished':
      return finished(unfinished(state, event), event);
    case 'inbox.asked':
      return asked(unfinished(state, event), event);
    case 'inbox.answered':
      return answered(unfinished(state, event), event);
    case 'task.added':
      return added(state, event);
    case 'task.joined':
      return joined(state, event);
    case 'task.chosen':
      return chosen(state, event);
    case 'task.passedOver':
      return passedOver(state, event);
    case 'task.again':
      return again(unfinished(state, event), event);
    case 'task.settled':
      return { ...state, tasks: settled(unfinished(state, event).tasks, event) };
    case 'task.leftOpen':
      return { ...state, tasks: leftOpen(unfinished(state, event).tasks, event) };
    default: {
      checkPlace(state, event);
      const task = known(state.tasks, event, event.task);
      const order = state.order + 1;
      const after = reduceTask(task, event.type === 'task.turn' ? named(state.start, task, event) : event, order);
      return { ...state, tasks: state.tasks.with(after), order: after.order === order ? order : state.order };
    }
  }
}

function begun(start: RunStarted): RunState {
  const tasks = Tasks.of(start.plan.tasks.map((task) => newTask(task, { kind: 'plan' }, 0)));
  return {
    start,
    phase: 'running',
    stopReason: null,
    tasks,
    waiters: waitersOf(tasks),
    limits: { maxWorkers: start.maxWorkers, pools: start.pools ?? {} },
    breakers: new Map(),
    inbox: new Map(),
    standings: new Map(),
    fallbacks: new Map(),
    driver: { pid: start.pid, since: start.at, birth: start.birth },
    order: 0,
    endedAt: 0,
    at: start.at,
    elapsedMs: 0,
  };
}

function unfinished(state: RunState, event: RunEvent): RunState {
  if (state.phase === 'finished') throw illegal(event, 'the run has finished');
  return state;
}

function moved({ phase }: RunState, event: RunEvent, from: RunState['phase'], to: RunState['phase']): RunState['phase'] {
  if (phase !== from) throw illegal(event, `the run is ${phase}`);
  return to;
}

/** What waits for the person may be left. */
function finished(state: RunState, event: RunEvent): RunState {
  for (const { stage, task } of state.tasks.values()) {
    if (!isOver(stage) && stage.kind !== 'conflicted' && stage.kind !== 'held')
      throw illegal(event, `the task ${task.id} is ${stage.kind}`);
  }
  return { ...state, phase: 'finished', endedAt: event.at };
}

/** What a breaker can be before it is that. */
const BEFORE: Readonly<Record<BreakerState, readonly BreakerState[]>> = {
  closed: ['open', 'half-open', 'given-up'],
  open: ['closed', 'half-open'],
  'half-open': ['open'],
  'given-up': ['closed', 'half-open'],
};

function switched(breakers: RunState['breakers'], event: Extract<RunEvent, { type: 'run.breaker' }>): RunState['breakers'] {
  const { key, state, why, waitMs, at } = event;
  const before = breakers.get(key)?.state ?? 'closed';
  if (!BEFORE[state].includes(before)) throw illegal(event, `the breaker of ${key} is ${before}`);
  const changed = new Map(breakers);
  if (state === 'closed') changed.delete(key);
  else changed.set(key, { state, why, since: at, waitMs });
  return changed;
}

/** How an account stands is told once, until it is raised. */
function toldOnce({ standings }: RunState, event: BudgetEvent): BudgetEvent {
  const is = standings.get(event.of ?? WHOLE_RUN)?.is ?? 'within';
  const isTold = is === 'gone' || (is === 'near' && event.type === 'run.nearBudget');
  if (event.type !== 'run.budgeted' && isTold) throw illegal(event, `the budget is ${is} already`);
  return event;
}

function answeredBy(before: RunState['fallbacks'], event: Extract<RunEvent, { type: 'run.fallback' }>): RunState['fallbacks'] {
  const { model, by } = event;
  if (by === (before.get(model) ?? null)) throw illegal(event, by === null ? `${model} answers itself` : `${by} answers already`);
  const after = new Map(before);
  if (by === null) after.delete(model);
  else after.set(model, by);
  return after;
}

/** A turn of a model that stands in for a task's own one is counted as that one's, whatever the task goes on with later. */
function named(start: RunStarted, task: TaskState, turn: Extract<TaskEvent, { type: 'task.turn' }>): TaskEvent {
  const model = modelOf(start, task);
  return turn.model !== undefined || model === ownModelOf(start, task) ? turn : { ...turn, model };
}

/** What cannot be told from the task alone. */
function checkPlace(state: RunState, event: TaskEvent): void {
  switch (event.type) {
    case 'task.started':
    case 'task.reworked':
      unfinished(state, event);
      break;
    case 'task.awaiting': {
      // An agent spawns children; a task for which several race has none of its own.
      const kind = known(state.tasks, event, event.task).stage.kind === 'running' ? 'child' : 'candidate';
      for (const id of event.children) {
        const made = known(state.tasks, event, id);
        if (parentOf(made) !== event.task || made.origin.kind !== kind) throw illegal(event, `${id} is no ${kind} of the task`);
      }
      break;
    }
    case 'task.resumed':
      if (isUnanswered(state.inbox, known(state.tasks, event, event.task))) throw illegal(event, 'what it asked is not answered');
      for (const child of awaitedBy(known(state.tasks, event, event.task), state)) {
        if (child.origin.kind !== 'child') throw illegal(event, 'its race has no winner');
        if (!isOver(child.stage)) throw illegal(event, `${child.task.id} is ${child.stage.kind}`);
      }
      break;
    case 'task.doomed':
      known(state.tasks, event, event.because);
      break;
    default:
  }
}

function awaitedBy({ stage }: TaskState, { tasks }: RunState): TaskState[] {
  return stage.kind === 'awaiting' ? stage.children.flatMap((id) => tasks.get(id) ?? []) : [];
}

function added(state: RunState, event: { type: 'task.added'; at: number; task: TaskId; definition: Task; origin: Origin }): RunState {
  const { definition, origin } = event;
  unfinished(state, event);
  if (definition.id !== event.task) throw illegal(event, `it defines ${definition.id}`);
  if (state.tasks.has(definition.id)) throw illegal(event, 'there is such a task already');
  for (const on of definition.dependsOn) {
    const parent = parentOf(known(state.tasks, event, on));
    // Else it may wait for what waits for it.
    if (origin.kind !== 'person' && parent !== origin.parent)
      throw illegal(event, `it depends on ${on}, which was not made for the same task`);
  }
  const depth = origin.kind === 'person' ? 0 : known(state.tasks, event, origin.parent).depth + (origin.kind === 'child' ? 1 : 0);
  const before = origin.kind === 'arbiter' ? state.tasks.with(awaitingArbiter(state.tasks, event, origin.parent)) : state.tasks;
  const tasks = before.and(newTask(definition, origin, depth));
  return { ...state, tasks, waiters: waitersOf(tasks) };
}

/** A child has come to its end, and its parent's draft has what it did. */
function joined(state: RunState, event: Extract<RunEvent, { type: 'task.joined' }>): RunState {
  const child = known(state.tasks, event, event.task);
  if (child.stage.kind !== 'done') throw illegal(event, `the task is ${child.stage.kind}`);
  if (child.origin.kind !== 'child') throw illegal(event, 'the task has no parent');
  const parent = known(state.tasks, event, child.origin.parent);
  if (parent.stage.kind !== 'awaiting') throw illegal(event, `its parent is ${parent.stage.kind}`);
  const changeset = event.after === parent.work.base ? null : event.after;
  const tasks = state.tasks.with({ ...child, stage: { kind: 'joined', conflicts: event.conflicts } });
  return { ...state, tasks: tasks.with({ ...parent, work: { ...parent.work, changeset } }) };
}

/** A task takes over what its candidate did, and goes the way of all that is done. */
function chosen(state: RunState, event: Extract<RunEvent, { type: 'task.chosen' }>): RunState {
  const task = known(state.tasks, event, event.task);
  const candidate = known(state.tasks, event, event.candidate);
  if (task.stage.kind !== 'awaiting') throw illegal(event, `the task is ${task.stage.kind}`);
  if (candidate.origin.kind !== 'candidate' || candidate.origin.parent !== event.task) throw illegal(event, 'it did not race for the task');
  if (candidate.stage.kind !== 'done') throw illegal(event, `the candidate is ${candidate.stage.kind}`);
  const { base, changeset, changes, reads, looks, told, summary } = candidate.work;
  const { role, model = modelOfRole(state.start, role) } = candidate.task;
  const own = role === task.task.role && model === (task.task.model ?? modelOfRole(state.start, task.task.role));
  // Should it have to be mended, its own agent goes on with it.
  const as = candidate.work.as ?? (own ? null : { role, model });
  const work = { ...task.work, as, base, changeset, changes, reads, looks, told, summary, endedAt: event.at };
  const tasks = state.tasks.with({ ...candidate, stage: { kind: 'joined', conflicts: [] } });
  return { ...state, tasks: tasks.with({ ...task, stage: { kind: 'done' }, work }) };
}

/** The task goes back to its race, without what its candidate did. */
function passedOver(state: RunState, event: Extract<RunEvent, { type: 'task.passedOver' }>): RunState {
  const task = known(state.tasks, event, event.task);
  const candidate = known(state.tasks, event, event.candidate);
  if (task.stage.kind !== 'done') throw illegal(event, `the task is ${task.stage.kind}`);
  const hasRaced = candidate.origin.kind === 'candidate' && candidate.origin.parent === event.task;
  if (!hasRaced || candidate.stage.kind !== 'joined') throw illegal(event, 'it was not the one that was chosen');
  const racing = [...state.tasks.values()].filter((other) => other.origin.kind === 'candidate' && other.origin.parent === event.task);
  const stage = { kind: 'awaiting' as const, children: racing.map(({ task: { id } }) => id), since: event.at };
  const work = { ...task.work, as: null, changeset: null, changes: [], reads: [], looks: null, stale: [], summary: '', endedAt: 0 };
  const tasks = state.tasks.with({ ...candidate, stage: { kind: 'failed', failure: event.failure }, check: task.check });
  return { ...state, tasks: tasks.with({ ...task, stage, work, check: null }) };
}

/** The task, and what was doomed because of it, wait as they did before. */
function again(state: RunState, event: Extract<RunEvent, { type: 'task.again' }>): RunState {
  const task = known(state.tasks, event, event.task);
  const { stage, work } = task;
  if (!['waiting', 'failed', 'stopped', 'doomed'].includes(stage.kind)) throw illegal(event, `the task is ${stage.kind}`);
  const next = event.next ?? null;
  // It is a task's conflict that is decided anew.
  if (task.origin.kind === 'arbiter') throw illegal(event, 'it was made for a conflict');
  const fresh = { ...work, failures: [], as: null, parked: null, stale: [], reworks: { stale: 0, check: 0 }, next };
  const kept = next?.draft == null ? { changeset: null, changes: [] } : {};
  let tasks = state.tasks.with({ ...task, stage: { kind: 'waiting' }, check: null, settlements: [], work: { ...fresh, ...kept } });
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
  // What kept failing may have been mended since.
  return { ...state, tasks, breakers: new Map() };
}

function taken(state: RunState, driver: RunState['driver']): RunState {
  let { tasks } = state;
  for (const task of tasks.values()) {
    if (task.stage.kind !== 'running') continue;
    tasks = tasks.with({ ...task, stage: { kind: 'waiting' }, work: { ...task.work, step: '', interrupted: true } });
  }
  return { ...state, tasks, driver, breakers: new Map(), fallbacks: new Map() };
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
