/** One task of a run, as its events left it. */
import type { Change, Conflict, Entry, Look, Read, StaleFile } from './changes';
import type { Origin, RunStarted, StandIn } from './event';
import type { Failure } from './failure';
import type { Part } from './part';
import type { Task, TaskId } from './plan';
import { modelOfRole } from './role';
import type { Settlement } from './settlement';
import type { Joint } from './spawn';
import { NO_USAGE, type Usage } from './usage';

/**
 * Where a task stands. `awaiting` others (children, or candidates) and `asking` the person take no agent's place; `done` waits for its landing;
 * `conflicted` and `held` (its premise is stale, or its landing needs leave) wait for the person; `joined` is a child's landing, in its parent's draft.
 */
export type Stage =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running' }
  /** `since`: milliseconds since 1970. */
  | { readonly kind: 'awaiting'; readonly children: readonly TaskId[]; readonly since: number }
  /** `item`: of the inbox. Once that is answered, it goes on as soon as there is a place. */
  | { readonly kind: 'asking'; readonly item: string; readonly since: number }
  | { readonly kind: 'done' }
  | {
      readonly kind: 'conflicted';
      readonly conflict: Conflict;
      readonly resolved: ReadonlyMap<string, Entry | null>;
      /** Who was asked to decide it; null for nobody. */
      readonly arbiter: TaskId | null;
      /** Why it is left to the person, where somebody else was to decide it. */
      readonly left: Failure | null;
    }
  /** `item`: of the inbox, where its landing needs leave. */
  | { readonly kind: 'held'; readonly item: string | null }
  | { readonly kind: 'landed' }
  | { readonly kind: 'joined'; readonly conflicts: readonly Joint[] }
  | { readonly kind: 'undone' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'stopped' }
  /** What it was in conflict over was decided in another run, and landed there. */
  | { readonly kind: 'elsewhere'; readonly run: string }
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
  /** The folders that the agent was told of; null where that is not known, and it may have been told of everything. */
  readonly looks: readonly Look[] | null;
  /** Hash of all that the agent was told beside the task; null where that is not known. */
  readonly told: string | null;
  /** What the agent read and others changed before it could land; empty where its premise held. */
  readonly stale: readonly StaleFile[];
  /** How often it went back to its agent: because its premise was stale, and because its check failed. */
  readonly reworks: { readonly stale: number; readonly check: number };
  /** Why earlier attempts failed, the last one at the end; begins anew when the person has it worked on again. */
  readonly failures: readonly Failure[];
  /** With which role and model it is worked on, where not as its plan says. */
  readonly as: StandIn | null;
  /** How it goes on when an agent is free for it; null where it begins at the beginning. */
  readonly next: Rework | null;
  /** Its agent was cut off in the middle of its work: it goes on from its transcript. */
  readonly interrupted: boolean;
  /** Why its agent stopped until there is more budget; null where it did not. */
  readonly parked: Failure | null;
  /** Whose work this is, where it was taken over from an earlier run. */
  readonly reused: { readonly run: string; readonly task: TaskId } | null;
  readonly summary: string;
  readonly step: string;
  readonly usage: Usage;
  /** How much of that is of models other than its own, which answered in its place or stood in for it, by their names. */
  readonly byOthers: ReadonlyMap<string, Usage>;
  readonly turns: number;
  /** Milliseconds since 1970; 0 until then. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** So many milliseconds its agents were at work, up to `workingSince`; while it waits, is paused or has nobody who drives it, none is. */
  readonly workedMs: number;
  /** Since when its agent is at work now; 0 while none is. */
  readonly workingSince: number;
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

/** How a task goes on that went back to its agent. */
export interface Rework {
  /** Commit that the draft begins from now; null for where any draft would. */
  readonly base: string | null;
  /** Commit of what was done so far, on top of `base`; null for nothing. */
  readonly draft: string | null;
  /** What the agent is told. */
  readonly message: string;
  /** What was said about it before is not gone on with. */
  readonly isNew?: boolean | undefined;
}

