/** What children may spend of their parent's budget. Pure. */
import { type Budget, budgetWith, isLimited } from '../../domain/budget';
import { budgetOf, spentFor } from '../../domain/cost';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';

/** Of what a task has left each of so many children gets the same, and so does the task itself; nothing where its budget has no limit. */
export function shareOf(state: RunState, parent: TaskId, children: number): { budgetUsd?: number; budgetTokens?: number } {
  const { usd, tokens } = leftOf(state, parent);
  const share = (left: number) => left / (children + 1);
  return {
    // Rounded down: all of them together must not be more than there is.
    ...(usd === undefined ? {} : { budgetUsd: Math.max(LEAST_USD, Math.floor(share(usd) * 1e6) / 1e6) }),
    ...(tokens === undefined ? {} : { budgetTokens: Math.max(1, Math.floor(share(tokens))) }),
  };
}

/** A plan takes no budget of nothing. */
const LEAST_USD = 1e-6;

function leftOf(state: RunState, id: TaskId): Budget {
  const budget = budgetOf(state, id);
  if (!isLimited(budget)) return {};
  const spent = spentFor(state, id);
  const left = (cap: number | undefined, gone: number) => (cap === undefined ? undefined : Math.max(0, cap - gone));
  return budgetWith(left(budget.usd, spent.usd), left(budget.tokens, spent.tokens));
}
