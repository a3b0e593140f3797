/** The way through a run on which its length hung: what had to be shorter for the run to be shorter. Pure. */
import type { TaskId } from '../../domain/plan';
import { isOver, parentOf } from '../../domain/taskState';
import type { Doing, Span, TaskLine, Timeline } from './timeline';

export interface Step {
  readonly task: TaskId;
  readonly doing: Doing;
  readonly from: number;
  readonly to: number;
}

/** From the run's beginning to its end, without gaps where the events tell why something waited; never `blocked`, and `awaiting` only for moments. */
export function criticalPath({ lines: all, state, from, to: end }: Timeline): Step[] {
  // A run that ended with a decision, or a landing's leave, open did not wait for it.
  const open = new Set(
    [...state.tasks.values()].filter(({ stage }) => state.phase === 'finished' && !isOver(stage)).map(({ task }) => task.id),
  );
  const isLeft = ({ doing, to }: Span) => (doing === 'deciding' || doing === 'asked') && to === end;
  const lines = all.map((line) => (open.has(line.task) ? { ...line, spans: line.spans.filter((span) => !isLeft(span)) } : line));
  const byTask = new Map(lines.map((line) => [line.task, line]));
  const last = lines.reduce<TaskLine | undefined>((latest, line) => (endOf(line) > endOf(latest) ? line : latest), undefined);
  const steps: Step[] = [];
  let at = endOf(last);
  let task = last?.task;
  // Every round goes back in time, or to a task that it has not met at this moment.
  const met = new Set<string>();
  while (task !== undefined && at > from) {
    if (met.has(`${task} ${at}`)) break;
    met.add(`${task} ${at}`);
    const span = spanBefore(byTask.get(task), at);
    if (span === undefined) {
      // A child begins when its parent spawned it.
      const found = state.tasks.get(task);
      task = found === undefined ? undefined : parentOf(found);
      continue;
    }
    if (span.doing === 'blocked' || span.doing === 'awaiting') {
      const others = span.doing === 'blocked' ? (state.tasks.get(task)?.task.dependsOn ?? []) : madeBy(task, state.tasks.values());
      const cause = latest(others, byTask, at);
      if (cause !== undefined) {
        task = cause;
        continue;
      }
    }
    steps.push({ task, doing: span.doing, from: span.from, to: at });
    at = span.from;
  }
  return joined(steps.reverse());
}

function madeBy(parent: TaskId, tasks: Iterable<Parameters<typeof parentOf>[0]>): TaskId[] {
  return [...tasks].filter((task) => parentOf(task) === parent).map(({ task }) => task.id);
}

function endOf(line: TaskLine | undefined): number {
  return line?.spans.at(-1)?.to ?? 0;
}

/** The span in which a task was just before a moment. */
function spanBefore(line: TaskLine | undefined, at: number): Span | undefined {
  return line?.spans.findLast((span) => span.from < at);
}

/** Of some tasks the one that ended last by then. */
function latest(tasks: readonly TaskId[], lines: ReadonlyMap<TaskId, TaskLine>, at: number): TaskId | undefined {
  let found: { task: TaskId; end: number } | undefined;
  for (const task of tasks) {
    const end = endOf(lines.get(task));
    if (end <= at && end > (found?.end ?? 0)) found = { task, end };
  }
  return found?.task;
}

/** Steps of one kind that follow each other are one. */
function joined(steps: readonly Step[]): Step[] {
  const all: Step[] = [];
  for (const step of steps) {
    const before = all.at(-1);
    if (before?.task === step.task && before.doing === step.doing) all.splice(-1, 1, { ...before, to: step.to });
    else all.push(step);
  }
  return all;
}
