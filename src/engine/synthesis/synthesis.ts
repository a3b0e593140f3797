/** What came of a run, as one answer: what was found, done and lost, and what to do next. From its events alone, without a model. Pure. */
import { isOutOfBudget } from '../../domain/cost';
import type { RunEvent } from '../../domain/event';
import type { Failure } from '../../domain/failure';
import { type Finding, findingsOf, findingText, SEVERITIES } from '../../domain/findings';
import { arbitrated, ownTasks, type RunState } from '../../domain/run';
import { isIn, isReversal, parentOf, placeOf, type TaskState } from '../../domain/taskState';
import { waitingIn } from '../../domain/waiting';
import type { Life } from '../journal/library';
import { agentOf } from '../schedule/standIn';
import { countedUntil, type Summary, summarize } from '../summary';
import { type ConflictStory, conflictStories } from './conflictStories';

/** A task in words: its title and who did it. */
export interface Who {
  readonly task: string;
  readonly title: string;
  readonly role: string;
  /** null where it is the run's. */
  readonly model: string | null;
}

export interface Done extends Who {
  readonly summary: string;
  readonly files: readonly string[];
  /** How many other agents did parts of it. */
  readonly parts: number;
  /** How often it went back to its agent, or was tried again, and why. */
  readonly mended: readonly string[];
  /** It landed, and was taken back. */
  readonly undone: boolean;
  /** The run that landed it instead of this one; null for none. */
  readonly by: string | null;
}

export interface Lost extends Who {
  /** Why it is not in the workspace. */
  readonly why:
    | { readonly kind: 'failed'; readonly failure: Failure; readonly attempts: number }
    | { readonly kind: 'stopped' }
    | { readonly kind: 'doomed'; readonly because: string }
    | { readonly kind: 'unfinished' };
  /** Files of its draft, where that was kept. */
  readonly draft: readonly string[];
}

/** What the person can do next, the most pressing first. */
export type Next =
  | { readonly kind: 'answer'; readonly items: number }
  | { readonly kind: 'budget' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'decide'; readonly task: string; readonly title: string }
  | { readonly kind: 'held'; readonly task: string; readonly title: string }
  | { readonly kind: 'retry'; readonly task: string; readonly title: string; readonly fix: string }
  /** The conflict that an arbiter of this run did not decide; `run`: the earlier one that has it, null where that is not known. */
  | { readonly kind: 'arbitrate'; readonly run: string | null; readonly task: string; readonly fix: string }
  | { readonly kind: 'rest'; readonly tasks: number }
  | { readonly kind: 'findings'; readonly count: number }
  | { readonly kind: 'handOver' };

/** `by`: the title of the task that found it. */
export interface Found extends Finding {
  readonly by: string;
  readonly isSecurity: boolean;
}

export interface Synthesis {
  readonly run: string;
  readonly goal: string;
  readonly life: Life;
  readonly summary: Summary;
  readonly findings: readonly Found[];
  readonly done: readonly Done[];
  readonly lost: readonly Lost[];
  readonly conflicts: readonly (ConflictStory & { readonly title: string })[];
  readonly next: readonly Next[];
}

/** `state` is what the events fold to; `now`: milliseconds since 1970. */
export function synthesisOf(state: RunState, events: readonly RunEvent[], { life, now }: { life: Life; now: number }): Synthesis {
  const tasks = ownTasks(state);
  const findings = allFindings(state);
  const done = tasks.filter(({ stage }) => isIn(stage) || stage.kind === 'undone' || isReversal(stage));
  const open = tasks.filter((task) => !done.includes(task) && task.stage.kind !== 'conflicted');
  const lost = open.filter(({ stage }) => ['failed', 'stopped', 'doomed'].includes(stage.kind) || life !== 'running');
  return {
    run: state.start.run,
    goal: state.start.plan.goal,
    life,
    summary: summarize(state, countedUntil(state, life, now)),
    findings,
    done: done.map((task) => doneOf(state, task)),
    lost: lost.map((task) => lostOf(state, task)),
    conflicts: conflictStories(events).map((story) => ({ ...story, title: titleOf(state, story.task) })),
    next: nextOf(state, { life, findings: findings.length }),
  };
}

/** Those of security first, then the worst; each once, whoever found it first. */
function allFindings(state: RunState): Found[] {
  const found = new Map<string, Found>();
  for (const task of state.tasks.values())
    for (const finding of findingsOf(task.work.summary)) {
      const text = findingText(finding);
      const known = found.get(text);
      const isSecurity = known?.isSecurity === true || agentOf(state.start, task).role === 'security';
      found.set(text, { ...finding, by: known?.by ?? task.task.title, isSecurity });
    }
  const rank = ({ isSecurity, severity }: Found) => (isSecurity ? 0 : SEVERITIES.length) + SEVERITIES.indexOf(severity);
  return [...found.values()].sort((a, b) => rank(a) - rank(b));
}