export interface TaskState {
  readonly task: Task;
  readonly origin: { readonly kind: 'plan' } | Origin;
  /** 0 for a task of the plan, one more than its parent's for a child. */
  readonly depth: number;
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
  /** How its conflicts were decided, in order. */
  readonly settlements: readonly Settlement[];
}

const NO_WORK: Work = {
  base: '',
  changeset: null,
  changes: [],
  reads: [],
  looks: null,
  told: null,
  stale: [],
  reworks: { stale: 0, check: 0 },
  failures: [],
  as: null,
  next: null,
  interrupted: false,
  parked: null,
  reused: null,
  summary: '',
  step: '',
  usage: NO_USAGE,
  byOthers: new Map(),
  turns: 0,
  startedAt: 0,
  endedAt: 0,
  workedMs: 0,
  workingSince: 0,
};

/** A task before anything happened to it. */
export function newTask(task: Task, origin: TaskState['origin'], depth: number): TaskState {
  const work = origin.kind === 'arbiter' ? { ...NO_WORK, next: origin.from } : NO_WORK;
  const nothing = { landing: null, undone: null, parts: [], order: 0, check: null, settlements: [] };
  return { task, origin, depth, stage: { kind: 'waiting' }, work, ...nothing };
}

/** The model of a task's agent: that of whoever stands in, its own, its role's, or the run's. */
export function modelOf(start: Pick<RunStarted, 'model' | 'roles'>, { task, work }: TaskState): string {
  return work.as?.model ?? task.model ?? modelOfRole(start, work.as?.role ?? task.role);
}

/** The model with which a task is begun on, whoever stands in later. */
export function ownModelOf(start: Pick<RunStarted, 'model' | 'roles'>, { task }: TaskState): string {
  return task.model ?? modelOfRole(start, task.role);
}

/** How long its own agents took, in milliseconds; `now`: since 1970, for what goes on. */
export function workedMs({ work }: Pick<TaskState, 'work'>, now: number): number {
  return work.workedMs + (work.workingSince === 0 ? 0 : Math.max(0, now - work.workingSince));
}

/** Whether every file of a conflict is decided. */
export function isDecided(stage: Stage): boolean {
  return stage.kind === 'conflicted' && stage.conflict.files.every((file) => stage.resolved.has(file.path));
}

/** Whether what is in conflict is an undo or a redo. */
export function isReversal(stage: Stage): stage is Extract<Stage, { kind: 'conflicted' }> {
  return stage.kind === 'conflicted' && stage.conflict.intent !== 'land';
}

/** Where a task is whose undo or redo is in conflict: nothing of that is done yet. */
export function placeOf({ undone }: TaskState): 'landed' | 'undone' {
  return undone === null ? 'landed' : 'undone';
}

/** Whether what a task did has come to where it belongs: the workspace, or its parent's draft. */
export function isIn(stage: Stage): boolean {
  return stage.kind === 'landed' || stage.kind === 'joined' || stage.kind === 'elsewhere';
}

/** Whether nothing more comes of a task by itself. */
export function isOver(stage: Stage): boolean {
  return isIn(stage) || ['undone', 'failed', 'stopped', 'doomed'].includes(stage.kind);
}

/** The candidate whose work a task took over, where it raced for it. */
export function winnerOf(tasks: ReadonlyMap<TaskId, TaskState>, id: TaskId): TaskState | undefined {
  // After a race that was run again, there are those of both.
  return [...tasks.values()]
    .filter(({ origin, stage }) => origin.kind === 'candidate' && origin.parent === id && stage.kind === 'joined')
    .at(-1);
}

/** The task that a task was made for, by its agent, for its race or its conflict; undefined where there is none. */
export function parentOf({ origin }: TaskState): TaskId | undefined {
  return origin.kind === 'child' || origin.kind === 'candidate' || origin.kind === 'arbiter' ? origin.parent : undefined;
}

/** How the conflict was decided whose outcome is the task's work now; undefined where its work is its own agent's. */
export function settlementOf({ work, settlements }: TaskState): Extract<Settlement, { conflict: unknown }> | undefined {
  const last = settlements.at(-1);
  return last !== undefined && 'conflict' in last && last.changeset === work.changeset ? last : undefined;
}
