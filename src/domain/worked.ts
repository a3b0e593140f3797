/** How long agents were at work, and a run went on: kept with each event. Pure. */
import type { RunEvent } from './event';
import type { TaskId } from './plan';
import type { RunState } from './run';
import type { TaskState, Work } from './taskState';
import type { Tasks } from './tasks';

/** Before an event that has an earlier time than the last one: the clock was set back, and what goes on goes on from there. */
export function reset(state: RunState, at: number): RunState {
  return state.phase === 'finished' || at >= state.at ? state : { ...state, at, tasks: stopped(state.tasks, state.at, at) };
}

/** After an event. */
export function timed(before: RunState, after: RunState, event: RunEvent): RunState {
  if (before.phase === 'finished') return after;
  return { ...after, at: event.at, elapsedMs: before.elapsedMs + event.at - before.at, tasks: tasksAfter(before, after, event) };
}

function tasksAfter(before: RunState, after: RunState, event: RunEvent): Tasks {
  const { tasks } = after;
  // From the last event on there was nobody.
  if (event.type === 'run.taken') return stopped(tasks, before.at, 0);
  if (before.phase !== 'paused' && after.phase === 'paused') return stopped(tasks, event.at, 0);
  if (before.phase === 'paused' && after.phase !== 'paused') return begun(tasks, event.at);
  const task = tasks.get(taskOf(event) ?? '');
  if (task === undefined) return tasks;
  const isAtWork = task.stage.kind === 'running' && after.phase !== 'paused';
  if (isAtWork === task.work.workingSince > 0) return tasks;
  return tasks.with({ ...task, work: isAtWork ? { ...task.work, workingSince: event.at } : until(task.work, event.at, 0) });
}

/** The task whose agent may have begun or stopped with an event. */
function taskOf(event: RunEvent): TaskId | undefined {
  return event.type === 'inbox.asked' ? event.by?.task : 'task' in event ? event.task : undefined;
}

/** `from`: when they go on; 0 for not now. */
function stopped(tasks: Tasks, at: number, from: number): Tasks {
  return changed(tasks, ({ work }) => (work.workingSince > 0 ? until(work, at, from) : undefined));
}

function begun(tasks: Tasks, at: number): Tasks {
  return changed(tasks, ({ stage, work }) => (stage.kind === 'running' ? { ...work, workingSince: at } : undefined));
}

function until(work: Work, at: number, from: number): Work {
  return { ...work, workedMs: work.workedMs + at - work.workingSince, workingSince: from };
}

function changed(tasks: Tasks, change: (task: TaskState) => Work | undefined): Tasks {
  let all = tasks;
  for (const task of tasks.values()) {
    const work = change(task);
    if (work !== undefined) all = all.with({ ...task, work });
  }
  return all;
}
