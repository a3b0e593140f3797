/** What the events about a conflict make of the tasks of a run: who is asked to decide it, what they decided, and what is left to the person. */
import type { RunEvent } from './event';
import type { TaskId } from './plan';
import { illegal, known } from './reduceTask';
import type { Settlement } from './settlement';
import { isOver, settlementOf, type TaskState } from './taskState';
import type { Tasks } from './tasks';

type Conflicted = Extract<TaskState['stage'], { kind: 'conflicted' }>;

/** A task whose conflict an agent is to decide that joins the run with this event. */
export function awaitingArbiter(tasks: Tasks, event: Extract<RunEvent, { type: 'task.added' }>, id: TaskId): TaskState {
  const { task, stage } = openConflict(tasks, event, id);
  const asked = stage.arbiter === null ? undefined : tasks.get(stage.arbiter);
  if (asked !== undefined && !isOver(asked.stage)) throw illegal(event, `${asked.task.id} is at it`);
  return { ...task, stage: { ...stage, arbiter: event.task, left: null } };
}

/** A task that is in conflict with what others did, in which the person has decided nothing. */
function openConflict(tasks: Tasks, event: RunEvent, id: TaskId): { readonly task: TaskState; readonly stage: Conflicted } {
  const task = known(tasks, event, id);
  const { stage } = task;
  if (stage.kind !== 'conflicted') throw illegal(event, `the task is ${stage.kind}`);
  if (stage.conflict.intent !== 'land') throw illegal(event, `an ${stage.conflict.intent} is the person’s to decide`);
  if (stage.resolved.size > 0) throw illegal(event, 'the person decides it');
  return { task, stage };
}

/** What was made of a conflict is the task's work, and goes the way of all that is done. */
export function settled(tasks: Tasks, event: Extract<RunEvent, { type: 'task.settled' }>): Tasks {
  const { task, stage } = openConflict(tasks, event, event.task);
  const { by, base, changeset, changes, reads = [], at } = event;
  let after = tasks;
  if (by.kind === 'arbiter') {
    const arbiter = known(tasks, event, by.arbiter);
    if (stage.arbiter !== by.arbiter) throw illegal(event, `${by.arbiter} was not asked`);
    if (arbiter.stage.kind !== 'done') throw illegal(event, `${by.arbiter} is ${arbiter.stage.kind}`);
    after = tasks.with({ ...arbiter, stage: { kind: 'joined', conflicts: [] } });
  }
  const { conflict } = stage;
  const { work } = task;
  const before = { base: work.base, changeset: work.changeset, changes: work.changes, reads: work.reads };
  const settlement: Settlement = { by, files: conflict.files.map(({ path }) => path), conflict, before, changeset };
  const settlements = [...task.settlements, settlement];
  const now = { ...work, base, changeset, changes, reads, looks: null, stale: [], endedAt: at };
  return after.with({ ...task, stage: { kind: 'done' }, work: now, check: null, settlements });
}

/** The conflict is the person's, and whoever was to decide it is out. */
export function leftOpen(tasks: Tasks, event: Extract<RunEvent, { type: 'task.leftOpen' }>): Tasks {
  const found = known(tasks, event, event.task);
  return found.stage.kind === 'done' ? givenBack(tasks, event, found) : undecided(tasks, event);
}

/** Nobody decided it. */
function undecided(tasks: Tasks, event: Extract<RunEvent, { type: 'task.leftOpen' }>): Tasks {
  const { task, stage } = openConflict(tasks, event, event.task);
  const asked = stage.arbiter === null ? undefined : known(tasks, event, stage.arbiter);
  if (asked !== undefined && !isOver(asked.stage) && asked.stage.kind !== 'done') throw illegal(event, `${asked.task.id} is at it`);
  const after = asked?.stage.kind === 'done' ? tasks.with({ ...asked, stage: { kind: 'failed', failure: event.failure } }) : tasks;
  return after.with({ ...task, stage: { ...stage, left: event.failure } });
}

/** What came of it does not pass: the task is where it was before. */
function givenBack(tasks: Tasks, event: Extract<RunEvent, { type: 'task.leftOpen' }>, task: TaskState): Tasks {
  const settlement = settlementOf(task);
  if (settlement === undefined) throw illegal(event, 'its work is its own agent’s');
  const { by, conflict, before } = settlement;
  const { failure } = event;
  const arbiter = by.kind === 'arbiter' ? known(tasks, event, by.arbiter) : undefined;
  const after = arbiter === undefined ? tasks : tasks.with({ ...arbiter, stage: { kind: 'failed', failure }, check: task.check });
  const stage: Conflicted = { kind: 'conflicted', conflict, resolved: new Map(), arbiter: arbiter?.task.id ?? null, left: failure };
  return after.with({ ...task, stage, work: { ...task.work, ...before }, settlements: task.settlements.slice(0, -1) });
}
