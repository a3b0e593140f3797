/** What a run should do next: pure, from its state. Starts nothing. */
import { emptyAccount } from '../../domain/cost';
import type { StandIn } from '../../domain/event';
import { type Failure, never } from '../../domain/failure';
import { checksOf, type TaskId } from '../../domain/plan';
import { isUnanswered } from '../../domain/reduceInbox';
import { poolOfRole, type Role } from '../../domain/role';
import type { RunState } from '../../domain/run';
import { isDecided, isIn, isOver, type Stage, type TaskState } from '../../domain/taskState';
import { conflictStep } from './conflictStep';
import { chooseStarts, compareRank, type Rank, rankOf } from './ranking';
import { agentOf, freeStandIn, keyOf } from './standIn';

/** What a run can be told to do next. */
export type Decision =
  | { readonly kind: 'start'; readonly task: TaskId }
  /** Its children are over, or what it asked is answered: its agent goes on. */
  | { readonly kind: 'resume'; readonly task: TaskId }
  /** Several agents are to race for it. */
  | { readonly kind: 'race'; readonly task: TaskId }
  /** A candidate's work is the task's, as far as its check says. */
  | { readonly kind: 'choose'; readonly task: TaskId; readonly candidate: TaskId }
  /** Its race ended without a winner. */
  | { readonly kind: 'lose'; readonly task: TaskId }
  /** A child's changes come into its parent's draft. */
  | { readonly kind: 'join'; readonly task: TaskId; readonly parent: TaskId }
  /** Its agents keep failing, and it has others to go on with. */
  | { readonly kind: 'switch'; readonly task: TaskId; readonly as: StandIn }
  /** Its agents are given up, and it has no others. */
  | { readonly kind: 'giveUp'; readonly task: TaskId }
  /** An agent is to decide what it is in conflict over; or the order of roles is. */
  | { readonly kind: 'arbitrate'; readonly task: TaskId }
  | { readonly kind: 'rule'; readonly task: TaskId }
  /** What its arbiter decided is its work. */
  | { readonly kind: 'settle'; readonly task: TaskId; readonly arbiter: TaskId }
  /** Its conflict is the person's, although somebody else was to decide it. */
  | { readonly kind: 'leaveOpen'; readonly task: TaskId; readonly failure: Failure }
  | { readonly kind: 'land'; readonly task: TaskId }
  /** To be checked together, in this order, and landed where they are green. */
  | { readonly kind: 'check'; readonly tasks: readonly TaskId[] }
  | { readonly kind: 'doom'; readonly task: TaskId; readonly because: TaskId }
  | { readonly kind: 'stop'; readonly task: TaskId }
  /** Nothing can go on before there is more budget, and nobody waits for that: it is left as it is, for whoever takes it over. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'finish' };

export interface Limits {
  readonly maxWorkers: number;
  /** How many agents of a role run at once; missing: as many as there may be. */
  readonly pools?: Record<Role, number>;
  /** Whether a run waits for the person to decide what is theirs to decide (conflicts, and what is held), or ends with that open. */
  readonly undecided: 'wait' | 'leave';
}

/** What was decided before and has not become an event yet. */
export interface Busy {
  readonly starting: ReadonlySet<TaskId>;
  readonly landing: TaskId | undefined;
  /** Those that are checked, or landed after that. */
  readonly checking: ReadonlySet<TaskId>;
  /** Parents into whose drafts a child's changes are being merged. */
  readonly joining: ReadonlySet<TaskId>;
  /** Those whose conflict somebody else than the person is about to decide, or is about to be asked to. */
  readonly settling: ReadonlySet<TaskId>;
  /** Told to stop, and not at their end yet. */
  readonly ending: ReadonlySet<TaskId>;
  /** Those that wait a while before their next attempt. */
  readonly resting: Pick<ReadonlySet<TaskId>, 'has'>;
}

/** What one look at all tasks finds. */
interface Survey {
  readonly decisions: Decision[];
  /** How many tasks something is still to come of; and those that need nothing but more budget. */
  open: number;
  poor: number;
  /** How many of the open ones wait for nothing but others of the run. */
  idle: number;
  /** What depends on what is left to the person: doomed once nothing else of the run is to come. */
  readonly unhelped: Extract<Decision, { kind: 'doom' }>[];
  /** Some go on by themselves, sooner or later. */
  moving: boolean;
  readonly running: TaskState[];
  readonly ready: TaskState[];
  readonly resumable: TaskState[];
  readonly landable: TaskState[];
  /** Done, with nothing to land: they are in at once. */
  readonly empty: TaskState[];
  readonly unchecked: TaskState[];
  readonly joining: Set<TaskId>;
}

