/** What each task of a run did at each moment, as its events tell. Pure. */
import { emptyAccount } from '../../domain/cost';
import type { RunEvent } from '../../domain/event';
import type { TaskId } from '../../domain/plan';
import { isUnanswered } from '../../domain/reduceInbox';
import { type RunState, reduce } from '../../domain/run';
import { isIn, isOver, type TaskState } from '../../domain/taskState';
import { isPaused } from '../schedule/pausing';
import { agentOf, keyOf } from '../schedule/standIn';

/** What a task can be at. */
export type Doing =
  /** It waits for tasks that it depends on. */
  | 'blocked'
  /** It could start, and no agent is free for it. */
  | 'queued'
  /** It waits a while before its next attempt. */
  | 'resting'
  /** It could start, land or go on, and the person holds the run. */
  | 'paused'
  /** The process that drove the run was gone. */
  | 'dead'
  /** Its agent is at work. */
  | 'working'
  /** It waits for its children, or for the candidates of its race. */
  | 'awaiting'
  | 'checking'
  /** It waits until it lands, or is being landed. */
  | 'landing'
  /** It waits for the person: it is in conflict, or what it read was changed. */
  | 'deciding'
  /** It waits for an answer, or for leave to land. */
  | 'asked'
  /** It waits until there is more budget. */
  | 'budget'
  /** It could start, and agents of its role and model keep failing: none starts for a while. */
  | 'broken';

/** Milliseconds since 1970. */
export interface Span {
  readonly doing: Doing;
  readonly from: number;
  readonly to: number;
}

export interface TaskLine {
  readonly task: TaskId;
  /** One after the other, without gaps. */
  readonly spans: readonly Span[];
}

export interface Timeline {
  readonly state: RunState;
  readonly from: number;
  /** The end of the run, or its last event. */
  readonly to: number;
  /** In the order in which the tasks came. */
  readonly lines: readonly TaskLine[];
}

/** `events`: of one run, from its first on; undefined where there are none. What came after the run's end (undo, redo) is left out. */
export function timelineOf(events: readonly RunEvent[]): Timeline | undefined {
  let state: RunState | undefined;
  const open = new Map<TaskId, { doing: Doing; from: number }>();
  const spans = new Map<TaskId, Span[]>();
  let to = 0;
  for (const event of events) {
    state = reduce(state, event);
    if (event.type === 'run.taken')
      for (const [id, before] of open) {
        if (to > before.from) spans.set(id, [...(spans.get(id) ?? []), { ...before, to }]);
        open.set(id, { doing: 'dead', from: to });
      }
    // A clock that was set back must not make a span end before it began.
    to = Math.max(to, event.at);
    for (const id of touchedBy(event, state, open)) {
      const before = open.get(id);
      const doing = doingOf(state, state.tasks.get(id), event, before?.doing);
      if (before?.doing === doing) continue;
      if (before !== undefined && to > before.from) spans.set(id, [...(spans.get(id) ?? []), { ...before, to }]);
      if (doing === undefined) open.delete(id);
      else open.set(id, { doing, from: to });
    }
    if (state.phase === 'finished') break;
  }
  if (state === undefined) return undefined;
  for (const [id, before] of open) spans.set(id, [...(spans.get(id) ?? []), { ...before, to }]);
  const lines = [...state.tasks.keys()].map((task) => ({ task, spans: spans.get(task) ?? [] }));
  return { state, from: state.start.at, to, lines };
}

/** The tasks that an event may have changed; `open`: those that were at something. */
function touchedBy(event: RunEvent, state: RunState, open: ReadonlyMap<TaskId, unknown>): Iterable<TaskId> {
  if (!('task' in event)) return state.tasks.keys();
  const touched = [event.task, ...(state.waiters.get(event.task) ?? [])];
  // The one that won is over with this.
  if (event.type === 'task.chosen') return [...touched, event.candidate];
  // So is the arbiter whose decision is taken, or not.
  if (event.type === 'task.settled' && event.by.kind === 'arbiter') return [...touched, event.by.arbiter];
  if (event.type === 'task.leftOpen') return [...touched, ...arbitersOf(state, event.task)];
  // What was doomed because of it waits again.
  if (event.type === 'task.again') return [...touched, ...[...state.tasks.keys()].filter((id) => !open.has(id))];
  return touched;
}

function arbitersOf({ tasks }: RunState, id: TaskId): TaskId[] {
  const stage = tasks.get(id)?.stage;
  return stage?.kind === 'conflicted' && stage.arbiter !== null ? [stage.arbiter] : [];
}

function doingOf(state: RunState, task: TaskState | undefined, event: RunEvent, before: Doing | undefined): Doing | undefined {
  if (task === undefined || isOver(task.stage)) return undefined;
  switch (task.stage.kind) {
    case 'waiting':
      if (!task.task.dependsOn.every((on) => isInOf(state, on))) return 'blocked';
      if (emptyAccount(state, task) !== undefined) return 'budget';
      if (isPaused(state)) return 'paused';
      if (state.breakers.has(keyOf(agentOf(state.start, task)))) return 'broken';
      // What else happens in the run does not end its rest.
      if (event.type === 'task.retrying' && event.task === task.task.id ? event.waitMs > 0 : before === 'resting') return 'resting';
      return 'queued';
    case 'running':
      return isPaused(state) ? 'paused' : 'working';
    case 'awaiting':
      return 'awaiting';
    case 'done':
      if (task.check?.kind === 'running') return 'checking';
      return isPaused(state) ? 'paused' : 'landing';
    case 'asking':
      return isUnanswered(state.inbox, task) ? 'asked' : isPaused(state) ? 'paused' : 'queued';
    case 'held':
      return task.stage.item === null ? 'deciding' : 'asked';
    default:
      return 'deciding';
  }
}

function isInOf(state: RunState, id: TaskId): boolean {
  const stage = state.tasks.get(id)?.stage;
  return stage !== undefined && isIn(stage);
}