function titleOf(state: RunState, id: string): string {
  return state.tasks.get(id)?.task.title ?? id;
}

function whoOf(state: RunState, task: TaskState): Who {
  const { role, model } = agentOf(state.start, task);
  return { task: task.task.id, title: task.task.title, role, model: model === state.start.model ? null : model };
}

function doneOf(state: RunState, task: TaskState): Done {
  const { work, stage } = task;
  // What others failed at was no part of it.
  const children = [...state.tasks.values()].filter((other) => other.origin.kind === 'child' && parentOf(other) === task.task.id);
  const parts = children.filter(({ stage }) => stage.kind === 'joined').length;
  return {
    ...whoOf(state, task),
    summary: work.summary,
    files: work.changes.map(({ path }) => path),
    parts,
    mended: mendedOf(task),
    undone: (isReversal(stage) ? placeOf(task) : stage.kind) === 'undone',
    by: stage.kind === 'elsewhere' ? stage.run : null,
  };
}

/** What went wrong on the way, and was made good. */
function mendedOf({ work: { reworks, failures, as } }: TaskState): string[] {
  const times = (count: number) => (count === 1 ? 'once' : `${count} times`);
  return [
    ...(reworks.check > 0 ? [`its check was red ${times(reworks.check)}, and it was repaired`] : []),
    ...(reworks.stale > 0 ? [`what it had read changed ${times(reworks.stale)}, and it went on from that`] : []),
    ...(failures.length > 0 ? [`it failed ${times(failures.length)} before (${failures.at(-1)?.message.split('\n')[0] ?? ''})`] : []),
    ...(as === null ? [] : [`it was done by ${as.role} with ${as.model} in the end`]),
  ];
}

function lostOf(state: RunState, task: TaskState): Lost {
  const draft = task.work.changeset === null ? [] : task.work.changes.map(({ path }) => path);
  return { ...whoOf(state, task), why: whyOf(state, task), draft };
}

function whyOf(state: RunState, { stage, work }: TaskState): Lost['why'] {
  if (stage.kind === 'failed') return { kind: 'failed', failure: stage.failure, attempts: work.failures.length + 1 };
  if (stage.kind === 'doomed') return { kind: 'doomed', because: titleOf(state, stage.because) };
  return stage.kind === 'stopped' ? { kind: 'stopped' } : { kind: 'unfinished' };
}

function fixOf({ stage }: TaskState): string {
  return stage.kind === 'failed' ? stage.failure.fix : '';
}

function nextOf(state: RunState, { life, findings }: { life: Life; findings: number }): Next[] {
  const tasks = [...state.tasks.values()];
  const waiting = waitingIn(state);
  const items = waiting.filter(({ kind }) => kind === 'item').length;
  // More budget has it go on by itself.
  const isGone = life !== 'finished' && isOutOfBudget(state);
  const named = ({ task: { id, title } }: TaskState) => ({ task: id, title });
  const failed = ownTasks(state).filter(({ stage }) => stage.kind === 'failed');
  const missing = ownTasks(state).filter(({ stage }) => ['failed', 'stopped', 'doomed'].includes(stage.kind));
  const conflict = arbitrated(state);
  return [
    ...(items > 0 ? [{ kind: 'answer' as const, items }] : []),
    ...(isGone ? [{ kind: 'budget' as const }] : life === 'interrupted' ? [{ kind: 'resume' as const }] : []),
    ...tasks.filter(({ stage }) => stage.kind === 'conflicted').map((task) => ({ kind: 'decide' as const, ...named(task) })),
    ...waiting.flatMap((one) => (one.kind === 'held' ? [{ kind: 'held' as const, ...named(one.task) }] : [])),
    ...(conflict === undefined
      ? failed.map((task) => ({ kind: 'retry' as const, ...named(task), fix: fixOf(task) }))
      : missing.map((task) => ({ kind: 'arbitrate' as const, ...conflict, fix: fixOf(task) }))),
    ...(missing.length > 0 && life !== 'running' && conflict === undefined ? [{ kind: 'rest' as const, tasks: missing.length }] : []),
    ...(findings > 0 ? [{ kind: 'findings' as const, count: findings }] : []),
    ...(missing.length === 0 && life === 'finished' && tasks.some(({ stage, work }) => stage.kind === 'landed' && work.changes.length > 0)
      ? [{ kind: 'handOver' as const }]
      : []),
  ];
}
