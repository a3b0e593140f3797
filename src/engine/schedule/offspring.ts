/** What joins a run for one of its tasks, children or candidates, and what is said of their ends. Pure. */
import type { Happening } from '../../domain/event';
import { type Failure, fail, failureText } from '../../domain/failure';
import type { Task, TaskId } from '../../domain/plan';
import type { RoleHead } from '../../domain/role';
import { routeTask } from '../../domain/routing';
import { ownTasks, type RunState } from '../../domain/run';
import type { ChildEnd, Spawn } from '../../domain/spawn';
import { isOver, parentOf, type TaskState } from '../../domain/taskState';
import { shareOf } from '../budget/share';

/** All that were made for a task, in the order in which they were. */
export function madeFor({ tasks }: RunState, id: TaskId): TaskState[] {
  return [...tasks.values()].filter((task) => parentOf(task) === id);
}

/** What was made for each task that something was made for, in order. */
export function families({ tasks }: Pick<RunState, 'tasks'>): Map<TaskId, TaskState[]> {
  const all = new Map<TaskId, TaskState[]>();
  for (const task of tasks.values()) {
    const parent = parentOf(task);
    if (parent === undefined) continue;
    const made = all.get(parent);
    if (made === undefined) all.set(parent, [task]);
    else made.push(task);
  }
  return all;
}

/** All tasks, each followed by what was made for it; `generation`: 0 for those of the person. */
export function inFamilies(state: RunState): { readonly task: TaskState; readonly generation: number }[] {
  const made = families(state);
  const withIts = (task: TaskState, generation: number): { task: TaskState; generation: number }[] => [
    { task, generation },
    ...(made.get(task.task.id) ?? []).flatMap((one) => withIts(one, generation + 1)),
  ];
  return ownTasks(state).flatMap((task) => withIts(task, 0));
}

/** The children that a call has made before. */
export function madeBy(state: RunState, id: TaskId, { call, children }: Pick<Spawn, 'call' | 'children'>): TaskState[] {
  const made = madeFor(state, id).filter(({ origin }) => origin.kind === 'child' && origin.call === call);
  // Some servers give different calls the same id.
  const isSame = made.every((one) =>
    children.some(({ name, instructions }) => name === nameOf(one) && instructions === one.task.instructions),
  );
  return isSame ? made : [];
}

/** A task's agent waits for these children. Those that a crash left of the same call are there already. `roles`: those that there are. */
export function spawning(state: RunState, id: TaskId, { call, draft, children }: Spawn, roles: readonly RoleHead[]): Happening[] {
  const before = madeBy(state, id, { call, children });
  const first = madeFor(state, id).length - before.length + 1;
  const idOf = new Map(children.map(({ name }, at) => [name, `${id}.${first + at}`]));
  const share = shareOf(state, id, children.length);
  const happenings: Happening[] = [];
  // In the order of their dependencies: a task can only wait for what is there.
  const left = new Set(children);
  while (left.size > 0) {
    for (const one of left) {
      if ([...left].some(({ name }) => one.dependsOn.includes(name))) continue;
      left.delete(one);
      const { name, dependsOn, role = routeTask(one, roles).role, ...child } = one;
      const task = idOf.get(name) ?? '';
      const definition = { ...child, ...share, role, id: task, dependsOn: dependsOn.flatMap((on) => idOf.get(on) ?? []), context: [] };
      if (!state.tasks.has(task))
        happenings.push({ type: 'task.added', task, definition, origin: { kind: 'child', parent: id, name, call } });
    }
  }
  return [...happenings, { type: 'task.awaiting', task: id, children: [...idOf.values()], draft }];
}

/** Several agents race for a task: the first as its plan says, the others with what stands in `fallback`, as far as that goes. */
export function racing(state: RunState, { task: whole, work }: TaskState): Happening[] {
  const { candidates = 1, fallback = [], pick: _, ...task } = whole;
  const made = madeFor(state, whole.id);
  // Some may be there: the process went before all of them were.
  const ids = made.filter(({ origin, stage }) => origin.kind === 'candidate' && !isOver(stage)).map((one) => one.task.id);
  // What the person said when they had it raced for again.
  const instructions = [task.instructions, ...(work.next === null ? [] : [work.next.message])].join('\n\n');
  const happenings: Happening[] = [];
  for (let number = made.length + 1; ids.length < candidates; number++) {
    const { role = task.role, model = task.model } = fallback[ids.length - 1] ?? {};
    const id = `${whole.id}.${number}`;
    const definition: Task = { ...task, instructions, id, dependsOn: [], role, ...(model === undefined ? {} : { model }) };
    happenings.push({ type: 'task.added', task: id, definition, origin: { kind: 'candidate', parent: whole.id } });
    ids.push(id);
  }
  return [...happenings, { type: 'task.awaiting', task: whole.id, children: ids, draft: null }];
}

/** Why a task has failed for which several raced: each of them is out. */
export function lostRace(state: RunState, { stage }: TaskState): Failure {
  const raced = stage.kind === 'awaiting' ? stage.children.flatMap((id) => state.tasks.get(id) ?? []) : [];
  const ends = raced.map((one) => `${one.task.id}: ${endOf(state, one).text}`);
  return fail(
    'agent',
    `None of the ${ends.length} candidates passed. ${ends.join(' ')}`,
    'Look at their drafts; land one by hand, or retry the task.',
  ).failure;
}

/** What a child's parent is told of its end. */
export function endOf({ tasks }: RunState, child: TaskState): ChildEnd {
  const { task, stage, work } = child;
  const common = { name: nameOf(child), title: task.title, conflicts: [] };
  switch (stage.kind) {
    case 'joined':
      return { ...common, end: 'joined', text: work.summary, conflicts: stage.conflicts };
    case 'failed':
      return { ...common, end: 'failed', text: failureText(stage.failure) };
    case 'doomed': {
      const because = tasks.get(stage.because);
      const name = because === undefined ? stage.because : nameOf(because);
      return { ...common, end: 'doomed', text: `It did not start, because ${name} did not end well.` };
    }
    default:
      return { ...common, end: 'stopped', text: 'It was stopped.' };
  }
}

/** What a child is called by its parent's agent. */
export function nameOf({ task, origin }: TaskState): string {
  return (origin.kind === 'child' ? origin.name : undefined) ?? task.id;
}
