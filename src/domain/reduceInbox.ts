/** What one event makes of a run's inbox, and of the tasks that wait for it. */
import type { RunEvent } from './event';
import type { Item } from './inbox';
import type { TaskId } from './plan';
import { illegal } from './reduceTask';
import type { RunState } from './run';
import type { TaskState } from './taskState';

/** What is equal to an item that is open joins it. */
export function asked(state: RunState, event: Extract<RunEvent, { type: 'inbox.asked' }>): RunState {
  const { item: id, key, ask, by, draft, seconds, at } = event;
  const before = state.inbox.get(id);
  if (before !== undefined && (before.answer !== null || before.key !== key || by === null)) throw illegal(event, `${id} is another item`);
  const askers = [...(before?.askers ?? []), ...(by === null ? [] : [by])];
  const item = before === undefined ? { id, key, ask, askers, since: at, seconds, answer: null } : { ...before, askers };
  const inbox = new Map(state.inbox).set(id, item);
  if (by === null) return { ...state, inbox };
  const task = state.tasks.get(by.task);
  if (task === undefined) throw illegal(event, `there is no task ${by.task}`);
  if (task.stage.kind !== (by.call === null ? 'done' : 'running')) throw illegal(event, `the task is ${task.stage.kind}`);
  if (by.call === null) return { ...state, inbox, tasks: state.tasks.with({ ...task, stage: { kind: 'held', item: id } }) };
  const work = { ...task.work, changeset: draft ?? task.work.changeset, step: '' };
  return { ...state, inbox, tasks: state.tasks.with({ ...task, stage: { kind: 'asking', item: id, since: at }, work }) };
}

/** Agents go on when there is a place for them; what waited to land is looked at again. */
export function answered(state: RunState, event: Extract<RunEvent, { type: 'inbox.answered' }>): RunState {
  const item = state.inbox.get(event.item);
  if (item === undefined) throw illegal(event, `there is no ${event.item}`);
  if (item.answer !== null) throw illegal(event, 'it is answered');
  let { tasks } = state;
  for (const { task: id } of item.askers) {
    const task = tasks.get(id);
    if (task?.stage.kind === 'held' && task.stage.item === item.id) tasks = tasks.with({ ...task, stage: { kind: 'done' } });
  }
  return { ...state, tasks, inbox: new Map(state.inbox).set(item.id, { ...item, answer: event.answer }) };
}

/** Whether a task waits for an answer that is not there. */
export function isUnanswered(inbox: ReadonlyMap<string, Item>, { stage }: Pick<TaskState, 'stage'>): boolean {
  const item = stage.kind === 'asking' || stage.kind === 'held' ? stage.item : null;
  return item !== null && inbox.get(item)?.answer === null;
}

/** What waits for the person now: what nobody waits for any more does not. */
export function openItems({ inbox, tasks, phase }: Pick<RunState, 'inbox' | 'tasks' | 'phase'>): Item[] {
  const waits = (id: string, by: TaskId) => {
    const stage = tasks.get(by)?.stage;
    return (stage?.kind === 'asking' || stage?.kind === 'held') && stage.item === id;
  };
  const isOpen = ({ id, answer, askers }: Item) =>
    answer === null && (askers.length === 0 ? phase !== 'finished' : askers.some(({ task }) => waits(id, task)));
  return [...inbox.values()].filter(isOpen);
}
