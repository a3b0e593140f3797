/** The state of a run: a fold over its events, and nothing else. */
import type { Change, Conflict, Entry, Read, StaleFile } from './changes';
import type { RunEvent, RunStarted } from './event';
import { type Failure, never } from './failure';
import { isSamePart, type Part } from './part';
import type { Task, TaskId } from './plan';
import { addUsage, NO_USAGE, type Usage } from './usage';

/** Where a task stands. `done` waits for its landing; `conflicted` and `held` (its premise is stale) wait for the person. */
export type Stage =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running' }
  | { readonly kind: 'done' }
  | { readonly kind: 'conflicted'; readonly conflict: Conflict; readonly resolved: ReadonlyMap<string, Entry | null> }
  | { readonly kind: 'held' }
  | { readonly kind: 'landed' }
  | { readonly kind: 'undone' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'doomed'; readonly because: TaskId };

/** The agent's own part of a task: what it did, and what it cost. */
export interface Work {
  /** Commit that the draft began from; empty until the agent began. */
  readonly base: string;
  /** Commit of what the agent changed, kept whatever became of the task; null where nothing was changed. */
  readonly changeset: string | null;
  readonly changes: readonly Change[];
  /** What the agent read of its draft's base, as far as it is known. */
  readonly reads: readonly Read[];
  /** What the agent read and others changed before it could land; empty where its premise held. */
  readonly stale: readonly StaleFile[];
  /** How often it went back to its agent: because its premise was stale, and because its check failed. */
  readonly reworks: { readonly stale: number; readonly check: number };
  readonly summary: string;
  readonly step: string;
  readonly usage: Usage;
  readonly turns: number;
  /** Milliseconds since 1970; 0 until then. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Two commits of the workspace, around a change to it. */
export interface Link {
  readonly before: string;
  readonly after: string;
}

export interface UndonePart extends Link {
  readonly part: Part;
}

/** The last check of a task: it goes on, or what came of it. */
export type Check = { readonly kind: 'running'; readonly commands: readonly string[] } | ({ readonly kind: 'ended' } & CheckResult);

/** What a check said: whether the merged workspace may land, and by which command. */
export interface CheckResult {
  readonly ok: boolean;
  readonly command: string;
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly output: string;
  readonly milliseconds: number;
}

export interface TaskState {
  readonly task: Task;
  readonly stage: Stage;
  readonly work: Work;
  /** The commits around its landing, once it has landed; kept when it is undone, and while an undo is in conflict. */
  readonly landing: Link | null;
  /** The commits around its undo, while it is undone. */
  readonly undone: Link | null;
  /** The parts of its landing that are undone, those undone last at the end; they stay so when the task is undone and redone. */
  readonly parts: readonly UndonePart[];
  /** Of two tasks that landed, or were undone or redone, the one that did so later has the greater number; 0 until then. */
  readonly order: number;
  /** null where it was not checked. */
  readonly check: Check | null;
}

export interface RunState {
  readonly start: RunStarted;
  readonly phase: 'running' | 'stopping' | 'finished';
  /** In the plan's order. */
  readonly tasks: ReadonlyMap<TaskId, TaskState>;
  /** Milliseconds since 1970; 0 until then. */
  readonly endedAt: number;
}

/** Whether every file of a conflict is decided. */
export function isDecided(stage: Stage): boolean {
  return stage.kind === 'conflicted' && stage.conflict.files.every((file) => stage.resolved.has(file.path));
}

/** Whether the run did all that its plan asked for. */
export function isComplete(state: RunState): boolean {
  return [...state.tasks.values()].every((task) => task.stage.kind === 'landed');
}

const NO_WORK: Work = {
  base: '',
  changeset: null,
  changes: [],
  reads: [],
  stale: [],
  reworks: { stale: 0, check: 0 },
  summary: '',
  step: '',
  usage: NO_USAGE,
  turns: 0,
  startedAt: 0,
  endedAt: 0,
};

/** The state after an event. An event that cannot happen in this state is a bug, and throws. */
export function reduce(state: RunState | undefined, event: RunEvent): RunState {
  if (event.type === 'run.started') {
    if (state !== undefined) throw illegal(event, 'the run has started already');
    const tasks = event.plan.tasks.map((task): [TaskId, TaskState] => [
      task.id,
      { task, stage: { kind: 'waiting' }, work: NO_WORK, landing: null, undone: null, parts: [], order: 0, check: null },
    ]);
    return { start: event, phase: 'running', tasks: new Map(tasks), endedAt: 0 };
  }
  if (state === undefined) throw illegal(event, 'the run has not started');
  if (event.type === 'run.stopping') return state.phase === 'finished' ? state : { ...state, phase: 'stopping' };
  if (event.type === 'run.finished') return { ...state, phase: 'finished', endedAt: event.at };
  const before = state.tasks.get(event.task);
  if (before === undefined) throw illegal(event, 'there is no such task');
  const order = 1 + Math.max(...[...state.tasks.values()].map((task) => task.order));
  return { ...state, tasks: new Map(state.tasks).set(event.task, reduceTask(before, event, order)) };
}

type TaskEvent = Exclude<RunEvent, { type: `run.${string}` }>;

/** `order`: greater than that of any task so far. */
function reduceTask(state: TaskState, event: TaskEvent, order: number): TaskState {
  const { stage, work } = state;
  const allow = (...kinds: Stage['kind'][]) => {
    if (!kinds.includes(stage.kind)) throw illegal(event, `the task is ${stage.kind}`);
  };
  switch (event.type) {
    case 'task.started':
      allow('waiting');
      // Where it is not the first time, what it has cost so far, and what it did, stay.
      return {
        ...state,
        stage: { kind: 'running' },
        work: {
          ...work,
          base: event.base,
          changeset: event.draft ?? null,
          changes: [],
          startedAt: work.startedAt || event.at,
          endedAt: 0,
        },
      };
    case 'task.stale':
      allow('done');
      return { ...state, stage: event.held ? { kind: 'held' } : stage, work: { ...work, stale: event.files } };
    case 'task.reworked':
      allow('done', 'held');
      return {
        ...state,
        stage: { kind: 'waiting' },
        work: { ...work, stale: [], reworks: { ...work.reworks, [event.why]: work.reworks[event.why] + 1 } },
      };
    case 'task.step':
      allow('running');
      return { ...state, work: { ...work, step: event.step } };
    case 'task.turn':
      allow('running');
      return { ...state, work: { ...work, usage: addUsage(work.usage, event.usage), turns: work.turns + 1 } };
    case 'task.done':
      allow('running');
      return {
        ...state,
        stage: { kind: 'done' },
        work: {
          ...work,
          summary: event.summary,
          changeset: event.changeset,
          changes: event.changes,
          reads: event.reads ?? [],
          step: '',
          endedAt: event.at,
        },
      };
    case 'task.checking':
      allow('done');
      return { ...state, check: { kind: 'running', commands: event.commands } };
    case 'task.checked': {
      allow('done');
      const { ok, command, exitCode, timedOut, output, milliseconds } = event;
      return { ...state, check: { kind: 'ended', ok, command, exitCode, timedOut, output, milliseconds } };
    }
    case 'task.landed':
      allow('done', 'held', 'conflicted', 'failed', 'stopped', 'undone', ...leftOver(state));
      // An undo that did not happen was told so before there was an event of its own for that.
      if (isReversal(stage)) return { ...state, stage: { kind: 'landed' } };
      return { ...state, stage: { kind: 'landed' }, landing: linkOf(event), undone: null, parts: [], order };
    case 'task.conflicted':
      allow('done', 'held', 'landed', 'undone', 'conflicted', 'failed', 'stopped', ...leftOver(state));
      return { ...state, stage: { kind: 'conflicted', conflict: event.conflict, resolved: new Map() } };
    case 'task.resolved':
      if (stage.kind !== 'conflicted') throw illegal(event, `the task is ${stage.kind}`);
      return { ...state, stage: { ...stage, resolved: new Map(stage.resolved).set(event.path, event.entry) } };
    case 'task.undone':
      allow('landed', 'conflicted');
      return { ...state, stage: { kind: 'undone' }, undone: linkOf(event), order };
    case 'task.redone':
      allow('undone', 'conflicted');
      return { ...redone(state, event), order };
    case 'task.partUndone':
      allow('landed', 'conflicted');
      return { ...state, stage: { kind: 'landed' }, parts: [...state.parts, { part: event.part, ...linkOf(event) }] };
    case 'task.partRedone':
      allow('landed', 'conflicted');
      return { ...state, stage: { kind: 'landed' }, parts: state.parts.filter(({ part }) => !isSamePart(part, event.part)) };
    case 'task.kept':
      if (!isReversal(stage)) throw illegal(event, `the task is ${stage.kind}`);
      return { ...state, stage: { kind: state.undone === null ? 'landed' : 'undone' } };
    case 'task.failed':
      allow('waiting', 'running', 'done', 'held', 'conflicted', 'failed', 'stopped', ...leftOver(state));
      return { ...state, stage: { kind: 'failed', failure: event.failure }, work: ended(work, event) };
    case 'task.stopped':
      allow('waiting', 'running', 'done', 'held', 'conflicted');
      return { ...state, stage: { kind: 'stopped' }, work: ended(work, event) };
    case 'task.discarded':
      allow('done', 'held', 'conflicted', 'failed', 'stopped', ...leftOver(state));
      if (isReversal(stage)) throw illegal(event, 'it has landed');
      return {
        ...state,
        stage: stage.kind === 'failed' || stage.kind === 'doomed' ? stage : { kind: 'stopped' },
        work: { ...work, changeset: null, changes: [] },
      };
    case 'task.doomed':
      allow('waiting');
      return { ...state, stage: { kind: 'doomed', because: event.because } };
    default:
      return never(event);
  }
}

/** A task that went back to its agent and was doomed before that began again still has what it did before. */
function leftOver({ work }: TaskState): 'doomed'[] {
  return work.changeset === null ? [] : ['doomed'];
}

/**
 * A redo takes the landing's place for the next undo: it is nearer to what the workspace has. Where parts were left undone, only
 * the landing has all of them, unless the person decided what came back.
 */
function redone(state: TaskState, event: Link): TaskState {
  const isLike = state.parts.length > 0 && state.stage.kind === 'undone';
  return { ...state, stage: { kind: 'landed' }, undone: null, ...(isLike ? {} : { landing: linkOf(event), parts: [] }) };
}

/** Whether what is in conflict is an undo or a redo. */
export function isReversal(stage: Stage): stage is Extract<Stage, { kind: 'conflicted' }> {
  return stage.kind === 'conflicted' && stage.conflict.intent !== 'land';
}

function linkOf({ before, after }: Link): Link {
  return { before, after };
}

function ended(work: Work, event: { at: number; draft: string | null; reads?: readonly Read[] | undefined }): Work {
  const changeset = event.draft ?? work.changeset;
  const changes = changeset === work.changeset ? work.changes : [];
  return { ...work, changeset, changes, reads: event.reads ?? work.reads, step: '', endedAt: work.endedAt || event.at };
}

function illegal(event: RunEvent, why: string): Error {
  return new Error(`The event ${event.type} is not possible: ${why}.`);
}