/** `rank`: see {@link rankOf}, for who asks often. */
export function decide(state: RunState, limits: Limits, busy: Busy, rank: Rank = rankOf(state)): Decision[] {
  if (state.phase === 'finished') return [];
  const found = survey(state, limits, busy);
  const { decisions } = found;
  if (state.phase === 'running') {
    for (const { task } of found.empty) decisions.push({ kind: 'land', task: task.id });
    const [landable] = found.landable.sort((a, b) => compareRank(rank, a.task.id, b.task.id));
    if (landable !== undefined && busy.landing === undefined) decisions.push({ kind: 'land', task: landable.task.id });
    // One check at a time; those that come meanwhile wait, and are checked together.
    if (found.unchecked.length > 0 && busy.checking.size === 0) {
      const inOrder = found.unchecked.sort((a, b) => a.work.endedAt - b.work.endedAt);
      decisions.push({ kind: 'check', tasks: inOrder.map(({ task }) => task.id) });
    }
    const { running, ready, resumable } = found;
    const poolOf = (role: Role) => poolOfRole(state.start, role);
    // Who holds half-done work goes first: it frees what it holds.
    for (const tasks of [resumable, ready]) {
      const admits = (task: TaskState, chosen: readonly TaskState[]) =>
        tasks === resumable || state.breakers.size === 0 || isAdmitted(state, task, [...running, ...chosen]);
      const { maxWorkers, pools = {} } = limits;
      for (const task of chooseStarts({ ready: tasks, running, maxWorkers, pools, poolOf, rank, admits })) {
        running.push(task);
        decisions.push({ kind: tasks === ready ? 'start' : 'resume', task: task.task.id });
      }
    }
  }
  // As long as the run goes on, the person may decide what they are to decide, and what depends on that starts.
  if (found.open === found.idle) decisions.push(...found.unhelped);
  if (found.open === 0) decisions.push({ kind: 'finish' });
  else if (limits.undecided === 'leave' && isStuck(state, found)) decisions.push({ kind: 'leave' });
  return decisions;
}

/** Whether nothing happens any more until the person gives a run more budget. */
function isStuck({ phase }: RunState, found: Survey): boolean {
  const { poor, moving, decisions, running, ready, resumable } = found;
  return phase === 'running' && poor > 0 && !moving && decisions.length + running.length + ready.length + resumable.length === 0;
}

/** Whether a task is checked before it lands. What changed nothing has nothing that could be red. */
export function needsCheck({ start }: RunState, { task, work }: TaskState): boolean {
  return work.changeset !== null && checksOf(start.plan, task).length > 0;
}

function survey(state: RunState, limits: Limits, busy: Busy): Survey {
  const found: Survey = {
    decisions: [],
    open: 0,
    poor: 0,
    idle: 0,
    unhelped: [],
    moving: false,
    running: [],
    ready: [],
    resumable: [],
    landable: [],
    empty: [],
    unchecked: [],
    joining: new Set(busy.joining),
  };
  for (const task of state.tasks.values()) {
    const { id } = task.task;
    if (busy.starting.has(id)) found.running.push(task);
    const isUnder = busy.starting.has(id) || busy.landing === id || busy.settling.has(id) || busy.ending.has(id);
    const isBusy = isUnder || busy.checking.has(id);
    if (isBusy || busy.resting.has(id)) found.moving = true;
    if (isBusy) {
      if (busy.ending.has(id) && task.stage.kind === 'running') found.running.push(task);
      found.open++;
      // Which did not fit with the workspace: it waits for nothing that is checked still.
      if (!isUnder && task.stage.kind === 'conflicted') conflicted(found, state, task, limits);
    } else if (!isOver(task.stage)) look(found, state, task, { limits, busy });
  }
  return found;
}

