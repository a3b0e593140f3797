/** What came of a run, in numbers. Pure. */
import type { Budget } from '../domain/budget';
import { addSpent, budgetOf, NOTHING_SPENT, type Spent, spentFor, spentIn } from '../domain/cost';
import type { TaskId } from '../domain/plan';
import { type RunState, wentOnMs } from '../domain/run';
import type { Settlement } from '../domain/settlement';
import { isIn, isOver, isReversal, parentOf, placeOf, type Stage, type TaskState, winnerOf, workedMs } from '../domain/taskState';
import { addUsage, totalTokens, type Usage } from '../domain/usage';
import type { Life } from './journal/library';

export interface Summary {
  readonly run: string;
  readonly snapshot: string;
  /** Of the plan, or added by the person. */
  readonly tasks: number;
  /** Tasks that agents spawned, and agents that raced for one. */
  readonly spawned: number;
  readonly candidates: number;
  /** How many of the person's tasks are in each stage; stages that none is in are left out. One whose undo or redo is in conflict is where it was. */
  readonly stages: { readonly [kind in Stage['kind']]?: number };
  /** How many undos and redos are in conflict. */
  readonly reversals: number;
  /** Different files that landed tasks changed. */
  readonly filesChanged: number;
  /** Those that are open. */
  readonly conflicts: number;
  /** Those that were decided, by whom. */
  readonly settled: { readonly [by in Settlement['by']['kind']]: number };
  readonly usage: Usage;
  readonly tokens: number;
  /** Dollars; null where the price of a model is not known. */
  readonly costUsd: number | null;
  readonly spent: Spent;
  /** Of that, for agents that raced for a task and did not win. */
  readonly losers: Spent;
  /** What it may spend. */
  readonly budget: Budget;
  readonly wallMs: number;
  /** What the agents would have taken one after the other. */
  readonly serialMs: number;
  readonly speedUp: number;
  /** How many agents may work at once. */
  readonly maxWorkers: number;
  /** Of the time that all agents could have worked, the share in which they did: 0 to 1. */
  readonly efficiency: number;
  /** The agents' time on the longest way through the tasks that wait for each other: no number of agents makes the run shorter. */
  readonly longestMs: number;
  /** Of the tokens that went to the model, the share that its cache had: 0 to 1. */
  readonly cacheShare: number;
  /** Attempts that failed and were followed by another one. */
  readonly retries: number;
  /** Tasks that went back to their agent, for a red check or a stale premise. */
  readonly reworks: number;
}

/** Until when a run that has not ended is counted: on one that was cut off nobody is at work. */
export function countedUntil(state: RunState, life: Life, now: number): number {
  return life === 'interrupted' ? state.at : now;
}

/** `now`: milliseconds since 1970, for a run that has not ended. */
export function summarize(state: RunState, now: number): Summary {
  const stages: { [kind in Stage['kind']]?: number } = {};
  const files = new Set<string>();
  const made = { plan: 0, person: 0, child: 0, candidate: 0, arbiter: 0 };
  let conflicts = 0;
  let reversals = 0;
  const settled = { person: 0, arbiter: 0, rule: 0 };
  let usage = state.start.planning;
  let serialMs = 0;
  let retries = 0;
  let losers = NOTHING_SPENT;
  let reworks = 0;
  for (const task of state.tasks.values()) {
    const { stage, work, origin } = task;
    made[origin.kind]++;
    if (origin.kind === 'candidate' && isOver(stage) && !isIn(stage)) losers = addSpent(losers, spentFor(state, task.task.id));
    const kind = isReversal(stage) ? placeOf(task) : stage.kind;
    if (stage.kind === 'conflicted') conflicts++;
    if (isReversal(stage)) reversals++;
    for (const { by } of task.settlements) settled[by.kind]++;
    retries += work.failures.length;
    reworks += work.reworks.stale + work.reworks.check;
    if (parentOf(task) === undefined) stages[kind] = (stages[kind] ?? 0) + 1;
    usage = addUsage(usage, work.usage);
    serialMs += workedMs(task, now);
    if (kind === 'landed') for (const change of work.changes) files.add(change.path);
  }
  const spent = spentIn(state);
  const read = usage.input + usage.cacheRead + usage.cacheWrite;
  const wallMs = wentOnMs(state, now);
  return {
    run: state.start.run,
    snapshot: state.start.snapshot,
    tasks: made.plan + made.person,
    spawned: made.child,
    candidates: made.candidate,
    stages,
    reversals,
    filesChanged: files.size,
    conflicts,
    settled,
    usage,
    tokens: totalTokens(usage),
    costUsd: spent.unpriced > 0 ? null : spent.usd,
    spent,
    losers,
    budget: budgetOf(state),
    wallMs,
    serialMs,
    speedUp: wallMs > 0 ? serialMs / wallMs : 0,
    maxWorkers: state.limits.maxWorkers,
    efficiency: wallMs > 0 ? Math.min(1, serialMs / (wallMs * state.limits.maxWorkers)) : 0,
    longestMs: longest(state, now),
    cacheShare: read > 0 ? usage.cacheRead / read : 0,
    retries,
    reworks,
  };
}

function longest({ tasks }: RunState, now: number): number {
  const known = new Map<TaskId, number>();
  const made = new Map<TaskId, TaskState[]>();
  for (const task of tasks.values()) {
    const parent = parentOf(task);
    if (parent !== undefined) made.set(parent, [...(made.get(parent) ?? []), task]);
  }
  /** What was made for a task is a part of its way: its children, whoever won its race, and whoever decided its conflict. */
  const forIt = (id: TaskId): number => {
    const longestOf = (kind: TaskState['origin']['kind']) =>
      Math.max(0, ...(made.get(id) ?? []).filter(({ origin }) => origin.kind === kind).map(({ task }) => until(task.id)));
    const winner = winnerOf(tasks, id);
    return longestOf('child') + (winner === undefined ? longestOf('candidate') : until(winner.task.id)) + longestOf('arbiter');
  };
  const until = (id: TaskId): number => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const found = tasks.get(id);
    if (found === undefined) return 0;
    const whole = workedMs(found, now) + forIt(id) + Math.max(0, ...found.task.dependsOn.map(until));
    known.set(id, whole);
    return whole;
  };
  return Math.max(0, ...[...tasks.values()].filter((task) => parentOf(task) === undefined).map(({ task }) => until(task.id)));
}
