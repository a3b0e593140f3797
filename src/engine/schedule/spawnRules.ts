/** Whether an agent may spawn what it asks for: the run's limits, and what makes no sense. Pure. */
import { fail, ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { BUILT_IN_HEADS, type RoleHead, unknownRole } from '../../domain/role';
import type { RunState } from '../../domain/run';
import { DEFAULT_CHILDREN, DEFAULT_DEPTH, DEFAULT_PER_DEPTH } from '../../domain/settings';
import type { Child } from '../../domain/spawn';
import { parentOf, type TaskState } from '../../domain/taskState';

/** Whether agents of a run may spawn at all. */
export function spawnsAtAll({ start }: RunState): boolean {
  return (start.plan.limits?.depth ?? DEFAULT_DEPTH) > 0;
}

/** Whether a task's agent may spawn at all. It holds for as long as the run: an agent keeps its tools. */
export function maySpawn({ start }: RunState, { depth, origin }: TaskState): boolean {
  return origin.kind !== 'arbiter' && depth < (start.plan.limits?.depth ?? DEFAULT_DEPTH);
}

export interface Asked {
  readonly children: readonly Child[];
  /** How many of them have joined the run before a crash. */
  readonly there?: number;
  /** The roles that there are. */
  readonly roles?: readonly RoleHead[];
}

/** Fails, with what the agent can do instead, where the children may not join the run. */
export function checkSpawn(state: RunState, parent: TaskState, { children, there = 0, roles = BUILT_IN_HEADS }: Asked): Result<void> {
  if (state.phase === 'stopping' || state.phase === 'finished')
    return fail(
      'input',
      'The run is being stopped: no task can be spawned any more.',
      'Call finish, and say what is done and what is not.',
    );
  if (children.length === 0) return fail('input', 'No tasks are given.', 'Give at least one, or go on yourself.');
  const limits = checkLimits(state, parent, children.length - there);
  return limits ?? checkNames(children) ?? checkRoles(children, roles) ?? checkRepeats(state, parent, children) ?? ok();
}

type Objection = Result<never> | undefined;

function checkLimits(state: RunState, parent: TaskState, more: number): Objection {
  const { limits = {} } = state.start.plan;
  const { depth = DEFAULT_DEPTH, children: most = DEFAULT_CHILDREN, perDepth = DEFAULT_PER_DEPTH } = limits;
  const doIt = 'Do this part yourself.';
  if (parent.depth >= depth)
    return fail(
      'input',
      `Tasks may be spawned ${depth === 0 ? 'not at all' : `${depth} deep`} in this run, and yours is at depth ${parent.depth}.`,
      doIt,
    );
  let atDepth = 0;
  let own = 0;
  for (const task of state.tasks.values()) {
    if (task.depth === parent.depth + 1) atDepth++;
    if (parentOf(task) === parent.task.id) own++;
  }
  if (own + more > most)
    return fail(
      'input',
      `A task may have ${counted(most, 'child', 'children')} in this run; yours has ${own}, and asks for ${more} more.`,
      most > own ? `Spawn at most ${most - own}, each with a larger part, or do it yourself.` : doIt,
    );
  if (atDepth + more > perDepth)
    return fail(
      'input',
      `There may be ${counted(perDepth, 'task')} at depth ${parent.depth + 1} in this run, and there are ${atDepth}.`,
      perDepth > atDepth ? `Spawn at most ${perDepth - atDepth}, each with a larger part, or do it yourself.` : doIt,
    );
  return undefined;
}

function checkNames(children: readonly Child[]): Objection {
  const names = new Set<string>();
  for (const { name } of children) {
    if (names.has(name)) return fail('input', `Two of the tasks are called “${name}”.`, 'Give each a name of its own.');
    names.add(name);
  }
  const told = new Map<string, string>();
  for (const { name, instructions } of children) {
    const same = told.get(bare(instructions));
    if (same !== undefined) return fail('input', `“${same}” and “${name}” are told just the same.`, 'Give each a part of its own.');
    told.set(bare(instructions), name);
  }
  const placed = new Set<string>();
  for (const { name, dependsOn } of children) {
    const unknown = dependsOn.find((on) => !names.has(on));
    if (unknown !== undefined)
      return fail(
        'input',
        `“${name}” depends on “${unknown}”, and none of these tasks is called that.`,
        'Name one of those that you spawn with it.',
      );
  }
  for (let before = -1; placed.size > before; ) {
    before = placed.size;
    for (const { name, dependsOn } of children) if (dependsOn.every((on) => placed.has(on))) placed.add(name);
  }
  const stuck = children.filter(({ name }) => !placed.has(name)).map(({ name }) => name);
  return stuck.length === 0
    ? undefined
    : fail('input', `These tasks wait for each other in a circle: ${stuck.join(', ')}.`, 'Take one of the dependencies away.');
}

function checkRoles(children: readonly Child[], roles: readonly RoleHead[]): Objection {
  for (const { name, role } of children) {
    const unknown = role === undefined ? undefined : unknownRole(role, roles);
    if (unknown !== undefined)
      return fail('input', `“${name}” cannot be done: ${unknown}.`, 'Spawn again with one of these roles, or without any.');
  }
  return undefined;
}

/** A chain in which a task has another do what it was told itself would never end. */
function checkRepeats(state: RunState, parent: TaskState, children: readonly Child[]): Objection {
  for (let above: TaskState | undefined = parent; above !== undefined; above = ancestorOf(state, above)) {
    const { task } = above;
    const same = children.find((child) => bare(child.instructions) === bare(task.instructions));
    if (same !== undefined)
      return fail(
        'loop',
        `“${same.name}” is told just what ${above === parent ? 'you were' : `“${task.title}”, from which your task comes, was`} told.`,
        'Spawn smaller parts, or do it yourself.',
      );
  }
  return undefined;
}

function ancestorOf(state: RunState, task: TaskState): TaskState | undefined {
  const parent = parentOf(task);
  return parent === undefined ? undefined : state.tasks.get(parent);
}

function bare(instructions: string): string {
  return instructions.replace(/\s+/g, ' ').trim().toLowerCase();
}