function look(found: Survey, state: RunState, task: TaskState, { limits, busy }: { limits: Limits; busy: Busy }): void {
  const { stage } = task;
  const { id } = task.task;
  const isMoving = state.phase === 'running';
  const isOrphan = isOrphaned(state, task);
  if ((state.phase === 'stopping' || isOrphan) && stage.kind !== 'conflicted' && stage.kind !== 'held') {
    // An agent at work is stopped with the run, by whoever stops that. It has its place until it has ended.
    if (stage.kind !== 'running' || isOrphan) found.decisions.push({ kind: 'stop', task: id });
    if (stage.kind === 'running') found.running.push(task);
    found.open++;
    return;
  }
  switch (stage.kind) {
    case 'waiting': {
      found.open++;
      const fate = fateOf(state, limits, task.task.dependsOn);
      if (typeof fate === 'object') {
        const doom = { kind: 'doom', task: id, because: fate.because } as const;
        if (fate.kind === 'lost') found.decisions.push(doom);
        else {
          found.idle++;
          found.unhelped.push(doom);
        }
        break;
      }
      // Of children that a crash left without the others, none starts before all are there.
      if (fate === 'wait' || isEarly(state, task)) found.idle++;
      else if (emptyAccount(state, task) !== undefined) found.poor++;
      else if (isMoving && isRace(task)) found.decisions.push({ kind: 'race', task: id });
      else if (isMoving && !busy.resting.has(id)) ready(found, state, task);
      break;
    }
    case 'running':
      found.running.push(task);
      found.open++;
      break;
    case 'awaiting':
      found.open++;
      if (isMoving) awaited(found, state, task, stage.children);
      break;
    case 'asking':
      found.open++;
      // Somebody may answer from elsewhere, or nobody does in time.
      if (isUnanswered(state.inbox, task)) found.moving = true;
      else if (isMoving) found.resumable.push(task);
      break;
    case 'done':
      found.open++;
      if (task.origin.kind !== 'candidate') found.moving = true;
      if (task.origin.kind === 'child') {
        const { parent: into } = task.origin;
        if (isMoving && !found.joining.has(into)) found.decisions.push({ kind: 'join', task: id, parent: into });
        found.joining.add(into);
      } else if (task.origin.kind !== 'candidate' && task.origin.kind !== 'arbiter') {
        if (task.work.changeset === null) found.empty.push(task);
        else if (needsCheck(state, task)) found.unchecked.push(task);
        else found.landable.push(task);
      }
      break;
    case 'conflicted':
      if (isDecided(stage) && state.phase !== 'stopping') found.landable.push(task);
      conflicted(found, state, task, limits);
      break;
    case 'held':
      if ((limits.undecided === 'wait' || expires(state, stage)) && state.phase !== 'stopping') found.open++;
      if (expires(state, stage)) found.moving = true;
      break;
    case 'landed':
    case 'joined':
    case 'elsewhere':
    case 'undone':
    case 'failed':
    case 'stopped':
    case 'doomed':
      break;
    default:
      never(stage);
  }
}

/** Who decides a conflict is asked to, and what comes of that is told. */
function conflicted(found: Survey, state: RunState, task: TaskState, { undecided }: Limits): void {
  const step = conflictStep(state, task);
  if (step.kind === 'person') {
    if ((undecided === 'wait' || isDecided(task.stage)) && state.phase !== 'stopping') found.open++;
    return;
  }
  found.open++;
  if (step.kind !== 'wait' && state.phase === 'running') found.decisions.push({ ...step, task: task.task.id });
}

/** A task that could start does so, unless its agents keep failing. */
function ready(found: Survey, state: RunState, task: TaskState): void {
  const { id } = task.task;
  const breaker = state.breakers.size === 0 ? undefined : state.breakers.get(keyOf(agentOf(state.start, task)))?.state;
  const as = breaker === 'open' || breaker === 'given-up' ? freeStandIn(state, task) : undefined;
  if (as !== undefined) found.decisions.push({ kind: 'switch', task: id, as });
  else if (breaker === 'given-up') found.decisions.push({ kind: 'giveUp', task: id });
  else if (breaker !== 'open') found.ready.push(task);
}

/** One at a time tries an agent that kept failing. */
function isAdmitted({ start, breakers }: RunState, task: TaskState, atWork: readonly TaskState[]): boolean {
  const key = keyOf(agentOf(start, task));
  return !breakers.has(key) || atWork.every((other) => keyOf(agentOf(start, other)) !== key);
}

/** What goes on from something that was done is for one agent. */
function isRace({ task, origin, work }: TaskState): boolean {
  return (task.candidates ?? 1) > 1 && origin.kind !== 'candidate' && (work.next === null || work.changeset === null) && !work.interrupted;
}

