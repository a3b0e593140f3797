/** What a run and its tasks have spent, as its events tell. Pure. */
import { type Budget, budgetWith, WHOLE_RUN } from './budget';
import type { RunState } from './run';
import { modelOf, ownModelOf, parentOf, type TaskState } from './taskState';
import { costOf, totalTokens, type Usage } from './usage';

/** Of what has a known price, dollars; and how many of the tokens have none: where there are any, the cost is not known. */
export interface Spent {
  readonly usd: number;
  readonly tokens: number;
  readonly unpriced: number;
}

export const NOTHING_SPENT: Spent = { usd: 0, tokens: 0, unpriced: 0 };

export function addSpent(a: Spent, b: Spent): Spent {
  return { usd: a.usd + b.usd, tokens: a.tokens + b.tokens, unpriced: a.unpriced + b.unpriced };
}

type Start = Pick<RunState['start'], 'model' | 'roles' | 'prices'>;

/** What a usage cost; some servers answer under a name that has no price: then that of the model that was asked counts. */
export function spentOn(usage: Usage, { prices }: Pick<Start, 'prices'>, ...models: readonly string[]): Spent {
  const tokens = totalTokens(usage);
  const usd = models.map((model) => costOf(usage, model, prices)).find((cost) => cost !== undefined);
  return { usd: usd ?? 0, tokens, unpriced: usd === undefined ? tokens : 0 };
}

/** What a task's own agents spent, those of its children aside. */
export function spentBy(start: Start, task: TaskState): Spent {
  const { work } = task;
  const own = ownModelOf(start, task);
  let spent = spentOn(work.usage, start, own);
  for (const [name, usage] of work.byOthers) {
    const other = spentOn(usage, start, name, modelOf(start, task));
    const asAsked = spentOn(usage, start, own);
    spent = { ...spent, usd: spent.usd - asAsked.usd + other.usd, unpriced: spent.unpriced - asAsked.unpriced + other.unpriced };
  }
  return spent;
}

/** What a task and all that was made for it spent. */
export function spentFor(state: RunState, id: string): Spent {
  let all = NOTHING_SPENT;
  for (const task of state.tasks.values()) if (isOf(state, task, id)) all = addSpent(all, spentBy(state.start, task));
  return all;
}

function isOf(state: RunState, task: TaskState, id: string): boolean {
  if (task.task.id === id) return true;
  const parent = state.tasks.get(parentOf(task) ?? '');
  return parent !== undefined && isOf(state, parent, id);
}

/** What the whole run spent, its planning included. */
export function spentIn({ start, tasks }: Pick<RunState, 'start' | 'tasks'>): Spent {
  let all = spentOn(start.planning, start, start.model);
  for (const task of tasks.values()) all = addSpent(all, spentBy(start, task));
  return all;
}

/** What a run, or one of its tasks, may spend. */
export function budgetOf({ start, tasks, standings }: RunState, id: string = WHOLE_RUN): Budget {
  const raised = standings.get(id)?.raised;
  if (raised !== undefined) return raised;
  if (id === WHOLE_RUN) return start.budget ?? {};
  const task = tasks.get(id)?.task;
  return budgetWith(task?.budgetUsd, task?.budgetTokens);
}

/** The account that keeps a task from going on: its own, that of one that it was made for, or the run's; undefined where none does. */
export function emptyAccount(state: RunState, task: TaskState): string | undefined {
  if (state.standings.size === 0) return undefined;
  const isGone = (id: string) => state.standings.get(id)?.is === 'gone';
  for (let at: TaskState | undefined = task; at !== undefined; at = state.tasks.get(parentOf(at) ?? ''))
    if (isGone(at.task.id)) return at.task.id;
  return isGone(WHOLE_RUN) ? WHOLE_RUN : undefined;
}

/** Whether a budget of it is used up. */
export function isOutOfBudget({ standings }: Pick<RunState, 'standings'>): boolean {
  return [...standings.values()].some(({ is }) => is === 'gone');
}

/** `$0.12`; `at least $0.12`, or `cost unknown`, where a price is not known. */
export function spentText({ usd, tokens, unpriced }: Spent): string {
  const dollars = `$${usd.toFixed(usd < 0.1 && usd > 0 ? 4 : 2)}`;
  if (unpriced === 0) return dollars;
  return unpriced === tokens ? 'cost unknown' : `at least ${dollars}`;
}
