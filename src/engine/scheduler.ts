/** What a run should do next: pure, from its state. Starts nothing. */
import { never } from '../domain/failure';
import { checksOf, type TaskId } from '../domain/plan';
import { isDecided, type RunState, type Stage, type TaskState } from '../domain/run';

/** What a run can be told to do next. */
export type Decision =
  | { readonly kind: 'start'; readonly task: TaskId }
  | { readonly kind: 'land'; readonly task: TaskId }
  /** To be checked together, in this order, and landed where they are green. */
  | { readonly kind: 'check'; readonly tasks: readonly TaskId[] }
  | { readonly kind: 'doom'; readonly task: TaskId; readonly because: TaskId }
  | { readonly kind: 'stop'; readonly task: TaskId }
  | { readonly kind: 'finish' };

export interface Limits {
  readonly maxWorkers: number;
  /** Whether a run waits for the person to decide its conflicts, and what is held, or ends with them open. */
  readonly conflicts: 'wait' | 'leave';
}

/** What was decided before and has not become an event yet. */
export interface Busy {
  readonly starting: ReadonlySet<TaskId>;
  readonly landing: TaskId | undefined;
  /** Those that are checked, or landed after that. */
  readonly checking: ReadonlySet<TaskId>;
}

export function decide(state: RunState, limits: Limits, busy: Busy): Decision[] {
  if (state.phase === 'finished') return [];
  const decisions: Decision[] = [];
  const stopping = state.phase === 'stopping';
  let running = busy.starting.size;
  let open = busy.starting.size + busy.checking.size + (busy.landing === undefined ? 0 : 1);
  let landing = busy.landing !== undefined;
  const ready: TaskId[] = [];
  const unchecked: TaskState[] = [];

  for (const [id, found] of state.tasks) {
    const { stage, task } = found;
    if (busy.starting.has(id) || busy.landing === id || busy.checking.has(id)) continue;
    switch (stage.kind) {
      case 'waiting': {
        const fate = stopping ? 'stop' : fateOf(state, limits, task.dependsOn);
        if (fate === 'stop') decisions.push({ kind: 'stop', task: id });
        else if (fate === 'ready') ready.push(id);
        else if (fate !== 'wait') decisions.push({ kind: 'doom', task: id, because: fate.because });
        open++;
        break;
      }
      case 'running':
        running++;
        open++;
        break;
      case 'done':
        open++;
        if (stopping) decisions.push({ kind: 'stop', task: id });
        else if (needsCheck(state, found)) unchecked.push(found);
        else if (!landing) {
          landing = true;
          decisions.push({ kind: 'land', task: id });
        }
        break;
      case 'conflicted':
        if (isDecided(stage) && !landing && !stopping) {
          landing = true;
          decisions.push({ kind: 'land', task: id });
        }
        if (limits.conflicts === 'wait' && !stopping) open++;
        break;
      case 'held':
        if (limits.conflicts === 'wait' && !stopping) open++;
        break;
      case 'landed':
      case 'undone':
      case 'failed':
      case 'stopped':
      case 'doomed':
        break;
      default:
        never(stage);
    }
  }
  // One check at a time; those that come meanwhile wait, and are checked together.
  if (unchecked.length > 0 && busy.checking.size === 0) {
    const inOrder = unchecked.sort((a, b) => a.work.endedAt - b.work.endedAt);
    decisions.push({ kind: 'check', tasks: inOrder.map(({ task }) => task.id) });
  }
  const order = longestFirst(state, ready);
  for (const task of order.slice(0, Math.max(0, limits.maxWorkers - running))) decisions.push({ kind: 'start', task });
  if (open === 0) decisions.push({ kind: 'finish' });
  return decisions;
}

/** Whether a task is checked before it lands. What changed nothing has nothing that could be red. */
export function needsCheck({ start }: RunState, { task, work }: TaskState): boolean {
  return work.changeset !== null && checksOf(start.plan, task).length > 0;
}

type Fate = 'ready' | 'wait' | { readonly because: TaskId };

function fateOf(state: RunState, limits: Limits, dependencies: readonly TaskId[]): Fate {
  let fate: Fate = 'ready';
  for (const id of dependencies) {
    const stage = state.tasks.get(id)?.stage;
    if (stage === undefined || isLost(stage, limits)) return { because: id };
    if (stage.kind !== 'landed') fate = 'wait';
  }
  return fate;
}

/** Whether what depends on a task in this stage can never start. */
function isLost(stage: Stage, limits: Limits): boolean {
  if (stage.kind === 'conflicted' || stage.kind === 'held') return limits.conflicts === 'leave';
  return stage.kind === 'failed' || stage.kind === 'stopped' || stage.kind === 'doomed' || stage.kind === 'undone';
}

/** Those first behind which the longest chain of tasks waits; among equals, in the plan's order. */
function longestFirst(state: RunState, ready: readonly TaskId[]): TaskId[] {
  if (ready.length < 2) return [...ready];
  const dependents = new Map<TaskId, TaskId[]>();
  for (const [id, { task }] of state.tasks) for (const on of task.dependsOn) dependents.set(on, [...(dependents.get(on) ?? []), id]);
  const lengths = new Map<TaskId, number>();
  const length = (id: TaskId): number => {
    const known = lengths.get(id);
    if (known !== undefined) return known;
    const longest = 1 + Math.max(0, ...(dependents.get(id) ?? []).map(length));
    lengths.set(id, longest);
    return longest;
  };
  return [...ready].sort((a, b) => length(b) - length(a));
}
