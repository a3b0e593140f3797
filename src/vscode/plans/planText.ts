/** A plan's text in an editor: where in it its problems and its ids stand. Pure. */
import { findNodeAtLocation, getLocation, getNodeValue, type Node, type ParseError, parseTree } from 'jsonc-parser';
import { notAllowed } from '../../domain/commands';
import { checkPlan, MAX_TASKS, type PlanProblem } from '../../domain/plan';
import type { RoleHead } from '../../domain/role';
import { type Route, routeTask } from '../../domain/routing';
import { asFilled } from '../../plan/template';

/** Where in the text (offset and length in characters) something is wrong, and what. */
export interface Mark {
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

/** What the JSON schema cannot tell about a plan; what it can tell is shown by the editor already. `roles`: those that there are. */
export function planMarks(text: string, roles: readonly RoleHead[]): Mark[] {
  const tree = parseTree(text);
  if (tree === undefined) return [];
  const { plan, problems } = checkPlan(asFilled(getNodeValue(tree)), roles);
  const tasks = findNodeAtLocation(tree, ['tasks'])?.children?.length ?? 0;
  if (plan === undefined && tasks <= MAX_TASKS) return [];
  return problems.map((problem) => markOf(tree, problem));
}

/** On the value where there is one, else on the nearest thing around it. A long list is marked at its key. */
function markOf(tree: Node, { at, message }: PlanProblem): Mark {
  for (let depth = at.length; depth > 0; depth--) {
    const node = findNodeAtLocation(tree, at.slice(0, depth));
    if (node === undefined) continue;
    const shown = node.type === 'array' || node.type === 'object' ? (node.parent?.children?.[0] ?? node) : node;
    const { offset, length } = node.parent?.type === 'property' ? shown : node;
    return { offset, length, message };
  }
  return { offset: tree.offset, length: 1, message };
}

/** What can be typed at a place of a plan. `offset`, `length`: the text that it takes the place of. */
export type Wanted =
  | { readonly kind: 'ids'; readonly offset: number; readonly length: number; readonly tasks: readonly TaskName[] }
  | { readonly kind: 'roles'; readonly offset: number; readonly length: number }
  | { readonly kind: 'files'; readonly globs: boolean; readonly offset: number; readonly length: number };

export interface TaskName {
  readonly id: string;
  readonly title: string;
}

/** What may be completed at an offset: ids of other tasks in `dependsOn`, roles in `role`, files in `context` and `writes`. */
export function wantedAt(text: string, offset: number): Wanted | undefined {
  const { path, previousNode, isAtPropertyKey } = getLocation(text, offset);
  const [tasks, index, field, element] = path;
  if (tasks !== 'tasks' || typeof index !== 'number' || isAtPropertyKey) return undefined;
  const inside = previousNode?.type === 'string' && previousNode.offset < offset && offset <= previousNode.offset + previousNode.length;
  const range = inside ? { offset: previousNode.offset, length: previousNode.length } : { offset, length: 0 };
  if (path.at(-1) === 'role' && (path.length === 3 || (field === 'fallback' && path.length === 5))) return { kind: 'roles', ...range };
  if (typeof element !== 'number' || path.length !== 4) return undefined;
  if (field === 'dependsOn') return { kind: 'ids', ...range, tasks: namesFor(text, index) };
  if (field === 'context' || field === 'writes') return { kind: 'files', globs: field === 'writes', ...range };
  return undefined;
}

/** The tasks that a task can wait for: neither itself, nor what it waits for already, nor what waits for it. */
function namesFor(text: string, index: number): TaskName[] {
  const tasks = looseTasks(text);
  const own = tasks[index];
  if (own === undefined) return [];
  const behind = new Set([own.id]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const task of tasks) {
      if (behind.has(task.id) || !task.dependsOn.some((id) => behind.has(id))) continue;
      behind.add(task.id);
      grown = true;
    }
  }
  return tasks.filter(({ id }) => id !== '' && !behind.has(id) && !own.dependsOn.includes(id)).map(({ id, title }) => ({ id, title }));
}

/** The tasks of a text that may be half-typed. */
function looseTasks(text: string): (TaskName & { dependsOn: string[] })[] {
  const tree = parseTree(text);
  const nodes = (tree === undefined ? undefined : findNodeAtLocation(tree, ['tasks'])?.children) ?? [];
  const textAt = (node: Node, key: string) => {
    const value: unknown = findNodeAtLocation(node, [key])?.value;
    return typeof value === 'string' ? value : '';
  };
  return nodes.map((node) => ({
    id: textAt(node, 'id'),
    title: textAt(node, 'title'),
    dependsOn: (findNodeAtLocation(node, ['dependsOn'])?.children ?? []).flatMap((one) =>
      typeof one.value === 'string' ? [one.value] : [],
    ),
  }));
}

/** The role that a task gets which names none; `offset`: behind its title. */
export interface Routed extends Route {
  readonly offset: number;
}

/** Which tasks of a text get their role by their words, and why. The text may be half-typed. */
export function routedIn(text: string, roles: readonly RoleHead[]): Routed[] {
  const tree = parseTree(text);
  const nodes = (tree === undefined ? undefined : findNodeAtLocation(tree, ['tasks'])?.children) ?? [];
  return nodes.flatMap((node): Routed[] => {
    const title = findNodeAtLocation(node, ['title']);
    if (typeof title?.value !== 'string' || findNodeAtLocation(node, ['role']) !== undefined) return [];
    const instructions: unknown = findNodeAtLocation(node, ['instructions'])?.value;
    const writes = (findNodeAtLocation(node, ['writes'])?.children ?? []).flatMap(({ value }) =>
      typeof value === 'string' ? [value] : [],
    );
    const task = { title: title.value, instructions: typeof instructions === 'string' ? instructions : '', writes };
    return [{ ...routeTask(task, roles), offset: title.offset + title.length }];
  });
}

/** What a lens says of a plan's text. */
interface PlanSize {
  readonly tasks: number;
  /** How many may run at once, where it says so. */
  readonly maxWorkers: number | undefined;
  /** How much is wrong with it. */
  readonly problems: number;
  /** Commands that no rule allows. */
  readonly commands: number;
  /** What it has to be filled in with, where it is a template. */
  readonly variables: number;
}

export function planSize(text: string, roles: readonly RoleHead[]): PlanSize {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true });
  const { plan, problems } = checkPlan(asFilled(tree === undefined ? undefined : getNodeValue(tree)), roles);
  return {
    tasks: plan?.tasks.length ?? 0,
    maxWorkers: plan?.limits?.maxWorkers,
    problems: problems.length + errors.length,
    commands: plan === undefined ? 0 : notAllowed(plan, []).length,
    variables: (tree === undefined ? undefined : findNodeAtLocation(tree, ['variables']))?.children?.length ?? 0,
  };
}