/** Whether a task's parent does not wait for it yet. */
function isEarly({ tasks }: RunState, { origin }: TaskState): boolean {
  return origin.kind === 'child' && tasks.get(origin.parent)?.stage.kind !== 'awaiting';
}

/** A task that waits for its children goes on when they are over; for its candidates: when one can be tried, or none is left. */
function awaited(found: Survey, state: RunState, task: TaskState, children: readonly TaskId[]): void {
  const all = children.flatMap((id) => state.tasks.get(id) ?? []);
  const open = all.filter(({ stage }) => !isOver(stage));
  if (open.length > 0) found.idle++;
  if (!all.some(({ origin }) => origin.kind === 'candidate')) {
    if (open.length === 0 && !found.joining.has(task.task.id)) found.resumable.push(task);
    return;
  }
  const done = open.filter(({ stage }) => stage.kind === 'done');
  const isBest = task.task.pick === 'best';
  const [winner] = done.sort((a, b) => Number(changedNothing(a)) - Number(changedNothing(b)) || (isBest ? compareWork(a, b) : byEnd(a, b)));
  // Who gave up at once would always be the first.
  const isEarly = winner !== undefined && (isBest || changedNothing(winner)) && done.length < open.length;
  if (winner !== undefined && !isEarly) found.decisions.push({ kind: 'choose', task: task.task.id, candidate: winner.task.id });
  else if (open.length === 0) found.decisions.push({ kind: 'lose', task: task.task.id });
}

function changedNothing({ work }: TaskState): boolean {
  return work.changeset === null;
}

function byEnd(a: TaskState, b: TaskState): number {
  return a.work.endedAt - b.work.endedAt;
}

/** The better work first: that which changes fewer files, then that which took fewer turns. */
function compareWork(a: TaskState, b: TaskState): number {
  return a.work.changes.length - b.work.changes.length || a.work.turns - b.work.turns || byEnd(a, b);
}

/** Whether what a task was made for needs it no more. */
function isOrphaned(state: RunState, { task, origin, stage }: TaskState): boolean {
  if (origin.kind === 'plan' || origin.kind === 'person') return false;
  const parent = state.tasks.get(origin.parent);
  if (parent === undefined || isOver(parent.stage)) return true;
  if (origin.kind === 'arbiter') return !isAsked(parent.stage, task.id);
  if (parent.stage.kind === 'awaiting') return !parent.stage.children.includes(task.id);
  // What has not begun may be what a crash left of a call, or a race, that is about to be made again.
  const { kind } = parent.stage;
  if (origin.kind === 'child') return stage.kind !== 'waiting' || (kind !== 'waiting' && kind !== 'running');
  return kind !== 'done' && !(kind === 'waiting' && isRace(parent));
}

/** Whether an arbiter is to decide this conflict. As soon as the person decides a file of it, it is theirs. */
function isAsked(stage: Stage, arbiter: TaskId): boolean {
  return stage.kind === 'conflicted' && stage.arbiter === arbiter && stage.resolved.size === 0;
}

/** `lost`: it can never start; `left`: only where the person decides what one that it depends on waits for. */
type Fate = 'ready' | 'wait' | { readonly kind: 'lost' | 'left'; readonly because: TaskId };

function fateOf(state: RunState, limits: Limits, dependencies: readonly TaskId[]): Fate {
  let fate: Fate = 'ready';
  for (const id of dependencies) {
    const on = state.tasks.get(id);
    if (on === undefined || (isOver(on.stage) && !isIn(on.stage))) return { kind: 'lost', because: id };
    if (typeof fate === 'object') continue;
    if (isLeft(state, on, limits)) fate = { kind: 'left', because: id };
    else if (!isIn(on.stage)) fate = 'wait';
  }
  return fate;
}

/** Whether only the person can say what becomes of a task, and the run does not wait for them. */
function isLeft(state: RunState, task: TaskState, { undecided }: Limits): boolean {
  const { stage } = task;
  if (undecided === 'wait') return false;
  if (stage.kind === 'held') return !expires(state, stage);
  return stage.kind === 'conflicted' && !isDecided(stage) && conflictStep(state, task).kind === 'person';
}

/** Whether a task's landing waits for leave only for so long. */
function expires({ inbox }: RunState, stage: Stage): boolean {
  return stage.kind === 'held' && stage.item !== null && inbox.get(stage.item)?.seconds != null;
}
