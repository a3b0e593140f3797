/** What a plan may come to cost, as past runs of its folder tell: by role, since that is what tasks have in common. Pure. */
import { budgetText, budgetWith } from '../../domain/budget';
import type { Plan } from '../../domain/plan';
import type { OwnPrices } from '../../domain/prices';
import type { Catalogue } from '../../domain/role';
import type { RunState } from '../../domain/run';
import { isIn, parentOf, type TaskState } from '../../domain/taskState';
import { addUsage, costOf, totalTokens, type Usage } from '../../domain/usage';
import { roleOf } from '../schedule/ranking';

/** From what nine of ten past tasks cost at least, to what nine of ten cost at most. */
const TAIL = 0.1;

export interface Forecast {
  readonly tasks: number;
  /** Of how many tasks something is known. */
  readonly known: number;
  readonly tokens: Range;
  /** Undefined where the price of a model is not known. */
  readonly usd: Range | undefined;
}

export interface Past {
  readonly past: readonly RunState[];
  readonly roles: Catalogue;
  readonly model: string;
  readonly prices: OwnPrices;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** `model`: of tasks that name none, and whose role names none. Of a role that nobody had so far nothing is known. */
export function forecastOf(plan: Pick<Plan, 'tasks'>, { past, roles, model, prices }: Past): Forecast {
  const uses = usesByRole(past);
  let known = 0;
  let tokens: Range = { low: 0, high: 0 };
  let usd: Range | undefined = { low: 0, high: 0 };
  for (const task of plan.tasks) {
    const all = uses.get(task.role) ?? [];
    if (all.length === 0) continue;
    known += 1;
    const times = task.candidates ?? 1;
    tokens = sum(tokens, rangeOf(all.map(totalTokens)), times);
    const asked = task.model ?? roles.find(({ name }) => name === task.role)?.model ?? model;
    const costs = all.flatMap((usage) => costOf(usage, asked, prices) ?? []);
    usd = usd === undefined || costs.length < all.length ? undefined : sum(usd, rangeOf(costs), times);
  }
  return { tasks: plan.tasks.length, known, tokens, usd };
}

/** What landed tasks used, with all that was made for them; not what was taken over. */
function usesByRole(past: readonly RunState[]): Map<string, Usage[]> {
  const uses = new Map<string, Usage[]>();
  for (const { tasks } of past) {
    const own = new Map<string, Usage>();
    for (const task of tasks.values()) {
      const root = rootOf(task, tasks);
      const before = own.get(root.task.id);
      own.set(root.task.id, before === undefined ? task.work.usage : addUsage(before, task.work.usage));
    }
    for (const [id, usage] of own) {
      const task = tasks.get(id);
      if (task === undefined || !isIn(task.stage) || task.work.reused !== null || totalTokens(usage) === 0) continue;
      const role = roleOf(task);
      uses.set(role, [...(uses.get(role) ?? []), usage]);
    }
  }
  return uses;
}

function rootOf(task: TaskState, tasks: RunState['tasks']): TaskState {
  const parent = tasks.get(parentOf(task) ?? '');
  return parent === undefined ? task : rootOf(parent, tasks);
}

function rangeOf(values: readonly number[]): Range {
  const sorted = [...values].sort((a, b) => a - b);
  const last = sorted.length - 1;
  return { low: sorted[Math.floor(TAIL * last)] ?? 0, high: sorted[Math.ceil((1 - TAIL) * last)] ?? 0 };
}

function sum(a: Range, b: Range, times: number): Range {
  return { low: a.low + times * b.low, high: a.high + times * b.high };
}

/** `$0.40 to $1.20`, `12,000 to 40,000 tokens, cost unknown`; `… for 3 of 5 tasks` where the others’ roles have no past; undefined where nothing is known. */
export function forecastText({ tasks, known, tokens, usd }: Forecast): string | undefined {
  if (known === 0) return undefined;
  const amount = (value: number) =>
    usd === undefined ? budgetText(budgetWith(undefined, Math.round(value))) : budgetText(budgetWith(value, undefined));
  const range = usd ?? tokens;
  const [low, high] = [amount(range.low), amount(range.high)];
  const what = low === high ? `about ${high}` : usd === undefined ? `${low.replace(/ tokens$/, '')} to ${high}` : `${low} to ${high}`;
  return `${what}${usd === undefined ? ', cost unknown' : ''}${known === tasks ? '' : `, for ${known} of ${tasks} tasks`}`;
}
